"""The file of a checkpoint: safetensors with weights, settings, history and, when training has ended, the codes.

    record       uint8, JSON text: name, settings, schema, labels, history, where it was trained
    model.*      the weights
    optimizer.*  what the optimiser remembers, while training may still go on
    codes.*      where the encoder puts the dataset, when training has ended

The metadata says which program and version wrote it; nothing in the file is ever executed, and no name in it ever
becomes a path. One file, so that nothing has to agree with anything else on disk.
"""

import json
import mmap
import os
from pathlib import Path
from typing import Any, Self

import numpy as np
import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from torch import Tensor

from vae_core import parallel
from vae_core.datasets import AnySchema
from vae_core.datasets.file import shown_name
from vae_core.errors import CheckpointError
from vae_core.latents.codes import Codes
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.safetensors_header import Header, Place, foreign_kind, read_header

FORMAT_VERSION = 2
METADATA_KEY = "vae_studio"
MAX_FILE_BYTES = 2**30
"""In training: weights of 50 million parameters and twice as much that Adam remembers, 600 MB, and the record. When it
has ended: 200 MB of weights and 800 MB of codes, which a million examples of 16 latents or 60,000 of 512 stay below.
What is larger is never written; tensors are mapped, not read, so that a hostile file of this size costs no memory
before its settings are known to fit."""
MAX_RECORD_BYTES = 2**27
"""Of the JSON text: ten thousand epochs of a hundred latents. Parsed, it takes about twice as much memory."""
SHOWN = 40
"""Characters of a name in a sentence."""
DAMAGED = "are damaged. Give another copy of it."
Tensors = dict[str, Tensor]
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""safetensors' names of types."""


class Environment(BaseModel):
    """Where an epoch was trained: the same again gives the same numbers, on a CPU to the last bit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    """Of torch."""
    threads: int
    device: str
    workers: int = Field(1, ge=1, exclude_if=lambda workers: workers == 1)
    """Processes that trained together."""

    @classmethod
    def here(cls, device: torch.device) -> Self:
        """This process on a device."""
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        threads, workers = torch.get_num_threads(), parallel.size()
        return cls(version=torch.__version__, threads=threads, device=name, workers=workers)


class Record(BaseModel):
    """The JSON part of the file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    config: RunConfig
    schema_: AnySchema = Field(alias="schema")
    label_names: tuple[str, ...] = ()
    history: tuple[EpochRecord, ...] = ()
    epoch: int = Field(0, ge=0)
    environment: Environment | None = None
    elsewhere: tuple[Environment, ...] = ()
    codes_dataset_id: str | None = None
    codes_label_names: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _epochs_follow_each_other(self) -> Self:
        if [record.epoch for record in self.history] != list(range(1, len(self.history) + 1)):
            raise ValueError("the epochs do not follow each other")
        if self.epoch > len(self.history):
            raise ValueError("the weights are of an epoch that is not in the history")
        return self


def pack(record: Record, tensors: Tensors) -> bytes:
    """The whole file.

    Raises:
        CheckpointError: if it would be too large to be read again.
    """
    text = record.model_dump_json(by_alias=True).encode()
    size = len(text) + sum(tensor.nbytes for tensor in tensors.values())
    if len(text) > MAX_RECORD_BYTES or size > MAX_FILE_BYTES - 2**20:
        raise CheckpointError(
            f"The model with its history and codes takes {size / 1e9:.1f} GB, more than is kept. "
            "Take fewer latents or epochs, or a smaller network."
        )
    whole = {"record": torch.frombuffer(bytearray(text), dtype=torch.uint8)} | tensors
    return safetensors.torch.save(whole, {METADATA_KEY: json.dumps({"version": FORMAT_VERSION})})


def read(path: Path) -> tuple[Record, Tensors, int]:
    """What is in a file, and when that was written, in nanoseconds: another file may have its name by now.

    Raises:
        CheckpointError: if it is missing, damaged, not of this project, or of a newer version.
    """
    name = shown_name(path.name, SHOWN)
    try:
        header, tensors, written = _contents(path)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {name}. Check the spelling.") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(_refusal(path, name)) from error
    return _parsed(name, header.metadata.get(METADATA_KEY), tensors), tensors, written


