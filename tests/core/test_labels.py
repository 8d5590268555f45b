"""The order of labels is that in which people look for them, wherever the labels are from."""

import random

import numpy as np
import pytest

from tests.conftest import png, strokes, zip_of
from tests.core.array_files import npz
from vae_core import datasets
from vae_core.datasets.labels import sorted_names

ORDERED = {
    "numbers by value": ("-3", "-1.5", "0", "2", "10", "1e3"),
    "numbers in names": ("class 2", "class 10", "class 10b", "class 11"),
    "numbers of folders": ("a1/b2", "a1/b10", "a2/b1", "a10/b1"),
    "numbers before names": ("2", "10", "2nd", "10th", "other"),
    "leading zeros": ("x01", "x1", "x002", "x2", "x10"),
    "capitals beside small letters": ("apple", "Banana", "cherry"),
    "no label last": ("1", "ant", "zebra", "(no label)"),
    "names that python takes for numbers": ("1", "inf", "infinity", "nan", "next"),
    "more digits than python converts": ("n" + "1" * 5000, "n" + "2" * 5000, "n" + "1" * 5001),
}


@pytest.mark.parametrize("kind", ORDERED)
def test_names_are_in_natural_order(kind: str) -> None:
    names = ORDERED[kind]
    shuffled = list(names)
    for seed in range(20):
        random.Random(seed).shuffle(shuffled)
        assert sorted_names(shuffled) == names


def test_folders_columns_and_arrays_have_their_labels_in_one_order() -> None:
    names = [f"class {k}" for k in (1, 2, 9, 10, 11, 20)]
    given = [*names[::-1], *names]
    pictures = [png(picture) for picture in strokes(len(given), 16)[..., 0]]
    paths = [f"{name}/{k}.png" for k, name in enumerate(given)]
    table = "file,label\n" + "".join(f"{k}.png,{name}\n" for k, name in enumerate(given))
    files = {
        "folders.zip": zip_of(dict(zip(paths, pictures, strict=True))),
        "table.zip": zip_of({**{f"{k}.png": p for k, p in enumerate(pictures)}, "labels.csv": table.encode()}),
        "texts.npz": npz(x=strokes(len(given), 16), y=np.array(given)),
        "bytes.npz": npz(x=strokes(len(given), 16), y=np.array(given).astype("S")),
        "column.csv": ("a,label\n" + "".join(f"{k},{name}\n" for k, name in enumerate(given))).encode(),
    }
    for file, content in files.items():
        dataset = datasets.read(file, content)
        assert dataset.label_names == tuple(names), file
        assert dataset.labels is not None
        assert [dataset.label_names[k] for k in dataset.labels] == given, file


def test_categories_of_a_column_are_in_the_same_order() -> None:
    dataset = datasets.read("t.csv", ("a,size\n" + "".join(f"{k},size {k % 3 * 9}\n" for k in range(12))).encode())
    assert dataset.schema.kind == "table"
    assert dataset.schema.feature_names == ("a", "size = size 0", "size = size 9", "size = size 18")
