"""Files that are no checkpoints, or want to be more: refused in one sentence, soon, in little memory, nothing run."""

import io
import json
import os
import pickle
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.conftest import stroke_dataset, trained
from tests.core.checkpoint_bytes import (
    MOST_MEGABYTES,
    MOST_SECONDS,
    content,
    file_of,
    opened,
    parts,
    refusal,
    with_record,
)
from tests.corpus.memory import reset_peak, resident
from vae_core import checkpoint_file, checkpoints
from vae_core.config import ModelConfig
from vae_core.errors import CheckpointError
from vae_core.safetensors_header import MAX_HEADER_BYTES

__all__ = ["content"]
GOOD: dict[str, Any] = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


def nested(depth: int) -> bytes:
    return b'{"__metadata__":' + b"[" * depth + b"]" * depth + b"}"


HEADERS: dict[str, bytes] = {
    "nothing": b"",
    "a length alone": (5).to_bytes(8, "little"),
    "the largest length": b"\xff" * 8 + b"{}",
    "a header above the limit": file_of(b"{" + b" " * MAX_HEADER_BYTES + b"}"),
    "a list": file_of([GOOD]),
    "no UTF-8": file_of(b'{"\xff\xfe": 1}'),
    "no JSON": file_of(b"{nothing}"),
    "deep": file_of(nested(100_000)),
    "deep behind brackets in names": file_of(b'{"a":' + b'["]",' * 50_000 + b"1" + b"]" * 50_000 + b"}"),
    "an open string": file_of(b'{"' + b'\\"' * 400_000),
    "a key twice": file_of(b'{"a": %b, "a": %b}' % ((json.dumps(GOOD).encode(),) * 2)),
    "NaN": file_of(b'{"a": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 4]}}'),
    "a gap": file_of({"a": GOOD, "b": GOOD | {"data_offsets": [8, 12]}}, b"\0" * 12),
    "an overlap": file_of({"a": GOOD, "b": GOOD}),
    "a rest": file_of({"a": GOOD}, b"\0" * 5),
    "beyond the end": file_of({"a": GOOD | {"shape": [2], "data_offsets": [0, 8]}}),
    "backwards": file_of({"a": GOOD | {"data_offsets": [4, 0]}}),
    "a product that wraps": file_of({"a": GOOD | {"shape": [2**62, 4], "data_offsets": [0, 0]}}, b""),
    "a product of many": file_of({"a": GOOD | {"shape": [2**60] * 20_000}}),
    "a negative side": file_of({"a": GOOD | {"shape": [-1], "data_offsets": [0, -4]}}),
    "a side with a point": file_of({"a": GOOD | {"shape": [1.0]}}),
    "a side that is true": file_of({"a": GOOD | {"shape": [True]}}),
    "a number for a tensor": file_of({"a": 3}),
    "a text for a tensor": file_of({"a": "F32", "b": GOOD}),
    "no offsets": file_of({"a": {"dtype": "F32", "shape": [1]}}),
    "offsets of three": file_of({"a": GOOD | {"data_offsets": [0, 4, 8]}}),
    "offsets of text": file_of({"a": GOOD | {"data_offsets": ["0", "4"]}}),
    "mixed offsets": file_of({"a": GOOD | {"data_offsets": [None, 4]}, "b": GOOD}),
    "an unknown type": file_of({"a": GOOD | {"dtype": "C128"}}),
    "a list for a type": file_of({"a": GOOD | {"dtype": ["F32"]}}),
    "a shape that is a number": file_of({"a": GOOD | {"shape": 1}}),
    "one key more": file_of({"a": GOOD | {"path": "/etc/passwd"}}),
    "metadata that is a number": file_of({"__metadata__": 3, "a": GOOD}),
    "metadata of numbers": file_of({"__metadata__": {"vae_studio": 3}, "a": GOOD}),
    "too many tensors": file_of({f"t{k}": GOOD | {"shape": [0], "data_offsets": [0, 0]} for k in range(3000)}, b""),
    "4,300 digits": file_of(b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 4]}}'),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADERS)
def test_bad_header_is_refused_soon_and_in_little_memory(case: str, tmp_path: Path) -> None:
    before = resident("VmRSS")
    reset_peak()
    begin = time.process_time()
    assert "is not a readable safetensors file" in refusal(HEADERS[case], tmp_path)
    assert time.process_time() - begin < MOST_SECONDS
    assert resident("VmHWM") - before < MOST_MEGABYTES


def zipped_pickle() -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, buffer)
    return buffer.getvalue()


