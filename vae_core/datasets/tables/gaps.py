"""Missing and infinite values of a table: counted, then their rows left out or the gaps filled."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from vae_core.datasets.file import File
from vae_core.datasets.tables.columns import listed
from vae_core.datasets.tables.schema import Column, is_missing, is_numeric
from vae_core.errors import DatasetError

FEW_ROWS = 0.2
"""Up to this share of the rows, those with missing values are left out rather than filled in."""
MOST_CELLS = 0.5
"""From this share of all cells on, missing means zero, as in ratings and counts."""
NO_VALUE = "(missing)"
"""The category that stands for zero."""

Missing = Literal["drop", "mean", "zero"]


class Complete(NamedTuple):
    """A table without gaps.

    Attributes:
        columns: float64 [n] or texts [n].
        keep: bool [N], which rows of the file these are.
        missing: What was done.
        gaps: How many values each column lacked.
        warnings: Sentences that tell it.
    """

    columns: dict[str, np.ndarray]
    keep: np.ndarray
    missing: Missing
    gaps: dict[str, int]
    warnings: tuple[str, ...]


def complete(
    file: File, columns: dict[str, np.ndarray], missing: Missing | None, learnt: Mapping[str, Column]
) -> Complete:
    """Leaves out rows with gaps, or fills them; rows that hold nothing at all are always left out.

    Args:
        file: Where the table is from.
        columns: float64 [N], NaN where missing, or texts [N], None where missing.
        missing: What to do; None leaves it to the data.
        learnt: What a model knows of the columns, for means; empty to compute them.

    Raises:
        DatasetError: if no row is left.
    """
    told = _without_infinite(columns)
    masks = {name: mask for name, values in columns.items() if (mask := is_missing(values)).any()}
    rows = len(next(iter(columns.values())))
    any_gap, all_gaps = np.zeros(rows, dtype=bool), np.full(rows, len(masks) == len(columns))
    for mask in masks.values():
        any_gap |= mask
        all_gaps &= mask
    gaps = {name: int(mask.sum()) for name, mask in masks.items()}
    if missing is None:
        missing = _suggested(sum(gaps.values()) / (rows * len(columns)), float(any_gap.mean()))
    keep = ~any_gap if missing == "drop" else ~all_gaps
    if not keep.any():
        worst = max(gaps, key=lambda name: gaps[name])
        raise DatasetError(
            f"{file.shown}: every row lacks a value, most of them in “{worst[:30]}”. Choose to fill in means or zeros, "
            "or leave that column out."
        )
    if missing != "drop":
        for name, mask in masks.items():
            columns[name] = np.where(mask, _filling(columns[name], mask, missing, learnt.get(name)), columns[name])
    if not keep.all():
        for name in columns:
            columns[name] = columns[name][keep]
    if gaps:
        told.append(_told(gaps, missing, keep))
    return Complete(columns, keep, missing, gaps, tuple(told))


def _suggested(cells: float, rows: float) -> Missing:
    """What to do about these shares of the cells that are missing, and of the rows that have such a cell."""
    if cells > MOST_CELLS:
        return "zero"
    return "drop" if rows <= FEW_ROWS else "mean"


def _without_infinite(columns: dict[str, np.ndarray]) -> list[str]:
    """Turns infinite values into missing ones and tells it."""
    counts: dict[str, int] = {}
    for name, values in columns.items():
        if is_numeric(values) and (infinite := np.isinf(values)).any():
            counts[name] = int(infinite.sum())
            columns[name] = np.where(infinite, np.nan, values)
    each = listed([f"{name} {count:,}" for name, count in counts.items()])
    return [f"Infinite values were taken as missing: {each}."] if counts else []


def _filling(values: np.ndarray, mask: np.ndarray, missing: Missing, learnt: Column | None) -> Any:
    if missing == "zero":
        return 0.0 if is_numeric(values) else NO_VALUE
    if learnt is not None:
        return learnt.mean if learnt.kind == "numeric" else learnt.most_frequent
    known = values[~mask]
    if is_numeric(values):
        return np.clip(known.mean(), known.min(), known.max())  # not beyond them by rounding
    return Counter(known.tolist()).most_common(1)[0][0]


def _told(gaps: Mapping[str, int], missing: Missing, keep: np.ndarray) -> str:
    total, lost = sum(gaps.values()), int((~keep).sum())
    each = listed([f"{name} {count:,}" for name, count in sorted(gaps.items(), key=lambda pair: -pair[1])])
    told = f"Missing values: {total:,} ({each})."
    if missing != "drop":
        means = "zero" if missing == "zero" else "the column's mean or most frequent name"
        told += f" They were filled in with {means}."
        return told + (f" Rows without any value were left out: {lost:,} of {len(keep):,}." if lost else "")
    return told + f" Rows with one were left out: {lost:,} of {len(keep):,}."
