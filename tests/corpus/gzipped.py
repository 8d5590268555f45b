"""IDX files and tables in gzip: cut, in parts, behind long headers, and bombs."""

import gzip
import math
import struct
from collections.abc import Iterator
from functools import partial

from tests.corpus.arrays import DAMAGED, idx, values
from tests.corpus.case import Case, Read, Refused, one
from tests.corpus.tables import PLAIN

EMPTY = gzip.compress(b"", mtime=0)
IDX = gzip.compress(idx(values(6, 8, 8)), mtime=0)
TABLE = gzip.compress(PLAIN.encode(), mtime=0)


def _idx() -> Iterator[Case]:
    x = values(6, 8, 8)
    packed = gzip.compress(idx(x), mtime=0)
    bomb = Refused("(?i)damaged|announces|unpacks|holds|large")
    yield one("idx_gzipped", "x.gz", partial(gzip.compress, idx(x), mtime=0), Read(6))
    yield one("idx_gzip_cut", "x.gz", lambda: packed[:-20], DAMAGED)
    yield one("idx_gzip_checksum", "x.gz", lambda: packed[:-8] + bytes(8), DAMAGED)
    yield one(
        "idx_gzip_in_two_parts",
        "x.gz",
        lambda: gzip.compress(idx(x)[:99], mtime=0) + gzip.compress(idx(x)[99:], mtime=0),
        Read(6),
    )
    yield one("idx_gzip_bomb", "x.gz", lambda: gzip.compress(idx(x) + bytes(200 * 2**20), 1, mtime=0), bomb)
    yield one("idx_gzip_bomb_as_announced", "x.gz", _honest_bomb, Refused("(?i)unpacks|times|large|million"))
    yield one("gzip_of_zeros", "x.gz", lambda: gzip.compress(bytes(100 * 2**20), 1, mtime=0), Refused())
    yield one("gzip_header_only", "x.gz", lambda: packed[:10], Refused())
    yield one(
        "gzip_with_a_name",
        "x.gz",
        lambda: packed[:3] + b"\x08" + packed[4:10] + b"n" * 200 + b"\0" + packed[10:],
        Read(6),
    )


def _honest_bomb() -> bytes:
    """One picture of 10,000 × 10,000 zeros: true to its header, 1,000 to 1."""
    header = struct.pack(">HBB3I", 0, 8, 3, 2, 10_000, 10_000)
    return gzip.compress(header + bytes(math.prod((2, 10_000, 10_000))), 1, mtime=0)


def _parts() -> Iterator[Case]:
    parts = Refused("(?i)parts")
    header = TABLE[:3] + b"\x08" + TABLE[4:10] + b"n" * 5000 + b"\0"
    for kind, name, whole in (("idx", "x.gz", IDX), ("csv", "t.csv.gz", TABLE)):
        yield one(f"{kind}_gzip_and_a_million_empty_parts", name, partial(_beside_empty, whole, 0, 10**6), parts)
        yield one(f"{kind}_gzip_behind_a_million_empty_parts", name, partial(_beside_empty, whole, 10**6, 0), parts)
        yield one(f"{kind}_gzip_behind_an_empty_part", name, partial(_beside_empty, whole, 1, 0), Read(6))
        yield one(f"{kind}_gzip_and_zeros", name, partial(bytes, whole + bytes(9999)), Read(6))
        yield one(f"{kind}_gzip_and_rubbish", name, partial(bytes, whole + b"rubbish"), DAMAGED)
        yield one(f"{kind}_gzip_behind_a_name_of_5000_letters", name, partial(bytes, header + whole[10:]), Read(6))
    yield one("csv_gzip_cut", "t.csv.gz", lambda: TABLE[:-9], DAMAGED)
    blocks = [PLAIN.encode()[:40], b"", PLAIN.encode()[40:]]
    yield one("csv_gzip_in_parts", "t.csv.gz", lambda: b"".join(gzip.compress(b, mtime=0) for b in blocks), Read(6))


def _beside_empty(whole: bytes, before: int, behind: int) -> bytes:
    return EMPTY * before + whole + EMPTY * behind


CASES = (*_idx(), *_parts())
