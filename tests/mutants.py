"""Small good files of every kind, and the ways in which a copy of one is damaged."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from random import Random
from typing import NamedTuple

import numpy as np

from tests.corpus.arrays import idx, npy, npz, values
from tests.corpus.case import NamedFile
from tests.corpus.picture_bytes import GREY, PNG_MAGIC, chunk, flat, frames, picture, png_of, unfiltered
from tests.corpus.tables import PLAIN, parquet
from tests.corpus.zip_bytes import zipped

Damage = Callable[[Random, bytes], bytes]

EDGES = (0, 1, -1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE)
"""Numbers at which signs change and sums overflow."""


class Mutant(NamedTuple):
    """Damaged files, and of what they were made."""

    origin: str
    files: list[NamedFile]


def pictures() -> dict[str, bytes]:
    """One of every format, and of the modes that are read in ways of their own."""
    deep = unfiltered(np.arange(256, dtype=np.uint16).reshape(16, 16) * 9)
    return {
        **{f"png {mode}": picture(mode) for mode in ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")},
        "png deep": png_of((16, 16), 16, GREY, deep),
        "png frames": frames("PNG", 2),
        **{f"jpeg {mode}": picture(mode, "JPEG") for mode in ("L", "RGB", "CMYK")},
        "jpeg progressive": picture("RGB", "JPEG", progressive=True),
        "jpeg frames": frames("MPO", 2),
        "bmp": picture("RGB", "BMP"),
        "bmp palette": picture("P", "BMP"),
        "gif": frames("GIF", 2),
        **{f"tiff {mode}": picture(mode, "TIFF") for mode in ("L", "RGB", "F", "CMYK")},
        **{f"tiff {how}": picture("RGB", "TIFF", compression=how) for how in ("tiff_lzw", "jpeg", "tiff_deflate")},
        "tiff fax": picture("1", "TIFF", compression="group4"),
        "webp": picture("RGB", "WEBP"),
        "webp lossless": picture("RGBA", "WEBP", lossless=True),
        "ppm": picture("RGB", "PPM"),
        "pgm in digits": b"P2 4 4 15\n" + b" 7 11 0 15" * 4,
    }


LABELLED = {"a/0.png": flat(1), "a/1.png": flat(90), "b/2.png": flat(180), "l.csv": b"file,label\n0,x\n1,y\n2,x\n"}
TWO = {"a.png": flat(1), "b.png": flat(2)}
X, Y = values(4, 8, 8), np.arange(4) % 2


def sets() -> dict[str, bytes]:
    """Archives, arrays and tables."""
    return {
        "zip": zipped(LABELLED),
        "zip stored": zipped(LABELLED, zipfile.ZIP_STORED),
        "zip lzma": zipped(TWO, zipfile.ZIP_LZMA),
        "zip bzip2": zipped(TWO, zipfile.ZIP_BZIP2),
        "npy": npy(X),
        "npy table": npy(values(5, 3, dtype="f8")),
        "npy fortran": npy(np.asfortranarray(values(4, 8, 9, dtype="i4"))),
        "npz": npz({"x": X, "y": Y}),
        "npz packed": npz({"imgs": X, "latents_classes": np.stack([Y, 1 - Y], 1)}, zipfile.ZIP_DEFLATED),
        "idx": idx(X),
        "idx floats": idx(X, 13),
        "idx gzipped": gzip.compress(idx(X), mtime=0),
        "csv": PLAIN.encode(),
        "csv of words": b"name;kind;size\nEva;cat;1,5\nAda;dog;2,5\nIda;cat;3,0\nUte;cow;4,25\n",
        "tsv utf16": PLAIN.replace(",", "\t").encode("utf-16"),
        "csv gzipped": gzip.compress(PLAIN.encode(), mtime=0),
        "parquet": parquet({"a": np.arange(6.0), "b": ["x", "y"] * 3, "c": np.arange(6)}),
        "parquet plain": parquet({"a": np.arange(6.0)}, compression="none", use_dictionary=False),
    }


@cache
def seeds() -> dict[str, list[NamedFile]]:
    """Kind -> good files, of at most a few thousand bytes."""
    alone = {kind: [("file", content)] for kind, content in (pictures() | sets()).items()}
    return {**alone, "idx pair": [("t-images", idx(X)), ("t-labels", idx(Y))], "several": list(LABELLED.items())}


def cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def flip_bits(random: Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def overwrite(random: Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice((1, 2, 5, 20))):
        damaged[random.randrange(len(damaged))] = random.choice((0, 0xFF, random.randrange(256)))
    return bytes(damaged)


def swap_bytes(random: Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice((1, 3))):
        a, b = random.randrange(len(damaged)), random.randrange(len(damaged))
        damaged[a], damaged[b] = damaged[b], damaged[a]
    return bytes(damaged)


def _span(random: Random, content: bytes) -> tuple[int, int]:
    start = random.randrange(len(content))
    return start, min(len(content), start + random.choice((1, 2, 4, 8, 30, 200)))


def repeat_part(random: Random, content: bytes) -> bytes:
    start, end = _span(random, content)
    return content[:end] + content[start:end] * random.choice((1, 1, 3, 100)) + content[end:]


def drop_part(random: Random, content: bytes) -> bytes:
    start, end = _span(random, content)
    return content[:start] + content[end:]


def move_part(random: Random, content: bytes) -> bytes:
    start, end = _span(random, content)
    rest = content[:start] + content[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + content[start:end] + rest[place:]


def insert_rubbish(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.choice((1, 4, 100))) + content[place:]


def set_field(random: Random, content: bytes) -> bytes:
    """A number of 16, 32 or 64 bits, in either byte order, where there may be one."""
    damaged = bytearray(content)
    size = random.choice((2, 4, 4, 8))
    if len(damaged) < size:
        return content
    reach = random.choice((64, len(damaged)))  # headers are where the numbers are
    place = random.randrange(min(len(damaged), reach + size) - size + 1)
    number = random.choice(EDGES) % 2 ** (8 * size)
    damaged[place : place + size] = number.to_bytes(size, random.choice(("little", "big")))
    return bytes(damaged)


def splice(random: Random, content: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    other = random.choice(random.choice(list(seeds().values())))[1]
    return content[: random.randrange(len(content) + 1)] + other[random.randrange(len(other) + 1) :]


PLAIN_DAMAGE: tuple[Damage, ...] = (
    cut,
    flip_bits,
    overwrite,
    swap_bytes,
    repeat_part,
    drop_part,
    move_part,
    insert_rubbish,
    set_field,
    set_field,
    splice,
)


def plain(random: Random, content: bytes) -> bytes:
    """Anything of these; what is empty stays so."""
    return random.choice(PLAIN_DAMAGE)(random, content) if content else content


def inside_png(random: Random, content: bytes) -> bytes:
    """Damage within a chunk, or among the chunks, all checksums right."""
    chunks = []
    place = len(PNG_MAGIC)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    k = random.randrange(len(chunks))
    kind, data = chunks[k]
    if random.random() < 0.2:
        chunks.insert(random.randrange(len(chunks)), chunks[k])
    elif kind == b"IDAT" and random.random() < 0.7:
        chunks[k] = kind, zlib.compress(plain(random, zlib.decompress(data)))
    else:
        chunks[k] = kind, plain(random, data)
    return PNG_MAGIC + b"".join(chunk(kind, data) for kind, data in chunks)


def inside_zip(random: Random, content: bytes) -> bytes:
    """Damage within a member, or to its name, all checksums right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    k = random.randrange(len(members))
    name, inner = members[k]
    if random.random() < 0.1:
        name = plain(random, name.encode()).decode("utf-8", "replace") or "x"
    elif inner.startswith(PNG_MAGIC) and random.random() < 0.5:
        inner = inside_png(random, inner)
    else:
        inner = plain(random, inner)
    members[k] = name, inner
    return zipped(dict(members), random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def inside_gzip(random: Random, content: bytes) -> bytes:
    """Damage to what is packed."""
    return gzip.compress(plain(random, gzip.decompress(content)), 1, mtime=0)


INSIDE: tuple[tuple[bytes, Damage], ...] = ((PNG_MAGIC, inside_png), (b"PK", inside_zip), (b"\x1f\x8b", inside_gzip))


def mutant(seed: int, index: int) -> Mutant:
    """The mutant of this number: always the same."""
    random = Random(f"{seed} {index}")
    kind = random.choice(list(seeds()))
    files = list(seeds()[kind])
    k = random.randrange(len(files))
    name, content = files[k]
    inside = next((damage for magic, damage in INSIDE if content.startswith(magic)), None)
    damage = inside if inside and random.random() < 0.5 else plain
    files[k] = name, damage(random, content)
    return Mutant(f"{kind}, {damage.__name__}", files)
