"""The columns of a table as they were found: named, typed, and their limits; whatever file they come from."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vae_core.datasets.file import File, clean_name, shown_name
from vae_core.datasets.limits import MAX_CELL_CHARACTERS, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, NOT_LEARNT
from vae_core.errors import DatasetError

LISTED = 20
"""How many names a sentence lists; the rest are counted."""
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-", "--", ".", "<na>", "nat", "#n/a", "#div/0!", "#value!")
"""Cells that only say that there is no value, in lower case; as people, SAS, pandas and Excel write them."""
INFINITE = 1e150
"""Numbers as large as this stand for infinity or for a missing value; their squares would not be finite."""

_SIGNED = r"^[+-]?(\d+|\d{{1,3}}([{groups} '’\x{{a0}}\x{{202f}}]\d{{3}})+)?(\{point}\d*)?([eE][+-]?\d+)?$"
_NOTATIONS = {".": _SIGNED.format(groups=",", point="."), ",": _SIGNED.format(groups=".", point=",")}
"""A number as it may be written, by its decimal sign."""
_GROUPED_BY_POINTS = r"^[+-]?\d{1,3}(\.\d{3})*$"


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of texts, each different one kept once.

    Attributes:
        codes: int [N], an index into `values`, −1 where there is no text.
        values: Arrow array of text.
    """

    codes: np.ndarray
    values: Any

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def distinct(self) -> int:
        """How many different texts there are."""
        return int(np.count_nonzero(np.bincount(self.codes[self.codes >= 0])))

    def to_array(self) -> np.ndarray:
        """Objects [N]: str, clean to be shown, or None."""
        clean = [v if v.isascii() and v.isprintable() else clean_name(v) for v in self.values.to_pylist()]
        return np.array([*clean, None], dtype=object)[self.codes]

    def to_pylist(self) -> list[str | None]:
        """The same as a list."""
        return list(self.to_array())


FoundColumn = np.ndarray | Texts
"""Numbers (float64 [N], NaN where missing) or texts."""


class RawTable(NamedTuple):
    """What a file holds, before anything is chosen.

    Attributes:
        columns: By name, in the file's order: `FoundColumn`s.
        unnamed: Columns whose names we made up.
        left_out: Columns that cannot be read, and the reasons.
        warnings: Sentences on what was changed.
        advice: Sentences on how the file was understood.
    """

    columns: dict[str, Any]
    unnamed: frozenset[str] = frozenset()
    left_out: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def check_size(file: File, rows: int, columns: int) -> None:
    """Refuses a table that is too large.

    Raises:
        DatasetError: if it is; the message names the limit.
    """
    if columns > MAX_COLUMNS + NOT_LEARNT:
        raise DatasetError(f"{file.shown} has {columns:,} columns; at most {MAX_COLUMNS:,} are read. Leave some out.")
    if rows > MAX_ROWS:
        raise DatasetError(f"{file.shown} has more than {MAX_ROWS:,} rows, which is too many. Give a part of them.")
    if rows * columns > MAX_CELLS:
        raise DatasetError(f"{file.shown} has more than {MAX_CELLS:,} cells, which is too many. Give a part of it.")


def name_columns(
    file: File, names: list[str], columns: list[Any], convert: Callable[[str, Any], FoundColumn]
) -> RawTable:
    """The table of these columns under clean names, each its own; `columns` is emptied.

    Raises:
        DatasetError: if a cell is too long.
    """
    result: dict[str, FoundColumn] = {}
    unnamed: set[str] = set()
    renamed: list[str] = []
    copies: Counter[str] = Counter()
    columns.reverse()
    for position, original in enumerate(names, start=1):
        column = columns.pop()
        given = shown_name(" ".join(original.split()))
        if not given and column.null_count == len(column):
            continue  # a delimiter at the end of every line
        name = plain = given or f"column {position}"
        while name in result:
            copies[plain] += 1
            name = f"{plain[:70]} ({copies[plain] + 1})"
        if name != plain:
            renamed.append(name)
        if not given:
            unnamed.add(name)
        _check_cells(file, name, column)
        result[name] = convert(name, column)
    told = f"Columns that had the name of another one got a number behind it: {listed(renamed)}." if renamed else ""
    return RawTable(result, frozenset(unnamed), warnings=(told,) if told else ())


