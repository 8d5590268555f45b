"""What is no picture, archive, array or table, under its own name or a false one: refused by its true name."""

import bz2
import gzip
import io
import lzma
import random
import sqlite3
import struct
import tarfile
from collections.abc import Callable, Iterator
from functools import partial

from tests.corpus.arrays import LEAVE, PICKLE, npy, values
from tests.corpus.case import Case, Read, Refused, one
from tests.corpus.picture_bytes import flat, picture
from tests.corpus.tables import PLAIN, parquet
from tests.corpus.zip_bytes import zipped

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(evil) (w) file\n%%EOF\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>404, not found</title></head><body>a, b, c</body></html>\n"
LETTER = (
    "Dear Sir,\nplease find enclosed, as agreed, the drawings.\nThey are, we hope, what you wanted.\nYours, A. B.\n" * 3
).encode()


def _random(seed: int) -> bytes:
    return random.Random(seed).randbytes(3000)


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as target:
        member = tarfile.TarInfo("a.png")
        member.size = len(flat(1))
        target.addfile(member, io.BytesIO(flat(1)))
    return buffer.getvalue()


def _database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table t (a, b)")
        return connection.serialize()


def _tensors() -> bytes:
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    return struct.pack("<Q", len(header)) + header + bytes(8)


KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "pickle_0": (lambda: PICKLE, ""),
    "pickle_2": (lambda: b"\x80\x02" + LEAVE, "pickle"),
    "pickle_4": (lambda: b"\x80\x04\x95" + bytes(8) + PICKLE, "pickle"),
    "pickle_5": (lambda: b"\x80\x05\x95" + bytes(8) + PICKLE, "pickle"),
    "torch": (lambda: zipped({"archive/data.pkl": PICKLE, "archive/data/0": bytes(99)}), "(?i)torch|pickle"),
    "joblib_zlib": (lambda: b"x\x9c" + bytes(range(200)), ""),
    "hdf5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(500), "HDF5"),
    "matlab": (lambda: b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(200), "MATLAB"),
    "safetensors": (_tensors, "(?i)safetensors|model|weights"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\0" + bytes(99), "RAR"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(99), "7-?[zZ]"),
    "tar": (_tar, "(?i)tar"),
    "tar_gz": (lambda: gzip.compress(_tar(), mtime=0), "(?i)tar"),
    "gzip_of_rubbish": (lambda: gzip.compress(_random(1), mtime=0), "(?i)gzip"),
    "gzip_of_rubbish_deflate": (lambda: b"\x1f\x8b\x08\0" + _random(1), "(?i)gzip"),
    "gzip_of_nothing": (lambda: gzip.compress(b"", mtime=0), "(?i)gzip|empty"),
    "gzip_of_gzip": (lambda: gzip.compress(gzip.compress(PLAIN.encode(), mtime=0), mtime=0), "(?i)gzip"),
    "gzip_of_zip": (lambda: gzip.compress(zipped({"a.png": flat(1)}), mtime=0), "(?i)gzip"),
    "bzip2": (lambda: bz2.compress(PLAIN.encode()), "(?i)bzip2"),
    "xz": (lambda: lzma.compress(PLAIN.encode()), "XZ"),
    "zstandard": (lambda: b"\x28\xb5\x2f\xfd" + bytes(99), "(?i)zst"),
    "excel": (lambda: zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}), "Excel"),
    "word": (lambda: zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<x/>"}), "Word"),
    "old_excel": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel"),
    "sqlite": (_database, "SQLite"),
    "pdf": (lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n", "PDF"),
    "json": (lambda: b'{"a": [1, 2], "b": [3, 4]}\n' * 9, "JSON"),
    "json_list": (lambda: b"[[1, 2],\n [3, 4],\n [5, 6]]\n", "JSON"),
    "web_page": (lambda: PAGE, "(?i)web page|HTML"),
    "xml": (lambda: b'<?xml version="1.0"?>\n<a>1,2</a>\n', "XML"),
    "svg": (lambda: DRAWING, "SVG"),
    "svg_after_blanks": (lambda: b"\xef\xbb\xbf \n" + DRAWING, "SVG"),
    "eps": (lambda: SCRIPT, "(?i)postscript"),
    "eps_of_dos": (lambda: b"\xc5\xd0\xd3\xc6" + bytes(26) + SCRIPT, "(?i)postscript"),
    "photoshop": (lambda: b"8BPS\0\1" + bytes(99), "(?i)photoshop"),
    "icon": (lambda: b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + bytes(99), "(?i)icon"),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "HEIC"),
    "avif": (lambda: b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(99), "AVIF"),
    "mp4": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(99), "(?i)video|film|movie"),
    "matroska": (lambda: b"\x1aE\xdf\xa3" + bytes(99), "(?i)video"),
    "avi": (lambda: b"RIFF\xff\0\0\0AVI LIST" + bytes(99), ""),
    "wav": (lambda: b"RIFF\xff\0\0\0WAVEfmt " + bytes(99), ""),
    "mp3": (lambda: b"ID3\x04\0\0" + bytes(99), ""),
    "jpeg_2000": (lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), ""),
    "fits": (lambda: b"SIMPLE  =                    T" + b" " * 2850, ""),
    "dicom": (lambda: bytes(128) + b"DICM" + bytes(99), ""),
    "arrow": (lambda: b"ARROW1\0\0" + bytes(99), "Arrow"),
    "gguf": (lambda: b"GGUF\3\0\0\0" + bytes(99), "(?i)model"),
    "onnx": (lambda: b"\x08\x09\x12\x07pytorch" + bytes(99), ""),
    "elf": (lambda: b"\x7fELF\2\1\1" + bytes(99), "(?i)program"),
    "exe": (lambda: b"MZ\x90\0\3" + bytes(99), "(?i)program"),
    "java_class": (lambda: b"\xca\xfe\xba\xbe" + bytes(99), ""),
    "shell_script": (lambda: b"#!/bin/sh\nrm -rf /\n", ""),
    "python": (lambda: b"import os\nos.system('echo, pwned')\n", ""),
    "letter": (lambda: LETTER, ""),
    "one_word": (lambda: b"hello", ""),
    "nothing": (lambda: b"", "(?i)empty"),
    "one_byte": (lambda: b"\0", ""),
    "zeros": (lambda: bytes(5000), ""),
    "ones": (lambda: b"\xff" * 5000, ""),
    "blanks": (lambda: b" \n\t" * 99, ""),
    **{f"random_{seed}": (partial(_random, seed), "") for seed in range(3)},
}
"""name -> (content, the word by which it must be called)."""


