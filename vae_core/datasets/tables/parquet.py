"""Parquet -> columns: the metadata is judged before any data is read."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Any

from vae_core.datasets.file import File, shown_name
from vae_core.datasets.limits import (
    MAX_DECIMAL_BYTES,
    MAX_FOOTER_BYTES,
    MAX_PARQUET_BYTES,
    MAX_ROW_GROUPS,
    MAX_TABLE_BYTES,
)
from vae_core.datasets.tables.columns import (
    FoundColumn,
    RawTable,
    check_size,
    encoded,
    is_string,
    name_columns,
    to_numbers,
    typed,
)
from vae_core.errors import DatasetError

MAGIC = b"PAR1"
UNFOLDING = re.compile(r"DictAccumulator for (Delta\w*)Decoder")
"""How arrow refuses to read as a dictionary what is packed as DELTA_BYTE_ARRAY or DELTA_LENGTH_BYTE_ARRAY."""
INDEX_OF_PANDAS = re.compile(r"__index_level_\d+__")


def is_parquet(head: bytes) -> bool:
    """Whether a file with these first bytes is Parquet."""
    return head.startswith(MAGIC)


def read_parquet(file: File, as_text: Collection[str]) -> RawTable:
    """The columns of a Parquet file; texts that are numbers as numbers, except the columns named in `as_text`.

    Raises:
        DatasetError: if the file is damaged, or its metadata announces more than the limits.
    """
    if file.size > MAX_TABLE_BYTES:
        raise DatasetError(f"{file.shown} is larger than {MAX_TABLE_BYTES // 2**20} MB. Give a part of its rows.")
    data = file.read(MAX_TABLE_BYTES)
    damaged = f"{file.shown} begins like Parquet but is damaged. Write it anew, or save the table as CSV."
    footer = int.from_bytes(data[-8:-4], "little")
    if MAX_FOOTER_BYTES < footer < len(data):
        raise DatasetError(f"{file.shown} has {footer // 2**20} MB of metadata, which is too much. Write it without.")
    try:
        return _read(file, data, as_text)
    except (DatasetError, MemoryError):
        raise
    except Exception as error:  # arrow raises nearly anything on damaged files
        raise DatasetError(damaged) from error


def _read(file: File, data: bytes, as_text: Collection[str]) -> RawTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = pa.BufferReader(data)
    metadata = pq.read_metadata(source)
    _check(file, metadata)
    fields = list(metadata.schema.to_arrow_schema())
    places = _places(metadata.schema, fields)
    kinds = {place: _kind(f.type) for f, place in zip(fields, places, strict=True) if isinstance(place, int)}
    table, packed = _unpacked(source, kinds)
    reasons = [place if isinstance(place, str) else packed.get(place, "") for place in places]
    left_out = [(shown_name(f.name), why) for f, why in zip(fields, reasons, strict=True) if why]
    pairs = [(f.name, column) for f, column in zip(table.schema, table.columns, strict=True) if _kind(f.type)]
    pairs.sort(key=lambda pair: not INDEX_OF_PANDAS.fullmatch(pair[0]))  # written last, but it comes first

    def convert(name: str, column: Any) -> FoundColumn:
        kind = _kind(column.type)
        if kind == "number":
            return to_numbers(column)
        if kind == "date":
            return encoded(_dates(column))
        if kind != "text":
            return encoded(column.cast(pa.string()))
        return encoded(column) if name in as_text else typed(column)

    names = [INDEX_OF_PANDAS.sub("", name) for name, _ in pairs]
    columns = [column for _, column in pairs]
    del table, pairs
    return name_columns(file, names, columns, convert)._replace(left_out=tuple(left_out))


def _places(schema: Any, fields: list[Any]) -> list[int | str]:
    """Of each field the number of its column, or why it is not read.

    By number, since names may be there twice. The schema alone is asked: a damaged footer ends the process when
    pyarrow is asked for a column of a row group, whose figures arrow checks without a way to tell.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    for k in range(len(schema)):
        if schema.column(k).path == schema.column(k).name:  # not within a structure
            found[schema.column(k).name].append(k)
    fields_named = Counter(field.name for field in fields)
    numbers = {name: iter(ks) for name, ks in found.items() if len(ks) == fields_named[name]}
    places: list[int | str] = []
    for field in fields:
        place = next(numbers.get(field.name, iter(())), None)
        if not _kind(field.type):
            places.append(f"of the type {str(field.type)[:40]}")
        elif place is None:
            places.append("named like a structure")
        elif _is_long(schema.column(place), field):
            places.append(f"packed as {schema.column(place).physical_type}")
        else:
            places.append(place)
    return places


