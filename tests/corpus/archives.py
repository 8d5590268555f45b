"""ZIP archives by their structure: sound ones in every dialect, and those that lie about themselves."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from tests.corpus.case import Case, Read, Refused, one
from tests.corpus.picture_bytes import flat, noise, picture
from tests.corpus.zip_bytes import DEFLATED, DEVICE, LINK, STORED, Entry, archive, deflate, record, zipped

GOOD = Entry("good.png", flat(1))
DAMAGED = Refused("(?i)damaged|contradict|archive")


def _outside() -> Iterator[Case]:
    names = {
        "parent": "../evil.png",
        "parent_inside": "a/../../evil.png",
        "parent_backslash": "..\\evil.png",
        "absolute": "/etc/evil.png",
        "drive": "C:\\evil.png",
        "drive_relative": "c:evil.png",
        "unc": "\\\\server\\share\\evil.png",
        "nul": "evil.png\0.txt",
    }
    for kind, name in names.items():
        make = partial(archive, [GOOD, Entry(name, flat(2))])
        yield one(f"zip_name_{kind}", "set.zip", make, Refused("(?i)outside|name"))
    for kind, attributes in (("link", LINK), ("device", DEVICE)):
        entries = [GOOD, Entry(kind, b"/etc/passwd", STORED, central={"external": attributes})]
        yield one(f"zip_{kind}", "set.zip", partial(archive, entries), Refused("(?i)link|device"))
    by_mac = Entry("link", b"/etc/passwd", STORED, central={"external": LINK, "made_by": 0x1314})
    yield one("zip_link_by_a_mac", "set.zip", partial(archive, [GOOD, by_mac]), Refused("(?i)link"))


def _contradictions() -> Iterator[Case]:
    content = flat(2)
    lies: dict[str, Entry] = {
        "name": Entry("a.png", content, central={"name": b"b.png"}),
        "name_length": Entry("a.png", content, central={"name": b"a.png.exe"}),
        "method": Entry("a.png", content, central={"method": STORED}),
        "size": Entry("a.png", content, local={"size": 5}),
        "packed_size": Entry("a.png", content, local={"packed": 5}),
        "checksum": Entry("a.png", content, local={"crc": 5}),
        "encryption": Entry("a.png", content, local={"flags": 0x801}),
        "offset": Entry("a.png", content, central={"offset": 3}),
        "offset_beyond_the_file": Entry("a.png", content, central={"offset": 2**31}),
        "signature": Entry("a.png", content, local={"signature": b"PK\7\7"}),
        "packed_beyond_the_file": Entry("a.png", content, local={"packed": 2**30}, central={"packed": 2**30}),
    }
    for kind, entry in lies.items():
        yield one(f"zip_contradicts_{kind}", "set.zip", partial(archive, [GOOD, entry]), DAMAGED)
    ends: dict[str, dict[str, int]] = {
        "too_many": {"here": 5, "count": 5},
        "too_few": {"here": 1, "count": 1},
        "none": {"here": 0, "count": 0},
        "directory_elsewhere": {"offset": 7},
        "directory_beyond_the_file": {"offset": 2**30},
        "directory_larger": {"size": 2**30},
        "directory_smaller": {"size": 10},
        "comment_longer": {"comment_length": 500},
    }
    for kind, end in ends.items():
        make = partial(archive, [GOOD, Entry("a.png", content)], end=end)
        yield one(f"zip_end_{kind}", "set.zip", make, DAMAGED)
    parts = Refused("(?i)part|damaged")
    disks = {"disk": 1, "first_disk": 1}
    yield one("zip_of_several_disks", "set.zip", partial(archive, [GOOD], end=disks), parts)
    yield one("zip_spanned", "set.z01", partial(archive, [GOOD], b"PK\7\x08", end=disks), parts)


def _ends() -> Iterator[Case]:
    yield one("zip_without_end", "set.zip", lambda: archive([GOOD])[:-22], DAMAGED)
    yield one("zip_cut_in_its_directory", "set.zip", lambda: archive([GOOD])[:-40], DAMAGED)
    yield one("zip_cut_in_a_member", "set.zip", lambda: archive([GOOD])[:60], DAMAGED)
    yield one("zip_two_bytes", "set.zip", lambda: b"PK", Refused())
    yield one("zip_header_and_rubbish", "set.zip", lambda: b"PK\3\4" + b"\xff" * 200, DAMAGED)
    yield one("zip_rubbish_behind_its_end", "set.zip", lambda: archive([GOOD]) + b"x" * 50, DAMAGED)
    yield one("zip_rubbish_before_it", "set.zip", lambda: b"MZ\x90\0" + archive([GOOD]), Refused())
    yield one("zip_comment", "set.zip", lambda: archive([GOOD], comment=b"drawn by hand"), Read(1))
    empty_end = record("end", {})
    yield one("zip_comment_is_an_end", "set.zip", lambda: archive([GOOD], comment=empty_end), Refused())
    yield one("zip_locator_points_nowhere", "set.zip", partial(_zip64, locator_offset=2**40), DAMAGED)
    yield one("zip_locator_without_record", "set.zip", partial(_zip64, signature=b"PK\6\5"), DAMAGED)
    yield one("zip_64_counts_2_to_the_60", "set.zip", partial(_zip64, count=2**60), DAMAGED)
    yield one("zip_64_directory_elsewhere", "set.zip", partial(_zip64, directory_offset=2**50), DAMAGED)


def _zip64(
    locator_offset: int | None = None,
    signature: bytes = b"PK\6\6",
    count: int = 1,
    directory_offset: int | None = None,
) -> bytes:
    """The long form of the end (4.3.14, 4.3.15), as only archives above 4 GB need it."""
    whole = archive([GOOD])
    start = whole.rfind(b"PK\1\2")
    body, directory = whole[:start], whole[start:-22]
    place = len(body) + len(directory)
    offset = len(body) if directory_offset is None else directory_offset
    long_end = struct.pack("<4sQ2H2L4Q", signature, 44, 45, 45, 0, 0, count, count, len(directory), offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, place if locator_offset is None else locator_offset, 1)
    short = {"here": 0xFFFF, "count": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    return body + directory + long_end + locator + record("end", short)


def _overlaps() -> Iterator[Case]:
    yield one("zip_one_member_listed_twice", "set.zip", _listed_twice, DAMAGED)
    yield one("zip_member_inside_another", "set.zip", _inside_another, DAMAGED)
    yield one("zip_bomb_of_overlaps", "set.zip", _shared_kernel, DAMAGED)


def _listed_twice() -> bytes:
    return archive([GOOD, Entry("good.png", b"", central={"offset": 0})])


def _inside_another() -> bytes:
    inner = archive([Entry("inner.png", flat(3), STORED)])
    inner = inner[: inner.find(b"PK\1\2")]
    outer = Entry("outer.bin", inner, STORED)
    size = len(flat(3))
    truth = {"crc": zlib.crc32(flat(3)), "packed": size, "size": size, "offset": 30 + len("outer.bin")}
    return archive([outer, Entry("inner.png", b"", STORED, packed=b"", central=truth)])


def _shared_kernel(members: int = 100) -> bytes:
    """Every member unpacks the same megabyte: David Fifield's construction without the quotes."""
    kernel = bytes(2**20)
    whole = archive([Entry("0", kernel)])
    start = whole.rfind(b"PK\1\2")
    directory = whole[start:-22] * members
    end = {"here": members, "count": members, "size": len(directory), "offset": start}
    return whole[:start] + directory + record("end", end)


