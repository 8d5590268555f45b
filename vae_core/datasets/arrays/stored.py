"""An array in a file, read in pieces from its beginning to its end: it may be larger than memory."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vae_core.datasets.zip_structure import TooLargeError
from vae_core.errors import DatasetError

CHUNK_BYTES = 4 * 2**20
TILE_BYTES = 16 * 2**20


class DamagedError(DatasetError):
    """The values cannot be read as announced; the message is a reason, not a sentence."""


@dataclass(frozen=True)
class StoredArray:
    """What a header announces, and a way to the values behind it.

    Attributes:
        dtype: Of one value, as stored.
        shape: Of the array; no dimension is 0.
        open: The values from the first on, as often as wanted.
        fortran: Whether the first index runs fastest.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    open: Callable[[], AbstractContextManager[BinaryIO]]
    fortran: bool = False

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Bytes of one example."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def chunks(self) -> Iterator[np.ndarray]:
        """[n, *shape[1:]] after [n, *shape[1:]], in the machine's byte order; in C order only.

        Raises:
            DamagedError: if there are fewer or more values than announced.
        """
        most = max(CHUNK_BYTES // self.row_bytes, 1)
        with _reasons():
            opened = self.open()
        with opened as stream:
            for start in range(0, len(self), most):
                count = min(most, len(self) - start)
                yield self._native(_read(stream, count * self.row_bytes)).reshape(count, *self.shape[1:])
            if _read(stream, 0, beyond=1):
                raise DamagedError("damaged: it holds more than it announces")

    def _native(self, content: bytes) -> np.ndarray:
        if self.dtype.kind == "b":  # any byte but 0 is true; numpy would trust that it is 1
            return np.frombuffer(content, dtype=np.uint8) != 0
        values = np.frombuffer(content, dtype=self.dtype)
        return values.astype(self.dtype.newbyteorder("="), copy=False)


@contextmanager
def _reasons() -> Iterator[None]:
    """The streams of archives refuse with reasons of their own."""
    try:
        yield
    except TooLargeError:
        raise
    except DatasetError as error:
        raise DamagedError(str(error)) from error


def _read(stream: BinaryIO, size: int, beyond: int = 0) -> bytes:
    """Exactly `size` bytes, or up to `beyond` more."""
    with _reasons():
        content = stream.read(size + beyond)
    if len(content) < size:
        raise DamagedError("damaged: it holds less than it announces")
    return content


@contextmanager
def in_c_order(array: StoredArray, folder: Path | None = None) -> Iterator[StoredArray]:
    """The same array example by example; one in Fortran order is turned in a temporary file first.

    Args:
        array: In any order; one value of every example fits into memory.
        folder: Where the file may be; the system's choice when None.

    Raises:
        DamagedError: as `StoredArray.chunks`.
    """
    if not array.fortran or math.prod(array.shape[1:]) == 1:
        yield replace(array, fortran=False)
        return
    with tempfile.TemporaryFile(dir=folder) as turned:
        _turn(array, turned)

        def rewind() -> AbstractContextManager[BinaryIO]:
            turned.seek(0)
            return nullcontext(turned)

        yield StoredArray(array.dtype, array.shape, rewind)


def _turn(array: StoredArray, turned: BinaryIO) -> None:
    """Write [N, P] for what is stored as [P, N], with a few tiles in memory.

    The stream is cut into tiles that lie, by examples, where the turned rows will be; then each group of examples
    is turned in its place.
    """
    count, values, size = len(array), math.prod(array.shape[1:]), array.dtype.itemsize
    group = max(TILE_BYTES // (values * size), 1)
    stored = replace(array, shape=(values, count), fortran=False)
    first = 0
    for chunk in stored.chunks():
        raw = chunk.astype(array.dtype, copy=False)
        for start in range(0, count, group):
            tile = raw[:, start : start + group]
            turned.seek((start * values + first * tile.shape[1]) * size)
            turned.write(tile.tobytes())
        first += len(chunk)
    for start in range(0, count, group):
        width = min(group, count - start)
        turned.seek(start * values * size)
        tiles = np.frombuffer(turned.read(width * values * size), dtype=array.dtype)
        turned.seek(start * values * size)
        turned.write(tiles.reshape(*array.shape[:0:-1], width).T.tobytes())