def _kinds() -> Iterator[Case]:
    for kind, (make, word) in KINDS.items():
        yield one(f"foreign_{kind}", f"file.{kind}", make, Refused(word))
    for kind in ("icon", "svg", "photoshop", "pdf", "web_page", "mp4", "heic", "eps", "eps_of_dos", "pickle_4"):
        make, word = KINDS[kind]
        yield one(f"foreign_{kind}_named_png", "picture.png", make, Refused(word))
        inside = Refused(r"(?i)picture")
        yield one(f"foreign_{kind}_named_png_in_a_zip", "set.zip", partial(_packed, make), inside)
    for kind in ("web_page", "excel", "json", "sqlite"):
        make, word = KINDS[kind]
        yield one(f"foreign_{kind}_named_csv", "table.csv", make, Refused(word))
    yield one("foreign_pickle_named_npy", "x.npy", KINDS["pickle_4"][0], Refused("pickle"))


def _packed(make: Callable[[], bytes]) -> bytes:
    return zipped({"picture.png": make()})


def _together() -> Iterator[Case]:
    a, b = ("a.png", flat(1)), ("b.png", flat(2))
    labels = b"file,label\na.png,cat\nb.png,dog\n"
    alone = Refused("(?i)alone|together|other files|only")
    for kind, content in {
        "zip": zipped({"c.png": flat(3)}),
        "npy": npy(values(6, 8, 8)),
        "parquet": parquet({"a": range(6)}),
    }.items():
        yield Case(f"together_pictures_and_{kind}", partial(list, [a, (f"x.{kind}", content), b]), alone)
    yield Case("together_two_zips", partial(list, [("1.zip", zipped(dict([a]))), ("2.zip", zipped(dict([b])))]), alone)
    yield Case("together_two_tables", lambda: [("1.csv", PLAIN.encode()), ("2.csv", PLAIN.encode())], Refused())
    yield Case("together_pictures_and_their_labels", partial(list, [a, b, ("l.csv", labels)]), Read(2, labels=2))
    other = Read(2, skipped=1, warns=r"t\.csv")
    yield Case("together_pictures_and_another_table", partial(list, [a, b, ("t.csv", PLAIN.encode())]), other)
    yield Case("together_all_broken", lambda: [(f"{k}.png", picture()[: 40 + k]) for k in range(3)], Refused())
    yield Case("together_all_empty", lambda: [("a.png", b""), ("b.png", b"")], Refused())
    twice = Read(1, skipped=1, warns="(?i)name")
    yield Case("together_one_name_twice", partial(list, [a, ("a.png", flat(2))]), twice)
    yield Case("together_nothing", list, Refused())
    letter = Read(2, skipped=1, warns=r"read\.me")
    yield Case("together_pictures_and_a_letter", partial(list, [a, ("read.me", LETTER), b]), letter)


CASES = (*_kinds(), *_together())
