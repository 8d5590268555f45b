"""`python -m vae_core.runs.worker RUN_DIRECTORY`: the process that trains.

It waits for its turn, trains, and leaves how it went in the directory. It is started detached and needs nobody:
the server may stop, restart or never have been there.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from filelock import AcquireReturnProxy, FileLock, Timeout

from vae_core.errors import VAECoreError
from vae_core.runs.directory import RunDirectory, Status

TURN_SECONDS = 0.3
NICENESS = 19
"""The server and the browser go first."""


class _CancelledError(BaseException):
    """Raised by SIGTERM wherever the work stands; not an Exception, so that nothing on the way swallows it."""


def _raise_cancelled(signal_number: int, frame: FrameType | None) -> None:
    raise _CancelledError


def main(path: Path) -> int:
    """Do the run in the directory; the exit code is 0 when it ended as asked."""
    directory = RunDirectory(path)
    signal.signal(signal.SIGTERM, _raise_cancelled)
    try:
        with directory.lock().acquire(timeout=5):
            if directory.read_status().state != "queued":
                return 0  # cancelled before this process was up
            directory.write_status(Status(state="queued", pid=os.getpid()))
            return _attempt(directory)
    except Timeout:
        return 1  # another worker already does this run


def _attempt(directory: RunDirectory) -> int:
    try:
        with _turn(directory):
            _work(directory)
    except _CancelledError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        directory.write_status(Status(state="cancelled", message="Cancelled. The last finished epoch is kept."))
    except VAECoreError as error:
        directory.write_status(Status(state="failed", message=str(error)))
        return 1
    except MemoryError:
        directory.write_status(
            Status(state="failed", message="The machine ran out of memory. Try a smaller batch or a smaller model.")
        )
        return 1
    except Exception:
        directory.write_status(
            Status(
                state="failed",
                message="Training stopped by an error of the program; log.txt of the run has the details.",
            )
        )
        raise
    return 0


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
        if other == directory.path or not (other / "run.json").exists():
            continue
        neighbour = RunDirectory(other)
        if (neighbour.read_run().created, other.name) < mine and neighbour.read_status().state == "queued":
            return True
    return False


def _work(directory: RunDirectory) -> None:
    # imported late: workers that wait for their turn must stay small
    from vae_core import export, workspace
    from vae_core.runs.work import work

    dataset = workspace.load_dataset(directory.read_run().config.dataset_id)
    for _ in work(directory, dataset):
        pass
    export.browser_decoder(directory.path.name)  # so that Explore opens at once


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
