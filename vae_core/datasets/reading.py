"""What goes on while files are read: where the examples are put, and who is told how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vae_core.datasets.limits import MAX_EXAMPLES_BYTES
from vae_core.errors import DatasetError

_HEADER_BYTES = 128
"""Of the .npy file: written last, when the number of rows is known."""


def _nobody(*_: int) -> None:
    pass


@dataclass(frozen=True)
class Reading:
    """How one read is done; the default is quietly and in memory.

    Attributes:
        path: A file for the examples, which need not fit into memory; None keeps them there.
        begin: Told the number of each member before it is decoded, −1 when it goes on without one: should the process
            die, that was the one.
        progress: Told how many of how many members are done.
        refused: Members that ended the process before, and the reason to give.
    """

    path: Path | None = None
    begin: Callable[[int], None] = _nobody
    progress: Callable[[int, int], None] = _nobody
    refused: Mapping[int, str] = field(default_factory=dict)


QUIETLY = Reading()
"""In memory, and nobody is told."""


class Rows:
    """Examples of one shape as they come, in memory or in a .npy file.

    Args:
        path: The file, or None.
        shape: Of one example.
        dtype: Of one value.
    """

    def __init__(self, path: Path | None, shape: tuple[int, ...], dtype: type = np.uint8) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.count = 0
        self._bytes = 0
        self._path = path
        self._content = bytearray()
        self._file = path.open("wb") if path else None
        if self._file:
            self._file.write(b"\0" * _HEADER_BYTES)

    def append(self, x: np.ndarray) -> None:
        """One example, or several [n, *shape]."""
        values = np.ascontiguousarray(x, dtype=self.dtype)
        self._bytes += values.nbytes
        if self._bytes > MAX_EXAMPLES_BYTES:
            raise DatasetError(
                f"Prepared like this, the examples take more than {MAX_EXAMPLES_BYTES // 2**30} GB. Give a part, or a "
                "smaller side."
            )
        if self._file:
            self._file.write(values.data)
        else:
            self._content += values.data
        self.count += 1 if x.ndim == len(self.shape) else len(x)

    def finish(self) -> np.ndarray:
        """All examples [N, *shape]; memory-mapped where they are in a file."""
        shape = (self.count, *self.shape)
        if not self._file or not self._path:
            return np.frombuffer(self._content, dtype=self.dtype).reshape(shape)
        self._file.seek(0)
        header = f"{{'descr': {self.dtype.str!r}, 'fortran_order': False, 'shape': {shape}, }}"
        magic = b"\x93NUMPY\x01\x00" + (_HEADER_BYTES - 10).to_bytes(2, "little")
        self._file.write(magic + header.ljust(_HEADER_BYTES - 11).encode() + b"\n")
        self._file.close()
        return np.lib.format.open_memmap(self._path, mode="r")
