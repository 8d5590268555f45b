"""Samples of a model against real examples, as figures: from the prior and from a mixture fitted to the codes."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vae_core.errors import MetricError
from vae_core.evaluation import NORMAL_QUANTILE
from vae_core.metrics.figures import Figure, Found
from vae_core.metrics.frechet import frechet_distance
from vae_core.metrics.material import Material, Source, Space
from vae_core.metrics.mmd import maximum_mean_discrepancy
from vae_core.metrics.precision_recall import precision_recall
from vae_core.metrics.sliced_wasserstein import sliced_wasserstein
from vae_core.metrics.two_sample import two_sample_test

PAIRS = 4_000_000_000
FEWEST, MOST = 500, 5000
"""Where all are compared with all, time grows with the square of the examples, times a row's length."""
FLOOR, EXPECTED = "other real examples", "expected of the data's own distribution"
MOST_COLUMNS = 500


def neighbourhoods(material: Material) -> Found:
    """Precision and recall, density and coverage."""

    def measure(real: np.ndarray, samples: np.ndarray, of: str) -> Iterator[Figure]:
        found = precision_recall(real, samples, most=_most(real), seed=material.seed)
        chance = 1 - 2.0**-found.neighbours
        for name, value in (("Precision", found.precision), ("Recall", found.recall)):
            yield _share(name, of, value, found.count)
        yield Figure(name="Density", of=of, value=found.density, against=1.0, against_is=EXPECTED, count=found.count)
        yield _share("Coverage", of, found.coverage, found.count, against=chance, against_is=EXPECTED)

    return _everywhere(material, measure)


def two_samples(material: Material) -> Found:
    """How often an example's nearest neighbour is of its own side."""

    def measure(real: np.ndarray, samples: np.ndarray, of: str) -> Iterator[Figure]:
        found = two_sample_test(real, samples, most=_most(real) // 2, seed=material.seed)
        yield Figure(
            name="Told apart",
            of=of,
            value=found.accuracy,
            against=found.expected,
            against_is=f"by chance, ± {NORMAL_QUANTILE * found.error:.2g}",
            count=found.count,
        )

    return _everywhere(material, measure)


def wasserstein(material: Material) -> Found:
    """How far samples must be moved, seen along lines."""

    def measure(real: np.ndarray, samples: np.ndarray, of: str) -> Iterator[Figure]:
        found = sliced_wasserstein(real, samples, seed=material.seed)
        yield Figure(
            name="Distance",
            of=of,
            value=found.distance,
            against=found.floor,
            against_is=FLOOR,
            count=found.count,
        )

    return _everywhere(material, measure, has_floor=True)


def frechet(material: Material) -> Found:
    """The distance of normals fitted to features; not of pixels, which are too many."""
    columns = math.prod(material.part.x.shape[1:])
    if not material.is_image and columns > MOST_COLUMNS:
        raise MetricError(f"A covariance of {columns:,} columns takes too long; at most {MOST_COLUMNS} are compared.")

    def measure(real: np.ndarray, samples: np.ndarray, of: str) -> Iterator[Figure]:
        found = frechet_distance(real, samples, seed=material.seed)
        yield Figure(
            name="Distance",
            of=of,
            value=found.distance,
            error=found.error,
            against=found.floor,
            against_is=FLOOR,
            count=found.count,
        )

    return _everywhere(material, measure, without="pixels", has_floor=True)


def discrepancy(material: Material) -> Found:
    """MMD² in feature space."""

    def measure(real: np.ndarray, samples: np.ndarray, of: str) -> Iterator[Figure]:
        found = maximum_mean_discrepancy(real, samples, seed=material.seed)
        yield Figure(
            name="MMD²",
            of=of,
            value=found.squared,
            error=found.error,
            against=0.0,
            against_is="the same distribution",
            count=found.count,
        )

    return _everywhere(material, measure, without="pixels")


Measure = Callable[[np.ndarray, np.ndarray, str], Iterator[Figure]]


def _everywhere(material: Material, measure: Measure, without: Space | None = None, has_floor: bool = False) -> Found:
    """Figures of every source of samples in every space; what has a floor needs no other real examples for one."""
    figures: list[Figure] = []
    for space in material.spaces:
        if space == without:
            continue
        for source in material.sources:
            if source == "others" and has_floor:
                continue
            real, samples = material.features("real", space), material.features(source, space)
            figures += measure(real, samples, _told(source, space))
    return Found(figures=tuple(figures))


def _told(source: Source, space: Space) -> str:
    return f"{source}, {space}"


def _most(real: np.ndarray) -> int:
    return int(np.clip(np.sqrt(PAIRS / real.shape[1]), FEWEST, MOST))


def _share(name: str, of: str, value: float, count: int, **more: Any) -> Figure:
    low, high = interval = share_interval(value, count)
    error = (high - low) / 2 / NORMAL_QUANTILE
    return Figure(name=name, of=of, value=value, error=error, interval=interval, count=count, **more)


def share_interval(share: float, count: int) -> tuple[float, float]:
    """95 % of a share of so many examples, within 0 and 1, and not empty at either.

    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"
    (https://doi.org/10.1080/01621459.1927.10502953).
    """
    z = NORMAL_QUANTILE
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)