def plain_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", "{}")
    return buffer.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "torch": (zipped_pickle(), "a PyTorch or ZIP archive, whose pickle can run programs,"),
    "zip": (plain_zip(), "a PyTorch or ZIP archive"),
    "pickle": (pickle.dumps({"a": 1}, protocol=4), "a pickle, which can run programs,"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "an HDF5 file"),
    "gguf": (b"GGUF\x03\0\0\0" + b"\0" * 100, "a GGUF file"),
    "onnx": (b"\x08\x0a\x12\x07pytorch" + b"\0" * 100, "an ONNX file"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_models_of_other_programs_are_named_with_the_way_here(kind: str, tmp_path: Path) -> None:
    content, words = FOREIGN[kind]
    sentence = refusal(content, tmp_path)
    assert words in sentence
    assert "is not opened. Save its weights as safetensors where you trust it" in sentence


def test_pickle_inside_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    refusal(pickle.dumps(Bomb(), protocol=2), tmp_path)
    assert not (tmp_path / "exploded").exists()


def test_things_that_are_no_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    for name in ("folder", "pipe", "missing"):
        with pytest.raises(CheckpointError):
            checkpoints.load(tmp_path / f"{name}.safetensors")


def test_long_and_odd_names_are_shortened(tmp_path: Path) -> None:
    assert "\u202e" not in refusal(b"rubbish", tmp_path, "x\u202e" + "n" * 200 + ".safetensors")
    assert "…" in refusal(b"PK\x03\x04" + b"\0" * 20, tmp_path, "n" * 240 + ".safetensors")


def cut_places(content: bytes) -> list[int]:
    """Within the length, the header, the record, every tensor, and just before the end."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    ends = [8 + length + about["data_offsets"][1] for name, about in header.items() if name != "__metadata__"]
    return sorted({0, 4, 8, 8 + length // 2, 8 + length, *(end - 1 for end in ends)})


def test_file_cut_short_anywhere_is_refused(content: bytes, tmp_path: Path) -> None:
    assert opened(content, tmp_path)
    places = cut_places(content)
    assert len(places) > 12
    for place in places:
        refusal(content[:place], tmp_path)


def settings(content: bytes) -> dict[str, bytes]:
    """What the settings inside may say."""

    def changed(**values: Any) -> bytes:
        return with_record(content, lambda record: record.update(values))

    def model(**values: Any) -> bytes:
        return with_record(content, lambda record: record["config"]["model"].update(values))

    history = json.loads(safetensors.torch.load(content)["record"].numpy().tobytes())["history"]
    return {
        "a key more": changed(path="../../etc/passwd"),
        "a module": with_record(content, lambda record: record["config"].update(module="os")),
        "no name": with_record(content, lambda record: record.pop("name")),
        "an epoch that was not": changed(epoch=3),
        "an epoch before all": changed(epoch=-1),
        "epochs in disorder": changed(history=history[::-1]),
        "losses that are no numbers": changed(history=[history[0] | {"train": {"reconstruction_loss": float("nan")}}]),
        "an unknown network": model(architecture={"name": "os.system"}),
        "10^18 parameters": model(architecture={"name": "mlp", "widths": [10**9, 10**9]}),
        "layers without end": model(architecture={"name": "mlp", "widths": [1] * 100_000}),
        "infinitely many latents": model(latents=float("inf")),
        "a wide first version": model(architecture="mlp", width=1e999),
        "pictures of 10^9 pixels": changed(schema={"kind": "image", "side": 10**9, "channels": 1}),
        "a list": changed(config=[]),
    }


def test_settings_that_cannot_be_are_refused(content: bytes, tmp_path: Path) -> None:
    for case, damaged in settings(content).items():
        begin = time.process_time()
        assert "The settings inside model.safetensors are damaged" in refusal(damaged, tmp_path), case
        assert time.process_time() - begin < MOST_SECONDS, case


@pytest.mark.parametrize("case", ["wide", "many labels"])
def test_model_that_is_too_large_is_refused_before_it_takes_memory(case: str, content: bytes, tmp_path: Path) -> None:
    def grow(record: dict[str, Any]) -> None:
        model = record["config"]["model"]
        if case == "wide":
            model["architecture"] |= {"widths": [4096] * 8, "decoder_widths": [4096] * 8}
        else:
            record["label_names"] = ["x"] * 2_000_000
            model["conditional"] = True

    damaged = with_record(content, grow)
    before = resident("VmRSS")
    reset_peak()
    begin = time.process_time()
    assert "parameters; at most 50,000,000 are built" in refusal(damaged, tmp_path)
    assert time.process_time() - begin < MOST_SECONDS
    assert resident("VmHWM") - before < MOST_MEGABYTES * (1 if case == "wide" else 2)


@pytest.mark.parametrize("version", [0, 3, 99, True, 1.0, "2", None, [], "9" * 10_000])
def test_unknown_versions_are_named_beside_ours(version: Any, content: bytes, tmp_path: Path) -> None:
    about = {"vae_studio": json.dumps({"version": version})}
    sentence = refusal(safetensors.torch.save(parts(content)[1], about), tmp_path)
    assert "this program reads version 2" in sentence
    assert str(version)[:5] in sentence


@pytest.mark.parametrize("about", ["", "[]", "3", "{", "[" * 100_000, '{"version": 1, "name": 1e999}'])
def test_metadata_that_is_no_record_is_refused(about: str, content: bytes, tmp_path: Path) -> None:
    refusal(safetensors.torch.save(parts(content)[1], {"vae_studio": about}), tmp_path)


def changed_tensors(content: bytes) -> dict[str, dict[str, torch.Tensor | None]]:
    """Case -> tensors put in or, None, taken out."""
    tensors = parts(content)[1]
    name = next(name for name in tensors if name.startswith("model.encoder") and tensors[name].ndim == 2)
    weight = tensors[name]
    return {
        "a weight of halves": {name: weight.half()},
        "a weight of doubles": {name: weight.double()},
        "a weight turned": {name: weight.T.contiguous()},
        "a weight that is missing": {name: None},
        "a weight more": {"model.../../x": weight},
        "a weight that is no number": {name: torch.full_like(weight, float("nan"))},
        "a weight without end": {name: torch.full_like(weight, float("inf"))},
        "no record": {"record": None},
        "a record of numbers": {"record": weight},
        "a record of halves": {"record": weight.bfloat16()},
        "codes of halves": {"codes.mean": tensors["codes.mean"].bfloat16()},
        "codes without a shape": {"codes.mean": torch.zeros(())},
        "codes that are no numbers": {"codes.std": torch.full_like(tensors["codes.std"], float("nan"))},
        "fewer codes": {"codes.kl": tensors["codes.kl"][1:].clone()},
        "no codes": {"codes.kl": None},
        "labels with a point": {"codes.labels": tensors["codes.labels"].float()},
        "labels without a name": {"codes.labels": tensors["codes.labels"] + 1},
        "labels below zero": {"codes.labels": tensors["codes.labels"] - 1},
        "fewer labels": {"codes.labels": tensors["codes.labels"][1:].clone()},
    }


def test_tensors_that_do_not_fit_are_refused(content: bytes, tmp_path: Path) -> None:
    for case, change in changed_tensors(content).items():
        metadata, tensors = parts(content)
        tensors = {name: tensor for name, tensor in (tensors | change).items() if tensor is not None}
        assert refusal(safetensors.torch.save(tensors, metadata), tmp_path), case


def test_names_inside_never_become_paths(content: bytes, tmp_path: Path) -> None:
    metadata, tensors = parts(content)
    tensors |= {name: torch.zeros(1) for name in ("../x", "/etc/x", "..", "optimizer.../../x")}
    assert opened(safetensors.torch.save(tensors, metadata), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert not (tmp_path.parent / "x").exists()


@pytest.mark.parametrize("place", [3, 200, -5])
def test_bundled_model_with_one_bit_turned_is_refused(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "digits-2d.safetensors"
    shutil.copy(checkpoints.PRETRAINED / name, tmp_path / name)
    monkeypatch.setattr(checkpoints, "PRETRAINED", tmp_path)
    assert checkpoints.load(tmp_path / name).model()
    damaged = bytearray((tmp_path / name).read_bytes())
    damaged[place] ^= 1
    (tmp_path / name).write_bytes(damaged)
    with pytest.raises(CheckpointError, match="The bundled model digits-2d is not the file"):
        checkpoints.load(tmp_path / name)


def test_what_could_not_be_read_again_is_never_written(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = opened(content, tmp_path)
    for limit in ("MAX_RECORD_BYTES", "MAX_FILE_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint_file, limit, 100)
            with pytest.raises(CheckpointError, match="more than is kept"):
                checkpoints.to_bytes(found)


def test_first_version_opens_and_decodes_as_before(content: bytes, tmp_path: Path) -> None:
    """Written by hand, as the first version wrote it: one width, the record in the metadata, no optimiser."""
    dataset = stroke_dataset(12)
    today = trained(dataset, ModelConfig.model_validate(MODERN))
    about = {
        "version": 1,
        "name": "Old",
        "config": {
            "dataset_id": dataset.id,
            "model": {"architecture": "mlp", "latents": 2, "width": 24, "likelihood": "bernoulli"},
            "objective": {"name": "beta-vae", "beta": 2.0},
            "train": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "warm_up": 0.1, "validation": 0.1},
        },
        "schema": {"kind": "image", "side": 8, "channels": 1, "fit": "pad", "invert": False},
        "codes_dataset_id": dataset.id,
        "label_names": ["-", "|"],
    }
    history = json.dumps([record.model_dump(mode="json") for record in today.history]).encode()
    tensors = {f"model.{name}": tensor.clone() for name, tensor in today.weights.items()}
    tensors["history"] = torch.frombuffer(bytearray(history), dtype=torch.uint8)
    assert today.codes is not None
    tensors |= checkpoint_file.code_tensors(today.codes)
    old = opened(safetensors.torch.save(tensors, {"vae_studio": json.dumps(about)}), tmp_path)
    z = torch.randn(5, 2)
    assert torch.equal(old.model().decode(z), today.model().decode(z))
    assert (old.history, old.label_names, old.config.objective.name) == (today.history, ("-", "|"), "beta-vae")
    assert old.codes is not None
    np.testing.assert_array_equal(old.codes.mean, today.codes.mean)
    assert opened(checkpoints.to_bytes(old), tmp_path).config == old.config


MODERN = {"architecture": {"name": "mlp", "widths": (24, 16), "decoder_widths": (16, 16, 24)}}
