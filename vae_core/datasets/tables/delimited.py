"""CSV and its relatives -> columns, whatever the delimiter, the encoding and the way of writing numbers."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from vae_core.datasets.file import File
from vae_core.datasets.limits import MAX_LINE_BYTES, MAX_TABLE_BYTES
from vae_core.datasets.tables.columns import MISSING, FoundColumn, RawTable, check_size, encoded, name_columns, typed
from vae_core.errors import DatasetError

SAMPLE_ROWS = 100
"""Rows by which delimiter, header and decimal sign are told."""
DELIMITERS = ",;\t| "
"""The first ones are preferred where several explain the rows equally well."""

_NUMBER = re.compile(r"[+-]?([\d.,'’\u00a0\u202f]*\d\.?([eE][+-]?\d+)?|inf|infinity)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d*,(\d{1,2}|\d{4,})|(0|\d{4,}),\d+)([eE][+-]?\d+)?")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(,\d{3}|\.\d+)")
_EXCEL_HINT = re.compile(r'\A"?sep=[,;\t|]"?(?=[\r\n])')
_NOT_TABLES = re.compile(r"[<{\[]|%PDF|P[1-6]\s")
"""Markup, JSON, and the pictures that begin like text."""


class _Dialect(NamedTuple):
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


def is_delimited(head: bytes) -> bool:
    """Whether a file with these first bytes holds rows of cells: text with delimiters, or lines of numbers."""
    text, _ = _decoded(head)
    if not all(c.isprintable() or c in "\t\r\n\u00a0\u202f" for c in text) or _NOT_TABLES.match(text.lstrip()):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    numeric = [sum(map(_is_number, line.split())) >= len(line.split()) / 2 for line in lines]
    return sum(numeric) > 1 or any(delimiter in line for line in lines for delimiter in ",;\t|")


def read_delimited(file: File, as_text: Collection[str] | None, progress: Callable[[int, int], None]) -> RawTable:
    """The columns of a text file; those of numbers as numbers, except the ones named in `as_text` (None: all).

    Raises:
        DatasetError: if it is no table, a line is ragged, or a limit is passed.
    """
    data, advice = _as_utf8(file)
    dialect = _sniff(file, data)
    if dialect.delimiter == " ":
        check_size(file, data.count(b"\n"), 1)
        data = _single_spaces(data.splitlines())
    if not dialect.header_lines:
        advice.append("The file has no header line, so the columns are numbered.")
    if dialect.commas:
        meaning = "decimal commas" if dialect.decimal == "," else "separators of thousands"
        advice.append(f"Commas in numbers were read as {meaning}.")
    columns = _parse(file, data, dialect, progress)
    del data

    def convert(name: str, column: Any) -> FoundColumn:
        return encoded(column) if as_text is None or name in as_text else typed(column, dialect.decimal, dialect.proven)

    return name_columns(file, dialect.names, columns, convert)._replace(advice=tuple(advice))


def _as_utf8(file: File) -> tuple[bytes, list[str]]:
    """The content without byte order mark and blank lines at the end, and a sentence if the encoding was a guess."""
    if file.size > MAX_TABLE_BYTES:
        raise DatasetError(f"{file.shown} is larger than {MAX_TABLE_BYTES // 2**20} MB. Give a part of its rows.")
    data = file.read(MAX_TABLE_BYTES)
    text, guessed = _decoded(data)
    text = _EXCEL_HINT.sub("", text, count=1)  # an empty line stays, so that lines keep their numbers
    data = text.encode().rstrip(b" \r\n")
    if b"\0" in data:
        raise DatasetError(f"{file.shown} begins like a table but holds binary data. Save it as CSV in UTF-8.")
    if not data.strip():
        raise DatasetError(f"{file.shown} is empty. Give a table: a line of names, then one line a row.")
    guess = "The file is not UTF-8 and was read as Windows-1252: check that letters with accents are right."
    return data, [guess] if guessed else []


def _decoded(data: bytes) -> tuple[str, bool]:
    """Text without its byte order mark or a character cut off at the end; and whether the encoding is a guess."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace").decode(data), False
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _single_spaces(lines: list[bytes]) -> bytes:
    return b"\n".join(b" ".join(line.split()) for line in lines)


