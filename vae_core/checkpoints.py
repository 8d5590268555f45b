"""A checkpoint: one safetensors file that holds weights, settings, history and, when training has ended, the codes.

The metadata is JSON text under the key `vae_studio`; nothing in the file is ever executed.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from vae_core import workspace
from vae_core.datasets import AnySchema
from vae_core.errors import CheckpointError, NotFoundError
from vae_core.files import write_atomically
from vae_core.latents.codes import Codes
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.vae import VAE

FORMAT_VERSION = 1
METADATA_KEY = "vae_studio"
HISTORY = TypeAdapter(tuple[EpochRecord, ...])
"""The history is a tensor of JSON text: with many epochs and latents it would not fit into the file's header."""
PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"
"""Where the bundled checkpoints lie."""


class _Metadata(BaseModel):
    """The JSON part of the file."""

    model_config = ConfigDict(extra="forbid")

    version: int
    name: str
    config: RunConfig
    schema_: AnySchema = Field(alias="schema")
    codes_dataset_id: str | None = None
    label_names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained model with all that is needed to use it.

    Attributes:
        name: What the run was called; display text.
        config: The settings it was trained with.
        schema: What an example looks like, and how to give it back in original units.
        history: One record an epoch.
        weights: The model's state, by parameter name.
        codes: Where the encoder puts the dataset; None until training has ended.
    """

    name: str
    config: RunConfig
    schema: AnySchema
    history: tuple[EpochRecord, ...]
    weights: dict[str, torch.Tensor] = field(repr=False)
    codes: Codes | None = field(default=None, repr=False)

    def model(self) -> VAE:
        """The model, ready to encode and decode on the CPU.

        Raises:
            CheckpointError: if the weights do not fit the settings.
        """
        with torch.device("meta"):  # nothing is allocated or drawn before the shapes are known to fit
            vae = VAE(self.config.model, self.schema.shape)
        expected = {name: tensor.shape for name, tensor in vae.state_dict().items()}
        found = {name: tensor.shape for name, tensor in self.weights.items()}
        if expected != found:
            raise CheckpointError(
                f"The weights of {self.name} do not fit its settings. Train the model again with this version."
            )
        vae.load_state_dict({name: tensor.clone() for name, tensor in self.weights.items()}, assign=True)
        return vae.eval()


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


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file whole or not at all."""
    codes = checkpoint.codes
    metadata = _Metadata(
        version=FORMAT_VERSION,
        name=checkpoint.name,
        config=checkpoint.config,
        schema=checkpoint.schema,
        codes_dataset_id=codes.dataset_id if codes else None,
        label_names=codes.label_names if codes else (),
    )
    history = HISTORY.dump_json(checkpoint.history)
    tensors = {"history": torch.frombuffer(bytearray(history), dtype=torch.uint8)}
    tensors |= {f"model.{name}": tensor.detach().cpu().contiguous() for name, tensor in checkpoint.weights.items()}
    if codes:
        tensors |= {
            f"codes.{name}": torch.from_numpy(np.ascontiguousarray(getattr(codes, name)))
            for name in ("mean", "std", "kl")
        }
        if codes.labels is not None:
            tensors["codes.labels"] = torch.from_numpy(codes.labels)
    write_atomically(path, safetensors.torch.save(tensors, {METADATA_KEY: metadata.model_dump_json(by_alias=True)}))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if the file is missing, damaged, not of this project, or of a newer version.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint {path.name}. Check the spelling.") from error
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a readable safetensors file. Give a checkpoint.safetensors that this project wrote."
        ) from error
    metadata = _parse(path.name, text)
    weights = {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith("model.")}
    try:
        history = HISTORY.validate_json(tensors["history"].numpy().tobytes())
        codes = _codes(metadata, tensors)
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"The history or codes inside {path.name} are damaged. Give another copy.") from error
    return Checkpoint(metadata.name, metadata.config, metadata.schema_, history, weights, codes)


def _parse(name: str, text: str | None) -> _Metadata:
    if text is None:
        raise CheckpointError(
            f"{name} is a safetensors file of another program. Give a checkpoint.safetensors that this project wrote."
        )
    try:
        version = json.loads(text).get("version")
        if version != FORMAT_VERSION:
            raise CheckpointError(
                f"{name} has format version {version}; this program reads version {FORMAT_VERSION}. Update the program."
            )
        return _Metadata.model_validate_json(text)
    except (ValidationError, json.JSONDecodeError, AttributeError) as error:
        raise CheckpointError(f"The settings inside {name} are damaged. Give another copy of it.") from error


def _codes(metadata: _Metadata, tensors: dict[str, torch.Tensor]) -> Codes | None:
    if metadata.codes_dataset_id is None:
        return None
    mean, std, kl = (tensors[f"codes.{name}"].numpy() for name in ("mean", "std", "kl"))
    labels = tensors["codes.labels"].numpy() if "codes.labels" in tensors else None
    shape = (len(mean), metadata.config.model.latents)
    if not mean.shape == std.shape == kl.shape == shape or (labels is not None and labels.shape != shape[:1]):
        raise ValueError("the codes have another shape than the model's latents")
    return Codes(metadata.codes_dataset_id, mean, std, kl, labels, metadata.label_names)
