"""Runs that were handed to an engine: which job it is, and whether its worker, on whatever machine, is alive.

    job.json   the runner, where its engine is, and the job's id there; written before the engine is asked
    beat       touched every two seconds by whoever waits or works for the run, and gone when that ended

No lock reaches from one machine to another. The clocks of the machines must agree to some seconds, as NTP has them.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vae_core.files import write_atomically

ENVIRONMENT = "VAE_STUDIO_JOB"
"""The id of the job that a process works for."""
BEAT_SECONDS = 2.0
STALE_SECONDS = 12.0
"""A worker that has not beaten for so long is dead: with the time of a look, it is seen within 15 seconds."""
LOOK_SECONDS = 0.3
DEAF_SECONDS = 5.0
"""A process that is told to stop may not hear it at once: after so long it is told again."""


class Job(BaseModel):
    """`job.json`."""

    model_config = ConfigDict(frozen=True)

    runner: str
    id: str
    address: str


def read(folder: Path) -> Job | None:
    """The job to which the run in a folder was handed; None for a process of this machine.

    Raises:
        OSError: if that cannot be known now, as when a disk of the network is away for a moment.
    """
    try:
        return Job.model_validate_json((folder / "job.json").read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def may_be(folder: Path) -> bool:
    """Whether the run in a folder was handed to an engine, or it cannot be known now."""
    try:
        return read(folder) is not None
    except OSError:
        return True


def write(folder: Path, job: Job | None) -> None:
    """Note it, or that there is none any more."""
    if job is None:
        (folder / "job.json").unlink(missing_ok=True)
    else:
        write_atomically(folder / "job.json", job.model_dump_json().encode())
    forget_beat(folder)


def forget_beat(folder: Path) -> None:
    """Nobody waits or works for the run any more."""
    (folder / "beat").unlink(missing_ok=True)


def is_ours(folder: Path) -> bool:
    """Whether the run in a folder is still this process's: that it was handed to no other job, or to none at all.

    Raises:
        OSError: if that cannot be known now.
    """
    job = read(folder)
    return (job.id if job else "") == os.environ.get(ENVIRONMENT, "")


def is_beating(folder: Path) -> bool:
    """Whether somebody waits or works for the run in a folder.

    Raises:
        OSError: if that cannot be known now.
    """
    try:
        return time.time() - (folder / "beat").stat().st_mtime < STALE_SECONDS
    except FileNotFoundError:
        return False


class Beat:
    """Within, a thread shows that this process lives, and stops its work where that is not wanted any more.

    No signal comes from another machine. The work is stopped, by a SIGTERM of one's own, when the run was cancelled or
    removed, when it was handed to another job, or when the process is left alone by the one that started it.

    Args:
        folder: Of the run.
        is_quiet: Asked before every beat: whether another process beats now.
        is_detached: Whether it goes on without the process that started it.
    """

    def __init__(self, folder: Path, is_quiet: Callable[[], bool] = lambda: False, is_detached: bool = False) -> None:
        self._folder, self._is_quiet, self._is_detached = folder, is_quiet, is_detached
        self._parent = os.getppid()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(OSError):  # it is stale soon
            if not self._is_quiet() and is_ours(self._folder):
                forget_beat(self._folder)

    def _go_on(self) -> None:
        beaten = 0.0
        while not self._ended.is_set():
            with contextlib.suppress(OSError):  # the folder was removed just now, or its disk is away for a moment
                if self._is_unwanted():
                    os.kill(os.getpid(), signal.SIGTERM)
                    self._ended.wait(DEAF_SECONDS)
                if time.monotonic() - beaten >= BEAT_SECONDS and is_ours(self._folder) and not self._is_quiet():
                    beaten = time.monotonic()
                    (self._folder / "beat").touch()
            self._ended.wait(LOOK_SECONDS)

    def _is_unwanted(self) -> bool:
        left_alone = not self._is_detached and os.getppid() != self._parent
        return left_alone or (self._folder / "cancel").exists() or not is_ours(self._folder)
