"""`python -m vae_core.uploads.worker UPLOAD_DIRECTORY`: the process that reads what somebody uploaded.

Decoders are large C programs that were written for friendly files. They run in a child with limits; when one brings
the child down, the file that it was reading is refused, and a new child reads the rest.
"""

import logging
import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import Timeout

from vae_core import process_lock, stored_datasets
from vae_core.datasets import Reading, read_files
from vae_core.errors import DatasetError, NotFoundError
from vae_core.uploads.directory import Status, UploadDirectory

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

NICENESS = 10
MEMORY_BYTES = 2 * 2**30
"""What a child may hold beyond what it began with."""
FILE_SECONDS = 60
"""CPU time that one file may take."""
STUCK_SECONDS = 120
"""Time on the clock after which a file is given up."""
MOST_CRASHES = 5
POLL_SECONDS = 0.02
STATUS_SECONDS = 0.4
FILES_BETWEEN_LIMITS = 64

CRASHED, SLOW, STUCK = "its decoder crashed", f"took more than {FILE_SECONDS} s", "its decoder got stuck"


@dataclass
class _Place:
    """Where the child is, in memory that both see: after a crash the parent knows the file."""

    shared: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 8))

    def set(self, k: int) -> None:
        struct.pack_into("q", self.shared, 0, k)

    def get(self) -> int:
        return int(struct.unpack_from("q", self.shared, 0)[0])


def main(path: Path) -> int:
    """Read the upload in a directory; the exit code is 0 when it became a dataset."""
    directory = UploadDirectory(path)
    try:
        with process_lock.lock(directory.lock).acquire(timeout=5), stored_datasets.staging() as stage:
            _read(directory, stage)
            return 0 if directory.read_status().state == "done" else 1
    except (Timeout, NotFoundError):
        return 1  # another process reads this upload already, or it was removed


def _read(directory: UploadDirectory, stage: Path) -> None:
    """Let children read until one comes to an end by itself."""
    refused: dict[int, str] = {}
    place = _Place()
    for _ in range(MOST_CRASHES):
        place.set(-1)
        why = _in_child(lambda: _read_here(directory, stage, place, refused), place, directory.is_cancel_asked)
        if why is None:
            return
        if directory.is_cancel_asked():
            directory.write_status(Status(state="cancelled", message="Reading was cancelled. Nothing was kept."))
            return
        if place.get() < 0:
            break
        refused[place.get()] = why
    directory.write_status(
        Status(state="failed", message="Reading these files ended in a crash of their decoder. Save them anew.")
    )


def _in_child(work: Callable[[], None], place: _Place, is_cancelled: Callable[[], bool]) -> str | None:
    """Do the work in a child with limits; None when it ended by itself, else what brought it down."""
    if not hasattr(os, "fork"):
        work()
        return None
    pid = os.fork()
    if not pid:
        _limit()
        work()
        os._exit(0)
    last, since, killed = place.get(), time.monotonic(), ""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if place.get() != last:
            last, since = place.get(), time.monotonic()
        if not killed and (is_cancelled() or time.monotonic() - since > STUCK_SECONDS):
            killed = STUCK
            os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return None
    return killed or (SLOW if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else CRASHED)


def _limit() -> None:
    """Memory is limited by what is written to (RLIMIT_DATA): mapped files, the examples among them, are free."""
    if resource is None:
        return
    base = 0
    statm = Path("/proc/self/statm")
    if statm.exists():
        base = int(statm.read_text().split()[5]) * resource.getpagesize()  # data and stack
    resource.setrlimit(resource.RLIMIT_DATA, (base + MEMORY_BYTES, base + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_time()


def _limit_time() -> None:
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + FILE_SECONDS, hard))


def _read_here(directory: UploadDirectory, stage: Path, place: _Place, refused: dict[int, str]) -> None:
    """Read, store, and leave in the directory how it ended."""
    started = written = time.monotonic()

    def begin(k: int) -> None:
        place.set(k)
        if k % FILES_BETWEEN_LIMITS == 0:
            _limit_time()

    def progress(done: int, count: int) -> None:
        nonlocal written
        now = time.monotonic()
        if done and now - written > STATUS_SECONDS:
            written = now
            _limit_time()  # it goes on: one file may be a whole set
            left = (now - started) / done * (count - done)
            directory.write_status(Status(state="reading", done=done / count, count=count, seconds_left=left))

    reading = Reading(stage / "x.npy", begin, progress, refused)
    try:
        upload = directory.read_upload()
        dataset = read_files(directory.files(), upload.preparation, reading)
        place.set(-1)
        dataset = replace(dataset, name=upload.title or dataset.name)
        id = stored_datasets.save(dataset, directory.path.name, stage)
        directory.write_status(Status(state="done", done=1.0, dataset=id))
    except (DatasetError, NotFoundError) as error:
        directory.write_status(Status(state="failed", message=str(error)))
    except MemoryError:
        sentence = "Reading these files needs more than 2 GB of memory. Give a part of them, or smaller ones."
        directory.write_status(Status(state="failed", message=sentence))
    except OSError as error:
        logging.exception("The upload was not read")
        full = "There is not enough room on the disk." if error.errno == 28 else "A file could not be read or written."
        directory.write_status(Status(state="failed", message=f"{full} Make room, and try again."))
    except Exception:
        logging.exception("The upload was not read")
        sentence = "Reading stopped by an error of the program; log.txt in the upload's folder has the details."
        directory.write_status(Status(state="failed", message=sentence))


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
