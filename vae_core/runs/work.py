"""What a worker does: train, and put every epoch on disk before it is told of."""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace

import safetensors.torch
import torch

from vae_core import checkpoints
from vae_core.batches import Examples, choose_device
from vae_core.checkpoints import Checkpoint, Environment
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import CheckpointError, TrainingError
from vae_core.files import remove_leftovers, write_atomically
from vae_core.latents.codes import encode
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig, check_fit
from vae_core.runs.directory import RunDirectory, Status
from vae_core.training import Training, split
from vae_core.vae import VAE

STATUS_SECONDS = 0.5
"""Progress is written at most this often."""
SAVE_SECONDS = 0.5
"""So are short epochs: what a kill takes is trained again, and comes out the same."""
PREVIEW_CODES = 2000
PREVIEW_PICTURES = 10
SAVES_OF_ROOM = 3
LEAST_FREE_BYTES = 2**30
OTHER_PLACE = "It went on under another version, device or number of threads: the numbers are close, not the same."


def work(directory: RunDirectory, dataset: Dataset) -> Iterator[EpochRecord]:
    """Do the run, or what is left of it, yielding each epoch. Ends with the codes inside the checkpoint.

    Raises:
        ConfigError: if such a model cannot learn such data.
        TrainingError: if training cannot go on; the last good epoch is kept.
    """
    run = directory.read_run()
    labels = len(dataset.label_names)
    check_fit(run.config, dataset.schema, labels)
    device = choose_device(run.config.train.device)
    model = checkpoints.build(run.config, dataset.schema, labels)
    _check_room(directory, model)
    remove_leftovers(directory.path)
    progress = _Progress(directory, device)
    training = Training(model, dataset, run.config, device, progress.step)
    keeper = _Keeper(directory, dataset, training, device)
    progress.note = keeper.go_on()
    try:
        for record in training:
            keeper.keep(record)
            yield record
        keeper.flush(keeper.preview.picture(model))
    finally:
        keeper.flush()
    progress.write("Finishing: placing every example on the map")
    _finish(directory, dataset, device, run.config.train.patience > 0)


def keep_best(directory: RunDirectory, dataset: Dataset) -> None:
    """Of a run that has ended, let the model be that of its best epoch.

    Raises:
        CheckpointError: if that was not kept.
    """
    _finish(directory, dataset, choose_device(directory.read_run().config.train.device), best=True)


def _finish(directory: RunDirectory, dataset: Dataset, device: torch.device, best: bool) -> None:
    """The last checkpoint, or the best one with the whole history, gets its codes and loses the optimiser's state."""
    last = checkpoints.load(directory.checkpoint)
    chosen = last
    if best and best_epoch(last.history) != last.measured.epoch:
        chosen = replace(checkpoints.load(directory.best), history=last.history)
    codes = encode(chosen.model(), dataset, device)
    checkpoints.save(replace(chosen, optimizer={}, codes=codes), directory.checkpoint)
    directory.previous.unlink(missing_ok=True)


