"""Squared Euclidean distances between many points, a part at a time."""

from collections.abc import Iterator

import numpy as np

CELLS = 2**21
"""So many distances at once: 16 MB."""
ROUNDING = 1e-13
"""Below this share of the lengths' squares a squared distance is rounding: the points are the same."""


def squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """(start, squared distances float64 [n, M]) of the rows a[start : start + n] of [N, D] to all of b [M, D].

    Written out as |a|² + |b|² − 2 a·b, a matrix product, about the mean of b, so that little cancels. Points that are
    the same are at a distance of exactly 0: with copies among the samples, that decides.
    """
    centre = b.mean(0)
    a, b = a - centre, b - centre
    a_lengths, b_lengths = (a**2).sum(1), (b**2).sum(1)
    doubled = -2 * b.T
    size = max(CELLS // len(b), 1)
    for start in range(0, len(a), size):
        part = slice(start, start + size)
        lengths = a_lengths[part, None] + b_lengths
        found = a[part] @ doubled
        found += lengths
        lengths *= ROUNDING
        found[found < lengths] = 0
        yield start, found
