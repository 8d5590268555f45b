"""`dataset.json`: what a list shows of a stored dataset."""

from pathlib import Path

from pydantic import BaseModel

from vae_core.datasets import AnySchema, Dataset, Origin


class DatasetSummary(BaseModel):
    """`dataset.json`: all that a list needs, without opening the examples."""

    id: str
    name: str
    count: int
    schema_: AnySchema
    label_names: tuple[str, ...] = ()
    factor_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: Origin = Origin()
    upload: str | None = None
    created: float = 0.0
    """When it was stored, in seconds since 1970; 0 in what was stored before this was written down."""


def read_summary(home: Path) -> DatasetSummary:
    """`dataset.json` of a directory; OSError or ValueError where it cannot be read."""
    return DatasetSummary.model_validate_json((home / "dataset.json").read_bytes())


def summary(dataset: Dataset) -> DatasetSummary:
    """What a list shows of a dataset."""
    return DatasetSummary(
        id=dataset.id,
        name=dataset.name,
        count=len(dataset),
        schema_=dataset.schema,
        label_names=dataset.label_names,
        factor_names=dataset.factor_names,
        warnings=dataset.warnings,
        origin=dataset.origin,
    )
