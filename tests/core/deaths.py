"""Processes that die, and disks that are full, at a chosen operation: every write goes through here and is counted."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

PATHS = ("open", "replace", "rename", "link", "unlink", "remove", "mkdir")
TAKES_ROOM = {"write", "link", "mkdir"}
"""Refused on a full disk."""
KILLED = 99
WRITING = set("wax+")


class Operation(NamedTuple):
    """One step of writing: its name, and the file that it is for (of a renaming, the target)."""

    name: str
    file: str


Fault = Callable[[int, Operation, Callable[[], None]], None]
"""Told before every operation: its number, what it is, and how to do half of it."""


class _File:
    """A file whose writing is watched."""

    def __init__(self, file: Any, tell: Callable[..., None]) -> None:
        self._file, self._tell = file, tell

    def write(self, content: Any) -> int:
        def half() -> None:
            self._file.write(content[: len(content) // 2])
            self._file.flush()

        self._tell("write", f"{len(content)} bytes", half)
        return self._file.write(content)

    def flush(self) -> None:
        self._tell("flush", "")
        self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *about: object) -> None:
        self._file.close()


@contextmanager
def watched(fault: Fault, without_links: bool = False) -> Iterator[list[Operation]]:
    """Within, every operation that writes is told to the fault first; yields the list of them as it grows."""
    seen: list[Operation] = []

    def tell(name: str, file: str, half: Callable[[], None] = lambda: None) -> None:
        seen.append(Operation(name, file))
        fault(len(seen) - 1, seen[-1], half)

    def told(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*paths: Any, **options: Any) -> Any:
            places = [Path(path).name for path in paths[:2] if isinstance(path, str | os.PathLike)]
            tell(name, places[-1] if places else "")
            if name == "link" and without_links:
                raise OSError(errno.EPERM, "no links here")
            return function(*paths, **options)

        return call

    def fsync(descriptor: int) -> None:  # a process that dies takes nothing along that it has written
        tell("fsync", "")

    def opened(file: Any, mode: str = "r", *more: Any, function: Any = io.open, **options: Any) -> Any:
        if not set(mode) & WRITING:
            return function(file, mode, *more, **options)
        if not isinstance(file, int):
            tell("open", Path(file).name)
        return _File(function(file, mode, *more, **options), tell)

    with (
        mock.patch.multiple(os, fsync=fsync, fdopen=opened, **{name: told(name, getattr(os, name)) for name in PATHS}),
        mock.patch.object(io, "open", opened),
    ):
        yield seen


def nothing(number: int, operation: Operation, half: Callable[[], None]) -> None:
    """No fault."""


def dying(number: int, torn: bool) -> Fault:
    """The process dies there at once, nothing is put in order; a torn write has written half."""

    def fault(now: int, operation: Operation, half: Callable[[], None]) -> None:
        if now == number:
            if torn:
                half()
            os._exit(KILLED)

    return fault


class Full:
    """From one operation on the disk is full; what the reserve gives back is enough for a small file."""

    def __init__(self, number: int, small: int) -> None:
        self._number, self._small, self._has_reserve = number, small, True

    def __call__(self, now: int, operation: Operation, half: Callable[[], None]) -> None:
        if now < self._number:
            return
        if operation == ("unlink", "reserve"):
            self._has_reserve = False
        takes = int(operation.file.split()[0]) if operation.name == "write" else 0
        if operation.name in TAKES_ROOM - {"write"} or (takes and (self._has_reserve or takes > self._small)):
            half()
            raise OSError(errno.ENOSPC, "No space left on device")


def in_child(work: Callable[[], object]) -> int:
    """The exit code of a child process that does the work: 0, 1 if it raised, or what killed it, negative."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
