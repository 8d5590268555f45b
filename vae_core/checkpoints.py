"""A checkpoint: one safetensors file of weights, settings, history and, when training has ended, the codes.

    record       uint8, JSON text: name, settings, schema, labels, history, where it was trained
    model.*      the weights
    optimizer.*  what the optimiser remembers, while training may still go on
    codes.*      where the encoder puts the dataset, when training has ended

The metadata says which program and version wrote it; nothing in the file is ever executed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from vae_core import workspace
from vae_core.batches import choose_device
from vae_core.datasets import AnySchema, Dataset
from vae_core.errors import CheckpointError, ConfigError, NotFoundError
from vae_core.example import ExampleSpec, as_learnt
from vae_core.files import write_atomically
from vae_core.latents.codes import Codes, encode
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.safetensors_header import check_header
from vae_core.vae import VAE

FORMAT_VERSION = 2
METADATA_KEY = "vae_studio"
MAX_PARAMETERS = 50_000_000
MAX_FILE_BYTES = 2**30
"""Weights of 50 million parameters, what Adam remembers of them, and the codes of a large dataset."""
PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"
"""Where the bundled checkpoints lie, with their checksums."""
CHECKSUMS = PRETRAINED / "SHA256SUMS"


class Environment(BaseModel):
    """Where an epoch was trained: the same again gives the same numbers to the last bit."""

    model_config = ConfigDict(frozen=True)

    version: str
    """Of torch."""
    threads: int
    device: str

    @classmethod
    def here(cls, device: torch.device) -> "Environment":
        """This process on a device."""
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
        return cls(version=torch.__version__, threads=torch.get_num_threads(), device=name)


class _Record(BaseModel):
    """The JSON part of the file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    config: RunConfig
    schema_: AnySchema = Field(alias="schema")
    label_names: tuple[str, ...] = ()
    history: tuple[EpochRecord, ...] = ()
    epoch: int = 0
    environment: Environment | None = None
    codes_dataset_id: str | None = None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model with all that is needed to use it.

    Attributes:
        name: What the run was called; display text.
        config: The settings it was trained with.
        schema: What an example looks like, and how to give it back in original units.
        history: One record an epoch that was trained.
        weights: The model's state, by parameter name.
        label_names: One name a label of the dataset it was trained on.
        optimizer: What the optimiser remembers, by parameter name; empty when training has ended.
        codes: Where the encoder puts the dataset; None until training has ended.
        epoch: After which epoch the weights were so; 0 for the last one.
        environment: Where its last epoch was trained.
    """

    name: str
    config: RunConfig
    schema: AnySchema
    history: tuple[EpochRecord, ...]
    weights: dict[str, torch.Tensor] = field(repr=False)
    label_names: tuple[str, ...] = ()
    optimizer: dict[str, torch.Tensor] = field(default_factory=dict, repr=False)
    codes: Codes | None = field(default=None, repr=False)
    epoch: int = 0
    environment: Environment | None = None

    @property
    def measured(self) -> EpochRecord:
        """What was measured when the weights were as they are."""
        return self.history[self.epoch - 1]

    def model(self) -> VAE:
        """The model, ready to encode and decode on the CPU.

        Raises:
            CheckpointError: if the weights do not fit the settings, or are no finite numbers.
        """
        vae = build(self.config, self.schema, len(self.label_names), meta=True)
        expected = {name: (tensor.shape, tensor.dtype) for name, tensor in vae.state_dict().items()}
        if expected != {name: (tensor.shape, tensor.dtype) for name, tensor in self.weights.items()}:
            raise CheckpointError(
                f"The weights of {self.name} do not fit its settings. Train the model again with this version."
            )
        if not is_finite(self.weights):
            raise CheckpointError(f"The weights of {self.name} are no numbers. Train the model again.")
        vae.load_state_dict({name: tensor.clone() for name, tensor in self.weights.items()}, assign=True)
        return vae.eval()

    def prepare(self, dataset: Dataset) -> Dataset:
        """A dataset as this model wants it: its schema and, if it is conditional, its labels.

        Raises:
            DatasetError: if it cannot be brought to that.
        """
        return as_learnt(dataset, self.schema, self.label_names, self.config.model.conditional)

    def encode(self, dataset: Dataset) -> Codes:
        """Where the encoder puts a dataset: posterior means and stds [N, L].

        Raises:
            DatasetError: if the dataset cannot be brought to what the model was trained on.
        """
        return encode(self.model(), self.prepare(dataset), choose_device())

    def with_codes(self, dataset: Dataset) -> "Checkpoint":
        """The same with the codes of a dataset inside, for its map."""
        return replace(self, codes=self.encode(dataset))

    def decode(self, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Reconstructions float32 [n, *shape] of latents [n, L]: pixels in [0, 1], or rows in original units' encoding.

        Args:
            latents: [n, L].
            labels: int [n], for a conditional model.
        """
        z = torch.as_tensor(np.asarray(latents, dtype=np.float32))
        told = None if labels is None else torch.as_tensor(np.asarray(labels, dtype=np.int64))
        with torch.inference_mode():
            return self.model().decode_bounded(z, told).numpy()

    def save(self, path: str | Path) -> None:
        """Write the file whole or not at all."""
        save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Checkpoint":
        """Read a checkpoint.

        Raises:
            CheckpointError: if the file is missing, damaged, not of this project, or of a newer version.
        """
        return load(Path(path))


