"""Mutual information gap: does each known factor live in one latent dimension?

Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders"
(https://arxiv.org/abs/1802.04942), §4. Computed on the mean code cut into 20 bins of equal width, as
disentanglement_lib does (Locatello et al. 2019, https://arxiv.org/abs/1811.12359); the mutual information is our own,
so that no other library's version moves it. On the mean code collapsed dimensions can leak: say which were taken.
"""

from dataclasses import dataclass

import numpy as np

BINS = 20


@dataclass(frozen=True, eq=False)
class MutualInformationGap:
    """What was found.

    Attributes:
        score: The mean gap over the factors, 0 to 1.
        gaps: float64 [F]: (largest − second largest mutual information) / entropy of the factor.
        information: float64 [L, F] in nats.
    """

    score: float
    gaps: np.ndarray
    information: np.ndarray


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray) -> MutualInformationGap:
    """MIG of codes [N, L] for factors int [N, F]; a factor that does not vary is left out of the mean.

    With a single latent dimension the second largest is 0.
    """
    binned = np.stack([_bins(column) for column in codes.T], axis=1)
    information = np.array([[_information(z, v) for v in factors.T] for z in binned.T])  # [L, F]
    entropy = np.array([_entropy(np.unique(v, return_counts=True)[1]) for v in factors.T])
    ordered = np.sort(np.vstack([information, np.zeros((1, factors.shape[1]))]), axis=0)
    varies = entropy > 0
    gaps = np.zeros(factors.shape[1])
    gaps[varies] = (ordered[-1] - ordered[-2])[varies] / entropy[varies]
    return MutualInformationGap(float(gaps[varies].mean()) if varies.any() else 0.0, gaps, information)


def _bins(column: np.ndarray) -> np.ndarray:
    """Which of 20 bins of equal width each value is in."""
    edges = np.histogram_bin_edges(column, BINS)
    return np.digitize(column, edges[1:-1])


def _information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of whole numbers [N]: H(a) + H(b) − H(a, b)."""
    _, a = np.unique(a, return_inverse=True)
    _, b = np.unique(b, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    return max(_entropy(table.sum(1)) + _entropy(table.sum(0)) - _entropy(table), 0.0)


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
