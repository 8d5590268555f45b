"""What a model must know of the examples it is built for."""

from dataclasses import dataclass

from vae_core.datasets import AnySchema

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
