"""How a text file is written: its delimiter, its header, its decimal sign; told by its first rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from vae_core.datasets.file import File
from vae_core.datasets.limits import MAX_LINE_BYTES
from vae_core.datasets.tables.columns import MISSING, check_size
from vae_core.errors import DatasetError

SAMPLE_ROWS = 100
"""Rows by which delimiter, header and decimal sign are told."""
FEW_ROWS = 2
"""So few do not tell that the header is wrong rather than they."""
DELIMITERS = ",;\t| "
"""The first ones are preferred where several explain the rows equally well."""


_NUMBER = re.compile(r"[+-]?([\d.,'’\u00a0\u202f]*\d\.?([eE][+-]?\d+)?|inf|infinity)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d*,(\d{1,2}|\d{4,})|(0|\d{4,}),\d+)([eE][+-]?\d+)?")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(,\d{3}|\.\d+)")


class Dialect(NamedTuple):
    """How a file is written.

    Attributes:
        delimiter: One of DELIMITERS; a space stands for any number of spaces and tabs.
        header_lines: Lines before the first row of data.
        names: As the header has them; empty ones where there is none.
        decimal: "," or ".": how a number such as 1,234 is meant that could be both.
        proven: Whether other numbers of the file told so.
        commas: Whether there are numbers with a comma.
    """

    delimiter: str
    header_lines: int
    names: list[str]
    decimal: str
    proven: bool
    commas: bool


def sniff(file: File, data: bytes) -> Dialect:
    """How the UTF-8 text of a file is written.

    Raises:
        DatasetError: if it has no rows, too many columns, or a title in place of the header.
    """
    sample = data[:MAX_LINE_BYTES]
    few_lines = single_spaces(sample.splitlines()[: 2 * SAMPLE_ROWS])
    candidates = {d: list(_rows(few_lines if d == " " else sample, d)) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: _score([row for _, row in candidates[d]], d))
    lines, rows = [line for line, _ in candidates[delimiter]], [row for _, row in candidates[delimiter]]
    if not rows:
        raise DatasetError(f"{file.shown} begins with a line that never ends. Look for a quote that is never closed.")
    header = _has_header(rows)
    if header and len(rows) == 1 and lines[0] == len(sample.splitlines()):
        raise DatasetError(f"{file.shown} holds only the names of columns ({len(rows[0]):,}). Add rows below them.")
    names = _header_names(rows) if header else [""] * _width(rows)
    if header and len({len(row) for row in rows[1:]} | {len(names)}) > 1 and len(rows) > FEW_ROWS:
        _check_header(file, lines[0], names, rows[1:])
    check_size(file, 1, len(names))
    with_commas = [cell.strip() for row in rows for cell in row if "," in cell]
    decimal = "," if any(map(_DECIMAL_COMMA.fullmatch, with_commas)) else "."
    proven = decimal == "," or any(map(_THOUSANDS_COMMA.fullmatch, with_commas))
    if not proven and delimiter != ",":
        decimal = ","
    return Dialect(delimiter, lines[0] if header else 0, names, decimal, proven, any(map(is_number, with_commas)))


def _check_header(file: File, line: int, names: list[str], rows: list[list[str]]) -> None:
    """Refuses a title above the table rather than all the rows below it."""
    width = _width(rows)
    if len(names) != width and 2 * sum(len(row) == width for row in rows) > len(rows):
        cells = "1 cell" if len(names) == 1 else f"{len(names):,} cells"
        raise DatasetError(
            f"{file.shown}: line {line:,} has {cells}, and most lines below it have {width:,}. Take it out, or give "
            "every column a name."
        )


def _rows(sample: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, cells) of the first rows."""
    reader = csv.reader(io.StringIO(sample.decode("utf-8", "replace"), newline=""), delimiter=delimiter)
    found = 0
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
                found += 1
            if found == SAMPLE_ROWS:
                return
    except csv.Error:  # a cell without end: the wrong delimiter, or a quote that is never closed
        return


def _width(rows: list[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


def _score(rows: list[list[str]], delimiter: str) -> tuple[float, float, float]:
    """How well a delimiter explains the rows: shares of rows of one width, of undivided cells, of numbers."""
    if not rows or _width(rows) < 2:
        return (0, 0, 0)
    cells = [cell.strip() for row in rows[:20] for cell in row[:50]]
    numbers = sum(_is_missing(cell) or is_number(cell) for cell in cells) / len(cells)
    if delimiter == " " and numbers < 0.5:
        return (0, 0, 0)  # prose
    divided = sum(any(d in cell for d in ",;\t|") and not is_number(cell) for cell in cells) / len(cells)
    same = sum(len(row) == _width(rows) for row in rows) / len(rows)
    return (same, 1 - divided, numbers)


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any notation."""
    return _NUMBER.fullmatch(cell) is not None


def _is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: by a text above numbers, else by texts that never come again."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if not rest:
        return not all(is_number(cell) or _is_missing(cell) for cell in first)
    above_numbers = False
    again = False
    for place, cell in enumerate(first):
        below = {row[place].strip() for row in rest if place < len(row)}
        values = [value for value in below if not _is_missing(value)]
        if _is_missing(cell):
            continue
        if values and all(map(is_number, values)):
            if not is_number(cell):
                return True
            above_numbers = True
        again = again or cell in below
    if above_numbers:
        return _counts_columns(first, rest)
    return not again and not all(map(_is_missing, first))


def _counts_columns(first: list[str], rest: list[list[str]]) -> bool:
    """Whether a row of numbers is 0, 1, 2, …, as programs name columns, or consecutive numbers after an empty cell."""
    cells = first[1:] if first[0] == "" else first
    if len(cells) < 3 or not all(cell.isdecimal() and len(cell) < 10 for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    if not all(b == a + 1 for a, b in pairwise(numbers)):
        return False
    if first[0] == "":
        return all(row[0].strip() for row in rest)
    return numbers[0] == 0 and not any(sorted(row) == sorted(first) for row in rest)  # ranks are permutations


def _header_names(rows: list[list[str]]) -> list[str]:
    """One name a column; the rows may have one cell more, for their own names or after a delimiter at the end."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    widths = {len(row) for row in rest}
    if widths == {len(first) - 1} and first[0] == "#":
        return first[1:]
    if widths == {len(first) - 1} and not first[-1]:
        return first[:-1]
    if widths == {len(first) + 1}:
        if not any(row[-1].strip() for row in rest):
            return [*first, ""]
        if len(rest) > 1 and len({row[0] for row in rest}) == len(rest):
            return ["", *first]
    return [first[0].removeprefix("#").strip(), *first[1:]]


def single_spaces(lines: list[bytes]) -> bytes:
    """The lines with one space between their words."""
    return b"\n".join(b" ".join(line.split()) for line in lines)
