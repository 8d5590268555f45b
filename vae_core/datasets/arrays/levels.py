"""Numbers of any kind and range -> 8 bits: which of them is black and which is white."""

import math
from dataclasses import dataclass, field

import numpy as np

PIECE = 2**20
"""So many values are converted at a time."""
UNIT = 512.0
"""A power of two, so that nothing is rounded."""
TOLERANCE = 1e-3
"""So far may rounding have carried values out of 0 to 1 or −1 to 1."""
LEAST_WHITE = 2
"""Decimal numbers of 0 to less than this would be three shades at most if they were taken for 0 to 255."""
DARK = 8
"""Pictures are very dark when white is so many times their largest value."""
INDICES_TOLD = 5


@dataclass(frozen=True)
class Levels:
    """The values that become 0 and 255.

    Attributes:
        black: Becomes 0, as everything below.
        white: Becomes 255, as everything above.
        told: A sentence on it; empty where 8 bits stay what they are.
        advice: A sentence on what else might be meant; empty when nothing.
    """

    black: float
    white: float
    told: str = ""
    advice: str = ""

    def to_8_bits(self, values: np.ndarray) -> np.ndarray:
        """uint8 of the same shape, rounded to the nearest."""
        if values.dtype == np.uint8 and (self.black, self.white) == (0, 255):
            return values
        if values.dtype in (np.uint8, np.bool_) and (self.black, self.white) == (0, 1):
            return values * np.uint8(255)
        result = np.empty(values.size, dtype=np.uint8)
        flat = values.reshape(-1)
        for start in range(0, flat.size, PIECE):
            result[start : start + PIECE] = self._scaled(flat[start : start + PIECE])
        return result.reshape(values.shape)

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        """In units so large that no difference of two numbers, nor 255 times it, is more than a float64 holds."""
        black, white = self.black / UNIT, self.white / UNIT
        scaled = (values.astype(np.float64) / UNIT - black) * 255 / ((white - black) or 1)
        return np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)


@dataclass
class Extent:
    """Smallest and largest value of an array that passes by in chunks.

    Attributes:
        low: The smallest so far.
        high: The largest so far.
        examples: How many have passed.
        faulty: The first examples with values that are not numbers.
        faulty_count: How many there are in all.
    """

    low: float = math.inf
    high: float = -math.inf
    examples: int = 0
    faulty: list[int] = field(default_factory=list)
    faulty_count: int = 0

    def add(self, chunk: np.ndarray) -> None:
        """Take note of the examples [n, ...] that come next."""
        with np.errstate(invalid="ignore"):  # NaN is what is looked for, and some processors remark on it
            low, high = chunk.min().item(), chunk.max().item()
        if not (math.isfinite(low) and math.isfinite(high)):
            faulty = np.flatnonzero(~np.isfinite(chunk).reshape(len(chunk), -1).all(axis=1))
            self.faulty += (self.examples + faulty[: INDICES_TOLD - len(self.faulty)]).tolist()
            self.faulty_count += len(faulty)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.examples += len(chunk)

    @property
    def faults(self) -> str:
        """`3, 17, 20 and 4 more`; empty when there are none."""
        more = self.faulty_count - len(self.faulty)
        return ", ".join(str(k) for k in self.faulty) + (f" and {more:,} more" if more else "")


def choose_levels(dtype: np.dtype, low: float, high: float) -> Levels:
    """Black and white for values of one type from `low` to `high`."""
    if dtype.kind == "b":
        return Levels(0, 1)
    if dtype.kind == "f":
        return _decimal_levels(low, high)
    if low >= 0 and high == 1:
        return Levels(0, 1, "The values 0 and 1 became black and white.")
    if low >= 0 and high <= 255:
        return Levels(0, 255, advice=_darkness(high, 255))
    if dtype.kind == "u" and dtype.itemsize == 2:
        return Levels(0, 65535, "The 16-bit values were scaled from 0…65,535 to 0…255.", _darkness(high, 65535))
    return _stretched(low, high)


def _decimal_levels(low: float, high: float) -> Levels:
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return Levels(0, 1, "The values 0…1 were scaled to 0…255.")
    if low >= -1 - TOLERANCE and high <= 1 + TOLERANCE:
        return Levels(-1, 1, "The values −1…1 were scaled to 0…255.")
    if low >= 0 and LEAST_WHITE <= high <= 255:
        return Levels(0, 255, advice=_darkness(high, 255))
    return _stretched(low, high)


def _stretched(low: float, high: float) -> Levels:
    return Levels(low, high, f"The values {low:,.6g}…{high:,.6g} were scaled to 0…255.")


def _darkness(high: float, white: int) -> str:
    if not 0 < high * DARK <= white:
        return ""
    return f"Very dark: the largest value is {high:,.6g}, and white is {white:,}. Save them scaled if that was white."
