"""Arrays of two dimensions: tables whose columns have numbers for names."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.core.array_files import noise, npy, npz, read
from vae_core import datasets
from vae_core.datasets.reading import Reading
from vae_core.datasets.schemas import ImageSchema
from vae_core.datasets.tables.schema import TableChoices, TableSchema
from vae_core.errors import DatasetError


def test_two_dimensions_are_a_table(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(5, 3, (200, 5)).astype(">f4")
    for content in (npy(values), npy(np.asfortranarray(values)), npz(data=values)):
        dataset = read(content, None, Reading(path=tmp_path / "x.npy"))
        assert isinstance(dataset.schema, TableSchema)
        assert [column.name for column in dataset.schema.columns] == [f"column {k}" for k in (1, 2, 3, 4, 5)]
        assert dataset.x.dtype == np.float32
        assert isinstance(dataset.x, np.memmap)
        assert np.abs(dataset.x.mean(axis=0)).max() < 1e-5
        assert np.abs(dataset.x.std(axis=0) - 1).max() < 1e-5
        original = dataset.schema.to_original(dataset.x)
        assert np.allclose(np.stack(list(original.values()), axis=1), values, atol=1e-5)
        assert dataset.warnings == dataset.origin.advice == ()


def test_rows_with_values_that_are_no_numbers_are_dropped_with_their_labels() -> None:
    values = noise(12, 3, dtype="f8")
    values[2, 1], values[5, 0] = np.nan, np.inf
    dataset = read(npz(x=values, y=np.array(list("aabbccddeeff")), other=noise(4)))
    assert isinstance(dataset.schema, TableSchema)
    kept = [0, 1, 3, 4, 6, 7, 8, 9, 10, 11]
    assert np.allclose(dataset.schema.to_original(dataset.x)["column 3"], values[kept, 2], atol=1e-4)
    assert dataset.labels is not None
    assert "".join(dataset.label_names[k] for k in dataset.labels) == "aabcddeeff"
    assert dataset.warnings == (
        "Infinite values were taken as missing: column 1 1.",
        "Missing values: 2 (column 1 1, column 2 1). Rows with one were left out: 2 of 12.",
        "The examples are those of “x”; left aside: “other”.",
    )
    values[3, 0] = 1e300  # would make the mean infinite
    assert len(read(npy(values), TableChoices(missing="drop"))) == 9
    assert len(read(npy(values), TableChoices(missing="mean"))) == 12
    with pytest.raises(DatasetError, match="every row lacks a value"):
        read(npy(np.where(np.eye(3), np.nan, 1.0)), TableChoices(missing="drop"))
    signalling = np.full((10, 4), 0x7FA00001, dtype=">u4")
    signalling[1:] = 0
    for order in "<>":
        assert len(read(npy(signalling.astype(f"{order}u4").view(f"{order}f4")), TableChoices(missing="drop"))) == 9


def test_columns_are_what_the_user_chose_them_for() -> None:
    values = noise(40, 4, high=3)
    choices = TableChoices(label="column 2", left_out=("column 1",), categorical=("column 4",))
    dataset = read(npz(data=values, y=noise(40)), choices)
    assert isinstance(dataset.schema, TableSchema)
    assert dataset.schema.feature_names == ("column 3", "column 4 = 0", "column 4 = 1", "column 4 = 2")
    assert dataset.labels is not None
    assert [int(dataset.label_names[k]) for k in dataset.labels] == values[:, 1].tolist()
    assert (dataset.x[:, 1:].argmax(axis=1) == values[:, 3]).all()
    again = read(npy(values[:9]), dataset.schema)
    assert (again.x == dataset.x[:9]).all()
    with pytest.raises(DatasetError, match="no column “column 9”"):
        read(npy(values), TableChoices(label="column 9"))
    with pytest.raises(DatasetError, match="5,001 numbers of each of its 5,000 rows, which is too many"):
        read(npy(np.random.default_rng(0).random((5000, 2))), TableChoices(categorical=("column 1",)))


def test_first_column_that_only_counts_is_left_out_and_told() -> None:
    values = noise(40, 3, dtype="f8")
    values[:, 0] = np.arange(40)
    dataset = read(npy(values))
    assert dataset.x.shape == (40, 2)
    assert dataset.warnings[0].startswith("1 column was left out: column 1 (")


def test_table_is_prepared_as_a_model_wants_it() -> None:
    values = noise(50, 3, dtype="f8")
    learnt = read(npy(values)).schema
    assert isinstance(learnt, TableSchema)
    again = read(npy(values[:10] + 7), learnt)
    assert again.schema == learnt
    assert np.allclose(learnt.to_original(again.x)["column 2"], values[:10, 1] + 7, atol=1e-4)
    with pytest.raises(DatasetError, match="lacks the column “column 3”"):
        read(npy(values[:, :2]), learnt)
    with pytest.raises(DatasetError, match="a table 50×3, and pictures are expected"):
        read(npy(values), ImageSchema())
    with pytest.raises(DatasetError, match="holds pictures, and a table is expected"):
        read(npy(noise(6, 8, 8)), learnt)


@pytest.mark.parametrize(
    ("values", "advised"),
    [
        (noise(9, 784), True),
        (noise(9, 64, dtype="f4") / 255, True),
        (noise(9, 783), False),
        (noise(9, 784, dtype="i4", high=999), False),
        (noise(9, 784, dtype="i4", low=-5), False),
        (noise(9, 9), False),
    ],
)
def test_flattened_pictures_are_recognised_and_the_way_told(values: np.ndarray, advised: bool) -> None:
    advice = " ".join(read(npy(values)).origin.advice)
    side = math.isqrt(values.shape[1])
    assert (f"pictures of {side}×{side} pixels" in advice and f"[N, {side}, {side}]" in advice) == advised


def test_array_and_text_of_the_same_numbers_are_the_same_table() -> None:
    values = noise(9, 64, dtype="f4") / 255
    text = "\n".join(",".join(map(repr, row)) for row in values.astype("f8").tolist())
    array, table = datasets.read("t.npy", npy(values.astype("f8"))), datasets.read("t.csv", text.encode())
    assert array.id == table.id
    assert array.warnings == table.warnings == ()
    assert array.origin.advice == table.origin.advice[1:]  # the first tells that there was no header
    named = datasets.read("t.csv", (",".join(f"gene {k}" for k in range(64)) + "\n" + text).encode())
    assert named.origin.advice == ()


@pytest.mark.parametrize(
    ("shape", "found"),
    [((1_000_001, 1), "1,000,000 rows"), ((2, 4097), "4,097"), ((20_000, 2_600), "50,000,000 cells")],
)
def test_tables_beyond_the_limits_are_refused(shape: tuple[int, int], found: str) -> None:
    with pytest.raises(DatasetError, match=found):
        read(npy(np.zeros(shape, dtype=bool)))
