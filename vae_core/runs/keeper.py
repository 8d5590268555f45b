"""Epochs on disk: the newest, the one before and the best, and how training takes them up again."""

import logging
import time
from dataclasses import replace
from pathlib import Path

import safetensors.torch
import torch

from vae_core import checkpoints
from vae_core.batches import Examples
from vae_core.checkpoints import Checkpoint, Environment
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import CheckpointError, TrainingError
from vae_core.files import write_atomically
from vae_core.film import Recorder
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.runs.directory import RunDirectory
from vae_core.training import Training, split
from vae_core.vae import VAE

SAVE_SECONDS = 0.5
"""Short epochs are written at most this often: what a kill takes is trained again, and comes out the same."""
PREVIEW_CODES = 2000
PREVIEW_PICTURES = 10
OTHER_PLACE = (
    "It went on on a GPU, or under another version, device or number of threads or workers: the numbers are close, not "
    "the same."
)
UNREADABLE = "could not be read and was put aside."


class Keeper:
    """Puts epochs on disk as training goes.

    Attributes:
        film: Takes a frame of every epoch that is kept, before it is on disk: what goes on from there takes it again.
        has_ended: Whether what is on disk is the end of the training already.
        note: What is to be said of how it went on; empty where there is nothing.
    """

    def __init__(self, directory: RunDirectory, dataset: Dataset, training: Training, device: torch.device) -> None:
        self._directory, self._dataset, self._training = directory, dataset, training
        self._run = directory.read_run()
        self.preview = Preview(dataset, training.config, device)
        self.film = Recorder(directory.film, dataset, training, device)
        self.has_ended = False
        self.note = ""
        self._environment = Environment.here(device)
        self._elsewhere: tuple[Environment, ...] = ()
        self._pending: Checkpoint | None = None
        self._pending_best: Checkpoint | None = None
        self._untold: list[EpochRecord] = []
        self._saved = 0.0

    def go_on(self) -> None:
        """Take up the newest readable epoch on disk, if there is one; what is unreadable is put aside and noted.

        Raises:
            TrainingError: if there are finished epochs that training cannot go on from; they stay as they are.
        """
        for path in (self._directory.checkpoint, self._directory.previous):
            if not path.exists():
                continue
            try:
                self._take_up(checkpoints.load(path))
            except CheckpointError as error:
                logging.warning("Put aside: %s", error)
                self._put_aside(path)
                continue
            if path != self._directory.checkpoint:
                path.replace(self._directory.checkpoint)
            break
        self._directory.write_epochs(self._training.history)
        self.film.go_on()
        if self._elsewhere:
            self.note = f"{self.note} {OTHER_PLACE}".strip()

    def _take_up(self, found: Checkpoint) -> None:
        if found.config != self._run.config:
            raise TrainingError("The finished epochs had other settings than this run. They stay; start a new run.")
        found.model()  # refuses weights that do not fit, or are no numbers
        if found.optimizer:
            self._training.resume(found.weights, found.optimizer, found.history)
            # a GPU does not add up in the same order twice
            moved = found.environment is not None and (
                found.environment != self._environment or self._environment.device != "cpu"
            )
            self._elsewhere = found.elsewhere + ((found.environment,) if moved and found.environment else ())
        elif found.codes:  # only its status was not written any more
            self._training.history = list(found.history)
            self.has_ended = True
        else:
            raise TrainingError(
                f"An earlier version wrote the {len(found.history)} finished epochs, without what it takes to go on. "
                "They stay, and the model can be used; start a new run to train further."
            )

    def _put_aside(self, path: Path) -> None:
        path.replace(path.with_name(f"unreadable-{path.name}"))
        self.note = f"{self.note} {path.name} {UNREADABLE}".strip()

    def keep(self, record: EpochRecord) -> None:
        """The model as it is now; on disk at once, or with one of the next epochs if these are short.

        Raises:
            TrainingError: if a weight is no number; what is on disk stays.
        """
        state = self._training.model.state_dict()
        remembered = self._training.state()
        if not (checkpoints.is_finite(state) and checkpoints.is_finite(remembered)):
            raise TrainingError(
                f"The weights stopped being numbers in epoch {record.epoch}. Try a learning rate ten times smaller."
            )
        copy = {name: tensor.detach().to("cpu", copy=True) for name, tensor in state.items()}
        optimizer = {name: tensor.detach().to("cpu", copy=True) for name, tensor in remembered.items()}
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
            elsewhere=self._elsewhere,
        )
        if best_epoch(history) == record.epoch:
            self._pending_best = replace(self._pending, optimizer={})
        self._untold.append(record)
        self.film.take()
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self.flush(self.preview.picture(self._training.model))

    def flush(self, preview: bytes = b"") -> None:
        """Everything kept so far onto the disk, and a new preview if there is one; called again, what is left of it."""
        if not (self._pending or self._untold):
            return
        if self._pending_best:  # first: dying in between, training goes on from before it
            checkpoints.save(self._pending_best, self._directory.best)
            self._pending_best = None
        if self._pending:
            content = checkpoints.to_bytes(self._pending)
            write_atomically(self._directory.checkpoint, content, previous=self._directory.previous)
            self._pending = None
        if preview:
            write_atomically(self._directory.preview, preview)
        self._directory.append_epochs(self._untold)
        self._untold = []
        self._saved = time.monotonic()


def best_of(directory: RunDirectory, last: Checkpoint) -> Checkpoint:
    """The model of the best epoch, with the whole history.

    Raises:
        CheckpointError: if it cannot be read, or is of another training than the last one.
    """
    if last.measured.epoch == best_epoch(last.history):
        return last
    found = checkpoints.load(directory.best)
    found.model()
    length = min(len(found.history), len(last.history))
    history = max(found.history, last.history, key=len)  # the best may have been written just before a death
    is_same = found.config == last.config and found.history[:length] == last.history[:length]
    if not is_same or found.measured.epoch != best_epoch(history):
        raise CheckpointError("The best epoch on disk is not of the same training as the last one.")
    return replace(found, history=history)


class Preview:
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
        """What is to be shown of a model, as the content of a safetensors file."""
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
