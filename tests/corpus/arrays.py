"""NPY, NPZ and IDX: every kind of number and shape, and headers that attack who reads them."""

import gzip
import io
import struct
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from tests.corpus.case import Case, NamedFile, Read, Refused, one
from tests.corpus.picture_bytes import flat
from tests.corpus.zip_bytes import STORED, zipped

DAMAGED = Refused("(?i)damaged|announces|header|holds")
PICKLE = b"cbuiltins\nopen\n(S'opened-by-a-pickle'\nS'w'\ntR."
"""Makes a file in the current folder of whoever opens it."""
LEAVE = b"cbuiltins\nexit\n(I3\ntR."
"""Ends the process of whoever opens it."""


def values(*shape: int, dtype: str = "u1", seed: int = 0) -> np.ndarray:
    """Numbers between 0 and 100."""
    return np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)


def npy(array: np.ndarray) -> bytes:
    """As numpy writes it."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npy_with(header: str | bytes, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    """With any header."""
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + body


def npz(arrays: Mapping[str, np.ndarray], method: int = STORED) -> bytes:
    """As numpy writes it."""
    return zipped({f"{name}.npy": npy(array) for name, array in arrays.items()}, method)


def _kinds() -> Iterator[Case]:
    for kind in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", ">u2", ">f8", "?"):
        name = kind.replace("?", "bool").replace(">", "big_endian_")
        yield one(f"npy_{name}", "x.npy", partial(_of_kind, kind), Read(6, labels=0))
    for kind in ("c8", "c16", "M8[s]", "m8[s]", "S3", "U3", "V4"):
        name = "".join(c for c in kind if c.isalnum())
        yield one(f"npy_refused_{name}", "x.npy", partial(_other_kind, kind), Refused("(?i)number|type|kind|float"))
    record = np.zeros(4, dtype=[("a", "u1"), ("b", "f4")])
    yield one("npy_records", "x.npy", partial(npy, record), Refused())
    yield one("npy_long_double", "x.npy", lambda: npy(np.zeros((6, 8, 8), np.longdouble)), Refused())
    for name, number in (("nan", np.nan), ("infinity", np.inf)):
        yield one(f"npy_picture_with_{name}", "x.npy", partial(_one_bad, number), Refused("(?i)nan|infinite|finite"))
    yield one("npy_negative_numbers", "x.npy", lambda: npy(values(6, 8, 8, dtype="i4") - 50), Read(6))
    yield one("npy_beyond_255", "x.npy", lambda: npy(values(6, 8, 8, dtype="u2") * 600), Read(6))
    yield one("npy_all_the_same", "x.npy", lambda: npy(np.full((6, 8, 8), 7.5)), Read(6, warns="(?i)identical"))
    yield one("npy_largest_floats", "x.npy", lambda: npy(values(6, 8, 8, dtype="f8") * 1.7e306), Read(6))


def _of_kind(kind: str) -> bytes:
    return npy(values(6, 8, 8, dtype=kind))


def _of_shape(shape: tuple[int, ...]) -> bytes:
    return npy(values(*shape))


def _other_kind(kind: str) -> bytes:
    return npy(np.zeros((6, 8, 8), dtype=kind))


def _one_bad(number: float) -> bytes:
    array = values(6, 8, 8, dtype="f4")
    array[3, 1, 1] = number
    return npy(array)


SHAPES: dict[tuple[int, ...], Read | Refused] = {
    (6, 8, 8): Read(6),
    (6, 8, 12): Read(6),
    (6, 8, 8, 1): Read(6),
    (6, 8, 8, 3): Read(6),
    (6, 8, 8, 4): Read(6),
    (6, 1, 8, 8): Read(6),
    (6, 3, 8, 8): Read(6),
    (1, 8, 8): Read(1),
    (6, 1, 1): Read(6),
    (6, 200, 200): Read(6),
    (6, 8, 8, 5): Refused("(?i)shape"),
    (6, 2, 8, 8, 3): Refused("(?i)shape"),
    (6,): Refused(),
    (): Refused(r"\(\)"),
    (0, 8, 8): Refused(),
    (6, 0, 8): Refused(),
    (2,) * 20: Refused(r"table as \[N, D\]"),
    (6, 5): Read(6),
    (6, 784): Read(6),
}


def _shapes() -> Iterator[Case]:
    for shape, verdict in SHAPES.items():
        name = "x".join(map(str, shape)) if len(shape) < 10 else "20_dimensions"
        yield one(f"npy_shape_{name or 'none'}", "x.npy", partial(_of_shape, shape), verdict)
    column_first = np.asfortranarray(values(6, 8, 9))
    yield one("npy_fortran_order", "x.npy", partial(npy, column_first), Read(6))
    yield one("npy_named_png", "x.png", lambda: npy(values(6, 8, 8)), Read(6, warns="named like another"))
    yield one("npz_named_npy", "x.npy", lambda: npz({"x": values(6, 8, 8)}), Read(6, warns="named like another"))
    yield one("npy_gzipped", "x.npy.gz", lambda: gzip.compress(npy(values(6, 8, 8)), mtime=0), Read(6))


GOOD_HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 8, 8), }"
HEADERS: dict[str, str | bytes] = {
    "of_2000_bytes": GOOD_HEADER + " " * 2000,
    "of_60000_brackets": "(" * 60_000,
    "of_900_brackets": "(" * 900,
    "with_code": GOOD_HEADER.replace("False", "open('opened-by-a-pickle', 'w')"),
    "with_an_attribute": GOOD_HEADER.replace("False", "().__class__"),
    "with_a_power": GOOD_HEADER.replace("(6, 8, 8)", "(9**9**9,)"),
    "product_of_2_to_the_64": GOOD_HEADER.replace("(6, 8, 8)", f"({2**32}, {2**32})"),
    "product_of_2_to_the_66_times_0": GOOD_HEADER.replace("(6, 8, 8)", f"({2**33}, {2**33}, 0)"),
    "dimension_of_800_digits": GOOD_HEADER.replace("(6, 8, 8)", f"({'9' * 800},)"),
    "negative": GOOD_HEADER.replace("(6, 8, 8)", "(-6, -8, 8)"),
    "true_for_a_number": GOOD_HEADER.replace("(6, 8, 8)", "(True, 8, 8)"),
    "float_for_a_number": GOOD_HEADER.replace("(6, 8, 8)", "(6.0, 8, 8)"),
    "shape_a_string": GOOD_HEADER.replace("(6, 8, 8)", "'688'"),
    "larger_than_its_bytes": GOOD_HEADER.replace("(6, 8, 8)", "(7, 8, 8)"),
    "smaller_than_its_bytes": GOOD_HEADER.replace("(6, 8, 8)", "(5, 8, 8)"),
    "a_terabyte": GOOD_HEADER.replace("(6, 8, 8)", "(1000000, 1000, 1000)"),
    "no_shape": "{'descr': '|u1', 'fortran_order': False}",
    "more_keys": GOOD_HEADER.replace("}", "'more': 1}"),
    "key_twice": GOOD_HEADER.replace("}", "'shape': (1,)}"),
    "unknown_dtype": GOOD_HEADER.replace("|u1", "|q9"),
    "comma_dtype": GOOD_HEADER.replace("|u1", "u1,u1"),
    "subarray_dtype": GOOD_HEADER.replace("'|u1'", "('|u1', (1000000, 1000000))"),
    "nested_dtype": GOOD_HEADER.replace("'|u1'", "[" * 300 + "]" * 300),
    "not_utf8": b"\xff\xfe" * 40,
    "empty": "",
    "a_list": "[1, 2]",
}


def _headers() -> Iterator[Case]:
    body = values(6, 8, 8).tobytes()
    for kind, header in HEADERS.items():
        yield one(f"npy_header_{kind}", "x.npy", partial(npy_with, header, body), Refused())
    for version in ((2, 0), (3, 0)):
        padded = GOOD_HEADER + " " * 20 + "\n"
        yield one(f"npy_version_{version[0]}", "x.npy", partial(npy_with, padded, body, version), Read(6))
    yield one("npy_version_9", "x.npy", partial(npy_with, GOOD_HEADER, body, (9, 9)), Refused("(?i)version|damaged"))
    yield one("npy_header_length_beyond_the_file", "x.npy", lambda: b"\x93NUMPY\2\0\xff\xff\xff\xff{", DAMAGED)
    yield one("npy_magic_only", "x.npy", lambda: b"\x93NUMPY", Refused())
    yield one("npy_cut", "x.npy", lambda: npy(values(6, 8, 8))[:-1], DAMAGED)
    yield one("npy_and_more", "x.npy", lambda: npy(values(6, 8, 8)) + b"x", DAMAGED)


def _pickled(attack: bytes) -> bytes:
    return npy_with("{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", attack)


def _pickles() -> Iterator[Case]:
    never = Refused("(?i)object|pickle|number")
    for name, attack in (("writes", PICKLE), ("leaves", LEAVE)):
        yield one(f"npy_pickle_{name}", "x.npy", partial(_pickled, attack), never)
        alone = {"metadata.npy": _pickled(attack)}
        yield one(f"npz_pickle_{name}", "x.npz", partial(zipped, alone), Refused())
        beside = {"imgs.npy": npy(values(6, 8, 8)), **alone}
        yield one(f"npz_pickle_{name}_beside_pictures", "x.npz", partial(zipped, beside), Read(6, skipped=1))
    yield one("npy_pickle_in_its_header", "x.npy", partial(npy_with, PICKLE, b""), Refused())


def _npz() -> Iterator[Case]:
    x, y = values(6, 8, 8), np.arange(6) % 3
    for key in ("labels", "y", "targets", "y_train"):
        images = "x_train" if key == "y_train" else "x"
        yield one(f"npz_labels_in_{key}", "x.npz", partial(npz, {images: x, key: y}), Read(6, labels=3))
    yield one("npz_one_array", "x.npz", partial(npz, {"arr_0": x}), Read(6, labels=0))
    yield one("npz_packed", "x.npz", partial(npz, {"x": x, "y": y}, 8), Read(6, labels=3))
    yield one("npz_labels_first", "x.npz", partial(npz, {"labels": y, "images": x}), Read(6, labels=3))
    splits = {
        f"{part}_{what}": array for part in ("train", "test") for what, array in (("images", x), ("labels", y[:, None]))
    }
    yield one("npz_like_medmnist", "x.npz", partial(npz, splits), Read(6, labels=3))
    both = {"x_test": x[:2], "x_train": x, "y_test": y[:2], "y_train": y}
    yield one("npz_like_mnist", "x.npz", partial(npz, both), Read(6, labels=3))
    yield one("npz_table", "x.npz", partial(npz, {"x": values(6, 5, dtype="f4")}), Read(6))
    sprites = {"imgs": x % 2, "latents_classes": np.stack([y, y // 2], 1), "latents_values": np.stack([y / 3, y], 1)}
    yield one("npz_like_dsprites", "x.npz", partial(npz, sprites), Read(6))
    yield one("npz_table_of_any_name", "x.npz", partial(npz, {"features": values(6, 5)}), Read(6, labels=0))
    named = partial(npz, {"features": values(6, 5), "y": y})
    yield one("npz_table_of_any_name_and_labels", "x.npz", named, Read(6, labels=3))
    yield one("npz_labels_only", "x.npz", partial(npz, {"y": y}), Refused())
    yield one("npz_too_few_labels", "x.npz", partial(npz, {"x": x, "y": y[:5]}), Read(6, labels=0))
    yield one("npz_empty_array", "x.npz", partial(npz, {"x": x[:0]}), Refused())
    yield one("npz_not_a_number", "x.npz", partial(npz, {"x": x * np.float32(np.nan)}), Refused("(?i)nan|finite"))
    cut = {"x.npy": npy(x)[:-9]}
    yield one("npz_cut_array", "x.npz", partial(zipped, cut), Refused("(?i)damaged|announces|holds"))
    yield one("npz_rubbish_in_npy", "x.npz", partial(zipped, {"x.npy": b"no array at all"}), Refused())
    yield one("npz_lies_about_its_shape", "x.npz", _lying_member, Refused())
    yield one("npz_bomb", "x.npz", _npz_bomb, Refused("(?i)unpacks|times|large"))
    yield one("npz_archive_cut", "x.npz", lambda: npz({"x": x})[:-9], Refused("(?i)damaged"))
    yield one("npz_and_a_picture", "x.npz", lambda: zipped({"x.npy": npy(x), "a.png": flat(1)}), Read(6, skipped=1))


def _lying_member() -> bytes:
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 64, 64), }"
    return zipped({"x.npy": npy_with(header, bytes(4096))})


def _npz_bomb() -> bytes:
    return zipped({"x.npy": npy(np.zeros((1000, 200, 200), dtype=np.uint8))})


IDX_KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def idx(array: np.ndarray, kind: int = 8, shape: tuple[int, ...] | None = None) -> bytes:
    """As http://yann.lecun.com/exdb/mnist/ has it; the shape may be a lie."""
    announced = array.shape if shape is None else shape
    header = struct.pack(f">HBB{len(announced)}I", 0, kind, len(announced), *announced)
    return header + array.astype(IDX_KINDS.get(kind, ">u1")).tobytes()


