"""The header of a safetensors file, looked at before anything is read by it."""

import json
import math
from pathlib import Path
from typing import Any

MAX_HEADER_BYTES = 2**20
MAX_DEPTH = 8
BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
BYTES |= {"I8": 1, "U8": 1, "BOOL": 1}


def check_header(path: Path, most_bytes: int) -> None:
    """Whether a file's header is sound: small, without doubles, its tensors lying one after another to the end.

    The format: https://github.com/huggingface/safetensors#format. Products are computed in Python's integers, which
    do not wrap.

    Raises:
        ValueError: if it is not.
        OSError: if it cannot be read.
    """
    size = path.stat().st_size
    if size > most_bytes:
        raise ValueError(f"{size:,} bytes, more than {most_bytes:,}")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise ValueError("the header's length cannot be")
        text = file.read(length)
    if not text.startswith(b"{"):
        raise ValueError("the header is no JSON object")
    if max(text.count(b"["), text.count(b"{")) > MAX_HEADER_BYTES // 16 or _depth(text) > MAX_DEPTH:
        raise ValueError("the header is nested too deeply")
    header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    header.pop("__metadata__", None)
    _check_tensors(header, size - 8 - length)


def _check_tensors(header: dict[str, Any], room: int) -> None:
    end = 0
    for about in sorted(header.values(), key=lambda about: about["data_offsets"]):
        start, stop = about["data_offsets"]
        shape = about["shape"]
        if not all(isinstance(n, int) and n >= 0 for n in (start, stop, *shape)):
            raise ValueError("a tensor's shape or place is no whole number")
        if start != end or stop - start != math.prod(shape) * BYTES.get(about["dtype"], -1):
            raise ValueError("a tensor is not where or what it should be")
        end = stop
    if end != room:
        raise ValueError("the tensors do not fill the file")


def _depth(text: bytes) -> int:
    """How deeply brackets are nested; brackets in names count too, which is on the safe side."""
    depth = deepest = 0
    for byte in text:
        if byte in b"{[":
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
