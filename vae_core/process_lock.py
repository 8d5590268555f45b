"""Whether the process that works in a directory is alive: it holds a lock, which the kernel takes back when it dies."""

import contextlib
import os
import platform
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def lock(path: Path) -> FileLock:
    """The lock to hold while working."""
    return FileLock(path, is_singleton=False)


def here() -> str:
    """Where a process number means the same process as for us: this machine, and this container of it."""
    numbers = ""
    with contextlib.suppress(OSError):  # told by Linux alone
        numbers = str(Path("/proc/self/ns/pid").readlink())
    return f"{platform.node()} {numbers}".strip()


def is_held(path: Path) -> bool:
    """Whether somebody holds it. Looking takes a shared lock, so that those who look do not see each other."""
    if fcntl is None:
        return _is_held_on_windows(path)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_held_on_windows(path: Path) -> bool:
    held = lock(path)
    try:
        held.acquire(timeout=0.1)  # longer than another's look
    except Timeout:
        return True
    held.release()
    return False