def _idx() -> Iterator[Case]:
    x = values(6, 8, 8)
    for kind in IDX_KINDS:
        yield one(f"idx_type_{kind}", "x-idx3", partial(idx, x, kind), Read(6, labels=0))
    yield one("idx_4_dimensions", "x-idx4", partial(idx, values(6, 8, 8, 3)), Read(6))
    yield one("idx_2_dimensions", "x-idx2", partial(idx, values(6, 5)), Refused("(?i)shape|number|dimension"))
    yield one("idx_5_dimensions", "x-idx5", partial(idx, values(6, 2, 2, 2, 2)), Refused())
    yield one(
        "idx_255_dimensions", "x-idx", lambda: b"\0\0\x08\xff" + struct.pack(">255I", *[1] * 255) + b"x", Refused()
    )
    for kind in (0, 7, 10, 15, 255):
        yield one(f"idx_type_{kind}_unknown", "x-idx3", partial(idx, x, kind), Refused())
    yield one("idx_little_endian", "x-idx3", lambda: struct.pack("<BBH3I", 3, 8, 0, 6, 8, 8) + x.tobytes(), Refused())
    lies = {"more": (7, 8, 8), "fewer": (5, 8, 8), "overflow": (2**31, 2**31, 4), "all_bits": (2**32 - 1,) * 3}
    for name, shape in lies.items():
        yield one(f"idx_announces_{name}", "x-idx3", partial(idx, x, 8, shape), DAMAGED)
    for shape in ((0, 8, 8), (6, 0, 8), (0, 0, 0)):
        name = "x".join(map(str, shape))
        yield one(f"idx_of_{name}", "x-idx3", partial(idx, values(*shape)), Refused())
    yield one("idx_header_cut", "x-idx3", lambda: idx(x)[:11], Refused())
    yield one("idx_float_not_a_number", "x-idx3", lambda: idx(x * np.float32(np.nan), 13), Refused())
    yield one("idx_labels_alone", "y-idx1", partial(idx, np.arange(6)), Refused("(?i)label"))
    yield from _idx_pairs(x)


