"""A table in a file -> `Dataset`: CSV and its relatives, or Parquet; a long list of ratings may be pivoted first."""

from collections.abc import Collection

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.file import File
from vae_core.datasets.reading import Reading
from vae_core.datasets.tables.columns import RawTable
from vae_core.datasets.tables.delimited import is_delimited, read_delimited
from vae_core.datasets.tables.encode import encode_table
from vae_core.datasets.tables.parquet import is_parquet, read_parquet
from vae_core.datasets.tables.ratings import is_long_list, pivot
from vae_core.datasets.tables.schema import TableChoices, TableSchema


def looks_like_table(head: bytes) -> bool:
    """Whether a file with these first bytes is Parquet or delimited text."""
    return is_parquet(head) or is_delimited(head)


def read_table(file: File, schema: TableSchema | TableChoices | None, reading: Reading) -> Dataset:
    """float32 [N, D] of a table.

    Args:
        file: CSV, TSV or Parquet.
        schema: Of a trained model, or the user's choices, or None.
        reading: Where the rows go and who is told.

    Raises:
        DatasetError: if the file is damaged or too large, lacks a column that a model learnt, or nothing is left.
    """
    schema = schema or TableChoices()
    if isinstance(schema, TableSchema):
        learnt = {column.name: column for column in schema.columns}
        raw = _columns(file, [name for name, column in learnt.items() if column.kind == "categorical"], reading)
        if schema.choices.pivot and not raw.columns.keys() >= learnt.keys():
            raw = _pivoted(file, raw, tuple(learnt))
    else:
        raw = _columns(file, schema.categorical, reading)
        if schema.pivot:
            raw = _pivoted(file, raw, ())
            schema = schema.model_copy(update={"missing": schema.missing or "zero"})
        elif is_long_list(raw.columns):
            raw = raw._replace(advice=(*raw.advice, _on_ratings(raw)))
    return encode_table(file, raw, schema, reading)[0]


def _columns(file: File, as_text: Collection[str], reading: Reading) -> RawTable:
    raw = read_parquet(file, as_text) if is_parquet(file.head()) else read_delimited(file, as_text, reading.progress)
    reading.progress(file.size, file.size)
    return raw


def _pivoted(file: File, raw: RawTable, wanted: tuple[str, ...]) -> RawTable:
    columns, told = pivot(file, raw.columns, wanted)
    return raw._replace(columns=columns, advice=(*raw.advice, told))


def _on_ratings(raw: RawTable) -> str:
    user, item, rating, *_ = raw.columns
    return (
        f"This looks like a long list of ratings. Pivot it to learn the “{rating}” of all items together: one row for "
        f"each “{user}”, one column for each “{item}”."
    )