class _Keeper:
    """Puts epochs on disk: the newest, the one before, the best."""

    def __init__(self, directory: RunDirectory, dataset: Dataset, training: Training, device: torch.device) -> None:
        self._directory, self._dataset, self._training, self._device = directory, dataset, training, device
        self._run = directory.read_run()
        self.preview = _Preview(dataset, training.config, device)
        self._environment = Environment.here(device)
        self._pending: Checkpoint | None = None
        self._pending_best: Checkpoint | None = None
        self._untold: list[EpochRecord] = []
        self._saved = 0.0

    def go_on(self) -> str:
        """Take up the newest readable epoch on disk, if there is one; returns what is to be said of that."""
        for path in (self._directory.checkpoint, self._directory.previous):
            if not path.exists():
                continue
            try:
                found = checkpoints.load(path)
            except CheckpointError:
                logging.exception("Put aside: %s", path.name)
                path.replace(path.with_name(f"unreadable-{path.name}"))
                continue
            if found.config != self._run.config or not (found.optimizer or found.codes):
                continue
            if found.optimizer:
                self._training.resume(found.weights, found.optimizer, found.history)
            else:  # it had ended, and only its status was not written any more
                self._training.history = list(found.history)
            self._directory.write_epochs(found.history)
            return "" if found.environment == self._environment else OTHER_PLACE
        return ""

    def keep(self, record: EpochRecord) -> None:
        """The model as it is now; on disk at once, or with one of the next epochs if these are short.

        Raises:
            TrainingError: if a weight is no number; what is on disk stays.
        """
        state = self._training.model.state_dict()
        if not checkpoints.is_finite(state):
            raise TrainingError(
                f"The weights stopped being numbers in epoch {record.epoch}. Try a learning rate ten times smaller."
            )
        copy = {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}
        optimizer = {name: tensor.detach().to("cpu", copy=True) for name, tensor in self._training.state().items()}
        history = tuple(self._training.history)
        self._pending = Checkpoint(
            self._run.name,
            self._run.config,
            self._dataset.schema,
            history,
            copy,
            self._dataset.label_names,
            optimizer,
            epoch=record.epoch,
            environment=self._environment,
        )
        if best_epoch(history) == record.epoch:
            self._pending_best = replace(self._pending, optimizer={})
        self._untold.append(record)
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self.flush(self.preview.picture(self._training.model))

    def flush(self, preview: bytes = b"") -> None:
        """Everything kept so far onto the disk, and a new preview if there is one."""
        if not self._pending:
            return
        if self._pending_best:  # first: dying in between, training goes on from before it
            checkpoints.save(self._pending_best, self._directory.best)
        content = checkpoints.to_bytes(self._pending)
        write_atomically(self._directory.checkpoint, content, previous=self._directory.previous)
        if preview:
            write_atomically(self._directory.preview, preview)
        self._directory.append_epochs(self._untold)
        self._pending, self._pending_best, self._untold = None, None, []
        self._saved = time.monotonic()


class _Progress:
    """Share done and time left, in `status.json`."""

    def __init__(self, directory: RunDirectory, device: torch.device) -> None:
        self.directory = directory
        self.device = str(device)
        self.note = ""
        self.started = self.written = time.monotonic()
        self.first = self.done = 0.0
        self.write()

    def step(self, done: float) -> None:
        self.first = self.first or done
        self.done = done
        if time.monotonic() - self.written >= STATUS_SECONDS:
            self.write()

    def write(self, message: str = "") -> None:
        self.written = time.monotonic()
        elapsed = self.written - self.started
        fresh = self.done - self.first  # of what this worker has done
        left = elapsed / fresh * (1 - self.done) if fresh > 0 else None
        self.directory.write_status(
            Status(
                state="running",
                pid=os.getpid(),
                device=self.device,
                done=self.done,
                seconds_left=left,
                message=message or self.note,
            )
        )


class _Preview:
    """Codes of a probe set and a row of reconstructions of held-out pictures."""

    def __init__(self, dataset: Dataset, config: RunConfig, device: torch.device) -> None:
        _, held_out = split(len(dataset), config.train.validation, config.train.seed)
        examples = Examples(dataset.x, device, dataset.labels)
        probe = torch.linspace(0, len(dataset) - 1, min(len(dataset), PREVIEW_CODES)).long()
        shown = held_out[:PREVIEW_PICTURES]
        self.probe, self.originals = examples[probe], examples[shown]
        self.labels, self.shown_labels = examples.labels(probe), examples.labels(shown)

    @torch.no_grad()
    def picture(self, model: VAE) -> bytes:
        model.eval()
        code = model.encode(self.originals, self.shown_labels).mean
        tensors = {
            "codes": model.encode(self.probe, self.labels).mean,
            "labels": torch.zeros(len(self.probe)) if self.labels is None else self.labels,
            "originals": self.originals,
            "reconstructions": model.decode_bounded(code, self.shown_labels),
        }
        tensors["labels"] = tensors["labels"].int()
        return safetensors.torch.save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})


def _check_room(directory: RunDirectory, model: VAE) -> None:
    """Whether the disk has room for what a run writes.

    Raises:
        TrainingError: if it has not.
    """
    parameters = sum(4 * p.numel() for p in model.parameters())
    needed = SAVES_OF_ROOM * 3 * parameters + LEAST_FREE_BYTES
    free = shutil.disk_usage(directory.path).free
    if free < needed:
        raise TrainingError(
            f"The disk has {free / 2**30:.1f} GB left; training needs {needed / 2**30:.1f} GB. Make room, then go on."
        )
