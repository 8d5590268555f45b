"""From ids to objects: the only cache. Every key is made of strings and small numbers, and of whose the thing is.

A model is asked for by id and version: a run's checkpoint is replaced after every epoch, and what a page has begun to
show must not change under it.
"""

from pages.ui.cache.computed import anomalies, measures
from pages.ui.cache.data import (
    COLUMNS_SHOWN,
    ROWS_SHOWN,
    column_summary,
    dataset,
    dataset_or_none,
    dataset_size,
    first_rows,
    inspection,
    label_counts,
    workspace_size,
    workspaces,
)
from pages.ui.cache.drawn import (
    IN_ORDER,
    SHEET_ROWS,
    SHUFFLED,
    contact_sheet,
    differences,
    film_sheet,
    reconstructions,
    reconstructions_by,
    sample_card,
    samples,
    sheet_columns,
)
from pages.ui.cache.models import (
    codes,
    decoder_file,
    encoder_file,
    film,
    film_version,
    layout,
    newest_film,
    newest_model,
    open_model,
    paths,
)

__all__ = [
    "COLUMNS_SHOWN",
    "IN_ORDER",
    "ROWS_SHOWN",
    "SHEET_ROWS",
    "SHUFFLED",
    "anomalies",
    "codes",
    "column_summary",
    "contact_sheet",
    "dataset",
    "dataset_or_none",
    "dataset_size",
    "decoder_file",
    "differences",
    "encoder_file",
    "film",
    "film_sheet",
    "film_version",
    "first_rows",
    "inspection",
    "label_counts",
    "layout",
    "measures",
    "newest_film",
    "newest_model",
    "open_model",
    "paths",
    "reconstructions",
    "reconstructions_by",
    "sample_card",
    "samples",
    "sheet_columns",
    "workspace_size",
    "workspaces",
]
