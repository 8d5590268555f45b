"""A workspace as the first version of the program left it: it opens, is looked at, and goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.conftest import stroke_dataset, trained
from tests.core.exact import losses, read
from tests.stored import store_model
from vae_core import checkpoint_file, checkpoints, export, runs, stored_concepts, stored_datasets, workspace
from vae_core.backups import backup, restore
from vae_core.checkpoints import Checkpoint
from vae_core.config import Mlp, ModelConfig
from vae_core.datasets import Dataset
from vae_core.errors import CheckpointError, TrainingError
from vae_core.runs.directory import RunDirectory, Status
from vae_core.runs.work import result_of, work

Wait = Callable[[Callable[[], bool], float], None]
FIRST_MODEL = ModelConfig(architecture=Mlp(widths=(24, 16), decoder_widths=(16, 16, 24)))
"""What the first version's `{"architecture": "mlp", "width": 24}` is today."""
SINCE = {"upload", "created", "origin", "warnings", "factor_names"}
"""Of `dataset.json`."""


def old_config(config: dict[str, Any]) -> dict[str, Any]:
    """Settings as the first version spelt them: one width told all, and nothing that came later."""
    model = {"architecture": "mlp", "width": 24, "latents": 2, "likelihood": "bernoulli"}
    train = {name: config["train"][name] for name in ("epochs", "batch_size", "learning_rate", "seed", "device")}
    return {"dataset_id": config["dataset_id"], "model": model, "objective": {"name": "vae"}, "train": train}


def age_dataset(id: str) -> None:
    home = workspace.place("datasets", id)
    about = json.loads((home / "dataset.json").read_text())
    (home / "dataset.json").write_text(json.dumps({name: told for name, told in about.items() if name not in SINCE}))
    (home / "inspection.json").unlink()


def age_run(id: str) -> None:
    """Its files as they were; in the checkpoint the record stood in the metadata, and nothing of the optimiser."""
    directory = RunDirectory(workspace.place("runs", id))
    told = json.loads((directory.path / "run.json").read_text())
    for name in ("study", "is_brought"):
        del told[name]
    told["config"] = old_config(told["config"])
    (directory.path / "run.json").write_text(json.dumps(told))
    status = json.loads((directory.path / "status.json").read_text())
    (directory.path / "status.json").write_text(json.dumps({name: status[name] for name in ("state", "pid", "done")}))
    (directory.path / "reserve").unlink()
    if not directory.checkpoint.exists():
        return
    record, tensors, _ = checkpoint_file.read(directory.checkpoint)
    text = json.loads(record.model_dump_json(by_alias=True))
    later = ("epoch", "environment", "elsewhere", "codes_label_names")
    about = {name: value for name, value in text.items() if name not in later} | {"version": 1}
    history = torch.frombuffer(bytearray(json.dumps(about.pop("history")).encode()), dtype=torch.uint8)
    about["config"] = old_config(about["config"])
    kept = {
        name: tensor.clone()
        for name, tensor in tensors.items()
        if name != "record" and not name.startswith("optimizer.")
    }
    content = safetensors.torch.save(kept | {"history": history}, {"vae_studio": json.dumps(about)})
    directory.checkpoint.write_bytes(content)


@pytest.fixture
def old(workspace_folder: Path) -> tuple[str, str]:
    """Dataset and finished run of a workspace of the first version."""
    dataset = stroke_dataset()
    id = store_model(dataset, trained(dataset, FIRST_MODEL))
    age_dataset(dataset.id)
    age_run(id)
    return dataset.id, id


def test_old_forms_are_old(old: tuple[str, str]) -> None:
    """Else nothing here is tested."""
    dataset, run = (workspace.place(kind, id) for kind, id in zip(("datasets", "runs"), old, strict=True))
    assert "created" not in json.loads((dataset / "dataset.json").read_text())
    assert json.loads((run / "run.json").read_text())["config"]["model"]["width"] == 24
    with safetensors.safe_open(run / "checkpoint.safetensors", framework="pt") as file:
        assert json.loads(file.metadata()["vae_studio"])["version"] == 1


