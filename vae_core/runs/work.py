"""The work of a run: train, and after every epoch leave the directory in a state that others can read."""

import os
import time
from collections.abc import Iterator

import safetensors.torch
import torch

from vae_core import checkpoints
from vae_core.batches import Examples, choose_device
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.files import write_atomically
from vae_core.latents.codes import encode
from vae_core.records import EpochRecord
from vae_core.run_config import check_fit
from vae_core.runs.directory import RunDirectory, Status
from vae_core.training import split, train
from vae_core.vae import VAE

STATUS_SECONDS = 0.5
"""Progress is written at most this often."""
PREVIEW_CODES = 2000
PREVIEW_PICTURES = 10


def work(directory: RunDirectory, dataset: Dataset) -> Iterator[EpochRecord]:
    """Do the run, yielding each epoch once its files are on disk. Ends with the codes inside the checkpoint."""
    run = directory.read_run()
    check_fit(run.config.model, dataset.schema)
    device = choose_device(run.config.train.device)
    model = VAE(run.config.model, dataset.schema.shape, seed=run.config.train.seed)
    progress = _Progress(directory, device)
    preview = _Preview(dataset, run.config.train.validation, run.config.train.seed, device)
    history: list[EpochRecord] = []
    for record in train(model, dataset, run.config, device, progress.step):
        history.append(record)
        checkpoint = Checkpoint(run.name, run.config, dataset.schema, tuple(history), model.state_dict())
        checkpoints.save(checkpoint, directory.checkpoint)
        write_atomically(directory.preview, preview.picture(model))
        directory.append_epoch(record)
        yield record
    progress.write("Finishing: placing every picture on the map")
    codes = encode(model, dataset, device)
    final = Checkpoint(run.name, run.config, dataset.schema, tuple(history), model.state_dict(), codes)
    checkpoints.save(final, directory.checkpoint)


class _Progress:
    """Share done and time left, in `status.json`."""

    def __init__(self, directory: RunDirectory, device: torch.device) -> None:
        self.directory = directory
        self.device = str(device)
        self.started = self.written = time.monotonic()
        self.done = 0.0
        self.write()

    def step(self, done: float) -> None:
        self.done = done
        if time.monotonic() - self.written >= STATUS_SECONDS:
            self.write()

    def write(self, message: str = "") -> None:
        self.written = time.monotonic()
        elapsed = self.written - self.started
        left = elapsed / self.done * (1 - self.done) if self.done > 0 else None
        self.directory.write_status(
            Status(
                state="running", pid=os.getpid(), device=self.device, done=self.done, seconds_left=left, message=message
            )
        )


class _Preview:
    """Codes of a probe set and a row of reconstructions of held-out pictures."""

    def __init__(self, dataset: Dataset, validation: float, seed: int, device: torch.device) -> None:
        _, held_out = split(len(dataset), validation, seed)
        examples = Examples(dataset.x, device)
        probe = torch.linspace(0, len(dataset) - 1, min(len(dataset), PREVIEW_CODES)).long()
        self.probe = examples[probe]
        self.labels = (
            torch.zeros(len(probe), dtype=torch.int32)
            if dataset.labels is None
            else torch.from_numpy(dataset.labels)[probe]
        )
        self.originals = examples[held_out[:PREVIEW_PICTURES]]

    @torch.no_grad()
    def picture(self, model: VAE) -> bytes:
        model.eval()
        reconstructions = model.decode_bounded(model.encode(self.originals).mean)
        tensors = {
            "codes": model.encode(self.probe).mean,
            "labels": self.labels,
            "originals": self.originals,
            "reconstructions": reconstructions,
        }
        return safetensors.torch.save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})
