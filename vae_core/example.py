"""What a model must know of the examples it is built for."""

from dataclasses import dataclass, replace

import numpy as np

from vae_core.datasets import AnySchema, Dataset, to_schema
from vae_core.errors import DatasetError

Shape = tuple[int, ...]
"""Of one example: (C, H, W) of a picture, (D,) of a row of a table."""


@dataclass(frozen=True)
class ExampleSpec:
    """The examples' form.

    Attributes:
        shape: Of one example, x[0].
        labels: How many different labels there are; 0 where there are none.
        names: (start, stop) of the entries of a row that are one column of names, one-hot.
    """

    shape: Shape
    labels: int = 0
    names: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, schema: AnySchema, labels: int = 0) -> "ExampleSpec":
        """The form of the examples of a dataset with this schema and so many labels."""
        if schema.kind == "image":
            return cls(schema.shape, labels)
        names, start = [], 0
        for column in schema.columns:
            stop = start + len(column.features)
            if column.kind == "categorical":
                names.append((start, stop))
            start = stop
        return cls(schema.shape, labels, tuple(names))


def as_learnt(dataset: Dataset, schema: AnySchema, label_names: tuple[str, ...], conditional: bool) -> Dataset:
    """A dataset as a model wants it: its schema, and for a conditional model its labels by their names.

    Raises:
        DatasetError: if it cannot be brought to the schema, or has labels that were not learnt, or none.
    """
    prepared = to_schema(dataset, schema)
    if not conditional or prepared.label_names == label_names:
        return prepared
    if prepared.labels is None:
        raise DatasetError(f"{dataset.name[:80]} has no labels, and this model is conditional. Give data with labels.")
    unknown = [name for name in prepared.label_names if name not in label_names]
    if unknown:
        raise DatasetError(f"The label “{unknown[0][:60]}” was not learnt by this model. Leave such examples out.")
    places = np.array([label_names.index(name) for name in prepared.label_names], dtype=np.int32)
    return replace(prepared, labels=places[prepared.labels], label_names=label_names, known_id=None)