def _contents(path: Path) -> tuple[Header, Tensors, int]:
    """Header and tensors, mapped copy-on-write, and when they were written.

    The file is opened once: training replaces it after every epoch, and safetensors' own reader opens it by name a
    second time for the tensors, so that it has given the header of one epoch with the weights of the next.
    """
    if path.exists() and not path.is_file():
        raise ValueError("no ordinary file")
    with path.open("rb") as file:
        header = read_header(file, MAX_FILE_BYTES)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        written = os.fstat(file.fileno()).st_mtime_ns
    return header, {name: _tensor(mapped, header.length, place) for name, place in header.tensors.items()}, written


def _tensor(mapped: mmap.mmap, offset: int, place: Place) -> Tensor:
    dtype, size = DTYPES[place.dtype], place.stop - place.start
    if not size:
        return torch.empty(place.shape, dtype=dtype)
    content = torch.frombuffer(mapped, dtype=torch.uint8, count=size, offset=offset + place.start)
    if content.data_ptr() % dtype.itemsize:
        content = content.clone()  # no file of ours: there all begin where a number of their type may
    return content.view(dtype).view(place.shape)


def _refusal(path: Path, name: str) -> str:
    kind = foreign_kind(path) if path.is_file() else None
    if kind:
        return f"{name} is {kind} and is not opened. Save its weights as safetensors where you trust it, or train here."
    return f"{name} is not a readable safetensors file. Give a checkpoint.safetensors that this project wrote."


def _parsed(name: str, text: str | None, tensors: Tensors) -> Record:
    if text is None:
        raise CheckpointError(
            f"{name} is a safetensors file of another program. Give a checkpoint.safetensors that this project wrote."
        )
    try:
        about: Any = json.loads(text)
        found = about.get("version")
        if type(found) is not int or found not in (1, FORMAT_VERSION):
            raise CheckpointError(
                f"{name} has format version {shown_name(str(found), 20)}; this program reads version {FORMAT_VERSION} "
                "and 1. Update the program."
            )
        if found == 1:
            return _of_version_1(about, tensors)
        return Record.model_validate_json(_json(tensors["record"]))
    except (ValueError, KeyError, AttributeError, TypeError, ArithmeticError, RecursionError) as error:
        raise CheckpointError(f"The settings inside {name} {DAMAGED}") from error


def _json(tensor: Tensor) -> bytes:
    if tensor.dtype != torch.uint8 or tensor.nbytes > MAX_RECORD_BYTES:
        raise ValueError("the text is no text, or too long")
    return tensor.numpy().tobytes()


def _of_version_1(about: dict[str, Any], tensors: Tensors) -> Record:
    """There the record stood in the metadata, all but the history."""
    history = TypeAdapter(tuple[EpochRecord, ...]).validate_json(_json(tensors["history"]))
    return Record.model_validate({k: v for k, v in about.items() if k != "version"} | {"history": history})


def code_tensors(codes: Codes | None) -> Tensors:
    """The codes as they stand in the file."""
    if codes is None:
        return {}
    arrays = {"mean": codes.mean, "std": codes.std, "kl": codes.kl, "labels": codes.labels}
    return {
        f"codes.{name}": torch.from_numpy(np.ascontiguousarray(array))
        for name, array in arrays.items()
        if array is not None
    }


def codes(path: Path, record: Record, tensors: Tensors) -> Codes | None:
    """The codes of a file, if it has them.

    Raises:
        CheckpointError: if they are damaged.
    """
    if record.codes_dataset_id is None:
        return None
    names = record.label_names if record.codes_label_names is None else record.codes_label_names
    try:
        parts = [tensors[f"codes.{name}"] for name in ("mean", "std", "kl")]
        shape = (len(parts[0]), record.config.model.latents)
        if any(part.shape != shape or part.dtype != torch.float32 or not part.isfinite().all() for part in parts):
            raise ValueError("the codes are of another shape than the model's latents, or no numbers")
        labels = tensors.get("codes.labels")
        if labels is not None:
            _check_labels(labels, shape[:1], len(names))
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"The codes inside {shown_name(path.name, SHOWN)} {DAMAGED}") from error
    mean, std, kl = (part.numpy() for part in parts)
    return Codes(record.codes_dataset_id, mean, std, kl, None if labels is None else labels.numpy(), names)


def _check_labels(labels: Tensor, shape: tuple[int], count: int) -> None:
    if labels.shape != shape or labels.dtype not in (torch.int32, torch.int64):
        raise ValueError("the labels are no list of whole numbers")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < count:
        raise ValueError("a label has no name")
