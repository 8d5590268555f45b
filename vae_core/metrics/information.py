"""Mutual information between cut codes and known factors, in nats.

Counted in a table (the plug-in estimate), without another library, so that none's version moves it. It is too large by
about (rows − 1) (columns − 1) / 2N (Miller 1955).
"""

import numpy as np

BINS = 20
"""Of equal width, as disentanglement_lib does (Locatello et al. 2019, https://arxiv.org/abs/1811.12359)."""


def bins(column: np.ndarray) -> np.ndarray:
    """Which of 20 bins of equal width each value [N] is in; all in one where they differ by rounding only."""
    if np.ptp(column) <= 1e-12 * np.abs(column).max():
        return np.zeros(len(column), dtype=np.int64)
    edges = np.histogram_bin_edges(column, BINS)
    return np.digitize(column, edges[1:-1])


def information_matrix(binned: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """I(dimension; factor) in nats [L, F] of cut codes [N, L] and factors int [N, F]."""
    return np.array([[information(z, v) for v in factors.T] for z in binned.T])


def information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of whole numbers [N]: H(a) + H(b) − H(a, b)."""
    table = _table(a, b)[2]
    return max(entropy(table.sum(1)) + entropy(table.sum(0)) - entropy(table), 0.0)


def pointwise_information(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log p(a, b) / (p(a) p(b)) of each example, in nats [N]: its mean is I(a; b)."""
    a, b, table = _table(a, b)
    return np.asarray(np.log(table[a, b] * len(a) / (table.sum(1)[a] * table.sum(0)[b])))


def entropy(counts: np.ndarray) -> float:
    """H in nats of a distribution given as counts of any shape."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def surprise(values: np.ndarray) -> np.ndarray:
    """−log p(value) of each example, in nats [N]: its mean is the entropy."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(-np.log(counts[place] / len(values)))


def _table(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of the values, and how often each pair occurs."""
    _, a = np.unique(a, return_inverse=True)
    _, b = np.unique(b, return_inverse=True)
    shape = int(a.max()) + 1, int(b.max()) + 1
    return a, b, np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape)
