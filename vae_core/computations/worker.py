"""`python -m vae_core.computations.worker DIRECTORY`: the process that computes.

It waits for its turn, so that one computation of a kind at a time goes on whatever a class asks for: one in all
workspaces together.
"""

import errno
import logging
import os
import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

from vae_core import derived, process_lock, waiting, workspace
from vae_core.computations.directory import ComputationDirectory, Status
from vae_core.computations.kinds import COMPUTATIONS, INPUTS, Tell
from vae_core.errors import VAECoreError
from vae_core.files import is_disk_full, write_atomically
from vae_core.runs.worker import NICENESS, limit_memory

TURN_SECONDS = 0.3
STATUS_SECONDS = 0.5


def main(path: Path) -> int:
    """Compute what a directory asks for; the exit code is 0 when it is there."""
    directory = ComputationDirectory(path)
    try:
        with process_lock.lock(directory.lock).acquire(timeout=5):
            return _attempt(directory)
    except Timeout:
        return 1  # another process computes it already
    except FileNotFoundError:
        return 1  # the model was removed, or is of another version by now


def _attempt(directory: ComputationDirectory) -> int:
    kind = directory.read_request().kind
    turn = _turn(directory, kind)
    try:
        _wait_for(turn, directory)
        limit_memory()
        directory.write_status(Status(state="running"))
        write_atomically(directory.result, COMPUTATIONS[kind](directory, _teller(directory)))
    except FileNotFoundError:
        raise
    except Exception as error:
        if not isinstance(error, VAECoreError):
            logging.exception("Not computed: %s", kind)
        directory.write_status(Status(state="failed", message=_sentence(error)))
        return 1
    finally:
        turn.release()
        waiting.forget(directory.path)
    for name in INPUTS:
        (directory.path / name).unlink(missing_ok=True)
    return 0


def _turn(directory: ComputationDirectory, kind: str) -> FileLock:
    """One of a kind at a time; where nothing can be kept, beside what it computes, which is temporary."""
    everybody = workspace.base() / derived.KIND
    is_kept = directory.path.is_relative_to(workspace.base())
    folder = everybody if is_kept else directory.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    return process_lock.lock(folder / f"{kind}.lock")


def _wait_for(turn: FileLock, directory: ComputationDirectory) -> None:
    while True:
        try:
            turn.acquire(timeout=TURN_SECONDS)
            return
        except Timeout:
            directory.path.stat()  # nobody waits for what was removed
            waiting.note(directory.path)


def _teller(directory: ComputationDirectory) -> Tell:
    """Writes the share that is done, and what is left by the pace so far."""
    began: tuple[float, float] | None = None
    written = 0.0

    def tell(done: float, seconds: float | None = None) -> None:
        nonlocal began, written
        now = time.monotonic()
        if seconds is not None:
            directory.write_status(Status(state="running", done=done, seconds_left=seconds))
            return
        if began is None:
            began = (now, done)
        if now - written < STATUS_SECONDS:
            return
        written = now
        elapsed, share = now - began[0], done - began[1]
        left = elapsed / share * (1 - done) if share > 0 else None
        directory.write_status(Status(state="running", done=done, seconds_left=left))

    return tell


def _sentence(error: Exception) -> str:
    if isinstance(error, VAECoreError):
        return str(error)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return "The machine has too little free memory for this. Try again when less is going on."
    if isinstance(error, OSError) and is_disk_full(error):
        return "There is not enough room on the disk. Make room, and try again."
    return "The computation stopped by an error of the program; log.txt beside its result has the details."


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
