"""Points in the plane: tables of two columns, x and y, small enough to watch a model bend around them."""

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.tables.schema import TableSchema

POINTS = 2_000


def moons(seed: int = 0) -> Dataset:
    """Two crescents, each reaching into the other."""
    from sklearn.datasets import make_moons  # late, here and below: a second to import, and rarely needed

    points, labels = make_moons(POINTS, noise=0.06, random_state=seed)
    return _dataset("Two moons", points, labels, ("upper moon", "lower moon"))


def rings(seed: int = 0) -> Dataset:
    """A ring around a ring."""
    from sklearn.datasets import make_circles

    points, labels = make_circles(POINTS, noise=0.04, factor=0.45, random_state=seed)
    return _dataset("Two rings", points, labels, ("outer ring", "inner ring"))


def roll(seed: int = 0) -> Dataset:
    """The Swiss roll seen from its end (Marsland 2009): a spiral, cut into quarters of equally many points."""
    from sklearn.datasets import make_swiss_roll

    points, along = make_swiss_roll(POINTS, noise=0.25, random_state=seed)
    quarters = np.searchsorted(np.quantile(along, (0.25, 0.5, 0.75)), along)
    names = ("innermost quarter", "second quarter", "third quarter", "outermost quarter")
    return _dataset("Swiss roll", points[:, [0, 2]], quarters, names)


def blobs(seed: int = 0) -> Dataset:
    """Five round clouds, some tight and some loose."""
    from sklearn.datasets import make_blobs

    around = 2 * np.pi * np.arange(5) / 5
    centres = 4 * np.column_stack([np.sin(around), np.cos(around)])
    spreads = (0.4, 0.6, 0.8, 1.0, 1.2)
    points, labels = make_blobs(POINTS, centers=centres, cluster_std=spreads, random_state=seed)
    return _dataset("Five blobs", points, labels, tuple(f"blob {k + 1}" for k in range(5)))


def _dataset(name: str, points: np.ndarray, labels: np.ndarray, label_names: tuple[str, ...]) -> Dataset:
    columns = {"x": points[:, 0], "y": points[:, 1]}
    schema = TableSchema.fit(columns)
    return Dataset(name, schema.to_x(columns), schema, labels.astype(np.int32), label_names)
