"""Writing files so that a crash at any moment leaves the old one or the new one, never a half."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vae_core.errors import VAECoreError


@contextlib.contextmanager
def replacing(path: Path, previous: Path | None = None) -> Iterator[BinaryIO]:
    """A temporary file beside the target, to be written to; at the end flushed to disk, then renamed over the target.

    Args:
        path: The target; it is as it was if what is done within fails.
        previous: Where to keep what the target was before; the target itself is there, whole, at every moment.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if previous:
            _keep(path, previous)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_atomically(path: Path, content: bytes, previous: Path | None = None) -> None:
    """Write a file whole or not at all: `replacing` for what is in memory."""
    with replacing(path, previous) as file:
        file.write(content)


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, all or nothing; only a process that dies meanwhile leaves a part."""
    with path.open("ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[file.write(content) :]
        except BaseException:
            file.truncate(end)
            raise


def stamp(path: Path) -> str:
    """Changes whenever a file is written; empty where there is none."""
    try:
        return f"{path.stat().st_mtime_ns:x}"
    except FileNotFoundError:
        return ""


def can_write_in(directory: Path) -> bool:
    """Whether files can be put there; a full disk is another matter, and told where it is met."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=directory)
    except OSError as error:
        return is_disk_full(error)
    os.close(descriptor)
    Path(temporary).unlink(missing_ok=True)
    return True


def is_disk_full(error: OSError) -> bool:
    """Whether it says that there is no room any more, on the disk or within the user's quota."""
    return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@contextlib.contextmanager
def full_disk_is(error: type[VAECoreError]) -> Iterator[None]:
    """Within, a full disk is this error, with what to do about it."""
    try:
        yield
    except OSError as found:
        if not is_disk_full(found):
            raise
        raise error("The disk is full. Make room, then try again.") from found


def remove_leftovers(directory: Path) -> None:
    """Delete the temporary files of writers that died; nobody may be writing."""
    for path in directory.glob(".tmp-*"):
        with contextlib.suppress(OSError):
            path.unlink()


def _keep(path: Path, previous: Path) -> None:
    """A second name for the present file, so that the first can be given to another."""
    if not path.exists():
        return
    second = path.with_name(f".tmp-kept-{path.name}")
    second.unlink(missing_ok=True)
    try:
        second.hardlink_to(path)
    except OSError:  # a file system without links
        write_atomically(previous, path.read_bytes())
        return
    try:
        second.replace(previous)
    finally:
        second.unlink(missing_ok=True)  # it stays where the previous one is this very file already


def sync_directory(directory: Path) -> None:
    """Flush to disk which names a directory has."""
    if os.name == "nt":  # Windows keeps directory entries durable by itself and cannot open them
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