def _bombs() -> Iterator[Case]:
    ratio = Refused("(?i)unpacks|times|large|MB")
    yield one("zip_60_megabytes_of_zeros", "bomb.zip", lambda: zipped({"a.bmp": bytes(60 * 2**20)}), ratio)
    yield one("zip_bzip2_bomb", "bomb.zip", lambda: zipped({"a.bmp": bytes(30 * 2**20)}, zipfile.ZIP_BZIP2), ratio)
    yield one("zip_member_above_64_megabytes", "a.zip", _large_member, ratio)
    yield one("zip_claims_4_gigabytes", "a.zip", partial(archive, [_claims(2**32 - 2)]), Refused())
    flat_picture = Read(1, warns="fitted|reduced|1700")
    yield one(
        "zip_of_a_flat_picture_500_to_1", "flat.zip", lambda: zipped({"a.bmp": flat(200, 1700, "BMP")}), flat_picture
    )
    beside = [
        GOOD,
        Entry("bomb.png", bytes(12 * 2**20)),
        *(Entry(f"{k}.bin", noise(200, seed=k).tobytes(), STORED) for k in range(4)),
    ]
    yield one("zip_bomb_beside_a_picture", "a.zip", partial(archive, beside), Read(1, skipped=5, warns=r"bomb\.png"))
    yield one("zip_200_001_entries", "many.zip", _many, Refused("(?i)200[,.]?00|files|entries"))
    smaller = Read(1, skipped=1, warns=r"a\.png")
    yield one("zip_claims_less_than_it_unpacks", "a.zip", partial(archive, [GOOD, _claims(10)]), smaller)
    yield one("zip_claims_more_than_it_unpacks", "a.zip", partial(archive, [GOOD, _claims(10**6)]), smaller)


def _claims(size: int) -> Entry:
    return Entry("a.png", flat(2), local={"size": size}, central={"size": size})


