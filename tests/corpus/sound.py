"""What training relies on in a dataset, whatever it was read from."""

import numpy as np

from vae_core.datasets import Dataset


def is_sound(dataset: Dataset) -> bool:
    """Examples of the type and shape that its schema says, all finite, each with a label that has a name."""
    x, labels = dataset.x, dataset.labels
    shape = dataset.schema.shape if x.ndim == 2 else (*dataset.schema.shape[1:], dataset.schema.shape[0])
    return (
        len(dataset) == len(x) > 0
        and x.dtype == (np.float32 if x.ndim == 2 else np.uint8)
        and x.shape[1:] == shape
        and bool(np.isfinite(x).all())
        and len(dataset.names) in (0, len(x))
        and (dataset.label_names == () if labels is None else _are_sound(labels, len(x), len(dataset.label_names)))
    )


def _are_sound(labels: np.ndarray, examples: int, names: int) -> bool:
    return labels.shape == (examples,) and 0 <= labels.min() <= labels.max() < names