def _idx_pairs(x: np.ndarray) -> Iterator[Case]:
    images, labels = ("t-images-idx3", idx(x)), ("t-labels-idx1", idx(np.arange(6) % 2))
    packed = [(name, gzip.compress(content, mtime=0)) for name, content in (labels, images)]
    pairs: dict[str, tuple[list[NamedFile], Read | Refused]] = {
        "images_first": ([images, labels], Read(6, labels=2)),
        "labels_first": ([labels, images], Read(6, labels=2)),
        "gzipped": (packed, Read(6, labels=2)),
        "one_gzipped": ([packed[0], images], Read(6, labels=2)),
        "fewer_labels": ([images, ("y", idx(np.arange(5)))], Refused("5 labels.*6")),
        "more_labels": ([images, ("y", idx(np.arange(7)))], Refused("7 labels.*6")),
        "two_images": ([images, images], Refused("(?i)labels|one")),
        "two_labels": ([labels, labels], Refused("(?i)images|pictures|one")),
        "and_a_picture": ([images, labels, ("a.png", flat(1))], Refused()),
        "broken_labels": ([images, ("y", labels[1][:-1])], DAMAGED),
        "one_label_for_all": ([images, ("y", idx(np.zeros(6)))], Read(6, labels=0)),
        "labels_of_4_bytes": ([images, ("y", idx(np.arange(6) % 2, 12))], Read(6, labels=2)),
    }
    for name, (files, verdict) in pairs.items():
        yield Case(f"idx_pair_{name}", partial(list, files), verdict)


CASES = (*_kinds(), *_shapes(), *_headers(), *_pickles(), *_npz(), *_idx())
