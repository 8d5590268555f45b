"""How far a worker is, told in `status.json`, and whether it may go on."""

import contextlib
import os
import time

import torch

from vae_core import profiles
from vae_core.errors import TrainingError
from vae_core.runs.directory import RunDirectory, Status

STATUS_SECONDS = 0.5
"""It is written at most this often."""


class Progress:
    """Share done and time left, in `status.json`.

    What was trained before the run was cancelled or interrupted counts towards the time that it may take.
    """

    def __init__(self, directory: RunDirectory, device: torch.device) -> None:
        self.directory = directory
        self.device = str(device)
        self.note = ""
        self.most_seconds = profiles.present().training_seconds
        self.is_over = False
        self.spent = _seconds_of(directory) if self.most_seconds is not None else 0.0
        self.started = self.written = time.monotonic()
        self.first = self.done = 0.0
        self.write()

    @property
    def most_minutes(self) -> str:
        """In words."""
        return f"{(self.most_seconds or 0) / 60:.0f}"

    def is_over_after(self, seconds: float) -> bool:
        """Whether so much more would be more time than a training may take."""
        if self.most_seconds is not None:
            self.is_over = self.spent + time.monotonic() - self.started + seconds > self.most_seconds
        return self.is_over

    def step(self, done: float) -> None:
        """So much of the work is done, 0 to 1.

        Raises:
            TrainingError: if it has taken all the time that it may.
        """
        if self.is_over_after(0):
            raise TrainingError(
                f"A training here may take {self.most_minutes} minutes. The last finished epoch is kept. "
                "Choose fewer epochs or a smaller model."
            )
        self.first = self.first or done
        self.done = done
        if time.monotonic() - self.written >= STATUS_SECONDS:
            self.write()

    def write(self, message: str = "") -> None:
        """Tell where it stands now."""
        self.written = time.monotonic()
        elapsed = self.written - self.started
        fresh = self.done - self.first  # of what this worker has done
        left = elapsed / fresh * (1 - self.done) if fresh > 0 else None
        status = Status(
            state="running",
            pid=os.getpid(),
            device=self.device,
            done=self.done,
            seconds_left=left,
            message=" ".join(filter(None, (self.note, message))),
        )
        with contextlib.suppress(OSError):  # training does not depend on being told of
            self.directory.write_status(status)


def _seconds_of(directory: RunDirectory) -> float:
    """How long it has trained already."""
    trials = sum(trial.seconds for trial in directory.read_trials()) / directory.read_run().workers
    return trials + sum(epoch.seconds for epoch in directory.read_epochs())
