"""An array [N, D] -> a table of D columns, which have numbers for names."""

import math

import numpy as np

from vae_core.datasets.arrays.npy_header import shown_shape
from vae_core.datasets.arrays.stored import StoredArray, in_c_order
from vae_core.datasets.dataset import Dataset, Origin
from vae_core.datasets.file import File
from vae_core.datasets.pictures.labels import NO_LABEL, Labels
from vae_core.datasets.reading import Reading, Rows
from vae_core.datasets.tables.columns import INFINITE, RawTable, check_size, listed
from vae_core.datasets.tables.gaps import Complete, complete
from vae_core.datasets.tables.roles import assign
from vae_core.datasets.tables.schema import MAX_FEATURES, TableChoices, TableSchema, as_texts
from vae_core.errors import DatasetError

LEAST_PIXELS = 64
"""Rows of fewer numbers are not taken for flattened pictures."""
STEP = 65_536
"""So many rows are standardised at a time."""


def read_array_table(
    called: str, array: StoredArray, schema: TableSchema | TableChoices | None, reading: Reading
) -> tuple[Dataset, np.ndarray]:
    """The rows of an array of numbers [N, D], its columns called “column 1” and so on.

    Args:
        called: What sentences call the array; also the dataset's name.
        array: Of numbers.
        schema: A model's, or the user's choices, or None.
        reading: Where the examples go.

    Returns:
        The table, and which rows of the array it holds (bool [N]).

    Raises:
        DatasetError: if the array is too large, or nothing is left of it.
        DamagedError: if the values cannot be read.
    """
    file = File(called, b"")
    check_size(file, *array.shape)
    values = _values(array, reading)
    columns = {f"column {k + 1}": values[:, k] for k in range(values.shape[1])}
    if isinstance(schema, TableSchema):
        wanted, table = schema, _as_learnt(file, columns, schema)
    else:
        wanted, table = _choose(file, columns, schema or TableChoices())
    rows = Rows(reading.path, wanted.shape, np.float32)
    for start in range(0, int(table.keep.sum()), STEP):
        rows.append(wanted.to_x({name: column[start : start + STEP] for name, column in table.columns.items()}))
    labels, names = _labels(columns.get(wanted.choices.label or ""), table.keep)
    origin = Origin(advice=_advice(values))
    return Dataset(called, rows.finish(), wanted, labels, names, warnings=table.warnings, origin=origin), table.keep


def _values(array: StoredArray, reading: Reading) -> np.ndarray:
    """float64 [N, D]; what is not finite, or so large that it stands for infinity, is infinite or NaN."""
    values = np.empty(array.shape, dtype=np.float64)
    start = 0
    with in_c_order(array, reading.path.parent if reading.path else None) as rows:
        for chunk in rows.chunks():
            with np.errstate(invalid="ignore"):  # signalling NaN
                part = chunk.astype(np.float64)
            values[start : start + len(chunk)] = np.where(np.abs(part) >= INFINITE, np.inf, part)
            start += len(chunk)
    return values


def _choose(file: File, columns: dict[str, np.ndarray], choices: TableChoices) -> tuple[TableSchema, Complete]:
    """The encoding of the columns that are to be learnt, and their rows without gaps."""
    roles = assign(file, RawTable(dict(columns), frozenset(columns)), choices)
    table = complete(file, roles.learnt, choices.missing, {})
    widths = [len(set(values.tolist())) if values.dtype == object else 1 for values in table.columns.values()]
    if sum(widths) > MAX_FEATURES:
        raise DatasetError(f"{file.shown} makes {sum(widths):,} numbers a row, which is too many. Leave out columns.")
    resolved = {
        "label": roles.label,
        "left_out": tuple(name for name in columns if name not in (roles.label, *table.columns)),
        "missing": table.missing,
    }
    left_out = [f"{name} ({reason})" for name, reason in roles.left_out.items()]
    if left_out:
        table = table._replace(warnings=(f"Columns left out: {listed(left_out)}.", *table.warnings))
    return TableSchema.fit(table.columns, choices.model_copy(update=resolved), table.gaps), table


def _as_learnt(file: File, columns: dict[str, np.ndarray], schema: TableSchema) -> Complete:
    """The rows without gaps of the columns that a model learnt."""
    learnt = {column.name: column for column in schema.columns}
    lacking = [name for name in learnt if name not in columns]
    if lacking:
        raise DatasetError(f"{file.shown} lacks the column “{lacking[0][:60]}”, which the model learnt. Add it.")
    return complete(file, {name: columns[name] for name in learnt}, schema.choices.missing or "drop", learnt)


def _labels(column: np.ndarray | None, kept: np.ndarray) -> Labels:
    if column is None:
        return None, ()
    classes, labels = np.unique(column[kept], return_inverse=True)
    return labels.astype(np.int32), tuple(text or NO_LABEL for text in as_texts(classes))


def _advice(values: np.ndarray) -> tuple[str, ...]:
    count, width = values.shape
    side = math.isqrt(width)
    if side * side != width or width < LEAST_PIXELS or not (values.min() >= 0 and values.max() <= 255):
        return ()
    return (
        f"The rows look like flattened pictures of {side}×{side}. To see them as pictures, save the array as "
        f"{shown_shape((count, side, side))}.",
    )
