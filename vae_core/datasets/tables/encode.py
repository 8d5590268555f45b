"""The columns of a table -> `Dataset`, in an encoding of their own or in the one that a model learnt."""

import math
from collections.abc import Collection, Mapping

import numpy as np

from vae_core.datasets.dataset import Dataset, Origin
from vae_core.datasets.file import LONGEST_NAME, File, shown_name
from vae_core.datasets.labels import NO_LABEL, Labels, number_labels
from vae_core.datasets.limits import MAX_CELLS, MAX_FEATURES
from vae_core.datasets.reading import Reading, Rows
from vae_core.datasets.tables.columns import FoundColumn, RawTable, listed
from vae_core.datasets.tables.gaps import Complete, complete
from vae_core.datasets.tables.roles import MOST_LABELS, Roles, assign, distinct, find_names, to_array
from vae_core.datasets.tables.schema import Column, TableChoices, TableSchema, as_texts, is_numeric
from vae_core.errors import DatasetError

BLOCK_CELLS = 2**20
"""Cells of `x` that are made at once."""
LEAST_PIXELS = 64
"""Fewer columns are not taken for the pixels of a picture."""


def encode_table(
    file: File, raw: RawTable, schema: TableSchema | TableChoices, reading: Reading
) -> tuple[Dataset, np.ndarray]:
    """float32 [N, D] of the columns.

    Args:
        file: What sentences name; also the dataset's name.
        raw: The columns; those that are learnt are taken out of it.
        schema: Of a trained model: the same columns are put into the same encoding. Or the user's choices: what they
            leave open is chosen and the encoding is fitted.
        reading: Where the rows go.

    Returns:
        The table, and which of the rows it holds (bool [N]).

    Raises:
        DatasetError: if a column is missing that a model learnt, the examples become too long, or nothing is left.
    """
    if isinstance(schema, TableSchema):
        return _as_learnt(file, raw, schema, reading)
    return _anew(file, raw, schema, reading)


def _anew(file: File, raw: RawTable, choices: TableChoices, reading: Reading) -> tuple[Dataset, np.ndarray]:
    """Chooses what the choices leave open, and fits the encoding."""
    all_names = tuple(raw.columns)
    roles = assign(file, raw, choices)
    table = complete(file, roles.learnt, choices.missing, {})
    _check_width(file, table)
    resolved = choices.model_copy(
        update={
            "label": roles.label,
            "left_out": tuple(name for name in all_names if name not in (roles.label, *table.columns)),
            "categorical": tuple(name for name, values in table.columns.items() if not is_numeric(values)),
            "missing": table.missing,
        }
    )
    schema = TableSchema.fit(table.columns, resolved, table.gaps)
    told = (*_on_left_out(roles), *table.warnings, *_on_constants(schema, int(table.keep.sum())))
    advice = (*_on_roles(roles), *_on_pictures(schema, raw.unnamed))
    raw = raw._replace(warnings=(*raw.warnings, *told), advice=(*raw.advice, *advice))
    return _dataset(file, raw, schema, table, roles.names, reading), table.keep


def _as_learnt(file: File, raw: RawTable, schema: TableSchema, reading: Reading) -> tuple[Dataset, np.ndarray]:
    """Puts the columns into the encoding that a model learnt; all others but label and names do not count."""
    learnt = {column.name: column for column in schema.columns}
    columns: dict[str, np.ndarray] = {}
    for name, column in learnt.items():
        if name not in raw.columns:
            raise DatasetError(f"{file.shown} lacks the column “{name[:60]}”, which the model learnt. Add it.")
        values = to_array(raw.columns[name])
        if column.kind == "numeric" and not is_numeric(values):
            raise DatasetError(f"{file.shown}: “{name[:60]}” holds text, where the model learnt numbers. Correct it.")
        columns[name] = as_texts(values) if column.kind == "categorical" else values
    table = _known(file, complete(file, columns, schema.choices.missing or "drop", learnt), learnt)
    names = find_names(raw.columns, {*learnt, schema.choices.label or ""})
    raw = raw._replace(warnings=(*raw.warnings, *table.warnings))
    return _dataset(file, raw, schema, table, names, reading), table.keep


