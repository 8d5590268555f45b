"""Pictures by their first bytes, and headers that would keep a decoder busy for minutes."""

import math
import re
import struct
from collections.abc import Iterator

from vae_core.datasets.limits import (
    MAX_JPEG_SCANS,
    MAX_PIXELS,
    MAX_PNM_COMMENTS,
    MAX_PNM_HEADER_BYTES,
    MAX_RUNS_PIXELS,
    MAX_TIFF_STRIPS,
    MAX_TIFF_TAGS,
)
from vae_core.errors import DatasetError

_GAP = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM_HEADER = re.compile(rb"P[1-6Ff]" + _GAP + rb"\d+" + _GAP + rb"\d+(?:" + _GAP + rb"(\d+))?")
_STRIP_TAGS = (273, 279, 324, 325)
"""Offsets and sizes of a TIFF's strips and tiles."""
_TILE_TAGS = (322, 323)
"""Width and height of a tile."""
_SHORT = 3
_RUNS = (b"\1", b"\2")
"""How a BMP says that its pixels are packed by runs, of 8 or 4 bits."""


def is_picture(head: bytes) -> bool:
    """Whether the first bytes are those of a format that is read."""
    return (
        head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:1] == b"P" and head[1:2] in b"123456Ff" and head[2:3].isspace())
    )


def check_header(content: bytes) -> None:
    """Refuse what a decoder would read, but not within seconds.

    Raises:
        DatasetError: with the reason in a few words.
    """
    if content[:3] == b"\xff\xd8\xff" and content.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise DatasetError(f"a photograph of more than {MAX_JPEG_SCANS} scans")
    if content[:4] == b"RIFF" and math.prod(_webp_size(content)) > MAX_PIXELS:  # memory is taken when it is opened
        raise DatasetError(f"more than {MAX_PIXELS // 1_000_000} million pixels")
    if content[:2] == b"BM" and content[30:31] in _RUNS and _bmp_work(content) > MAX_RUNS_PIXELS:
        raise DatasetError(f"a BMP packed by runs of more than {MAX_RUNS_PIXELS // 1_000_000} million pixels")
    if content[:1] == b"P":
        _check_pnm(content)
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        _check_tiff(content)


def _bmp_work(content: bytes) -> int:
    """Pixels or runs (of two bytes), whatever is more; a negative height means that the rows begin at the top."""
    return max(abs(math.prod(struct.unpack_from("<ii", content.ljust(26, b"\0"), 18))), len(content) // 2)


def _check_pnm(content: bytes) -> None:
    is_text = content[1:2] in b"123"
    if not _PNM_HEADER.match(content[:MAX_PNM_HEADER_BYTES]) or (is_text and content.count(b"#") > MAX_PNM_COMMENTS):
        raise DatasetError("broken picture")


def _webp_size(content: bytes) -> tuple[int, int]:
    """Width and height of the canvas (RFC 9649, https://www.rfc-editor.org/rfc/rfc9649)."""
    head = content[:30].ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def pnm_maximum(content: bytes) -> int:
    """The largest value that a PGM or PPM announces; 0 where it announces none."""
    header = _PNM_HEADER.match(content[:MAX_PNM_HEADER_BYTES])
    return int(header[1] or 0) if header else 0


def _check_tiff(content: bytes) -> None:
    tile = 1
    for tag, count, value in _tiff_entries(content):
        if tag in _STRIP_TAGS and count > MAX_TIFF_STRIPS:
            raise DatasetError(f"a TIFF of more than {MAX_TIFF_STRIPS:,} strips")
        tile *= value if tag in _TILE_TAGS else 1
    if tile > MAX_PIXELS:
        raise DatasetError(f"a TIFF with tiles of more than {MAX_PIXELS // 1_000_000} million pixels")


def _tiff_entries(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Tag, count and value of the first directory's entries (TIFF 6.0 and BigTIFF, https://www.awaresystems.be)."""
    order = "<" if content[:2] == b"II" else ">"
    is_big = content[2:4] in (b"+\0", b"\0+")
    first, head = ("Q", struct.Struct(f"{order}Q")) if is_big else ("I", struct.Struct(f"{order}H"))
    entry = struct.Struct(f"{order}HHQ8s" if is_big else f"{order}HHI4s")
    try:
        (place,) = struct.unpack_from(f"{order}{first}", content, 8 if is_big else 4)
        (entries,) = head.unpack_from(content, place)
        for k in range(min(entries, MAX_TIFF_TAGS)):
            tag, kind, count, value = entry.unpack_from(content, place + head.size + k * entry.size)
            yield tag, count, struct.unpack_from(f"{order}{'H' if kind == _SHORT else 'I'}", value)[0]
    except struct.error:
        return  # cut off: the decoder says so
