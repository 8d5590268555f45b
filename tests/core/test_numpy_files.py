"""The arrays of NPZ files: which are the pictures, and what lies beside them; and damaged copies of all kinds."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import png, zip_of
from tests.core.array_files import PICKLED, header, idx, noise, npy, npy_of, npz, npz_uncompressed, packed, read
from vae_core.datasets.archives import open_archive
from vae_core.datasets.arrays.idx import is_idx
from vae_core.datasets.arrays.numpy_files import holds_arrays, is_npy
from vae_core.datasets.file import File
from vae_core.datasets.schemas import ImageSchema
from vae_core.datasets.tables.schema import TableSchema
from vae_core.errors import DatasetError

PICTURES = noise(6, 8, 8)


@pytest.mark.parametrize("name", ["x", "X", "images", "imgs", "image", "data", "arr_0", "x_train", "train_images"])
def test_pictures_of_an_npz_are_found_by_name_before_size(name: str) -> None:
    dataset = read(npz(masks=noise(9, 30, 30), **{name: PICTURES}))
    assert (dataset.x[..., 0] == PICTURES).all()
    assert f"The examples are those of “{name}”; left aside: “masks”." in dataset.warnings


def test_the_largest_array_is_taken_where_no_name_tells() -> None:
    dataset = read(npz(small=noise(9, 4, 4), large=PICTURES, labels=noise(6, 99, 99), table=noise(6, 9999)))
    assert (dataset.x[..., 0] == PICTURES).all()
    assert "“labels” was not used as labels: 6×99×99, not a list of labels." in dataset.warnings


def test_train_part_is_taken_with_its_own_labels_and_the_rest_told() -> None:
    arrays = {"x_test": noise(9, 8, 8), "y_test": noise(9), "y": noise(3)}
    dataset = read(npz(**arrays, x_train=PICTURES, y_train=np.arange(6) % 3))
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset.warnings == ("The examples are those of “x_train”; left aside: “x_test”, “y_test”, “y”.",)
    medmnist = {f"{part}_{kind}": noise(6, *((28, 28) if kind == "images" else (1,)), high=5)
                for part in ("train", "val", "test") for kind in ("images", "labels")}  # fmt: skip
    dataset = read(npz(**medmnist))
    assert (dataset.x[..., 0] == medmnist["train_images"]).all()
    assert dataset.labels is not None
    assert dataset.label_names[dataset.labels[0]] == str(medmnist["train_labels"][0, 0])
    assert "left aside: “val_images”, “val_labels”, “test_images”, “test_labels”." in dataset.warnings[0]


CODES = [2, 0, 2, 1, 1, 2]
LABELS = {
    "ints": (np.array([30, -1, 30, 7, 7, 30]), ("-1", "7", "30")),
    "big-endian": (np.array([3, 1, 3, 2, 2, 3], dtype=">u2"), ("1", "2", "3")),
    "a column": (np.array([[3], [1], [3], [2], [2], [3]]), ("1", "2", "3")),
    "whole floats": (np.array([3.0, -1, 3, 2, 2, 3], dtype="f2"), ("-1", "2", "3")),
    "one-hot": (np.eye(3)[CODES], ("0", "1", "2")),
    "one-hot, Fortran": (np.asfortranarray(np.eye(3, dtype=bool)[CODES]), ("0", "1", "2")),
    "texts": (np.array(["cat", "ant", "cat", "bee", "bee", "cat"]), ("ant", "bee", "cat")),
    "odd texts": (
        np.array(["", "日本", "", "\u202ec", "\u202ec", ""], dtype=">U999"),
        ("日本", "\ufffdc", "(no label)"),
    ),
    "texts, Fortran": (npy_of(header("'<U1'", "True", "(6, 1)"), "cacbbc".encode("utf-32-le")), ("a", "b", "c")),
    "bytes": (np.array([b"\xffc", b"a", b"\xffc", b"b", b"b", b"\xffc"]), ("a", "b", "\ufffdc")),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("chunk_bytes", [1, 2**20])
def test_labels_of_every_kind_are_numbered_and_named(
    kind: str, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vae_core.datasets.arrays.stored.CHUNK_BYTES", chunk_bytes)
    values, names = LABELS[kind]
    dataset = read(npz(images=PICTURES, labels=values))
    assert dataset.warnings == ()
    assert dataset.label_names == names
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int32
    assert dataset.labels.tolist() == CODES


def test_booleans_are_two_classes_and_one_class_is_none() -> None:
    assert read(npz(x=PICTURES, y=np.arange(6) > 2)).label_names == ("False", "True")
    one = read(npz(x=PICTURES, y=np.full(6, 3)))
    assert one.labels is None
    assert one.warnings == ()


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.arange(5), "5 labels for 6 examples"),
        (np.arange(6) + 0.5, "decimal numbers, not classes"),
        (np.full(6, np.nan), "decimal numbers, not classes"),
        (np.full(6, 1e300), "decimal numbers, not classes"),
        (np.ones((6, 3)), "several values for each example, not one-hot"),
        (np.full((6, 2), "a"), "6×2, not a list of labels"),
        (np.zeros((6, 20_000), dtype=bool), "6×20000, not a list of labels"),
        (np.frombuffer(b"\xff" * 24, dtype="<U1"), "damaged text"),
    ],
)
def test_labels_that_do_not_fit_are_left_out_and_told(labels: np.ndarray, found: str) -> None:
    dataset = read(npz(x=PICTURES, y=labels))
    assert dataset.labels is None
    assert dataset.warnings == (f"“y” was not used as labels: {found}.",) or found in dataset.warnings[0]


def test_an_identifier_for_each_example_is_no_label() -> None:
    dataset = read(npz(x=noise(20_000, 2, 2), y=np.arange(20_000)), ImageSchema(side=8))
    assert dataset.labels is None
    assert any("more than 10,000 different values" in sentence for sentence in dataset.warnings)


def test_second_unnamed_array_is_the_labels() -> None:
    dataset = read(npz(arr_0=PICTURES, arr_1=np.arange(6) % 2))
    assert dataset.label_names == ("0", "1")
    assert dataset.warnings == ()


def dsprites(count: int = 96) -> dict[str, np.ndarray | bytes]:
    classes = np.stack([np.arange(count) * 0, *(np.arange(count) % n for n in (3, 6, 32, 32, 32))], axis=1)
    return {
        "metadata": PICKLED,
        "imgs": noise(count, 64, 64, high=2),
        "latents_classes": classes.astype(np.int64),
        "latents_values": classes.astype(np.float64),
    }


def test_dsprites_keeps_its_factors_and_its_pickle_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arrays = dsprites()
    dataset = read(npz(**arrays), ImageSchema(side=64))
    assert (dataset.x[..., 0] == 255 * np.asarray(arrays["imgs"])).all()
    assert dataset.factor_names == ("shape", "scale", "orientation", "posX", "posY")
    assert dataset.factors is not None
    assert dataset.factors.dtype == np.int32
    assert (dataset.factors == np.asarray(arrays["latents_classes"])[:, 1:]).all()
    assert dataset.origin.skipped == (("metadata", "a pickled array, never opened"),)
    assert dataset.origin.skipped_count == 1
    assert dataset.warnings == (
        "The values 0 and 1 became black and white.",
        "Left out of the known factors, being constant: color.",
        "1 array was skipped: metadata (a pickled array, never opened).",
    )
    assert list(tmp_path.iterdir()) == []


def test_factors_are_numbered_from_zero_column_by_column() -> None:
    classes = np.array([[5, 9, -1], [7, 9, -1], [5, 9, 4], [9, 9, -1], [5, 9, 4], [7, 9, 4]], dtype=">i2")
    dataset = read(npz(x=PICTURES, latents_classes=np.asfortranarray(classes)))
    assert dataset.factors is not None
    assert dataset.factors.tolist() == [[0, 0], [1, 0], [0, 1], [2, 0], [0, 1], [1, 1]]
    assert dataset.factor_names == ("factor 1", "factor 3")
    assert dataset.warnings == ("Left out of the known factors, being constant: factor 2.",)
    assert read(npz(x=PICTURES, latents_classes=classes[:, 1:2])).factors is None
    for unfit in (classes[:5], classes[:, 0], classes + 0.5):
        assert "not used as known factors" in read(npz(x=PICTURES, latents_classes=unfit)).warnings[0]


@pytest.mark.parametrize("place", [0, 500_000])
def test_damaged_arrays_are_skipped_and_the_next_is_taken(place: int) -> None:
    x = noise(700, 30, 30)
    content = bytearray(npz_uncompressed(x=x, x_test=noise(9, 12, 12), y=np.arange(9) % 2))
    content[content.index(x[0].tobytes()) + place] ^= 1
    dataset = read(bytes(content))
    assert (dataset.x[..., 0] == noise(9, 12, 12)).all()
    assert dataset.labels is not None
    assert dataset.origin.skipped == (("x", "damaged"),)
    assert "1 array was skipped: x (damaged)." in dataset.warnings


@pytest.mark.parametrize("beside", ["y", "latents_classes"])
def test_damaged_labels_and_factors_cost_nothing_else(beside: str) -> None:
    values = np.arange(6).reshape(6, *([1] * (beside != "y")))
    content = bytearray(npz_uncompressed(x=PICTURES, **{beside: values}))
    content[content.index(values.tobytes())] ^= 1
    dataset = read(bytes(content))
    assert len(dataset) == 6
    assert dataset.labels is dataset.factors is None
    assert dataset.origin.skipped == ((beside, "damaged"),)


def test_encrypted_arrays_are_skipped_and_listed() -> None:
    content = bytearray(npz_uncompressed(x=PICTURES, y=np.arange(6)))
    content[content.rindex(b"PK\3\4") + 6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    dataset = read(bytes(content))
    assert dataset.labels is None
    assert dataset.origin.skipped == (("y", "encrypted"),)


def test_what_is_no_array_is_skipped_and_listed() -> None:
    files = {"a/x.npy": npy(PICTURES), "b/x.npy": npy(PICTURES), "read me.txt": b"hello", "cut.npy": npy(PICTURES)[:-1]}
    dataset = read(zip_of(files))
    assert dict(dataset.origin.skipped) == {
        "x": "another array of this name was kept",
        "read me.txt": "not an array",
        "cut": "a damaged array: it announces 384 bytes and holds 383",
    }
    assert dataset.origin.skipped_count == 3
    many = read(npz(x=PICTURES, **{f"object {k}": PICKLED for k in range(30)}))
    assert (len(many.origin.skipped), many.origin.skipped_count) == (20, 30)
    assert "30 arrays were skipped" in many.warnings[-1]
    assert "and 25 more" in many.warnings[-1]


def test_nothing_usable_is_refused_with_what_was_found() -> None:
    arrays = {f"{'long ' * 9}{k}": noise(7) for k in range(9)}
    for content in (npz(**arrays), npz(a=PICKLED), npz(**{"k" * 40: PICKLED}), npz(b=noise(3, 3, 3, 3, 3))):
        with pytest.raises(DatasetError) as refusal:
            read(content, name="n" * 300)
        assert "has no pictures or table, but " in str(refusal.value)
        assert str(refusal.value).endswith("as one array [N, H, W], or a table as [N, D].")
        assert len(str(refusal.value)) <= 200
    with pytest.raises(DatasetError, match=r"but a 7 uint8, b 1×3×3×3×3 float64, c \(a pickled array, never opened\)"):
        read(npz(a=noise(7), b=noise(1, 3, 3, 3, 3, dtype="f8"), c=PICKLED))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"x.npy": npy(PICTURES)}, True),
        ({"x.bin": npy(PICTURES), "a.txt": b"", "b.txt": b""}, True),
        ({"x.npy": npy(PICTURES), "preview.png": png(PICTURES[0])}, True),
        ({"x.npy": npy(PICTURES), "1.png": png(PICTURES[0]), "2.png": png(PICTURES[1])}, False),
        ({"x.npy": b"no array"}, False),
        ({}, False),
    ],
)
def test_archive_of_arrays_is_told_from_one_of_pictures(files: dict[str, bytes], expected: bool) -> None:
    with open_archive(File("file", zip_of(files))) as archive:
        assert holds_arrays(archive) == expected


def test_one_array_for_each_picture_is_refused_with_the_way_out() -> None:
    with pytest.raises(DatasetError, match=r"1,001 files, arrays among them.*numpy\.stack"):
        read(npz(**{str(k): PICTURES[0] for k in range(1001)}))


def mixed() -> dict[str, bytes]:
    classes = np.arange(12).reshape(6, 2)
    arrays = {"x": noise(6, 9, 9, 3), "y": np.array(list("abcabc")), "latents_classes": classes, "other": PICTURES}
    return {
        "NPY": npy(noise(6, 9, 9, dtype="<f4", high=2)),
        "NPY, Fortran": npy(np.asfortranarray(noise(6, 9, 9, dtype=">i8"))),
        "NPZ": npz(**arrays, metadata=PICKLED),
        "NPZ, uncompressed": npz_uncompressed(**arrays),
        "IDX": idx(noise(6, 9, 9, dtype=">f8")),
        "IDX, packed": packed(idx(noise(6, 9, 9))),
    }


@pytest.mark.parametrize("kind", mixed())
def test_damaged_copies_are_read_or_refused_never_thrown(kind: str) -> None:
    original = mixed()[kind]
    random = np.random.default_rng(0)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(400):
        damaged = bytearray(original)
        end = len(damaged) if random.random() < 0.5 else min(len(damaged), 200)  # headers more often than values
        for place in random.integers(0, end, random.integers(1, 5)):
            damaged[place] = (
                random.integers(0, 256) if random.random() < 0.7 else random.choice(list(b"0123456789fiU<>"))
            )
        if random.random() < 0.2:
            damaged = damaged[: random.integers(1, len(damaged))]
        if not (is_npy(damaged[:8]) or is_idx(bytes(damaged[:512])) or damaged[:2] == b"PK"):
            continue
        try:
            dataset = read(bytes(damaged))
            assert dataset.x.dtype == np.uint8 or isinstance(dataset.schema, TableSchema)
            outcomes["read"] += 1
        except DatasetError as refusal:
            assert 10 < len(str(refusal)) <= 200, str(refusal)
            assert str(refusal).endswith(".")
            outcomes["refused"] += 1
    assert outcomes["refused"] > 5
    assert (outcomes["read"] > 5) == (kind != "IDX, packed"), "gzip notices everything"