def test_old_workspace_is_listed_and_explored(old: tuple[str, str], tiny_images: Dataset) -> None:
    dataset_id, id = old
    [about] = stored_datasets.list_all()
    assert (about.id, about.name, about.count) == (dataset_id, "strokes", 40)
    np.testing.assert_array_equal(stored_datasets.load(dataset_id).x, tiny_images.x)
    assert stored_datasets.inspection(dataset_id).repeats is not None
    [run] = runs.list_runs()
    assert (run.id, run.name, run.status.state, run.study, run.is_brought) == (id, "tiny", "done", None, False)
    assert len(run.directory.read_epochs()) == 2
    found = read(checkpoints.locate(id))
    expected = trained(tiny_images, FIRST_MODEL)
    assert found.config.model == FIRST_MODEL
    assert losses(found.history) == losses(expected.history)
    assert all(torch.equal(found.weights[name], tensor) for name, tensor in expected.weights.items())
    assert found.codes is not None
    assert found.codes.mean.shape == (40, 2)
    version = checkpoints.version(id)
    assert export.browser_decoder(id, version, found.model()).stat().st_size > 1000
    stored_concepts.add(id, "bars", found.codes, np.arange(10), np.arange(10, 20))


def test_old_dataset_is_trained_on_anew(old: tuple[str, str], end_runs: None, wait_for: Wait) -> None:
    run = runs.start("again", runs.get(old[1]).config)
    wait_for(lambda: runs.get(run.id).status.state == "done", 90)
    assert len(read(run.directory.checkpoint).history) == run.config.train.epochs


@pytest.mark.parametrize("is_begun", [False, True])
def test_old_run_that_was_interrupted_goes_on_or_says_why_not(is_begun: bool) -> None:
    """An old checkpoint lacks what the optimiser remembered: the run says so, and keeps it as it is."""
    dataset = stroke_dataset()
    checkpoint = trained(dataset, FIRST_MODEL)
    id = store_model(dataset, Checkpoint(**{**vars(checkpoint), "codes": None}))
    directory = RunDirectory(workspace.place("runs", id))
    if not is_begun:
        directory.checkpoint.unlink()
        directory.write_epochs([])
    directory.write_status(Status(state="running", pid=4_000_000))
    age_dataset(dataset.id)
    age_run(id)
    assert runs.get(id).status.state == "interrupted"
    if not is_begun:
        result_of(work(directory, stored_datasets.load(dataset.id)))
        assert len(read(directory.checkpoint).history) == directory.read_run().config.train.epochs
        return
    before = directory.checkpoint.read_bytes()
    with pytest.raises(TrainingError, match="An earlier version wrote the 2 finished epochs"):
        result_of(work(directory, stored_datasets.load(dataset.id)))
    assert directory.checkpoint.read_bytes() == before


def test_old_workspace_is_backed_up_and_comes_back(
    old: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "old.tar")
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(tmp_path / "new"))
    assert len(restore(tmp_path / "old.tar").restored) == 2
    assert [about.id for about in stored_datasets.list_all()] == [old[0]]
    assert read(checkpoints.locate(old[1])).codes is not None


def test_workspace_of_a_newer_version_is_told_apart(old: tuple[str, str]) -> None:
    """What is not understood is left out or refused, and never written over."""
    path = checkpoints.locate(old[1])
    with safetensors.safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    path.write_bytes(safetensors.torch.save(tensors, {"vae_studio": json.dumps({"version": 3})}))
    before = path.stat().st_mtime_ns
    with pytest.raises(CheckpointError, match="format version 3; this program reads version 2 and 1"):
        checkpoints.load(path)
    assert [run.id for run in runs.list_runs()] == [old[1]]
    assert path.stat().st_mtime_ns == before