def _large_member() -> bytes:
    """65 MB at 100 to 1: below the ratio, above the limit of a member."""
    block = noise(64).tobytes() + bytes(2**20)
    return zipped({"a.bmp": block * (65 * 2**20 // len(block) + 1)})


def _many(count: int = 200_001) -> bytes:
    local = record("local", {"version": 20, "name_length": 6})
    start, size = len(local) + 6, struct.calcsize("<4s6H3L5H2L") + 6
    central = record("central", {"version": 20, "name_length": 6})
    body = b"".join(local + b"%06d" % k for k in range(count))
    directory = b"".join(central[:-4] + struct.pack("<L", k * start) + b"%06d" % k for k in range(count))
    long_end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, count * size, len(body))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body) + len(directory), 1)
    short = {"here": 0xFFFF, "count": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    return body + directory + long_end + locator + record("end", short)


def _unreadable_members() -> Iterator[Case]:
    """One member that cannot be read costs that member only."""
    nested = zipped({"x.png": flat(3)})
    members: dict[str, Entry] = {
        "bad_checksum": Entry("a.png", flat(2), local={"crc": 1}, central={"crc": 1}),
        "encrypted": Entry("a.png", noise().tobytes(), flags=0x801),
        "strongly_encrypted": Entry("a.png", noise().tobytes(), 99, flags=0x801),
        "unknown_method": Entry("a.png", noise().tobytes(), 97),
        "deflate64": Entry("a.png", noise().tobytes(), 9),
        "rubbish_for_deflate": Entry("a.png", flat(2), packed=b"\xff" * 40),
        "cut_deflate": Entry("a.png", flat(2), packed=deflate(flat(2))[:-20]),
        "nested_archive": Entry("a.zip", nested),
        "nested_tar": Entry("a.tar", bytes(257) + b"ustar" + bytes(800)),
        "broken_picture": Entry("a.png", picture()[:200]),
        "text": Entry("note.txt", b"hello"),
        "empty_file": Entry("a.png", b""),
    }
    for kind, entry in members.items():
        skipped = Read(1, skipped=1, warns=r"a\.png|a\.zip|a\.tar|note\.txt")
        yield one(f"zip_skips_{kind}", "set.zip", partial(archive, [GOOD, entry]), skipped)
        yield one(f"zip_of_nothing_but_{kind}", "set.zip", partial(archive, [entry]), Refused())


def _dialects() -> Iterator[Case]:
    files = {f"{k}.png": picture(seed=k) for k in range(3)}
    methods = {"stored": STORED, "deflate": DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
    for kind, method in methods.items():
        yield one(f"zip_{kind}", "set.zip", partial(zipped, files, method), Read(3, labels=0))
    yield one("zip_data_descriptors", "set.zip", _with_descriptors, Read(2))
    yield one("zip_64_regular", "set.zip", _zip64, Read(1))
    yield one("zip_named_png", "set.png", partial(zipped, files), Read(3, warns="named like another"))
    yield one(
        "zip_made_on_windows", "set.zip", partial(archive, [Entry("a.png", flat(1), central={"made_by": 20})]), Read(1)
    )
    yield one("zip_with_folders_listed", "set.zip", _folders_listed, Read(2, labels=2))
    yield one("zip_empty", "set.zip", partial(zipped, {}), Refused("(?i)empty|no file|nothing"))
    clutter = {"__MACOSX/._a.png": b"x", "Thumbs.db": b"x", ".DS_Store": b"x", "a/desktop.ini": b"x"}
    yield one("zip_of_clutter", "set.zip", partial(zipped, clutter), Refused())
    yield one("zip_clutter_is_not_counted", "set.zip", partial(zipped, {**clutter, "a.png": flat(1)}), Read(1))


def _with_descriptors() -> bytes:
    """As programs write that stream: sizes and checksum stand behind the bytes (4.3.9)."""
    entries = []
    for k in range(2):
        content = picture(seed=k)
        packed = deflate(content)
        tail = b"PK\7\x08" + struct.pack("<3L", zlib.crc32(content), len(packed), len(content))
        unknown = {"crc": 0, "packed": 0, "size": 0}
        entries.append(Entry(f"{k}.png", content, flags=0x808, local=unknown, tail=tail))
    return archive(entries)


def _folders_listed() -> bytes:
    pictures = [Entry(f"{label}/1.png", flat(ord(label))) for label in "ab"]
    return archive([Entry("a/", b"", STORED), pictures[0], Entry("b/", b"", STORED), pictures[1]])


CASES = (*_outside(), *_contradictions(), *_ends(), *_overlaps(), *_bombs(), *_unreadable_members(), *_dialects())
