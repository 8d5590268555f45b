"""A run is a directory; this file is its contract.

    run.json                 what to compute: name, dataset, settings (written once by whoever starts it)
    status.json              where it stands (replaced whole, by the worker alone once it has started)
    epochs.jsonl             one EpochRecord a line, as training goes
    preview.safetensors      codes of a probe set and a row of reconstructions, replaced every epoch
    checkpoint.safetensors   the model after the last finished epoch
    cancel                   there when the run was cancelled before its worker was up
    lock                     held by the worker for as long as it lives; the kernel lets go of it when it dies
    log.txt                  what the worker printed

A run whose status says queued or running while nobody holds the lock has been interrupted: no process number
is ever guessed at.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from vae_core import process_lock
from vae_core.errors import NotFoundError
from vae_core.files import write_atomically
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig

State = Literal["queued", "running", "done", "cancelled", "failed", "interrupted"]
STARTING_SECONDS = 20
"""A new run may take so long until its worker holds the lock."""


class RunFile(BaseModel):
    """`run.json`."""

    model_config = ConfigDict(frozen=True)

    name: str
    config: RunConfig
    created: float


class Status(BaseModel):
    """`status.json`."""

    model_config = ConfigDict(frozen=True)

    state: State
    pid: int | None = None
    device: str = ""
    done: float = 0.0
    """Share of all training steps done, 0 to 1."""
    seconds_left: float | None = None
    message: str = ""
    updated: float = 0.0


CANCELLED = Status(state="cancelled", message="Cancelled. The last finished epoch is kept.")


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The model after the last finished epoch."""
        return self.path / "checkpoint.safetensors"

    @property
    def preview(self) -> Path:
        """Pictures and codes of the last finished epoch."""
        return self.path / "preview.safetensors"

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.path / "log.txt"

    def create(self, run: RunFile) -> None:
        """Make the directory with its first two files."""
        self.path.mkdir(parents=True, exist_ok=True)
        for stale in (self.checkpoint, self.preview, self.path / "epochs.jsonl", self.path / "cancel"):
            stale.unlink(missing_ok=True)
        write_atomically(self.path / "run.json", run.model_dump_json(indent=1).encode())
        self.write_status(Status(state="queued"))

    def read_run(self) -> RunFile:
        """What to compute.

        Raises:
            NotFoundError: if this is no run directory.
        """
        try:
            return RunFile.model_validate_json((self.path / "run.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise NotFoundError("There is no such run. Choose one from the list.") from error

    def write_status(self, status: Status) -> None:
        """Replace the status, stamped with the time."""
        write_atomically(
            self.path / "status.json", status.model_copy(update={"updated": time.time()}).model_dump_json().encode()
        )

    def read_status(self) -> Status:
        """Where the run stands now, a dead worker seen as "interrupted"."""
        status = self._written_status()
        if status.state not in ("queued", "running") or self.is_held():
            return status
        status = self._written_status()  # the worker may have finished between the two looks
        if status.state not in ("queued", "running"):
            return status
        if status.state == "queued" and time.time() - status.updated < STARTING_SECONDS:
            return status
        return status.model_copy(
            update={
                "state": "interrupted",
                "seconds_left": None,
                "message": "The training process ended before it was finished.",
            }
        )

    def _written_status(self) -> Status:
        try:
            return Status.model_validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError):
            return Status(state="interrupted", message="The status of this run cannot be read.")

    def append_epoch(self, record: EpochRecord) -> None:
        """Add a line to the history."""
        with (self.path / "epochs.jsonl").open("a", encoding="utf-8") as file:
            file.write(record.model_dump_json() + "\n")

    def read_epochs(self) -> list[EpochRecord]:
        """All whole lines; one that is being written is left for the next look."""
        try:
            lines = (self.path / "epochs.jsonl").read_text("utf-8").splitlines()
        except OSError:
            return []
        records = []
        for line in lines:
            try:
                records.append(EpochRecord.model_validate_json(line))
            except ValidationError:
                break
        return records

    def lock(self) -> FileLock:
        """The lock that a worker holds while it lives."""
        return process_lock.lock(self.path / "lock")

    def is_held(self) -> bool:
        """Whether a worker is alive."""
        return process_lock.is_held(self.path / "lock")

    def ask_to_cancel(self) -> None:
        """Leave word for a worker that is not up yet."""
        (self.path / "cancel").touch()

    def is_cancel_asked(self) -> bool:
        """Whether the run was cancelled before its worker was up."""
        return (self.path / "cancel").exists()
