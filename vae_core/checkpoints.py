"""A trained model with all that is needed to use it, and where such models lie; `checkpoint_file` is how on disk."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from vae_core import checkpoint_file, workspace
from vae_core.batches import choose_device
from vae_core.checkpoint_file import Environment, Record
from vae_core.datasets import AnySchema, Dataset
from vae_core.datasets.file import shown_name
from vae_core.errors import CheckpointError, NotFoundError, ReplacedError
from vae_core.example import ExampleSpec, as_learnt
from vae_core.files import write_atomically
from vae_core.latents.codes import Codes, encode
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.vae import VAE

__all__ = [
    "Checkpoint",
    "Environment",
    "build",
    "bundled",
    "is_finite",
    "load",
    "locate",
    "save",
    "to_bytes",
    "version",
]

MAX_PARAMETERS = 50_000_000
PRETRAINED = Path(__file__).resolve().parent.parent / "pretrained"
"""Where the bundled checkpoints lie, with their checksums."""
CHECKSUMS = PRETRAINED / "SHA256SUMS"


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
        elsewhere: Where epochs before were trained, if not there: the numbers are then close to, not the same as,
            those of a training in one place.
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
    elsewhere: tuple[Environment, ...] = ()

    @property
    def measured(self) -> EpochRecord:
        """What was measured when the weights were as they are.

        Raises:
            CheckpointError: if nothing was.
        """
        if not self.history:
            raise CheckpointError(f"{shown_name(self.name)} was never trained. Train it first.")
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
                f"The weights of {shown_name(self.name)} do not fit its settings. Train the model again."
            )
        if not is_finite(self.weights):
            raise CheckpointError(f"The weights of {shown_name(self.name)} are no numbers. Train the model again.")
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

    def sample(self, count: int, source: Literal["mixture", "prior"] = "mixture", seed: int = 0) -> np.ndarray:
        """Latents float32 [count, L] for `decode`: pictures that nobody has drawn.

        Args:
            count: How many.
            source: Mixture: of ten normals, fitted to the codes; closer to them than most priors, and the only way for
                an autoencoder (Ghosh et al. 2020, https://arxiv.org/abs/1903.12436). Prior: what training pressed
                the codes towards.
            seed: Of the samples.

        Raises:
            CheckpointError: if it has no codes to fit a mixture to, or no prior.
        """
        if source == "mixture":
            from vae_core.latents.mixture import fit_mixture  # scikit-learn is 100 MB that training does without

            if self.codes is None:
                raise CheckpointError(f"{shown_name(self.name)} has no codes yet. Give it some: with_codes(dataset).")
            return fit_mixture(self.codes.mean).sample(count, seed)
        model = self.model()
        if model.is_deterministic:
            raise CheckpointError("An autoencoder has no prior to sample from. Sample from the mixture.")
        with torch.inference_mode():
            return model.present_prior().sample(count, torch.Generator().manual_seed(seed)).numpy()

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
    """The whole file.

    Raises:
        CheckpointError: if it would be too large to be read again.
    """
    codes = checkpoint.codes
    record = Record(
        name=checkpoint.name,
        config=checkpoint.config,
        schema=checkpoint.schema,
        label_names=checkpoint.label_names,
        history=checkpoint.history,
        epoch=checkpoint.epoch,
        environment=checkpoint.environment,
        elsewhere=checkpoint.elsewhere,
        codes_dataset_id=codes.dataset_id if codes else None,
        codes_label_names=codes.label_names if codes else None,
    )
    tensors: dict[str, torch.Tensor] = {}
    for part, content in (("model", checkpoint.weights), ("optimizer", checkpoint.optimizer)):
        tensors |= {f"{part}.{name}": tensor.detach().cpu().contiguous() for name, tensor in content.items()}
    return checkpoint_file.pack(record, tensors | checkpoint_file.code_tensors(codes))


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file whole or not at all."""
    write_atomically(path, to_bytes(checkpoint))


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if the file is missing, damaged, not of this project, or of a newer version.
    """
    return _load(path)[0]


def _load(path: Path) -> tuple[Checkpoint, str]:
    """Which version was read, too: the file may have been replaced since."""
    bundled = path.parent == PRETRAINED and path.is_file()
    if bundled and _checksums().get(path.name) != hashlib.sha256(path.read_bytes()).hexdigest():
        raise CheckpointError(f"The bundled model {path.stem} is not the file that came with it. Install it again.")
    record, tensors, written = checkpoint_file.read(path)
    parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "optimizer": {}}
    for key, tensor in tensors.items():
        part, _, rest = key.partition(".")
        if part in parts:
            parts[part][rest] = tensor
    checkpoint = Checkpoint(
        record.name,
        record.config,
        record.schema_,
        record.history,
        parts["model"],
        record.label_names,
        parts["optimizer"],
        checkpoint_file.codes(path, record, tensors),
        record.epoch,
        record.environment,
        record.elsewhere,
    )
    return checkpoint, f"{written:x}"


def load_version(checkpoint_id: str, version: str) -> Checkpoint:
    """A checkpoint as it was when it had this version; raises ReplacedError if it is of another by now."""
    checkpoint, found = _load(locate(checkpoint_id))
    if found != version:
        raise ReplacedError("This model has been trained on since. Reload the page.")
    return checkpoint


@cache
def _checksums() -> dict[str, str]:
    """File name -> SHA-256 of the bundled checkpoints."""
    lines = CHECKSUMS.read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}
