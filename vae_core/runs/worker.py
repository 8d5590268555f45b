"""`python -m vae_core.runs.worker RUN_DIRECTORY`: the process that trains.

It waits for its turn, trains, and leaves how it went in the directory. It is started detached and needs nobody:
the server may stop, restart or never have been there.
"""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from filelock import AcquireReturnProxy, FileLock, Timeout

from vae_core.errors import NotFoundError, VAECoreError
from vae_core.runs.directory import CANCELLED, RunDirectory, Status

TURN_SECONDS = 0.3
NICENESS = 19
"""The server and the browser go first."""
OUT_OF_MEMORY = "The machine ran out of memory. Try a smaller batch or a smaller model."


class CancelledError(BaseException):
    """Raised by SIGTERM wherever the work stands; not an Exception, so that nothing on the way swallows it."""


def main(path: Path) -> int:
    """Do the run in the directory; the exit code is 0 when it ended as asked."""
    directory = RunDirectory(path)
    try:
        directory.read_run()
    except NotFoundError:
        return 0  # removed before this process was up
    signal.signal(signal.SIGTERM, _raise_cancelled)
    try:
        with directory.lock().acquire(timeout=5):
            directory.write_status(Status(state="queued", pid=os.getpid()))
            return attempt(directory, lambda: _work(directory))
    except Timeout:
        return 1  # another worker already does this run


def attempt(directory: RunDirectory, work: Callable[[], None]) -> int:
    """Do the work and leave in the directory how it ended."""
    try:
        if directory.is_cancel_asked():
            raise CancelledError
        work()
        directory.write_status(Status(state="done", done=1.0))
    except (CancelledError, KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        directory.write_status(CANCELLED)
    except VAECoreError as error:
        directory.write_status(Status(state="failed", message=str(error)))
        return 1
    except Exception as error:
        logging.exception("The run ended early")
        directory.write_status(Status(state="failed", message=_sentence(error)))
        return 1
    return 0


def _sentence(error: Exception) -> str:
    """torch tells of exhausted memory by a RuntimeError."""
    if isinstance(error, MemoryError) or "allocate" in str(error) or "out of memory" in str(error):
        return OUT_OF_MEMORY
    return "Training stopped by an error of the program; log.txt in the run's folder has the details."


def _raise_cancelled(signal_number: int, frame: FrameType | None) -> None:
    raise CancelledError


def _work(directory: RunDirectory) -> None:
    with _turn(directory):
        # imported late: workers that wait for their turn must stay small
        from vae_core import checkpoints, export, stored_datasets
        from vae_core.runs.work import work

        dataset = stored_datasets.load(directory.read_run().config.dataset_id)
        for _ in work(directory, dataset):
            pass
        try:
            id = directory.path.name  # export now, so that Explore opens at once
            export.browser_decoder(id, checkpoints.version(id), checkpoints.load(directory.checkpoint).model())
        except (VAECoreError, OSError):
            logging.exception("The decoder is exported when Explore asks for it")


def _turn(directory: RunDirectory) -> AcquireReturnProxy:
    """The lock that lets one run at a time train; the oldest waiting run goes first.

    There is no scheduler to keep alive: the queue is the run directories themselves.
    """
    turn = FileLock(directory.path.parent / "turn.lock", is_singleton=False)
    while True:
        if not _someone_waits_longer(directory):
            try:
                return turn.acquire(timeout=0)
            except Timeout:
                pass
        time.sleep(TURN_SECONDS)


def _someone_waits_longer(directory: RunDirectory) -> bool:
    mine = (directory.read_run().created, directory.path.name)
    for other in directory.path.parent.iterdir():
        neighbour = RunDirectory(other)
        if other == directory.path or neighbour.read_status().state != "queued":
            continue
        try:
            if (neighbour.read_run().created, other.name) < mine:
                return True
        except NotFoundError:
            continue
    return False


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
