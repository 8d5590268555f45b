"""The TAR file itself, header by header: the only place that knows of `tarfile`, of which nothing is used but headers.

Only plain files under short names are written, and nothing else is read: no links, no devices, no extended headers.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from vae_core.errors import BackupError

BLOCK = tarfile.BLOCKSIZE
CHUNK = 2**20
DAMAGED = "The backup is damaged or cut off at {name}. Nothing was brought back. Give another copy of it."


@dataclass(frozen=True)
class Member:
    """A file on the tape: its name, its bytes, where they begin, and when it was last changed (seconds since 1970)."""

    name: str
    size: int
    offset: int
    modified: int


def header(name: str, size: int, modified: float) -> bytes:
    """The block before a file's content."""
    about = tarfile.TarInfo(name)
    about.size, about.mtime, about.mode = size, int(modified), 0o600
    return about.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def padding(size: int) -> bytes:
    """What follows the content, so that the next header begins at a block."""
    return b"\0" * (-size % BLOCK)


def end() -> bytes:
    """What follows the last file."""
    return b"\0" * (2 * BLOCK)


def members(file: BinaryIO) -> Iterator[Member]:
    """What a file holds, in order.

    Raises:
        BackupError: if it is no TAR, is cut off, or holds anything but plain files.
    """
    length, offset, last = file.seek(0, 2), 0, "its beginning"
    while True:
        file.seek(offset)
        block = file.read(BLOCK)
        if not block.strip(b"\0") and len(block) == BLOCK:
            return
        try:
            about = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise BackupError(DAMAGED.format(name=last)) from error
        if about.type != tarfile.REGTYPE or about.linkname:
            raise BackupError("The file holds links or other things that no backup of this program holds. Leave it.")
        last, offset = about.name, offset + BLOCK
        if about.size < 0 or offset + about.size > length:
            raise BackupError(DAMAGED.format(name=last))
        yield Member(about.name, about.size, offset, int(about.mtime))
        offset += about.size + len(padding(about.size))


def chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The content of a member, piece by piece."""
    file.seek(member.offset)
    left = member.size
    while left:
        content = file.read(min(left, CHUNK))
        if not content:
            raise BackupError(DAMAGED.format(name=member.name))
        left -= len(content)
        yield content
