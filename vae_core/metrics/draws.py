"""What is compared with what: as many examples of each side, drawn without repetition.

Every measure here depends on the number of examples, and some samplers return their samples in order (a mixture's by
its components): so both sides are drawn, alike in number, and never cut off at an end.
"""

import numpy as np

from vae_core.errors import MetricError


def drawn(rows: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """So many rows of [N, D], in a random order, as float64."""
    return rows[generator.permutation(len(rows))[:count]].astype(np.float64)


def alike(real: np.ndarray, samples: np.ndarray, most: int, seed: int, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """As many rows of the real [N, D] as of the samples [M, D], at most `most` of each.

    Raises:
        MetricError: if one side has fewer than `least` rows, or a number is not finite.
    """
    generator = np.random.default_rng(seed)
    count = _count((len(real), len(samples)), most, least)
    parts = drawn(real, count, generator), drawn(samples, count, generator)
    _check_finite(parts)
    return parts


def halves(
    real: np.ndarray, samples: np.ndarray, most: int, seed: int, least: int = 2
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two parts of the real [N, D] without a common row, and samples: as many rows of each, at most `most`.

    One part against the samples is the measure, one against the other its floor: of the same size, so that they can
    be compared.

    Raises:
        MetricError: if one would have fewer than `least` rows, or a number is not finite.
    """
    generator = np.random.default_rng(seed)
    count = _count((len(real) // 2, len(samples)), most, least)
    both = drawn(real, 2 * count, generator)
    parts = both[:count], both[count:], drawn(samples, count, generator)
    _check_finite(parts)
    return parts


def _count(sizes: tuple[int, ...], most: int, least: int) -> int:
    count = min(*sizes, most)
    if count < least:
        raise MetricError(f"There are {count} examples to compare on a side, and at least {least} are needed.")
    return count


def _check_finite(parts: tuple[np.ndarray, ...]) -> None:
    if not all(np.isfinite(part).all() for part in parts):
        raise MetricError("Some numbers to compare are not finite. Train the model again.")
