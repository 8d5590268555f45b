"""A run is a directory; this file is its contract.

    run.json                 what to compute: name, dataset, settings (written once by whoever starts it)
    status.json              where it stands (replaced whole, by the worker alone once it has started)
    trials.jsonl             of a cross-validation: one Trial a line; by several workers, see vae_core.runs.grid
    epochs.jsonl             one EpochRecord a line, as training goes
    preview.safetensors      codes of a probe set and a row of reconstructions, replaced every epoch
    film/                    frames of its epochs, see vae_core.film
    checkpoint.safetensors   the model after the last finished epoch, with all that it takes to go on
    previous.safetensors     the one before
    best.safetensors         the model after the epoch of the best validation −ELBO
    cancel                   there when the run was cancelled: its worker looks for it
    keep-best                how it stood before, when the model of an ended run is to become that of its best epoch
    reserve                  a little room on the disk, so that a full one can still be told of
    lock                     held by the worker for as long as it lives; the kernel lets go of it when it dies
    job.json, beat           of a run that was handed to an engine, in place of the lock: see vae_core.runs.jobs
    again.lock               held for a moment by whoever lets the run go on, so that only one does
    unreadable-*             checkpoints that could not be read when the run went on
    replaced/                the files of the run before in this folder, until the first epoch of this one is on disk
    log.txt                  what the worker printed

A run whose status says queued or running while nobody holds the lock, or beats, has been interrupted: no process number
is ever guessed at.
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from vae_core import process_lock, waiting
from vae_core.errors import NotFoundError
from vae_core.files import append, is_disk_full, stamp, write_atomically
from vae_core.records import EpochRecord
from vae_core.runs import jobs
from vae_core.runs.status import CANCELLED, MOST_WORKERS, UNCHECKED, RunFile, State, Status, done
from vae_core.trials import Trial

__all__ = ["CANCELLED", "MOST_WORKERS", "UNCHECKED", "RunDirectory", "RunFile", "State", "Status", "done"]

STARTING_SECONDS = 12
"""A new run may take so long until its worker holds the lock."""
JOB_STARTING_SECONDS = 120
"""Likewise until a job begins to beat: an engine starts a process for it first."""
RESERVE_BYTES = 64 * 1024
ENDED = ("done", "cancelled", "failed")


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The model after the last finished epoch."""
        return self.path / "checkpoint.safetensors"

    @property
    def previous(self) -> Path:
        """The model after the epoch before."""
        return self.path / "previous.safetensors"

    @property
    def best(self) -> Path:
        """The model after the best epoch."""
        return self.path / "best.safetensors"

    @property
    def preview(self) -> Path:
        """Pictures and codes of the last finished epoch."""
        return self.path / "preview.safetensors"

    @property
    def film(self) -> Path:
        """The folder of its film."""
        return self.path / "film"

    @property
    def log(self) -> Path:
        """What the worker printed."""
        return self.path / "log.txt"

    def create(self, run: RunFile) -> None:
        """Make the directory with its first files."""
        self.path.mkdir(parents=True, exist_ok=True)
        models = (self.checkpoint, self.previous, self.best)
        for stale in (*models, self.preview, self.path / "epochs.jsonl", self.path / "cancel"):
            stale.unlink(missing_ok=True)
        write_atomically(self.path / "run.json", run.model_dump_json(indent=1).encode())
        self.keep_reserve()
        self.write_status(Status(state="queued"))

    def keep_reserve(self) -> None:
        """Lay the reserve aside, if there is room for it and it was used up."""
        reserve = self.path / "reserve"
        if not reserve.exists():
            with contextlib.suppress(OSError):
                write_atomically(reserve, b"\0" * RESERVE_BYTES)

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
        """Replace the status, stamped with the time; on a full disk, in the room of the reserve.

        Progress is not worth the reserve: that is for how a run ended.

        Raises:
            OSError: if it cannot be written.
        """
        before = self._written_status()
        kept = {"attempts": status.attempts or before.attempts, "queued": status.queued or before.queued}
        stamps = {"updated": time.time(), "host": process_lock.here() if status.pid else ""}
        content = status.model_copy(update=kept | stamps).model_dump_json().encode()
        try:
            write_atomically(self.path / "status.json", content)
        except OSError as error:
            if not is_disk_full(error) or status.state == "running":
                raise
            (self.path / "reserve").unlink(missing_ok=True)
            write_atomically(self.path / "status.json", content)
        # one that was interrupted may go on by itself
        (waiting.forget if status.state in ENDED else waiting.note)(self.path)

    def read_status(self) -> Status:
        """Where the run stands now, a dead worker seen as "interrupted"."""
        status = self._written_status()
        if status.state not in ("queued", "running") or self.is_held():
            return status
        status = self._written_status()  # the worker may have finished between the two looks
        if status.state not in ("queued", "running"):
            return status
        was_up = status.pid is not None  # a worker leaves its number while it waits for its turn
        starting = JOB_STARTING_SECONDS if jobs.may_be(self.path) else STARTING_SECONDS
        if status.state == "queued" and not was_up and time.time() - status.updated < starting:
            return status
        return status.model_copy(
            update={
                "state": "interrupted",
                "seconds_left": None,
                "message": "The training process ended before it was finished. It can go on from its last epoch.",
            }
        )

    def is_unfinished(self) -> bool:
        """Whether nobody has said yet how it ended."""
        return self._written_status().state in ("queued", "running")

    def has_begun(self) -> bool:
        """Whether a worker has begun it, and left its number."""
        return self._written_status().pid is not None

    def _written_status(self) -> Status:
        try:
            return Status.model_validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError):
            return Status(state="interrupted", message="The status of this run cannot be read.")

    def append_epochs(self, records: Sequence[EpochRecord]) -> None:
        """Add lines to the history."""
        append(self.path / "epochs.jsonl", _lines(records))

    def write_epochs(self, records: Sequence[EpochRecord]) -> None:
        """The history from its beginning."""
        write_atomically(self.path / "epochs.jsonl", _lines(records))

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

    def written(self) -> str:
        """Changes whenever epochs or a preview are written."""
        return "-".join(stamp(path) for path in (self.path / "epochs.jsonl", self.preview))

    def append_trial(self, trial: Trial) -> None:
        """Add a line to what a cross-validation has found."""
        lines = [found.model_dump_json() for found in (*self.read_trials(), trial)]
        write_atomically(self.path / "trials.jsonl", ("\n".join(lines) + "\n").encode())

    def read_trials(self) -> list[Trial]:
        """What a cross-validation has found so far."""
        try:
            lines = (self.path / "trials.jsonl").read_text("utf-8").splitlines()
            return [Trial.model_validate_json(line) for line in lines]
        except (OSError, ValidationError):
            return []

    def lock(self) -> FileLock:
        """The lock that a worker holds while it lives."""
        return process_lock.lock(self.path / "lock")

    def again(self) -> FileLock:
        """The lock of whoever lets the run go on, between looking whether it may and saying so."""
        return process_lock.lock(self.path / "again.lock")

    def is_held(self) -> bool:
        """Whether a worker is alive; where that cannot be known now, nothing says that it died."""
        try:
            return jobs.is_beating(self.path) if jobs.read(self.path) else process_lock.is_held(self.path / "lock")
        except OSError:
            return True

    def ask_to_cancel(self) -> None:
        """Leave word for the worker, wherever it is, and if it is not up yet."""
        (self.path / "cancel").touch()

    def forget_cancel(self) -> None:
        """Take that word back."""
        (self.path / "cancel").unlink(missing_ok=True)

    def ask_for_best(self, before: Status) -> None:
        """Leave word that the best epoch is wanted, and how the run stood before; what was left first stays."""
        if not self.is_best_asked():
            write_atomically(self.path / "keep-best", before.model_dump_json().encode())

    def forget_best(self) -> None:
        """Take that word back."""
        (self.path / "keep-best").unlink(missing_ok=True)

    def before_best(self) -> Status:
        """How the run stood before its best epoch was asked for; as one that can go on, if nobody says."""
        try:
            return Status.model_validate_json((self.path / "keep-best").read_bytes())
        except (OSError, ValidationError):
            return Status(state="interrupted")

    def is_best_asked(self) -> bool:
        """Whether the best epoch is wanted."""
        return (self.path / "keep-best").exists()

    def is_cancel_asked(self) -> bool:
        """Whether the run is to end."""
        return (self.path / "cancel").exists()


def _lines(records: Sequence[EpochRecord]) -> bytes:
    return "".join(record.model_dump_json() + "\n" for record in records).encode()
