"""What the pictures are called: by their folders, or by a table that came with them."""

from collections.abc import Mapping, Sequence
from itertools import islice, takewhile

from vae_core.datasets.file import File, clean_name, shown_name
from vae_core.datasets.labels import NO_FOLDER, NO_LABEL, Labels, number_labels
from vae_core.datasets.tables.delimited import read_delimited

LABEL_COLUMNS = ("label", "labels", "class", "target", "category", "y")
MOST_COLUMNS = 100
"""So many columns are searched for the names of the files."""
LEAST_MATCHES = 0.5
"""A table labels the pictures if it names at least this share of them."""


def folder_labels(paths: Sequence[str]) -> Labels:
    """Labels from the folders of the paths, less what all of them share.

    Returns:
        (int32 [N], names), or (None, ()) when all files lie in one folder.
    """
    folders = [path.replace("\\", "/").rpartition("/")[0] for path in paths]
    parts = {folder: tuple(part for part in folder.split("/") if part not in ("", ".")) for folder in set(folders)}
    outermost = zip(min(parts.values()), max(parts.values()), strict=False)  # all others lie between these two
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], outermost)))
    names = {folder: "/".join(part[shared:]) or NO_FOLDER for folder, part in parts.items()}
    return as_labels([names[folder] for folder in folders])


def as_labels(values: Sequence[str]) -> Labels:
    """int32 [N] and the names in order; none when all values are the same."""
    clean = {value: clean_name(value) for value in set(values)}
    if len(set(clean.values())) < 2:
        return None, ()
    return number_labels([clean[value] for value in values])


def text_columns(table: File) -> dict[str, list[str]]:
    """A CSV or TSV as text, its missing values empty.

    Raises:
        DatasetError: if it is no table.
    """
    columns = read_delimited(table, None, lambda done, count: None).columns
    return {name: [value or "" for value in column.to_pylist()] for name, column in columns.items()}


def table_labels(paths: Sequence[str], columns: Mapping[str, Sequence[str]]) -> tuple[Labels, str] | None:
    """Labels from a table one column of which names the pictures, by path, file name or stem.

    Args:
        paths: Of the pictures.
        columns: The table as text.

    Returns:
        The labels and a sentence on where they are from; None if the table does not name the pictures.
    """
    for key, least in ((str, LEAST_MATCHES), (_file_name, LEAST_MATCHES), (_stem, 1.0)):  # a stem may be any number
        keys = [key(path) for path in paths]
        for file_column, cells in islice(columns.items(), MOST_COLUMNS):
            row = {key(cell.strip().replace("\\", "/")): k for k, cell in reversed(list(enumerate(cells)))}
            matched = sum(k in row for k in keys)
            if matched < max(least * len(keys), 1):
                continue
            label_column = _label_column(columns, file_column, len(cells))
            if label_column is None:
                continue
            values = columns[label_column]
            labels = as_labels([values[row[k]].strip() or NO_LABEL if k in row else NO_LABEL for k in keys])
            if labels[0] is not None:
                return labels, _told(file_column, label_column, matched, len(keys))
    return None


def _told(file_column: str, label_column: str, matched: int, count: int) -> str:
    unnamed = "" if matched == count else f" {count - matched:,} pictures are not in it and have no label."
    return (
        f"Labels are from column “{shown_name(label_column)}” of the table that came with the pictures; its column "
        f"“{shown_name(file_column)}” names the files.{unnamed}"
    )


def _label_column(columns: Mapping[str, Sequence[str]], file_column: str, rows: int) -> str | None:
    """The one called so; else the only other one; else the first whose values repeat."""
    others = [name for name in columns if name != file_column]
    for wanted in LABEL_COLUMNS:
        for name in others:
            if name.strip().lower() == wanted:
                return name
    if len(others) == 1:
        return others[0]
    return next((name for name in others if 2 <= len(set(columns[name])) <= max(rows // 2, 2)), None)


def _file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _stem(path: str) -> str:
    name = _file_name(path)  # as PurePath.stem, which takes ten times as long for every cell of a table
    end = name.rfind(".")
    return name[:end] if 0 < end < len(name) - 1 else name
