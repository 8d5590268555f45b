"""ZIP archives, opened as if an enemy had made them: nothing is extracted to disk, and no name becomes a path.

An archive that says two different things about itself is refused whole, before one byte is unpacked; what comes out
of a member is counted, for its directory may lie.
"""

import io
import mmap
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vae_core.datasets.file import File
from vae_core.datasets.limits import MAX_ENTRY_BYTES, MAX_RATIO, MAX_TOTAL_BYTES, RATIO_FROM_BYTES
from vae_core.datasets.zip_structure import ENCRYPTED, TooLargeError, check, open_zip
from vae_core.errors import DatasetError

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
METHODS = (STORED, DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        path: Its name with `/` between folders; text, never a path of ours.
        size: What the directory says it unpacks to.
        problem: Why it cannot be read; empty when it can.
        info: Its entry in the directory.
        start: Where its packed bytes begin.
    """

    path: str
    size: int
    problem: str
    info: zipfile.ZipInfo
    start: int


class Archive:
    """An archive whose structure is sound; made by `open_archive`."""

    def __init__(self, file: File, data: bytes | mmap.mmap) -> None:
        self.file = file
        self._data = data
        self._zip = open_zip(file, data)
        self._unpacked = 0
        self.members = [
            Member(_path(info), info.file_size, _problem(info), info, start)
            for info, start in check(file, data, self._zip)
            if not _is_folder_or_clutter(info.filename)
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def read(self, member: Member, limit: int = MAX_ENTRY_BYTES) -> bytes:
        """All of a member.

        Raises:
            DatasetError: if it is damaged or larger than the limit; the message is a reason, not a sentence.
        """
        if member.info.compress_type in (STORED, DEFLATED) and not member.problem:
            return self._unpack(member, limit)
        with self.open(member, limit) as stream:
            return stream.read()

    def _unpack(self, member: Member, limit: int) -> bytes:
        """Without the streams of `zipfile`, which cost more than many a small picture itself."""
        packed = self._data[member.start : member.start + member.info.compress_size]
        if member.info.compress_type == DEFLATED:
            inflate = zlib.decompressobj(-15)
            try:
                content = inflate.decompress(packed, limit + 1)
            except zlib.error as error:
                raise DatasetError("damaged") from error
            whole = inflate.eof
        else:
            content, whole = packed[: limit + 1], True
        self.count(member, len(content), limit)
        if not whole or len(content) != member.size or zlib.crc32(content) != member.info.CRC:
            raise DatasetError("damaged")
        return content

    def open(self, member: Member, limit: int = MAX_ENTRY_BYTES) -> BinaryIO:
        """A member as a stream that counts what comes out of it.

        Raises:
            DatasetError: as `read`, also while the stream is read.
        """
        if member.problem:
            raise DatasetError(member.problem)
        return io.BufferedReader(_Counted(self, member, limit), 2**18)

    def count(self, member: Member, size: int, limit: int) -> None:
        """Refuse a member, or the whole archive, that unpacks to more than it may."""
        if size > limit:
            raise DatasetError(f"larger than {limit // 2**20:,} MB")
        if size > RATIO_FROM_BYTES and size > MAX_RATIO * member.info.compress_size:
            raise DatasetError(f"unpacks to more than {MAX_RATIO} times its size")
        self._unpacked += size
        if self._unpacked > MAX_TOTAL_BYTES * 2:  # twice: a look at samples comes before the reading
            raise TooLargeError(
                f"{self.file.shown} unpacks to more than {MAX_TOTAL_BYTES // 2**30} GB. Upload a part of it."
            )


class _Counted(io.RawIOBase):
    """zipfile's stream of a member, with our limits and our words."""

    def __init__(self, archive: Archive, member: Member, limit: int) -> None:
        self._archive, self._member, self._limit = archive, member, limit
        self._size = 0
        try:
            self._stream = archive._zip.open(member.info)
        except Exception as error:  # each compression has errors of its own
            raise DatasetError("damaged") from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            content = self._stream.read(len(buffer))
        except Exception as error:  # as above
            raise DatasetError("damaged") from error
        self._size += len(content)
        if not content:
            self._archive.count(self._member, self._size, self._limit)
        elif self._size > self._limit:
            raise DatasetError(f"larger than {self._limit // 2**20:,} MB")
        elif self._size > RATIO_FROM_BYTES and self._size > MAX_RATIO * self._member.info.compress_size:
            raise DatasetError(f"unpacks to more than {MAX_RATIO} times its size")
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def open_archive(file: File) -> Iterator[Archive]:
    """The archive, checked.

    Raises:
        DatasetError: if it is damaged, contradicts itself, or is too large.
    """
    if isinstance(file.content, bytes):
        archive = Archive(file, file.content)
        try:
            yield archive
        finally:
            archive.close()
        return
    with Path(file.content).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        archive = Archive(file, data)
        try:
            yield archive
        finally:
            archive.close()


def _problem(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    if info.compress_type not in METHODS:
        return "packed in an unknown way"
    return ""


def _path(info: zipfile.ZipInfo) -> str:
    """The name; programs that do not mark UTF-8 as such often mean it."""
    name = info.filename
    if not info.flag_bits & 0x800 and not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _is_folder_or_clutter(path: str) -> bool:
    """Folders, and what operating systems add on their own: not worth a word to the user."""
    last = path.replace("\\", "/").rsplit("/", 1)[-1]
    return "__MACOSX" in path or last in ("", "Thumbs.db", "desktop.ini") or last[0] == "."
