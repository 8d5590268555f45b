"""A grid of generative factors: every combination of their classes once, numbered in order."""

from dataclasses import dataclass
from math import prod

import numpy as np


@dataclass(frozen=True)
class FactorGrid:
    """Factors in order; the last one changes fastest from one number to the next.

    Attributes:
        names: One name a factor.
        sizes: How many classes each factor has.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        """How many combinations there are."""
        return prod(self.sizes)

    def factors_of(self, index: np.ndarray) -> np.ndarray:
        """The classes int32 [n, F] of the combinations with these numbers [n].

        Raises:
            ValueError: if a number is negative or not below `len(self)`.
        """
        return np.stack(np.unravel_index(index, self.sizes), axis=-1).astype(np.int32)

    def index_of(self, factors: np.ndarray) -> np.ndarray:
        """The numbers int64 [n] of the combinations with these classes [n, F].

        Raises:
            ValueError: if a class is negative or not below its factor's size.
        """
        return np.ravel_multi_index(tuple(np.moveaxis(factors, -1, 0)), self.sizes)

    def sample(self, count: int, seed: int) -> np.ndarray:
        """The numbers int64 [count] of different combinations, drawn at random, in ascending order.

        Raises:
            ValueError: if there are fewer combinations than that.
        """
        return np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False))
