"""ZIP archives byte by byte: good ones, and ones that lie about whatever a caller wishes.

The headers are those of PKWARE's APPNOTE (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
LINK, DEVICE = 0o120777 << 16, 0o020666 << 16
"""External attributes of a symbolic link and of a character device."""

SHARED = ("version", "flags", "method", "time", "date", "crc", "packed", "size", "name_length", "extra_length")
NAMES = {
    "local": ("signature", *SHARED),
    "central": ("signature", "made_by", *SHARED, "comment_length", "disk", "internal", "external", "offset"),
    "end": ("signature", "disk", "first_disk", "here", "count", "size", "offset", "comment_length"),
}
LAYOUTS = {"local": "<4s5H3L2H", "central": "<4s6H3L5H2L", "end": "<4s4H2LH"}


@dataclass(frozen=True)
class Entry:
    """A member, and what its two headers say other than the truth.

    Attributes:
        local: Fields of the header before its bytes.
        central: Fields of its place in the directory; `name` is another name there.
        tail: What stands behind its bytes: a data descriptor.
        packed: Its bytes, where they are not its content packed by `method`.
    """

    name: str | bytes
    content: bytes = b""
    method: int = DEFLATED
    flags: int = 0x800
    local: Mapping[str, int | bytes] = field(default_factory=dict)
    central: Mapping[str, int | bytes] = field(default_factory=dict)
    tail: bytes = b""
    packed: bytes | None = None


def deflate(content: bytes) -> bytes:
    """Raw DEFLATE, as ZIP has it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def record(kind: str, values: Mapping[str, int | bytes]) -> bytes:
    """One header; fields that are not given are 0."""
    signature = {"local": b"PK\3\4", "central": b"PK\1\2", "end": b"PK\5\6"}[kind]
    return struct.pack(LAYOUTS[kind], *({"signature": signature, **values}.get(name, 0) for name in NAMES[kind]))


def archive(
    entries: Sequence[Entry], prefix: bytes = b"", comment: bytes = b"", end: Mapping[str, int] | None = None
) -> bytes:
    """The archive of these entries in this order.

    Args:
        entries: Its members.
        prefix: What stands before the first.
        comment: What stands behind the end.
        end: Fields of the end that are not the truth.
    """
    body, directory = bytearray(prefix), bytearray()
    for entry in entries:
        body_part, central = _member(entry, len(body))
        body += body_part
        directory += central
    truth = {
        "here": len(entries),
        "count": len(entries),
        "size": len(directory),
        "offset": len(body),
        "comment_length": len(comment),
    }
    return bytes(body + directory) + record("end", {**truth, **(end or {})}) + comment


def _member(entry: Entry, offset: int) -> tuple[bytes, bytes]:
    """Header and bytes, and its place in the directory."""
    name = entry.name.encode() if isinstance(entry.name, str) else entry.name
    packed = entry.packed
    if packed is None:
        packed = deflate(entry.content) if entry.method == DEFLATED else entry.content
    truth = {
        "version": 20,
        "flags": entry.flags,
        "method": entry.method,
        "date": 0x21,
        "crc": zlib.crc32(entry.content),
        "packed": len(packed),
        "size": len(entry.content),
        "name_length": len(name),
    }
    other = {key: value for key, value in entry.central.items() if key != "name"}
    central_name = entry.central.get("name", name)
    assert isinstance(central_name, bytes)
    central = {**truth, "made_by": 0x314, "offset": offset, "name_length": len(central_name), **other}
    return (
        record("local", {**truth, **entry.local}) + name + packed + entry.tail,
        record("central", central) + central_name,
    )


def zipped(files: Mapping[str, bytes], method: int = DEFLATED) -> bytes:
    """An honest archive, the same at every call."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, content in files.items():
            target.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()
