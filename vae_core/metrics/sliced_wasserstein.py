"""Sliced Wasserstein distance: how far samples must be moved to lie as the real examples do, seen along lines.

Rabin et al. 2012, "Wasserstein Barycenter and Its Application to Texture Mixing"
(https://doi.org/10.1007/978-3-642-24785-9_37); Bonneel et al. 2015, "Sliced and Radon Wasserstein Barycenters of
Measures" (https://doi.org/10.1007/s10851-014-0506-3). Along a line the best way is in order, so sorting is all.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.draws import halves

DIRECTIONS = 200
MOST = 10_000
AT_ONCE = 16
"""So many directions at once: two parts of 10,000 examples are then 2.6 MB."""


@dataclass(frozen=True)
class SlicedWasserstein:
    """What was found, in the features' units.

    Finite numbers of examples always differ: only what exceeds the floor speaks of the samples. Random lines see all
    directions alike: where D is large and the difference lies in few directions, it is diluted by √D, and marginals
    along lines are nearly normal whatever the joint distribution is.

    Attributes:
        distance: Of order 2: the root of the mean over directions of the squared distance along each.
        error: Its Monte Carlo standard error over directions; not over examples, for which look at the floor.
        floor: The same between real examples and other real ones, as many and along the same lines.
        directions: How many lines.
        count: Of examples on each side.
    """

    distance: float
    error: float
    floor: float
    directions: int
    count: int


def sliced_wasserstein(
    real: np.ndarray, samples: np.ndarray, directions: int = DIRECTIONS, most: int = MOST, seed: int = 0
) -> SlicedWasserstein:
    """Of real features [N, D] and samples' features [M, D].

    Args:
        real: Features of real examples: one half is compared with the samples, and for the floor with the other half.
        samples: Features of samples, from the same feature space.
        directions: So many random lines.
        most: So many of each at most are drawn and compared.
        seed: Of the draw and of the lines.

    Raises:
        MetricError: if there are fewer than four real examples or two samples, or numbers that are not finite.
    """
    real, other, samples = halves(real, samples, most, seed)
    normal = np.random.default_rng((seed, 1)).standard_normal((directions, real.shape[1]))
    lines = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    squared, floor = np.empty(directions), np.empty(directions)
    for start in range(0, directions, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        along, along_other, along_samples = (np.sort(lines[part] @ side.T) for side in (real, other, samples))
        squared[part] = ((along - along_samples) ** 2).mean(1)
        floor[part] = ((along - along_other) ** 2).mean(1)
    distance = float(np.sqrt(squared.mean()))
    error = float(squared.std(ddof=1) / np.sqrt(directions)) if directions > 1 else 0.0
    return SlicedWasserstein(
        distance,
        error / (2 * distance) if distance else 0.0,  # the root's slope: d√s = ds / 2√s
        float(np.sqrt(floor.mean())),
        directions,
        len(real),
    )
