"""The header of a safetensors file, looked at before anything is read by it."""

import json
import math
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MAX_HEADER_BYTES = 2**20
MAX_DEPTH = 8
MAX_TENSORS = 2_000
MAX_DIMENSIONS = 8
BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
BYTES |= {"I8": 1, "U8": 1, "BOOL": 1}
METADATA = "__metadata__"
QUOTE, BACKSLASH = b'"\\'
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a PyTorch or ZIP archive, whose pickle can run programs,"),
    (b"\x80\x02", "a pickle, which can run programs,"),
    (b"\x80\x03", "a pickle, which can run programs,"),
    (b"\x80\x04", "a pickle, which can run programs,"),
    (b"\x80\x05", "a pickle, which can run programs,"),
    (b"\x89HDF\r\n", "an HDF5 file (Keras)"),
    (b"GGUF", "a GGUF file"),
    *((bytes((8, version, 18)), "an ONNX file") for version in range(3, 32)),
)
"""(beginning, what such a file is)."""


def foreign_kind(path: Path) -> str | None:
    """What a file is, by its first bytes, if it is a model of another format."""
    with path.open("rb") as file:
        beginning = file.read(16)
    if beginning[8:9] == b"{":  # safetensors: eight bytes of length, then JSON
        return None
    return signed_kind(beginning)


def signed_kind(beginning: bytes) -> str | None:
    """What begins so, if it is a model of another format."""
    return next((kind for signature, kind in SIGNATURES if beginning.startswith(signature)), None)


class Place(NamedTuple):
    """Where a tensor lies, counted from the end of the header, and what it is."""

    start: int
    stop: int
    dtype: str
    shape: tuple[int, ...]

    @property
    def is_right(self) -> bool:
        """Whether it is as large as it should be."""
        return self.stop - self.start == math.prod(self.shape) * BYTES[self.dtype]


class Header(NamedTuple):
    """What a file says of itself.

    Attributes:
        metadata: Text by name.
        tensors: Where they lie, by name.
        length: Of the header in bytes; the tensors come after it.
    """

    metadata: dict[str, str]
    tensors: dict[str, Place]
    length: int


def read_header(file: BinaryIO, most_bytes: int) -> Header:
    """A file's header, if it is sound: small, without doubles, its tensors lying one after another to the end.

    The format: https://github.com/huggingface/safetensors#format. Products are computed in Python's integers, which
    do not wrap.

    Raises:
        ValueError: if it is not.
        OSError: if it cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    if size > most_bytes:
        raise ValueError(f"{size:,} bytes, more than {most_bytes:,}")
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
        raise ValueError("the header's length cannot be")
    text = file.read(length)
    if not text.startswith(b"{"):
        raise ValueError("the header is no JSON object")
    if _depth(text) > MAX_DEPTH:
        raise ValueError("the header is nested too deeply")
    header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    metadata = header.pop(METADATA, {})
    _check_metadata(metadata)
    if len(header) > MAX_TENSORS:
        raise ValueError(f"{len(header):,} tensors, more than {MAX_TENSORS:,}")
    tensors = {name: _place(about) for name, about in header.items()}
    _check_order(tensors, size - 8 - length)
    return Header(metadata, tensors, 8 + length)


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("the metadata is no text")


def _check_order(tensors: dict[str, Place], room: int) -> None:
    end = 0
    for place in sorted(tensors.values()):
        if place.start != end or not place.is_right:
            raise ValueError("a tensor is not where or what it should be")
        end = place.stop
    if end != room:
        raise ValueError("the tensors do not fill the file")


def _place(about: Any) -> Place:
    if not isinstance(about, dict) or set(about) != {"dtype", "shape", "data_offsets"}:
        raise ValueError("a tensor is not described as it should be")
    dtype, shape, offsets = about["dtype"], about["shape"], about["data_offsets"]
    if not (isinstance(dtype, str) and dtype in BYTES and isinstance(shape, list) and isinstance(offsets, list)):
        raise ValueError("a tensor is not described as it should be")
    if len(offsets) != 2 or len(shape) > MAX_DIMENSIONS:
        raise ValueError("a tensor has too many dimensions, or no place")
    if not all(type(n) is int and 0 <= n < 2**63 for n in (*offsets, *shape)):
        raise ValueError("a tensor's shape or place is no whole number")
    return Place(offsets[0], offsets[1], dtype, tuple(shape))


def _depth(text: bytes) -> int:
    """How deeply brackets are nested, those within strings left out."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            in_string = escaped or byte != QUOTE
            escaped = byte == BACKSLASH and not escaped
        elif byte == QUOTE:
            in_string = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in the header")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} in the header")