def _is_long(column: Any, field: Any) -> bool:
    """Whether a value, other than a text, may have any length: a short dictionary of it unfolds to gigabytes."""
    return column.length > MAX_DECIMAL_BYTES or (column.physical_type == "BYTE_ARRAY" and _kind(field.type) != "text")


def _unpacked(source: Any, kinds: dict[int, str]) -> tuple[Any, dict[int, str]]:
    """The columns of these numbers, but for the texts that could not be read, and how those are packed.

    Texts are read as dictionaries, which keep one copy of what a million rows have. Arrow cannot do so, and says it
    before it unpacks anything, where they are packed as DELTA_BYTE_ARRAY: there a few bytes may unfold to gigabytes.
    Whatever the metadata say, it is the pages that decide.
    """
    import pyarrow.parquet as pq

    texts = [k for k, kind in kinds.items() if kind == "text"]
    reader = pq.ParquetFile(source, read_dictionary=texts).reader
    try:
        return reader.read_all(column_indices=[*kinds], use_threads=False), {}
    except OSError as error:
        if not UNFOLDING.search(str(error)):
            raise
    packed = {k: how for k in texts if (how := _packing(reader, k))}
    return reader.read_all(column_indices=[k for k in kinds if k not in packed], use_threads=False), packed


def _packing(reader: Any, number: int) -> str:
    """How this column of texts is packed, if it cannot be read for that; otherwise ""."""
    try:
        reader.read_all(column_indices=[number], use_threads=False)
    except OSError as error:
        found = UNFOLDING.search(str(error))
        if not found:
            raise
        return "packed as " + re.sub("(?<=[a-z])(?=[A-Z])", "_", found[1]).upper()
    return ""


def _dates(column: Any) -> Any:
    """As text, to the second, and null where a date is beyond all years."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", column.type.tz), safe=False)
    try:
        texts = column.cast(pa.string())
    except pa.ArrowInvalid:  # a time zone that this machine does not know
        texts = column.cast(pa.timestamp("s")).cast(pa.string())
    return pc.if_else(pc.starts_with(texts, "<"), pa.scalar(None, pa.string()), texts)


def _check(file: File, metadata: Any) -> None:
    """Refuses by what the metadata announces: nothing has been read or allocated so far."""
    rows, columns, groups = metadata.num_rows, metadata.num_columns, metadata.num_row_groups
    check_size(file, rows, columns)
    if rows < 1:
        raise DatasetError(f"{file.shown} has columns but no rows. Write it again with its rows.")
    if groups > MAX_ROW_GROUPS:
        raise DatasetError(f"{file.shown} is cut into {groups:,} row groups. Write it anew with fewer, larger ones.")
    parts = [metadata.row_group(k) for k in range(groups)]
    if sum(part.num_rows for part in parts) != rows:
        raise DatasetError(f"{file.shown} contradicts itself about its number of rows: it is damaged. Write it anew.")
    unpacked = sum(max(part.total_byte_size, 0) for part in parts)
    if unpacked > MAX_PARQUET_BYTES:
        raise DatasetError(
            f"{file.shown} unpacks to {unpacked / 2**20:,.0f} MB; at most {MAX_PARQUET_BYTES // 2**20} MB are read. "
            "Leave out long texts, or give a part of its rows."
        )


def _kind(type: Any) -> str:
    """ "number", "bool", "date", "text", or "" for what is not read: lists, structures, binary data."""
    from pyarrow import types

    if types.is_dictionary(type):
        type = type.value_type
    if types.is_integer(type) or types.is_floating(type) or types.is_decimal(type) or types.is_null(type):
        return "number"
    if types.is_date(type) or types.is_timestamp(type) or types.is_time(type):
        return "date"
    if types.is_boolean(type):
        return "bool"
    return "text" if is_string(type) else ""
