"""What a measure tells: numbers with their errors, and what they are to be held against."""

import math

from pydantic import BaseModel, ConfigDict

from vae_core.evaluation import NORMAL_QUANTILE


class Figure(BaseModel):
    """One number.

    Attributes:
        name: What it is, in a word or two.
        of: What was compared with what, where a measure has several; may be empty.
        value: The number.
        error: Its standard error; None where there is none to be had.
        interval: The 95 % interval, where it does not lie evenly about the number; else ± 1.96 errors.
        against: What it is to be held against: the same between real examples, or what chance gives.
        against_is: What that is.
        unit: May be empty.
        count: Of examples.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: float
    of: str = ""
    error: float | None = None
    interval: tuple[float, float] | None = None
    against: float | None = None
    against_is: str = ""
    unit: str = ""
    count: int = 0

    @property
    def told(self) -> str:
        """The number with its 95 % interval, to two digits of that."""
        if self.interval:
            low, high = self.interval
            digits = _digits((high - low) / 2)
            return f"{self.value:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})".replace("-", "−")
        if not self.error:
            return number(self.value)
        half = NORMAL_QUANTILE * self.error
        digits = _digits(half)
        return f"{self.value:,.{digits}f} ± {half:,.{digits}f}".replace("-", "−")

    @property
    def told_against(self) -> str:
        """What it is to be held against, in words; may be empty."""
        return "" if self.against is None else f"{number(self.against)} ({self.against_is})"


def _digits(half: float) -> int:
    """After the point, so that two digits of half an interval are told."""
    return max(1 - math.floor(math.log10(half)), 0)


def number(value: float) -> str:
    """Three digits, or whole thousands."""
    return (f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


class Found(BaseModel):
    """All that a measure found.

    Attributes:
        figures: The numbers.
        arrays: What can be drawn, by name.
        note: How it was measured, where that needs saying.
    """

    model_config = ConfigDict(frozen=True)

    figures: tuple[Figure, ...]
    arrays: dict[str, list] = {}
    note: str = ""
