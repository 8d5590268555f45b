"""A child process with limits, for decoders that were written for friendly files; and where it is when it dies."""

import logging
import mmap
import os
import signal
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MEMORY_BYTES = 2 * 2**30
"""What a child may hold beyond what it began with."""
FILE_SECONDS = 60
"""CPU time from one sign of progress to the next."""
STUCK_SECONDS = 120
"""The same on the clock."""
POLL_SECONDS = 0.02

CRASHED, SLOW, STUCK = "its decoder crashed", "its decoder took too long", "its decoder got stuck"


@dataclass
class Place:
    """Which file the child is at, and a count of its signs of life, in memory that both see."""

    shared: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 16))
    parent: int = 0

    def set(self, k: int) -> None:
        """The child has come to file `k`; −1 for none."""
        struct.pack_into("q", self.shared, 0, k)
        self.beat()

    def beat(self) -> None:
        """The child goes on, unless nobody waits for it any more."""
        if self.parent and self.parent not in (os.getpid(), os.getppid()):
            os._exit(1)
        struct.pack_into("q", self.shared, 8, self.look()[1] + 1)

    def look(self) -> tuple[int, int]:
        """File and signs of life."""
        return struct.unpack_from("qq", self.shared)


def run(work: Callable[[], None], place: Place, is_cancelled: Callable[[], bool]) -> str | None:
    """Do the work in a child; None when it came to its end, else what brought it down."""
    if not hasattr(os, "fork"):
        work()
        return None
    place.parent = os.getpid()
    pid = os.fork()
    if not pid:
        _work(work)
    last, since, killed = place.look(), time.monotonic(), ""
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if place.look() != last:
            last, since = place.look(), time.monotonic()
        if not killed and (is_cancelled() or time.monotonic() - since > STUCK_SECONDS):
            killed = STUCK
            os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return None
    return killed or (SLOW if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else CRASHED)


def _work(work: Callable[[], None]) -> None:
    """Whatever happens, the child ends here: it must never run on in what its parent has still to do."""
    code = 1
    try:
        _limit_memory()
        limit_time()
        work()
        code = 0
    except BaseException:
        logging.exception("The child ended early")
    finally:
        os._exit(code)


def limit_time() -> None:
    """Another minute of CPU time."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + FILE_SECONDS, hard))


def _limit_memory() -> None:
    """By what is written to (RLIMIT_DATA): mapped files, the examples among them, are free."""
    if resource is None:
        return
    base = 0
    statm = Path("/proc/self/statm")
    if statm.exists():
        base = int(statm.read_text().split()[5]) * resource.getpagesize()  # data and stack
    resource.setrlimit(resource.RLIMIT_DATA, (base + MEMORY_BYTES, base + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
