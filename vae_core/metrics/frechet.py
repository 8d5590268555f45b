"""Fréchet distance of normals fitted to the features of real examples and of samples.

Dowson & Landau 1982, "The Fréchet distance between multivariate normal distributions"
(https://doi.org/10.1016/0047-259X(82)90077-X); of features first Heusel et al. 2017, "GANs Trained by a Two Time-Scale
Update Rule Converge to a Local Nash Equilibrium" (https://arxiv.org/abs/1706.08500), whose FID takes those of
Inception. Our features are others, so our values must never be set beside a published FID.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.draws import halves

MOST = 10_000
GROUPS = 20


@dataclass(frozen=True)
class FrechetDistance:
    """What was found, in squared units of the features.

    It sees means and covariances only: samples with the right ones and wrong shapes come out at 0. For finite numbers
    it is too high, the more so the more features there are to an example (Chong & Forsyth 2020,
    https://arxiv.org/abs/1911.07023): only what exceeds the floor speaks of the samples.

    Attributes:
        distance: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½).
        error: Its standard error over examples, by a jackknife of 20 groups; near the floor it is a little too high.
        floor: The same between real examples and other real ones, as many.
        count: Of examples on each side.
    """

    distance: float
    error: float
    floor: float
    count: int


def frechet_distance(real: np.ndarray, samples: np.ndarray, most: int = MOST, seed: int = 0) -> FrechetDistance:
    """Of real features [N, D] and samples' features [M, D].

    Args:
        real: Features of real examples: one half is compared with the samples, and for the floor with the other half.
        samples: Features of samples, from the same feature space.
        most: So many of each at most are drawn and compared.
        seed: Of that draw.

    Raises:
        MetricError: if there are fewer than 80 real examples or 40 samples, or numbers that are not finite.
    """
    real, other, samples = halves(real, samples, most, seed, least=2 * GROUPS)
    groups = np.arange(len(real)) % GROUPS
    without = np.array([frechet(real[groups != g], samples[groups != g]) for g in range(GROUPS)])
    error = float(np.sqrt((GROUPS - 1) / GROUPS * ((without - without.mean()) ** 2).sum()))
    return FrechetDistance(frechet(real, samples), error, frechet(real, other), len(real))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """The distance of the normals fitted to [N, D] and [M, D], all of them, without a floor."""
    return normals_distance(a.mean(0), _covariance(a), b.mean(0), _covariance(b))


def normals_distance(mean: np.ndarray, covariance: np.ndarray, other: np.ndarray, spread: np.ndarray) -> float:
    """The squared Fréchet distance of N(mean, covariance) and N(other, spread), [D] and [D, D]."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    # Σ₁ Σ₂ and Σ₁^½ Σ₂ Σ₁^½ have the same eigenvalues, and the second is symmetric
    middle = np.sqrt(np.linalg.eigvalsh(root @ spread @ root).clip(0)).sum()
    difference = mean - other
    distance = difference @ difference + np.trace(covariance) + np.trace(spread) - 2 * middle
    return max(float(distance), 0.0)


def _covariance(features: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(features.T))