def build(config: RunConfig, schema: AnySchema, labels: int, meta: bool = False) -> VAE:
    """The untrained model of these settings; with `meta` only its shapes, without memory.

    Raises:
        CheckpointError: if it has too many parameters.
        ConfigError: if it does not go with such data.
    """
    spec = ExampleSpec.of(schema, labels)
    with torch.device("meta"):  # nothing is allocated before the size is known
        outline = VAE(config.model, spec)
    count = sum(p.numel() for p in outline.parameters())
    if count > MAX_PARAMETERS:
        raise CheckpointError(
            f"The model has {count:,} parameters; at most {MAX_PARAMETERS:,} are built. Choose a smaller one."
        )
    return outline if meta else VAE(config.model, spec, config.train.seed)


def is_finite(tensors: Mapping[str, torch.Tensor]) -> bool:
    """Whether every number is one."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def locate(checkpoint_id: str) -> Path:
    """The file of a checkpoint: a bundled one by its name, a run's by the run's id.

    Raises:
        NotFoundError: if there is none.
    """
    if checkpoint_id in bundled():
        return PRETRAINED / f"{checkpoint_id}.safetensors"
    path = workspace.place("runs", checkpoint_id) / "checkpoint.safetensors"
    if not path.is_file():
        raise NotFoundError("This model is not here: it was removed, or its first epoch is not finished yet.")
    return path


def bundled() -> list[str]:
    """Names of the models that come with the program."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors"))


def version(checkpoint_id: str) -> str:
    """Changes when the file does: a run's checkpoint is replaced after every epoch."""
    return f"{locate(checkpoint_id).stat().st_mtime_ns:x}"


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """The whole file."""
    codes = checkpoint.codes
    record = _Record(
        name=checkpoint.name,
        config=checkpoint.config,
        schema=checkpoint.schema,
        label_names=checkpoint.label_names,
        history=checkpoint.history,
        epoch=checkpoint.epoch,
        environment=checkpoint.environment,
        codes_dataset_id=codes.dataset_id if codes else None,
    )
    text = record.model_dump_json(by_alias=True).encode()
    tensors = {"record": torch.frombuffer(bytearray(text), dtype=torch.uint8)}
    for part, content in (("model", checkpoint.weights), ("optimizer", checkpoint.optimizer)):
        tensors |= {f"{part}.{name}": tensor.detach().cpu().contiguous() for name, tensor in content.items()}
    if codes:
        arrays = {"mean": codes.mean, "std": codes.std, "kl": codes.kl, "labels": codes.labels}
        tensors |= {
            f"codes.{name}": torch.from_numpy(np.ascontiguousarray(array))
            for name, array in arrays.items()
            if array is not None
        }
    return safetensors.torch.save(tensors, {METADATA_KEY: json.dumps({"version": FORMAT_VERSION})})


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file whole or not at all."""
    write_atomically(path, to_bytes(checkpoint))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if the file is missing, damaged, not of this project, or of a newer version.
    """
    try:
        check_header(path, MAX_FILE_BYTES)
        with safetensors.safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {path.name}. Check the spelling.") from error
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a readable safetensors file. Give a checkpoint.safetensors that this project wrote."
        ) from error
    if path.parent == PRETRAINED and _checksums().get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest():
        raise CheckpointError(f"The bundled model {path.stem} is not the file that came with it. Install it again.")
    return _checkpoint(path.name, text, tensors)


@cache
def _checksums() -> dict[str, str]:
    """File name -> SHA-256 of the bundled checkpoints."""
    lines = CHECKSUMS.read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _checkpoint(name: str, text: str | None, tensors: dict[str, torch.Tensor]) -> Checkpoint:
    record = _parse(name, text, tensors)
    try:
        codes = _codes(record, tensors)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"The codes inside {name} are damaged. Give another copy.") from error
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "optimizer": {}}
    for key, tensor in tensors.items():
        part, _, rest = key.partition(".")
        if part in parts:
            parts[part][rest] = tensor
    return Checkpoint(
        record.name,
        record.config,
        record.schema_,
        record.history,
        parts["model"],
        record.label_names,
        parts["optimizer"],
        codes,
        record.epoch,
        record.environment,
    )


def _parse(name: str, text: str | None, tensors: dict[str, torch.Tensor]) -> _Record:
    if text is None:
        raise CheckpointError(
            f"{name} is a safetensors file of another program. Give a checkpoint.safetensors that this project wrote."
        )
    try:
        about: Any = json.loads(text)
        found = about.get("version")
        if found not in (1, FORMAT_VERSION):
            raise CheckpointError(
                f"{name} has format version {found}; this program reads version {FORMAT_VERSION}. Update the program."
            )
        if found == 1:
            return _record_of_version_1(about, tensors)
        return _Record.model_validate_json(tensors["record"].numpy().tobytes())
    except ConfigError:
        raise
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise CheckpointError(f"The settings inside {name} are damaged. Give another copy of it.") from error


def _record_of_version_1(about: dict[str, Any], tensors: dict[str, torch.Tensor]) -> _Record:
    """There the record stood in the metadata, all but the history."""
    history = TypeAdapter(tuple[EpochRecord, ...]).validate_json(tensors["history"].numpy().tobytes())
    return _Record.model_validate({k: v for k, v in about.items() if k != "version"} | {"history": history})


def _codes(record: _Record, tensors: dict[str, torch.Tensor]) -> Codes | None:
    if record.codes_dataset_id is None:
        return None
    mean, std, kl = (tensors[f"codes.{name}"].numpy() for name in ("mean", "std", "kl"))
    labels = tensors["codes.labels"].numpy() if "codes.labels" in tensors else None
    shape = (len(mean), record.config.model.latents)
    if not mean.shape == std.shape == kl.shape == shape or (labels is not None and labels.shape != shape[:1]):
        raise ValueError("the codes have another shape than the model's latents")
    return Codes(record.codes_dataset_id, mean, std, kl, labels, record.label_names)
