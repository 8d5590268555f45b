"""Precision and recall of samples, density and coverage: are they real, and is all that is real among them?

Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models"
(https://arxiv.org/abs/1904.06991); Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models"
(https://arxiv.org/abs/2002.09797). Around every example lies a ball as wide as the distance to its k-th nearest
neighbour on its own side; the balls together stand for where that side lies.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.distances import squared_distances
from vae_core.metrics.draws import alike

NEIGHBOURS = 3
MOST = 10_000
EQUAL = 1 + 1e-9
"""Distances that differ by less are the same: on a grid of values many are."""


@dataclass(frozen=True)
class PrecisionRecall:
    """What was found, in shares; a share of n examples is uncertain by at least √(p (1 − p) / n).

    One outlier's wide ball can make precision (if it is real) or recall (if it is a sample) too high; density and
    coverage have only balls of real examples and suffer less. A precision of .98 beside a recall of 0 is what blurred,
    “safe” pictures give: show both. All change with k, the number of examples and of dimensions: compare at the same.

    Attributes:
        precision: Samples in at least one real example's ball.
        recall: Real examples in at least one sample's ball.
        density: In how many of the real balls a sample lies, over k: 1 is expected of the real distribution itself,
            more of samples that lie only where the real ones are dense.
        coverage: Real examples whose ball holds a sample: 1 − 2^−k, 0.875 for k = 3, is expected of the real
            distribution itself, for many examples.
        neighbours: k.
        count: Of examples compared, on each side.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    neighbours: int
    count: int


def precision_recall(
    real: np.ndarray, samples: np.ndarray, neighbours: int = NEIGHBOURS, most: int = MOST, seed: int = 0
) -> PrecisionRecall:
    """Of real features [N, D] and samples' features [M, D].

    Args:
        real: Features of real examples, at best of none that the model was trained on.
        samples: Features of samples, from the same feature space.
        neighbours: k.
        most: So many of each at most are drawn and compared; time grows with the square.
        seed: Of that draw.

    Raises:
        MetricError: if there are no more than k examples on a side, or numbers that are not finite.
    """
    real, samples = alike(real, samples, most, seed, least=neighbours + 1)
    count = len(real)
    real_balls, sample_balls = (_squared_radii(side, neighbours) * EQUAL for side in (real, samples))
    recalled = covered = 0
    balls = np.zeros(count, dtype=np.int64)  # of real examples, around every sample
    for start, distances in squared_distances(real, samples):
        inside = distances <= real_balls[start : start + len(distances), None]
        balls += inside.sum(0)
        covered += int(inside.any(1).sum())
        recalled += int((distances <= sample_balls).any(1).sum())
    density = float(balls.sum()) / (neighbours * count)
    return PrecisionRecall(float((balls > 0).mean()), recalled / count, density, covered / count, neighbours, count)


def _squared_radii(points: np.ndarray, neighbours: int) -> np.ndarray:
    """Squared distance [N] to the k-th nearest of the other points."""
    radii = np.empty(len(points))
    for start, distances in squared_distances(points, points):
        rows = np.arange(len(distances))
        distances[rows, start + rows] = np.inf
        distances.partition(neighbours - 1, axis=1)
        radii[start + rows] = distances[:, neighbours - 1]
    return radii
