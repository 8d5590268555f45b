"""From what users bring to a `Dataset`: `read` for one file, `read_files` for several, `read_path` for a disk."""

from vae_core.datasets.dataset import Dataset, Origin, short_id
from vae_core.datasets.file import File, clean_name
from vae_core.datasets.gate import READERS, files_at, read, read_files, read_path
from vae_core.datasets.pictures.prepare import prepare, prepare_array, suggest
from vae_core.datasets.reading import QUIETLY, Reading
from vae_core.datasets.samples import SAMPLES
from vae_core.datasets.schemas import SIDES, AnySchema, ImageSchema, Preparation
from vae_core.datasets.tables.schema import CategoricalColumn, NumericColumn, TableChoices, TableSchema
from vae_core.datasets.to_schema import to_schema

__all__ = [
    "QUIETLY",
    "READERS",
    "SAMPLES",
    "SIDES",
    "AnySchema",
    "CategoricalColumn",
    "Dataset",
    "File",
    "ImageSchema",
    "NumericColumn",
    "Origin",
    "Preparation",
    "Reading",
    "TableChoices",
    "TableSchema",
    "clean_name",
    "files_at",
    "prepare",
    "prepare_array",
    "read",
    "read_files",
    "read_path",
    "short_id",
    "suggest",
    "to_schema",
]