def _check_cells(file: File, name: str, column: Any) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = _combined(column).dictionary if pa.types.is_dictionary(column.type) else column
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0 if is_string(texts.type) else 0
    if longest > MAX_CELL_CHARACTERS:
        raise DatasetError(
            f"{file.shown} has a cell of {longest:,} characters in “{name[:20]}”; at most {MAX_CELL_CHARACTERS:,} are "
            "read. Look for a quote that is never closed."
        )


def is_string(type: Any) -> bool:
    """Whether an arrow type is text."""
    from pyarrow import types

    return types.is_string(type) or types.is_large_string(type) or types.is_string_view(type)


def listed(items: Collection[str]) -> str:
    """The first twenty, and how many more there are."""
    more = len(items) - LISTED
    return ", ".join(list(items)[:LISTED]) + (f" and {more:,} more" if more > 0 else "")


def typed(texts: Any, decimal: str = ".", proven: bool = False) -> FoundColumn:
    """A column of text as numbers if every value is one.

    Args:
        texts: Arrow text, or dictionary of text.
        decimal: "," or ".": how a number such as 1,234 is meant that could be both.
        proven: Whether other numbers of the file told so; then 1.234 means 1234 where commas are decimal.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(texts.type):
        texts = _combined(texts)
        numbers = _parsed(texts.dictionary, decimal, proven)
        return encoded(texts) if numbers is None else to_numbers(numbers.take(texts.indices))
    numbers = _parsed(texts, decimal, proven)
    return encoded(texts) if numbers is None else to_numbers(numbers)


def to_numbers(column: Any) -> np.ndarray:
    """Arrow numbers as float64, NaN where missing; what stands for infinity is infinite."""
    import pyarrow as pa

    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    huge = np.abs(numbers) >= INFINITE
    return np.where(huge, np.inf, numbers) if huge.any() else numbers


def encoded(texts: Any) -> Texts:
    """Arrow texts, cleaned."""
    import pyarrow as pa

    combined = _combined(texts)
    if not pa.types.is_dictionary(combined.type):
        combined = combined.dictionary_encode()
    values = _cleaned(combined.dictionary.cast(pa.string())).dictionary_encode()  # some may have become equal
    codes = values.indices.take(combined.indices).fill_null(-1)
    return Texts(codes.to_numpy(zero_copy_only=False), values.dictionary)


def _combined(column: Any) -> Any:
    """One array of one that may come in chunks, with a dictionary each."""
    import pyarrow as pa

    return column.unify_dictionaries().combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _parsed(texts: Any, decimal: str, proven: bool) -> Any:
    """Arrow float64 of texts that are all numbers, else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        if proven and decimal == "," and _all_match(texts, _GROUPED_BY_POINTS):
            return pc.replace_substring(texts, ".", "").cast(pa.float64())
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        cleaned = _cleaned(texts)
    for point in sorted(_NOTATIONS, key=lambda point: point != decimal):
        if _all_match(cleaned, _NOTATIONS[point]):
            plain = pc.replace_substring_regex(cleaned, f"[^0-9eE+{point}-]", "")
            try:
                return pc.replace_substring(plain, ",", ".").cast(pa.float64())
            except pa.ArrowInvalid:
                continue  # a sign or a point and nothing else
    return None


def _cleaned(texts: Any) -> Any:
    """Text without spaces around it, null where it only says that there is no value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(texts)
    missing = pc.is_in(pc.utf8_lower(trimmed), pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, trimmed.type), trimmed)


def _all_match(texts: Any, pattern: str) -> bool:
    """Whether every value matches (and there is one)."""
    import pyarrow.compute as pc

    few = texts.slice(0, 1000)  # most columns that do not match show it soon
    return all(pc.all(pc.match_substring_regex(part, pattern)).as_py() is not False for part in (few, texts))