def _sniff(file: File, data: bytes) -> _Dialect:
    sample = data[:MAX_LINE_BYTES]
    few_lines = _single_spaces(sample.splitlines()[: 2 * SAMPLE_ROWS])
    candidates = {d: list(_rows(few_lines if d == " " else sample, d)) for d in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda d: _score([row for _, row in candidates[d]], d))
    lines, rows = [line for line, _ in candidates[delimiter]], [row for _, row in candidates[delimiter]]
    if not rows:
        raise DatasetError(f"{file.shown} begins with a line that never ends. Look for a quote that is never closed.")
    header = _has_header(rows)
    if header and len(rows) == 1 and lines[0] == len(sample.splitlines()):
        raise DatasetError(f"{file.shown} holds only the names of columns ({len(rows[0]):,}). Add rows below them.")
    names = _header_names(rows) if header else [""] * _width(rows)
    check_size(file, 1, len(names))
    with_commas = [cell.strip() for row in rows for cell in row if "," in cell]
    decimal = "," if any(map(_DECIMAL_COMMA.fullmatch, with_commas)) else "."
    proven = decimal == "," or any(map(_THOUSANDS_COMMA.fullmatch, with_commas))
    if not proven and delimiter != ",":
        decimal = ","
    return _Dialect(delimiter, lines[0] if header else 0, names, decimal, proven, any(map(_is_number, with_commas)))


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
    numbers = sum(_is_missing(cell) or _is_number(cell) for cell in cells) / len(cells)
    if delimiter == " " and numbers < 0.5:
        return (0, 0, 0)  # prose
    divided = sum(any(d in cell for d in ",;\t|") and not _is_number(cell) for cell in cells) / len(cells)
    same = sum(len(row) == _width(rows) for row in rows) / len(rows)
    return (same, 1 - divided, numbers)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: by a text above numbers, else by texts that never come again."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if not rest:
        return not all(_is_number(cell) or _is_missing(cell) for cell in first)
    above_numbers = False
    again = False
    for place, cell in enumerate(first):
        below = {row[place].strip() for row in rest if place < len(row)}
        values = [value for value in below if not _is_missing(value)]
        if _is_missing(cell):
            continue
        if values and all(map(_is_number, values)):
            if not _is_number(cell):
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


def _parse(file: File, data: bytes, dialect: _Dialect, progress: Callable[[int, int], None]) -> list[Any]:
    """One chunked array of text a column; stops as soon as there are too many rows."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    places = [str(k) for k in range(len(dialect.names))]
    source = pa.BufferReader(data)
    spellings = [form(token) for token in MISSING for form in (str.lower, str.upper, str.capitalize)]
    batches, rows = [], 0
    try:
        reader = arrow_csv.open_csv(
            source,
            arrow_csv.ReadOptions(
                use_threads=False, block_size=MAX_LINE_BYTES, column_names=places, skip_rows=dialect.header_lines
            ),
            arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()), null_values=spellings, strings_can_be_null=True
            ),
        )
        for batch in reader:
            rows += batch.num_rows
            check_size(file, rows, len(places))
            batches.append(batch)
            progress(source.tell(), len(data))
    except MemoryError:
        raise
    except pa.ArrowException as error:
        why = _why(file, data, dialect)
        raise DatasetError(why or f"{file.shown} cannot be read as a table: look for a very long line.") from error
    if data.count(b'"') % 2 and "never closed" in (why := _why(file, data, dialect)):
        raise DatasetError(why)  # it would swallow the rest of the file
    if not rows:
        raise DatasetError(f"{file.shown} holds only the names of columns ({len(places):,}). Add rows below them.")
    return list(pa.Table.from_batches(batches).columns)


def _why(file: File, data: bytes, dialect: _Dialect) -> str:
    """What is wrong with a table that cannot be parsed: its first ragged line, or a quote that is never closed."""
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if row and len(row) != len(dialect.names) and reader.line_num > dialect.header_lines:
                cells = "1 cell" if len(row) == 1 else f"{len(row):,} cells"
                return (
                    f"{file.shown}: line {line:,} has {cells} instead of {len(dialect.names):,}. Correct it; a text "
                    "with a delimiter in it needs quotes."
                )
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            return f"{file.shown}: a quote in line {line:,} is never closed. Close it, or take it out."
        return f"{file.shown} cannot be read from line {line:,} on. Look for a stray quote, or a very long cell."
    return ""
