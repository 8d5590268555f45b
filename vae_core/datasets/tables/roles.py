"""What each column of a table is for: to be learnt, to label or to name the rows, or nothing."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from vae_core.datasets.file import File
from vae_core.datasets.tables.columns import FoundColumn, RawTable, Texts
from vae_core.datasets.tables.schema import TableChoices, as_texts
from vae_core.errors import DatasetError

LABELS = ("label", "class", "target", "species", "category", "y")
"""A column of such a name labels the rows if it has few values; the first that is found does."""
COUNTERS = ("index", "idx", "row", "no", "nr", "number", "#", "user", "sample", "unnamed: 0")
"""What a first column is called that only counts the rows; or nothing, or something that ends in "id"."""
MOST_CATEGORIES = 50
LONGEST_CATEGORY = 80
MOST_LABELS = 1_000
_YES_OR_NO = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]|$)")


class Roles(NamedTuple):
    """The columns of a table by what they are for.

    Attributes:
        label: The one that labels the rows; "" for none.
        names: The one that names them; "" for none.
        learnt: float64 [N], NaN where missing, or texts [N], None where missing.
        left_out: Those that cannot be learnt, and the reasons.
    """

    label: str
    names: str
    learnt: dict[str, np.ndarray]
    left_out: dict[str, str]


def assign(file: File, raw: RawTable, choices: TableChoices) -> Roles:
    """Decides what the choices leave open; empties `raw.columns` but for label and names.

    Raises:
        DatasetError: if a chosen column does not exist or does not fit, or none is left to learn.
    """
    columns = raw.columns
    left_out = dict(raw.left_out)
    chosen = {choices.label or "", *(choices.left_out or ()), *choices.categorical}
    unknown = chosen - {"", *columns, *left_out}
    if unknown:
        raise DatasetError(f"{file.shown} has no column “{min(unknown)[:40]}”. Choose among the columns that it has.")
    label = find_label(columns) if choices.label is None else choices.label
    if label in left_out or (label and distinct(columns[label]) > MOST_LABELS):
        raise DatasetError(
            f"{file.shown}: “{label[:40]}” cannot label the rows; that takes at most {MOST_LABELS:,} different values. "
            "Choose another column, or none."
        )
    names = find_names(columns, {label, *choices.categorical})
    if choices.left_out is None and (counter := _find_counter(columns, raw.unnamed)) not in ("", label):
        left_out[counter] = "it numbers the rows"
    learnt: dict[str, np.ndarray] = {}
    for name in [name for name in columns if name not in (label, names)]:
        column = columns.pop(name)
        if name in left_out or name in (choices.left_out or ()):
            continue
        forced = name in choices.categorical
        reason = _objection(column, forced)
        if reason:
            left_out[name] = reason
        else:
            learnt[name] = as_texts(to_array(column)) if forced else to_array(column)
    if not learnt:
        why = "; ".join(f"{name[:20]}: {reason}" for name, reason in list(left_out.items())[:1])
        raise DatasetError(
            f"{file.shown} has no column that can be learnt{f' ({why})' if why else ''}. Give columns of numbers, or "
            "of few different names."
        )
    return Roles(label, names, learnt, left_out)


def find_label(columns: Mapping[str, FoundColumn]) -> str:
    """The column that by name and values labels the rows; "" if there is none."""
    for wanted in LABELS:
        for name, column in columns.items():
            if name.casefold() == wanted and len(columns) > 1:
                few = 0 < distinct(column) <= MOST_CATEGORIES and distinct(column) < len(column)
                if few and (isinstance(column, Texts) or _are_whole(column)):
                    return name
    return ""


def find_names(columns: Mapping[str, FoundColumn], others: Collection[str]) -> str:
    """The first column if it is a different text in every row and none of `others`; else ""."""
    if len(columns) < 2:
        return ""
    name, column = next(iter(columns.items()))
    unique = isinstance(column, Texts) and column.distinct == len(column)
    return name if unique and name not in others else ""


def _find_counter(columns: Mapping[str, FoundColumn], unnamed: Collection[str]) -> str:
    """The first column if it is 0, 1, 2, … or 1, 2, 3, … and called so, or alone without a name; else ""."""
    if len(columns) < 2:
        return ""
    name, column = next(iter(columns.items()))
    if isinstance(column, Texts) or len(column) < 3 or distinct(column) < len(column):
        return ""
    counts = column[0] in (0, 1) and (column == column[0] + np.arange(len(column))).all()
    called = name in unnamed or name.casefold() in COUNTERS or name.casefold().endswith("id")
    alone = set(unnamed) == {name} and _are_whole(column)  # an index that has been shuffled
    return name if (counts and called) or alone else ""


def _objection(column: FoundColumn, forced: bool) -> str:
    """Why a column cannot be learnt; "" if it can."""
    if distinct(column) == 0:
        return "empty"
    if forced or not isinstance(column, Texts):
        return ""
    count, rows = column.distinct, int((column.codes >= 0).sum())
    values = column.values[: MOST_CATEGORIES + 1].to_pylist()
    if {value.lower() for value in values} in _YES_OR_NO:
        return ""
    if count <= MOST_CATEGORIES and count < rows / 2 and max(map(len, values)) <= LONGEST_CATEGORY:
        return ""
    if count == 1:
        return "one text"
    return f"{count:,} different dates" if _DATE.match(values[0]) else f"text of {count:,} different values"


def distinct(column: FoundColumn) -> int:
    """How many different values there are, missing ones and infinity not counted."""
    return column.distinct if isinstance(column, Texts) else len(np.unique(column[np.isfinite(column)]))


def to_array(column: FoundColumn) -> np.ndarray:
    """float64 [N], NaN where missing, or texts [N], None where missing."""
    return column.to_array() if isinstance(column, Texts) else column


def _are_whole(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return bool((known == np.rint(known)).all())
