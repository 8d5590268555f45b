"""What a run came to, to the last bit, so that two of them can be compared; and runs of every kind."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tests.conftest import CPU, stroke_dataset
from tests.small import small
from vae_core import checkpoints, stored_datasets, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.config import Conv, Gaussian, MixturePrior, Mlp, ModelConfig, TrainConfig
from vae_core.datasets import SAMPLES, Dataset
from vae_core.objectives import IWAE, AnyObjective, BetaTCVAE, DenoisingAutoencoder, PlainVAE
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.runs.directory import RunDirectory, RunFile
from vae_core.training import Training

TINY = Mlp(widths=(8,), fourier=4)


def _model(**more: Any) -> ModelConfig:
    return ModelConfig(**({"architecture": TINY} | more))


KINDS: dict[str, tuple[ModelConfig, AnyObjective, dict[str, Any]]] = {
    "running sigma": (_model(likelihood=Gaussian()), PlainVAE(), {}),
    "learned sigma": (_model(likelihood=Gaussian(sigma="learned")), PlainVAE(), {"schedule": "constant"}),
    "convolutions": (_model(architecture=Conv(channels=4, width=16)), BetaTCVAE(), {"cycles": 2}),
    "pseudo-inputs": (small(prior="vamp"), PlainVAE(), {}),
    "learnt mixture": (_model(prior=MixturePrior(components=3)), PlainVAE(), {}),
    "importance weighted": (_model(), IWAE(samples=3), {}),
    "binarised": (_model(), PlainVAE(), {"targets": "binarised"}),
    "denoising": (_model(posterior="deterministic"), DenoisingAutoencoder(), {}),
    "conditional": (_model(conditional=True), PlainVAE(), {}),
    "table": (_model(likelihood=Gaussian()), PlainVAE(), {}),
}
"""What has state of its own, or draws random numbers of its own."""


def dataset_of(kind: str) -> Dataset:
    return SAMPLES["moons"]() if kind == "table" else stroke_dataset()


def config_of(kind: str, dataset: Dataset, epochs: int, **settings: Any) -> RunConfig:
    model, objective, more = KINDS[kind]
    batch = 512 if kind == "table" else 16
    usual = {"batch_size": batch, "learning_rate": 0.01, "device": "cpu"}
    train = TrainConfig(epochs=epochs, **(usual | more | settings))
    return RunConfig(dataset_id=dataset.id, model=model, objective=objective, train=train)


def make_run(kind: str = "running sigma", epochs: int = 3, **settings: Any) -> tuple[RunDirectory, Dataset]:
    """A run that nobody has begun, with its dataset in the workspace."""
    dataset = dataset_of(kind)
    stored_datasets.save(dataset)
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    directory.create(RunFile(name=kind, config=config_of(kind, dataset, epochs, **settings), created=1.0))
    return directory, dataset


def digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 of names, shapes and bytes."""
    sha = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        sha.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        sha.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def losses(history: tuple[EpochRecord, ...] | list[EpochRecord]) -> list[dict[str, Any]]:
    """All that is told of epochs but how long they took."""
    return [record.model_dump(exclude={"seconds"}) for record in history]


def straight(config: RunConfig, dataset: Dataset) -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """Trained without a break: after every epoch the digests of weights and optimiser; and the losses."""
    model = checkpoints.build(config, dataset.schema, len(dataset.label_names))
    training = Training(model, dataset, config, CPU)
    weights, remembered = [], []
    for _ in training:
        weights.append(digest(model.state_dict()))
        remembered.append(digest(training.state()))
    return weights, remembered, losses(training.history)


def read(path: Path) -> Checkpoint:
    """A checkpoint that opens as a model."""
    found = checkpoints.load(path)
    found.model()
    return found


def has_ended(directory: RunDirectory) -> bool:
    """Whether the last epoch is on disk with its codes; a worker may still be exporting the decoder."""
    return directory.checkpoint.exists() and checkpoints.load(directory.checkpoint).codes is not None
