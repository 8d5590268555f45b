"""Whether a ZIP says one thing about itself: its end, its directory and each member's own header are compared.

PKWARE's APPNOTE (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT) numbers what is checked.
"""

import io
import mmap
import struct
import zipfile
from itertools import pairwise

from vae_core.datasets.file import File, shown_name
from vae_core.datasets.limits import MAX_ENTRIES, MAX_RATIO, MAX_TOTAL_BYTES, RATIO_FROM_BYTES
from vae_core.errors import DatasetError

SMALLEST_ENTRY = 46
"""Bytes of a directory entry without its name (4.3.12)."""
LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # 4.3.7
END_RECORD = struct.Struct("<4s4H2LH")  # 4.3.16
LOCATOR = struct.Struct("<4sLQL")  # 4.3.15
LARGE_END_RECORD = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
ENCRYPTED, SIZES_FOLLOW = 0x1, 0x8  # flags, 4.4.4
LINKS_AND_DEVICES = (0o12, 0o02, 0o06, 0o01, 0o14)
"""The kinds in a UNIX mode that are neither file nor folder."""


class TooLargeError(DatasetError):
    """The archive as a whole unpacks to more than it may: no other member is tried."""


def _damaged(file: File, how: str) -> DatasetError:
    return DatasetError(f"{file.shown} is a damaged archive: {how}. Make it anew from a plain folder.")


def open_zip(file: File, data: bytes | mmap.mmap) -> zipfile.ZipFile:
    """The archive with its directory read, after a look at what its end says of the directory.

    Raises:
        DatasetError: if they do not agree.
    """
    place = data.rfind(b"PK\5\6", max(0, len(data) - END_RECORD.size - 2**16))
    if place < 0 or place + END_RECORD.size > len(data):
        raise _damaged(file, "its end is missing")
    _, disk, first_disk, here, count, size, offset, comment = END_RECORD.unpack_from(data, place)
    if place + END_RECORD.size + comment != len(data):
        raise _damaged(file, "something stands behind its end")
    large = 0xFFFF in (disk, first_disk, here, count) or 0xFFFFFFFF in (size, offset)
    locator = data[max(place - LOCATOR.size, 0) : place]
    if locator[:4] == b"PK\6\7":
        count, size, offset, place = _large_end(file, data, locator, place)
    elif large:
        raise _damaged(file, "the record of its true size is missing")
    elif disk or first_disk or here != count:
        raise DatasetError(f"{file.shown} is one part of an archive in several parts. Make a single ZIP of it.")
    if offset + size != place:
        raise _damaged(file, "its directory is not where its end says")
    if count * SMALLEST_ENTRY > size:
        raise _damaged(file, "it announces more files than its directory has room for")
    if count > MAX_ENTRIES:
        raise DatasetError(
            f"{file.shown} holds {count:,} files; at most {MAX_ENTRIES:,} are read. Upload a part of it."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else _View(data))
    except Exception as error:  # a hostile directory can raise nearly anything
        raise _damaged(file, "its directory cannot be read") from error
    found = len(archive.infolist())
    if found != count:
        raise _damaged(file, f"it announces {count:,} files and lists {found:,}")
    return archive


def _large_end(file: File, data: bytes | mmap.mmap, locator: bytes, end: int) -> tuple[int, int, int, int]:
    """Count, size, offset of the directory and its end, as the record for large archives says (4.3.14, 4.3.15)."""
    _, disk, place, disks = LOCATOR.unpack(locator)
    if disk or disks > 1 or place + LARGE_END_RECORD.size > len(data) or data[place : place + 4] != b"PK\6\6":
        raise _damaged(file, "the record of its true size is missing")
    _, length, _, _, disk, first_disk, here, count, size, offset = LARGE_END_RECORD.unpack_from(data, place)
    if disk or first_disk or here != count or place + 12 + length + LOCATOR.size != end:
        raise _damaged(file, "the record of its true size contradicts itself")
    return count, size, offset, place


class _View(io.RawIOBase):
    """A memory map as the file that `zipfile` wants, with a position of its own."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._place = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        place = offset + (0, self._place, len(self._data))[whence]
        if place < 0:
            raise OSError("before the beginning")
        self._place = place
        return place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._data[self._place : self._place + len(buffer)]
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)


def check(file: File, data: bytes | mmap.mmap, archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, int]]:
    """Every entry and where its packed bytes begin, after the directory was compared with each member's own header.

    Raises:
        DatasetError: if they contradict each other, or the archive is too large or dangerous.
    """
    starts = []
    total = 0
    for info in archive.infolist():
        _check_name(file, info)
        starts.append((info, _check_header(file, data, info)))
        total += info.file_size
    spans = sorted((info.header_offset, start + info.compress_size) for info, start in starts)
    if any(end > following for (_, end), (following, _) in pairwise(spans)):
        raise _damaged(file, "some of its files overlap")
    if spans and spans[-1][1] > archive.start_dir:
        raise _damaged(file, "a file reaches into its directory")
    if total > MAX_TOTAL_BYTES:
        raise TooLargeError(f"{file.shown} unpacks to more than {MAX_TOTAL_BYTES // 2**30} GB. Upload a part of it.")
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * len(data):
        raise TooLargeError(
            f"{file.shown} unpacks to more than {MAX_RATIO} times its size. Make it anew from the real files."
        )
    return starts


def _check_name(file: File, info: zipfile.ZipInfo) -> None:
    """Nothing is extracted, so that no name can do harm; but who writes such names means harm."""
    name = info.orig_filename.replace("\\", "/")
    if name[:1] == "/" or name[1:2] == ":" or "\0" in name or (".." in name and ".." in name.split("/")):
        raise DatasetError(
            f"{file.shown} holds a file named “{shown_name(name)[-40:]}”, which points outside the archive. "
            "Make it anew from a plain folder."
        )
    if info.create_system in (3, 19) and info.external_attr >> 28 in LINKS_AND_DEVICES:
        raise DatasetError(
            f"{file.shown} holds a link or device, “{shown_name(name)[-40:]}”. Make it anew from plain files."
        )


def _check_header(file: File, data: bytes | mmap.mmap, info: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin, after its own header agreed with the directory."""
    place = info.header_offset
    header = data[place : place + LOCAL_HEADER.size] if 0 <= place <= len(data) else b""
    if len(header) < LOCAL_HEADER.size or header[:4] != b"PK\3\4":
        raise _damaged(file, f"“{shown_name(info.filename)[-40:]}” is not where the directory says")
    _, _, flags, method, _, _, crc, packed, unpacked, name, extra = LOCAL_HEADER.unpack(header)
    start = int(place + LOCAL_HEADER.size + name + extra)
    own_name = data[place + LOCAL_HEADER.size : place + LOCAL_HEADER.size + name]
    encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
    later = flags & SIZES_FOLLOW or 0xFFFFFFFF in (packed, unpacked)  # written behind the data, or in an extra field
    sizes_agree = later or (crc, packed, unpacked) == (info.CRC, info.compress_size, info.file_size)
    agrees = (
        own_name == info.orig_filename.encode(encoding, "replace")
        and method == info.compress_type
        and (flags ^ info.flag_bits) & ENCRYPTED == 0
        and sizes_agree
        and start + info.compress_size <= len(data)
    )
    if not agrees:
        raise _damaged(file, f"its directory and “{shown_name(info.filename)[-40:]}” contradict each other")
    return start
