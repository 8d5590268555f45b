"""Stored datasets, and what is told of them."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import served, tables
from pages.ui.cache.owned import of_dataset
from pages.ui.language import later
from vae_core import oversight, stored_datasets, workspace
from vae_core.datasets import Dataset, TableSchema
from vae_core.datasets.pictures.inspection import Inspection
from vae_core.errors import DatasetError, NotFoundError
from vae_core.oversight import Workspace

COLUMNS_SHOWN = ROWS_SHOWN = 200
PACKING = 6
"""Of gzip: harder, and it takes twice as long for a hundredth of the size."""


@of_dataset(32)
def dataset(id: str) -> Dataset:
    """A stored dataset, memory-mapped."""
    return stored_datasets.load(id)


def dataset_or_none(id: str) -> Dataset | None:
    """A dataset if its pictures are in the workspace."""
    try:
        return dataset(id)
    except (NotFoundError, DatasetError):
        return None


def dataset_size(id: str) -> int | None:
    """How many examples a dataset has, if it is in the workspace."""
    found = dataset_or_none(id)
    return None if found is None else len(found)


@of_dataset(8)
def packed_thumbnails(id: str) -> bytes:
    """Its pictures as the explorer fetches them, gzipped.

    Raises:
        NotFoundError: if it is a table.
    """
    shown = dataset(id)
    if shown.schema.kind != "image":
        raise NotFoundError(later("A table has no pictures."))
    return gzip.compress(served.thumbnails(shown).tobytes(), PACKING, mtime=0)


@of_dataset(32)
def inspection(id: str) -> Inspection:
    """Duplicates, blank pictures and brightness of a dataset of pictures."""
    return stored_datasets.inspection(id)


@of_dataset(32)
def label_counts(id: str) -> list[int]:
    """How many examples every label has."""
    shown = dataset(id)
    return [] if shown.labels is None else np.bincount(shown.labels, minlength=len(shown.label_names)).tolist()


@of_dataset(8)
def column_summary(id: str) -> list[dict[str, Any]]:
    """A line for each of a table's first columns: what it holds, and how it is distributed."""
    shown = dataset(id)
    return tables.column_lines(shown.schema, shown.x, COLUMNS_SHOWN) if isinstance(shown.schema, TableSchema) else []


@of_dataset(8)
def first_rows(id: str) -> dict[str, np.ndarray]:
    """The first rows of a table in original units."""
    shown = dataset(id)
    return shown.schema.to_original(shown.x[:ROWS_SHOWN]) if isinstance(shown.schema, TableSchema) else {}


def workspace_size() -> int:
    """Bytes of all that the visitor has, counted every ten seconds at most."""
    return _size(str(workspace.root()))


@st.cache_resource(ttl=3, show_spinner=False)
def workspaces() -> list[Workspace]:
    """Of all visitors, for the teacher; looked up every three seconds at most."""
    return oversight.workspaces()


@st.cache_data(ttl=10, show_spinner=False)
def _size(folder: str) -> int:
    return workspace.size(Path(folder))
