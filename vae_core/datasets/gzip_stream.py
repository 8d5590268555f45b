"""The content of a gzip file as a stream, counted as it comes out (RFC 1952)."""

import io
import zlib
from typing import BinaryIO

from vae_core.datasets.arrays.stored import DamagedError
from vae_core.datasets.file import File
from vae_core.datasets.limits import MAX_GZIP_MEMBERS, MAX_RATIO, RATIO_FROM_BYTES
from vae_core.datasets.zip_structure import TooLargeError

MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 16 * 2**10


def open_gzip(file: File, most: int) -> BinaryIO:
    """What is in a gzip file, also in one of several members; zeros may stand behind the last.

    Args:
        file: Of any content.
        most: So many bytes may come out.

    Raises:
        DamagedError: while the stream is read; the message is a reason, not a sentence.
        TooLargeError: as well, beyond the limits.
    """
    return io.BufferedReader(_Unpacked(file, most))


class _Unpacked(io.RawIOBase):
    def __init__(self, file: File, most: int) -> None:
        self._file, self._most = file, most
        self._left = min(most, max(RATIO_FROM_BYTES, MAX_RATIO * file.size))
        self._packed = file.open()
        self._inflate, self._members = zlib.decompressobj(wbits=31), 1
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = b""
        while not content and self._feed():
            try:
                content = self._inflate.decompress(self._rest, len(buffer))
            except zlib.error as error:
                raise DamagedError("a damaged gzip file") from error
            self._rest = self._inflate.unconsumed_tail or self._inflate.unused_data
        self._left -= len(content)
        if self._left < 0:
            raise TooLargeError(
                f"{self._file.shown} unpacks to more than {self._most // 2**20:,} MB or {MAX_RATIO} times its size. "
                "Upload a part of it."
            )
        buffer[: len(content)] = content
        return len(content)

    def _feed(self) -> bool:
        """Whether there is more to inflate: the next bytes, perhaps of the next member."""
        if not self._rest:
            self._rest = self._packed.read(CHUNK_BYTES)
        if self._inflate.eof:
            while self._rest and not self._rest.strip(b"\0"):
                self._rest = self._packed.read(CHUNK_BYTES)
            self._members += 1
            self._inflate = zlib.decompressobj(wbits=31)
            self._rest = self._rest.lstrip(b"\0")
            if self._members > MAX_GZIP_MEMBERS:
                raise DamagedError(f"a gzip file of more than {MAX_GZIP_MEMBERS:,} parts")
            return bool(self._rest)
        if not self._rest and not self._inflate.unconsumed_tail:
            raise DamagedError("a damaged gzip file")
        return True

    def close(self) -> None:
        self._packed.close()
        super().close()
