"""Real handwritten digits, small enough for a first try."""

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.schemas import ImageSchema


def digits() -> Dataset:
    """1,797 real handwritten digits, 8×8 (Alpaydin & Kaynak 1998, https://doi.org/10.24432/C50P49)."""
    from sklearn.datasets import load_digits  # late: a second to import, and rarely needed

    bunch = load_digits()
    x = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    labels = bunch.target.astype(np.int32)
    return Dataset("Digits 8×8", x, ImageSchema(side=8, channels=1), labels, tuple("0123456789"))
