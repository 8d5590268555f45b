"""`python -m vae_core.projections.worker DIRECTORY`: the process that computes a map.

It waits for its turn, so that one map at a time is computed whatever a class asks for, and needs no torch.
"""

import errno
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from vae_core import process_lock
from vae_core.errors import VAECoreError
from vae_core.files import is_disk_full, write_atomically
from vae_core.latents import projection
from vae_core.projections.directory import ProjectionDirectory, Status
from vae_core.runs.worker import NICENESS, limit_memory

TURN_SECONDS = 0.3
STATUS_SECONDS = 0.5


def main(path: Path) -> int:
    """Compute the map in a directory; the exit code is 0 when it is there."""
    directory = ProjectionDirectory(path)
    try:
        with process_lock.lock(directory.lock).acquire(timeout=5):
            return _attempt(directory)
    except Timeout:
        return 1  # another process computes it already
    except FileNotFoundError:
        return 1  # the model was removed, or is of another version by now


def _attempt(directory: ProjectionDirectory) -> int:
    turn = process_lock.lock(directory.path.parent / "tsne.lock")
    try:
        _wait_for(turn, directory)
        limit_memory()
        compute(directory)
    except FileNotFoundError:
        raise
    except Exception as error:
        if not isinstance(error, VAECoreError):
            logging.exception("The map was not computed")
        directory.write_status(Status(state="failed", message=_sentence(error)))
        return 1
    finally:
        turn.release()
    return 0


def _wait_for(turn: FileLock, directory: ProjectionDirectory) -> None:
    while True:
        try:
            turn.acquire(timeout=TURN_SECONDS)
            return
        except Timeout:
            directory.path.stat()  # nobody waits for what was removed


def compute(directory: ProjectionDirectory) -> None:
    """From the codes to the places, with word of how far it is.

    Raises:
        ProjectionError: if there is no such map.
        FileNotFoundError: if the directory was removed meanwhile.
    """
    mean = np.lib.format.open_memmap(directory.codes, mode="r")
    directory.write_status(Status(state="running", seconds_left=projection.seconds(len(mean))))
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    places = projection.tsne(mean, _teller(directory), threads)
    write_atomically(directory.places, places.astype("<f4").tobytes())
    directory.codes.unlink(missing_ok=True)


def _teller(directory: ProjectionDirectory) -> Callable[[float], None]:
    """Writes the share that is done, and what is left by the pace so far."""
    began: tuple[float, float] | None = None
    written = 0.0

    def tell(done: float) -> None:
        nonlocal began, written
        now = time.monotonic()
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
        return "The machine has too little free memory for this map. Try again when less is going on."
    if isinstance(error, OSError) and is_disk_full(error):
        return "There is not enough room on the disk. Make room, and try again."
    return "The computation stopped by an error of the program; log.txt beside the map has the details."


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
