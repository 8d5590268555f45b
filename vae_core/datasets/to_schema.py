"""A dataset that is there already, brought to what a model was trained on."""

from dataclasses import replace

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.pictures.prepare import prepare_array
from vae_core.datasets.schemas import AnySchema, ImageSchema
from vae_core.datasets.tables.schema import TableSchema
from vae_core.errors import DatasetError


def to_schema(dataset: Dataset, schema: AnySchema) -> Dataset:
    """The same examples as another schema wants them.

    Raises:
        DatasetError: if one is a table and the other holds pictures, or a column is missing.
    """
    if dataset.schema == schema:
        return dataset
    if isinstance(schema, ImageSchema) and isinstance(dataset.schema, ImageSchema):
        return _pictures(dataset, schema)
    if isinstance(schema, TableSchema) and isinstance(dataset.schema, TableSchema):
        x = schema.to_x(dataset.schema.to_original(dataset.x))
        return replace(dataset, x=x, schema=schema, known_id=None)
    found, wanted = ("pictures", "a table") if isinstance(dataset.schema, ImageSchema) else ("a table", "pictures")
    raise DatasetError(f"{dataset.name[:80]} holds {found}, and the model wants {wanted}. Choose another dataset.")


def _pictures(dataset: Dataset, schema: ImageSchema) -> Dataset:
    x = np.stack([prepare_array(pixels, schema) for pixels in dataset.x])
    colour = "" if schema.channels == dataset.x.shape[-1] else (" grey" if schema.channels == 1 else " colour")
    note = f"The pictures were fitted into {schema.side}×{schema.side}{colour} pixels."
    return replace(dataset, x=x, schema=schema, warnings=(*dataset.warnings, note), known_id=None)
