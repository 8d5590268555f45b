"""Making a film while a model trains, within a share of its time and some room on the disk; it never stops one."""

import logging
import shutil
import time
from pathlib import Path

import torch

from vae_core.batches import Examples
from vae_core.datasets import Dataset
from vae_core.files import remove_leftovers
from vae_core.film.frames import PROBE_EXAMPLES, Frame, Reel, frame_bytes, most_frames
from vae_core.training import Training

SHARE = 0.1
"""Of the training's time that frames may take; only the first and the last are made in any case."""


class Recorder:
    """Adds frames to the film in a folder, after epochs of a training.

    Args:
        folder: `film` of the run's directory.
        dataset: Evenly chosen examples of it are the probe set.
        training: Whose model and history are looked at.
        device: Where the model is.
    """

    def __init__(self, folder: Path, dataset: Dataset, training: Training, device: torch.device) -> None:
        self._reel, self._training = Reel(folder), training
        probe = torch.linspace(0, len(dataset) - 1, min(len(dataset), PROBE_EXAMPLES)).long()
        examples = Examples(dataset.x, device, dataset.labels, resident=False)
        self._probe, self._told = examples[probe], examples.labels(probe)
        self._labels = None if dataset.labels is None else dataset.labels[probe.numpy()]
        self._most = most_frames(frame_bytes(training.model, len(probe)))
        self._seen = 0
        self._trained = self._spent = self._cost = 0.0

    def go_on(self) -> None:
        """Let go of the frames of epochs that are going to be trained again, or of another training."""
        self._seen = len(self._training.history)
        if not self._seen:
            shutil.rmtree(self._reel.folder, ignore_errors=True)
            return
        remove_leftovers(self._reel.folder)
        for epoch in self._reel.epochs():
            if epoch > self._seen:
                self._reel.place(epoch).unlink(missing_ok=True)

    def take(self, is_last: bool = False) -> None:
        """A frame of the epoch just finished, if there is time for it; of the last one in any case."""
        history, epochs = self._training.history, self._reel.epochs()
        self._trained += sum(record.seconds for record in history[self._seen :])
        self._seen = len(history)
        epoch = history[-1].epoch
        if self._most < 2 or epoch in epochs:
            return
        is_last = is_last or epoch == self._training.config.train.epochs
        if epochs and not is_last and self._spent + self._cost > SHARE * self._trained:
            return
        started = time.perf_counter()
        try:
            self._reel.write(self._frame(epoch), self._labels, self._most)
        except OSError as error:  # a film is not worth a training
            logging.warning("The film lacks epoch %s: %s", epoch, error)
        self._cost = time.perf_counter() - started
        self._spent += self._cost

    @torch.no_grad()
    def _frame(self, epoch: int) -> Frame:
        model = self._training.model
        model.eval()
        return Frame.of(epoch, model.encode(self._probe, self._told).mean, model)