def _known(file: File, table: Complete, learnt: Mapping[str, Column]) -> Complete:
    """Leaves out rows with names that a model never saw."""
    unknown: dict[str, np.ndarray] = {}
    for name, column in learnt.items():
        if column.kind == "categorical" and (strange := column.codes(table.columns[name]) < 0).any():
            unknown[name] = strange
    if not unknown:
        return table
    strange = np.any(list(unknown.values()), axis=0)
    each = listed(
        [f"{name}: {value}" for name, mask in unknown.items() for value in sorted(set(table.columns[name][mask]))]
    )
    if strange.all():
        raise DatasetError(f"{file.shown}: every row has a name that the model never saw ({each[:60]}). Correct them.")
    keep = table.keep.copy()
    keep[keep] = ~strange
    return table._replace(
        columns={name: values[~strange] for name, values in table.columns.items()},
        keep=keep,
        warnings=(
            *table.warnings,
            f"Rows with names that the model never saw were left out: {strange.sum():,} ({each}).",
        ),
    )


def _dataset(file: File, raw: RawTable, schema: TableSchema, table: Complete, names: str, reading: Reading) -> Dataset:
    rows = Rows(reading.path, schema.shape, np.float32)
    count, step = int(table.keep.sum()), max(BLOCK_CELLS // schema.shape[0], 1)
    for start in range(0, count, step):
        rows.append(schema.to_x({name: values[start : start + step] for name, values in table.columns.items()}))
    label = raw.columns.get(schema.choices.label or "")
    labels, label_names = (None, ()) if label is None else _labels(label, table.keep)
    return Dataset(
        file.name,
        rows.finish(),
        schema,
        labels,
        label_names,
        names=tuple(map(_shown, to_array(raw.columns[names])[table.keep])) if names else (),
        warnings=raw.warnings,
        origin=Origin(advice=raw.advice),
    )


def _check_width(file: File, table: Complete) -> None:
    """Refuses what would make examples too long, or too many numbers in all."""
    widths = {name: 1 if is_numeric(v) else len(set(v.tolist())) for name, v in table.columns.items()}
    total, rows = sum(widths.values()), int(table.keep.sum())
    if total > MAX_FEATURES or total * rows > MAX_CELLS:
        widest = max(widths, key=lambda name: widths[name])
        most = f", first “{widest[:20]}” with its {widths[widest]:,} names" if widths[widest] > 1 else ""
        raise DatasetError(
            f"{file.shown} makes {total:,} numbers of each of its {rows:,} rows, which is too many. Leave out "
            f"columns{most}."
        )


def _labels(column: FoundColumn, keep: np.ndarray) -> Labels:
    """int32 [n] and the names, in order; none where there are too many."""
    if distinct(column) > MOST_LABELS:
        return None, ()
    return number_labels([NO_LABEL if text is None else text for text in as_texts(to_array(column)[keep])])


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else shown_name(text)


def _on_left_out(roles: Roles) -> list[str]:
    count = len(roles.left_out)
    each = listed([f"{name} ({reason})" for name, reason in roles.left_out.items()])
    return [f"{'1 column was' if count == 1 else f'{count:,} columns were'} left out: {each}."] if count else []


def _on_constants(schema: TableSchema, rows: int) -> list[str]:
    constant = [column.name for column in schema.columns if column.constant]
    if rows == 1 or not constant:
        return []
    if len(constant) == len(schema.columns):
        return ["All rows are identical, so there is nothing for a model to learn."]
    have = "1 column has" if len(constant) == 1 else f"{len(constant):,} columns have"
    return [f"{have} the same value in every row: {listed(constant)}."]


def _on_roles(roles: Roles) -> list[str]:
    told = [f"“{roles.label}” labels the rows and is not learnt."] if roles.label else []
    return told + ([f"“{roles.names}” names the rows and is not learnt."] if roles.names else [])


def _on_pictures(schema: TableSchema, unnamed: Collection[str]) -> list[str]:
    """Pixels are whole numbers to 255; other numbers from 0 on may be some where no column has a name."""
    columns = [column for column in schema.columns if column.kind == "numeric" and column.low >= 0]
    count, side = len(columns), math.isqrt(len(columns))
    if count < max(len(schema.columns), LEAST_PIXELS) or side * side != count:
        return []
    highest = max(column.high for column in columns)
    are_named = not all(column.name in unnamed for column in columns)
    if highest > 255 or (are_named and (highest <= 1 or not all(column.whole for column in columns))):
        return []
    return [
        f"The {count:,} columns look like pictures of {side}×{side} pixels. As a ZIP of pictures, or as an array "
        f"[N, {side}, {side}] in an NPZ file, they are learnt and shown as pictures."
    ]
