"""CSV and its relatives -> columns, whatever the delimiter, the encoding and the way of writing numbers."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from vae_core.datasets.file import File
from vae_core.datasets.limits import MAX_LINE_BYTES, MAX_TABLE_BYTES
from vae_core.datasets.tables.columns import MISSING, FoundColumn, RawTable, check_size, encoded, name_columns, typed
from vae_core.datasets.tables.dialect import DELIMITERS, Dialect, is_number, single_spaces, sniff
from vae_core.errors import DatasetError

_EXCEL_HINT = re.compile(r'\A"?sep=[,;\t|]"?(?=[\r\n])')
_BLANKS_BEFORE_QUOTE = re.compile(rb'(?<=[,;\t|]) +(?=")')
"""Only at the beginning of a cell a quote is one."""
_COMMENTS = re.compile(rb"(?:[ \t]*#[^\r\n]*+(?:\r\n|\r|\n)){1,100}+")
"""So many: what is looked at of a file to tell how it is written must reach beyond them."""
_DOS_END = "\x1a"
"""What old programs write behind the last line."""
_NOT_TABLES = re.compile(r"[<{\[]|%PDF|P[1-6]\s")
"""Markup, JSON, and the pictures that begin like text."""


def is_delimited(head: bytes) -> bool:
    """Whether a file with these first bytes holds rows of cells: text with delimiters, or lines of numbers."""
    text = _decoded(head)[0].rstrip(_DOS_END)
    if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text) or _NOT_TABLES.match(text.lstrip()):
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    numeric = [sum(map(is_number, line.split())) >= len(line.split()) / 2 for line in lines]
    return sum(numeric) > 1 or any(delimiter in line for line in lines for delimiter in ",;\t|")


def read_delimited(file: File, as_text: Collection[str] | None, progress: Callable[[int, int], None]) -> RawTable:
    """The columns of a text file; those of numbers as numbers, except the ones named in `as_text` (None: all).

    Raises:
        DatasetError: if it is no table, a line is ragged, or a limit is passed.
    """
    data, advice = _as_utf8(file)
    data = _without_comments(_BLANKS_BEFORE_QUOTE.sub(b"", data))
    dialect = sniff(file, data)
    if dialect.delimiter == " ":
        check_size(file, data.count(b"\n"), 1)
        data = single_spaces(data.splitlines())
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
    data = text.encode().rstrip(b" \r\n" + _DOS_END.encode())
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
        return codecs.getincrementaldecoder("utf-8")().decode(data).lstrip("\ufeff"), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _without_comments(data: bytes) -> bytes:
    """Lines that begin with # before the table made empty, but for the last one if it names the columns."""
    comments = _COMMENTS.match(data, 0, MAX_LINE_BYTES)
    if not comments:
        return data
    *others, last = comments[0].splitlines(keepends=True)
    start = comments.end()
    first_row = b"".join(data[start : start + MAX_LINE_BYTES].splitlines()[:1]).decode("utf-8", "replace").strip()
    title = last.decode("utf-8", "replace").strip().lstrip("# ")
    for delimiter in DELIMITERS:
        names, cells = title.split(delimiter), first_row.split(delimiter)
        if len(names) == len(cells) > 1 and any(is_number(cell.strip()) for cell in cells):
            return b"\n" * len(others) + last + data[start:]
    return b"\n" * (len(others) + 1) + data[start:]


def _parse(file: File, data: bytes, dialect: Dialect, progress: Callable[[int, int], None]) -> list[Any]:
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


def _why(file: File, data: bytes, dialect: Dialect) -> str:
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
