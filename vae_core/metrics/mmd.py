"""Maximum mean discrepancy: the largest difference of means over smooth functions, of samples or of latents.

Gretton et al. 2012, "A Kernel Two-Sample Test" (https://jmlr.org/papers/v13/gretton12a.html), with the kernel
exp(−|a − b|² / 2 h²) and the unbiased estimate of MMD² (their equation 3).
"""

from dataclasses import dataclass

import numpy as np

from vae_core.latents.codes import Codes
from vae_core.metrics.distances import squared_distances
from vae_core.metrics.draws import alike

MOST = 2000
"""Of each side: the kernel matrix of both is 128 MB, and nothing larger is held."""
PERMUTATIONS = 499
AT_ONCE = 50
LEAST = 5


@dataclass(frozen=True)
class MaximumMeanDiscrepancy:
    """What was found.

    The kernel sees differences of about the bandwidth's size: the median distance is the size of the whole cloud, so
    fine structure, such as holes between clusters, counts for little, the less the more dimensions there are. Compare
    values at the same bandwidth only.

    Attributes:
        squared: MMD², 0 for the same distribution and at most 2; the estimate may come out below 0.
        error: Its standard error, at this bandwidth, from the variance of a U-statistic; near 0 it is up to a quarter
            too large, and there the p-value says more.
        p_value: How often labels dealt out anew give as large a value: exact for two sets of independent examples.
        bandwidth: h, in the features' units.
        count: Of examples on each side.
    """

    squared: float
    error: float
    p_value: float
    bandwidth: float
    count: int


def maximum_mean_discrepancy(
    real: np.ndarray, samples: np.ndarray, bandwidth: float | None = None, most: int = MOST, seed: int = 0
) -> MaximumMeanDiscrepancy:
    """Of real features [N, D] and samples' features [M, D].

    Args:
        real: Features of real examples.
        samples: Features of samples, from the same feature space.
        bandwidth: h; without one the median distance between two different of all points compared, which is the same
            for all ways of dealing out the labels.
        most: So many of each at most are drawn and compared; time and memory grow with the square.
        seed: Of the draw and of the permutations.

    Raises:
        MetricError: if there are fewer than five examples on a side, or numbers that are not finite.
    """
    real, samples = alike(real, samples, most, seed, least=LEAST)
    count = len(real)
    pooled = np.concatenate([real, samples])
    kernel = np.empty((2 * count, 2 * count))
    for start, distances in squared_distances(pooled, pooled):
        kernel[start : start + len(distances)] = distances
    bandwidth = bandwidth or _median_distance(kernel)
    kernel /= -2 * bandwidth**2
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    sides = np.repeat([1.0, -1.0], count)[:, None]
    squared = float(_estimates(kernel, sides)[0])
    generator = np.random.default_rng((seed, 1))
    null = [
        _estimates(kernel, generator.permuted(np.repeat(sides, min(AT_ONCE, PERMUTATIONS - done), axis=1), axis=0))
        for done in range(0, PERMUTATIONS, AT_ONCE)
    ]
    as_large = (np.concatenate(null) >= squared - 1e-12).sum()
    return MaximumMeanDiscrepancy(
        squared, _error(kernel), float((1 + as_large) / (1 + PERMUTATIONS)), float(bandwidth), count
    )


def mmd_to_prior(
    codes: Codes, bandwidth: float | None = None, most: int = MOST, seed: int = 0
) -> MaximumMeanDiscrepancy:
    """MMD of the aggregate posterior from the prior N(0, I): one draw of each posterior against fresh prior samples.

    An autoencoder's codes are taken as they are. Averages over all dimensions hide a single bad one: see
    `vae_core.metrics.aggregate`.

    Args:
        codes: Of the dataset.
        bandwidth: h; without one the median distance.
        most: So many of each at most.
        seed: Of the latents, of the prior samples and of all draws.
    """
    generator = np.random.default_rng((seed, 2))
    latents = codes.mean + codes.std * generator.standard_normal(codes.mean.shape)
    prior = generator.standard_normal((min(len(latents), most), latents.shape[1]))
    return maximum_mean_discrepancy(prior, latents, bandwidth, most, seed)


def _median_distance(squared: np.ndarray) -> float:
    """Of two different points, from all squared distances; 1 if all points are the same."""
    above = squared[:: max(len(squared) // 1000, 1)]  # of about 1,000 points to all others
    above = above[above > 0]
    return float(np.sqrt(np.median(above))) if above.size else 1.0


def _estimates(kernel: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """MMD² [R] for labels ±1 [2 n, R] dealt out R times; the kernel's diagonal is 0."""
    count = len(kernel) // 2
    total = kernel.sum()
    signed = (sides * (kernel @ sides)).sum(0)  # within − between
    return (total + signed) / (2 * count * (count - 1)) - (total - signed) / (2 * count**2)


def _error(kernel: np.ndarray) -> float:
    """Standard error of MMD² as a U-statistic of pairs (Hoeffding 1948, https://doi.org/10.1214/aoms/1177730196).

    With h_ij = k(x_i, x_j) + k(y_i, y_j) − k(x_i, y_j) − k(x_j, y_i) its variance is
    2 / (n (n − 1)) · (2 (n − 2) ζ₁ + ζ₂), ζ₂ the variance of h_ij and ζ₁ that of its mean over j. The means over the
    n − 1 others have a variance of (n − 2) / (n − 1)² · ((n − 4) ζ₁ + ζ₂), from which ζ₁ follows. Unlike the jackknife
    this holds where the distributions are the same, too, but for ζ₁, which is then cut off at 0.
    """
    n = len(kernel) // 2
    between = kernel[:n, n:]
    pairs = kernel[:n, :n] + kernel[n:, n:]
    pairs -= between
    pairs -= between.T
    np.fill_diagonal(pairs, 0)
    mean = pairs.sum() / (n * (n - 1))
    second = (pairs**2).sum() / (n * (n - 1)) - mean**2  # ζ₂
    means = pairs.sum(1) / (n - 1)
    first = max((means.var(ddof=1) * (n - 1) ** 2 / (n - 2) - second) / (n - 4), 0.0)  # ζ₁
    return float(np.sqrt(2 / (n * (n - 1)) * (2 * (n - 2) * first + second)))
