"""What the explorer fetches of a model and its dataset, as bytes. No Streamlit."""

import numpy as np

from vae_core.datasets import Dataset
from vae_core.latents.codes import Codes
from vae_core.latents.density import AggregatePosterior


def codes(codes: Codes, density: AggregatePosterior) -> bytes:
    """Means and stds, float32 [N, L] each, then int32 [N] labels, all little-endian."""
    labels = np.zeros(len(codes)) if codes.labels is None else codes.labels
    content = b"".join(part.astype("<f4").tobytes() for part in (codes.mean, density.std))
    return content + bytes(labels.astype("<i4").tobytes())


def points(dataset: Dataset) -> bytes:
    """x of a table of two numbers, float32 [N, 2], standardised."""
    return bytes(dataset.x.astype("<f4").tobytes())
