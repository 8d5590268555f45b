"""The header of an NPY file, by a grammar of its own: nothing in it is ever evaluated.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1.0, 2.0 and 3.0).
"""

import math
import re
from typing import BinaryIO, NamedTuple

import numpy as np

from vae_core.datasets.limits import MAX_ARRAY_BYTES, MAX_NPY_HEADER_BYTES, MAX_TEXT_CHARACTERS
from vae_core.errors import DatasetError

MAGIC = b"\x93NUMPY"
PICKLED = "a pickled array, never opened"

SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}
TEXTS = {"S": "S", "a": "S", "U": "U"}
FOREIGN = {
    "c": "an array of complex numbers",
    "M": "an array of dates",
    "m": "an array of time spans",
    "V": "an array of raw bytes",
}
"""Kinds of values that are not read."""

_ENTRY = re.compile(
    r"""\s*['"](?P<key>descr|fortran_order|shape)['"]\s*:\s*
    (?:['"](?P<type>[<>|=]?[A-Za-z?]\d{0,9}(?:\[\w{1,9}\])?)['"]|(?P<record>\[[^{}]*\])|(?P<order>True|False)
    |\(\s*(?P<shape>(?:\d{1,19}L?\s*,\s*)*(?:\d{1,19}L?)?)\s*\))
    \s*(?:,\s*|$)""",
    re.VERBOSE,
)
_KEY_OF = {"type": "descr", "record": "descr", "order": "fortran_order", "shape": "shape"}
"""Group of the pattern above -> the key that it is a value of."""


class Header(NamedTuple):
    """What an NPY file announces.

    Attributes:
        dtype: Of one value.
        shape: Of the array; no dimension is 0.
        fortran: Whether the first index runs fastest.
        size: Bytes before the first value.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    size: int


def is_npy(head: bytes) -> bool:
    """Whether the first bytes are those of an NPY file."""
    return head.startswith(MAGIC)


def read_header(stream: BinaryIO, file_size: int) -> Header:
    """The header at the beginning of a stream, which is left behind it.

    Args:
        stream: At its first byte.
        file_size: Of header and values together.

    Raises:
        DatasetError: if the file is not what its header says, or holds what is not read; the message is a reason
            that goes on after the file's name and a verb or a colon.
    """
    text, size = _text(stream)
    found = _entries(text)
    dtype = _dtype(found["descr"])
    shape = tuple(int(number.rstrip("L ")) for number in found["shape"].split(",") if number.strip())
    announced = math.prod(shape) * dtype.itemsize
    if 0 in shape:
        raise DatasetError(f"an array of the shape {shown_shape(shape)}, which holds nothing")
    if announced > MAX_ARRAY_BYTES:
        raise DatasetError(f"an array of more than {MAX_ARRAY_BYTES // 2**30} GB")
    if announced != file_size - size:
        raise DatasetError(f"a damaged array: it announces {announced:,} bytes and holds {max(file_size - size, 0):,}")
    return Header(dtype, shape, found["fortran_order"] == "True", size)


def shown_shape(shape: tuple[int, ...]) -> str:
    """`60000×28×28`; of a long one the beginning; `()` of a single number."""
    if not shape:
        return "()"
    return "×".join(str(n) for n in shape[:6])[:60] + ("×…" if len(shape) > 6 else "")


def _text(stream: BinaryIO) -> tuple[str, int]:
    """The header's text, and the bytes before the first value."""
    start = stream.read(len(MAGIC) + 2)
    version = tuple(start[len(MAGIC) :])
    if not is_npy(start) or len(version) < 2:
        raise DatasetError("not an array")
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise DatasetError(f"an array of the unknown version {version[0]}.{version[1]}")
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > MAX_NPY_HEADER_BYTES:
        raise DatasetError(f"an array with a header of {length:,} bytes; {MAX_NPY_HEADER_BYTES:,} are allowed")
    text = stream.read(length)
    if len(text) < length or not text.isascii():
        raise _misshapen()
    return text.decode("ascii"), len(start) + width + length


def _misshapen() -> DatasetError:
    return DatasetError("an array with a damaged header")


def _entries(text: str) -> dict[str, str]:
    """The three entries of the dictionary, each there once and nothing beside them."""
    inner = text.strip(" \t\n\r\0")
    if not (inner.startswith("{") and inner.endswith("}")):
        raise _misshapen()
    inner, place = inner[1:-1].rstrip(), 0
    found: dict[str, str] = {}
    while place < len(inner):
        entry = _ENTRY.match(inner, place)
        if entry is None or _KEY_OF[entry.lastgroup or ""] != entry["key"] or entry["key"] in found:
            raise _misshapen()
        found[entry["key"]] = entry[entry.lastgroup or ""]
        place = entry.end()
    if found.keys() != set(_KEY_OF.values()):
        raise _misshapen()
    return found


def _dtype(name: str) -> np.dtype:
    if name.startswith("["):
        raise DatasetError("an array of records")
    order = name[0] if name[0] in "<>|=" else "="
    kind, size = name.lstrip("<>|=")[0], name.lstrip("<>|=")[1:]
    kind, size = ("b", "1") if kind == "?" else (kind, size)
    if kind == "O":
        raise DatasetError(PICKLED)
    if kind in FOREIGN:
        raise DatasetError(FOREIGN[kind])
    if kind in TEXTS and size.isdigit():
        if not 1 <= int(size) <= MAX_TEXT_CHARACTERS:
            raise DatasetError(f"an array of texts of {int(size):,} characters; {MAX_TEXT_CHARACTERS:,} are allowed")
        return np.dtype(f"{order}{TEXTS[kind]}{int(size)}")
    if not size.isdigit() or int(size) not in SIZES.get(kind, ()):
        raise DatasetError(f"an array of values of the unknown type “{kind}{size}”")
    return np.dtype(f"{order}{kind}{int(size)}")
