"""One file, whole or not at all."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.conftest import stroke_dataset, trained
from tests.small import small
from vae_core import checkpoints, files
from vae_core.checkpoints import Checkpoint
from vae_core.errors import CheckpointError, NotFoundError


def test_everything_comes_back(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    checkpoints.save(tiny_checkpoint, path)
    back = checkpoints.load(path)
    assert back.config == tiny_checkpoint.config
    assert back.schema == tiny_checkpoint.schema
    assert back.history == tiny_checkpoint.history
    assert back.codes is not None
    assert tiny_checkpoint.codes is not None
    np.testing.assert_array_equal(back.codes.mean, tiny_checkpoint.codes.mean)
    np.testing.assert_array_equal(back.codes.labels, tiny_checkpoint.codes.labels)
    z = torch.randn(4, 2)
    assert torch.equal(back.model().decode(z), tiny_checkpoint.model().decode(z))


def test_gaussian_keeps_its_sigma(tmp_path: Path) -> None:
    checkpoint = trained(stroke_dataset(), small(likelihood="gaussian"))
    checkpoints.save(checkpoint, tmp_path / "m")
    sigma = checkpoints.load(tmp_path / "m").model().state_dict()["likelihood.log_sigma"]
    assert sigma == checkpoint.weights["likelihood.log_sigma"] != 0


@pytest.mark.parametrize("size", [0, 7, 100, 5000])
def test_file_cut_short_is_refused(tiny_checkpoint: Checkpoint, tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.safetensors"
    checkpoints.save(tiny_checkpoint, path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=r"model.safetensors is not a readable safetensors file"):
        checkpoints.load(path)


def test_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError):
        checkpoints.load(path)


def test_other_programs_file_and_newer_version_are_refused(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="of another program"):
        checkpoints.load(path)
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(1)}, {"vae_studio": json.dumps({"version": 99})}))
    with pytest.raises(CheckpointError, match="version 99; this program reads version 2"):
        checkpoints.load(path)
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(1)}, {"vae_studio": json.dumps({"version": 1})}))
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.load(path)


def test_weights_that_do_not_fit_the_settings_are_refused(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    weights = dict(tiny_checkpoint.weights)
    weights.popitem()
    broken = Checkpoint("x", tiny_checkpoint.config, tiny_checkpoint.schema, tiny_checkpoint.history, weights)
    with pytest.raises(CheckpointError, match="do not fit"):
        broken.model()


def test_unknown_id_is_not_found() -> None:
    for id in ("../../etc/passwd", "a" * 26, "", "UPPER"):
        with pytest.raises(NotFoundError):
            checkpoints.locate(id)


@pytest.mark.parametrize("dies_at", ["fsync", "replace"])
def test_dying_while_saving_leaves_the_old_file(
    dies_at: str, tiny_checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    checkpoints.save(tiny_checkpoint, path)
    before = path.read_bytes()

    def die(*args: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(*((os, "fsync") if dies_at == "fsync" else (Path, "replace")), die)
    with pytest.raises(OSError, match="disk"):
        files.write_atomically(path, b"half of something new")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".tmp")] == []


def test_codes_of_another_shape_are_refused(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    checkpoints.save(tiny_checkpoint, path)
    with safetensors.safe_open(path, framework="pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in ("codes.std", "record"):
        damaged = {key: tensor[:-3].clone() if key == name else tensor for key, tensor in tensors.items()}
        path.write_bytes(safetensors.torch.save(damaged, metadata))
        with pytest.raises(CheckpointError, match="damaged"):
            checkpoints.load(path)


def test_long_histories_fit(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    """safetensors bears no header above 100 MB, and readers that are careful none above 1 MB."""
    both = tiny_checkpoint.history
    history = tuple(both[k % 2].model_copy(update={"epoch": k + 1}) for k in range(8000))
    long = Checkpoint("x", tiny_checkpoint.config, tiny_checkpoint.schema, history, tiny_checkpoint.weights)
    checkpoints.save(long, tmp_path / "m")
    assert len(checkpoints.load(tmp_path / "m").history) == 8000
    assert int.from_bytes((tmp_path / "m").read_bytes()[:8], "little") < 10_000


def test_reader_sees_one_epoch_whole_while_the_file_is_replaced(tiny_checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    both = tiny_checkpoint.history
    texts = []
    for epochs in (2, 1):  # records of different lengths, so that nothing lies where it did
        changed = {name: torch.full_like(tensor, epochs) for name, tensor in tiny_checkpoint.weights.items()}
        texts.append(checkpoints.to_bytes(replace(tiny_checkpoint, history=both[:epochs], weights=changed)))
    files.write_atomically(path, texts[0])
    writer = os.fork()
    if writer == 0:
        while True:
            for text in texts:
                (tmp_path / "new").write_bytes(text)
                (tmp_path / "new").replace(path)
    try:
        for _ in range(400):
            found = checkpoints.load(path)
            assert all(bool((tensor == len(found.history)).all()) for tensor in found.weights.values())
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
