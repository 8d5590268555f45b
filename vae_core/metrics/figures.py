"""What a measure tells: numbers with their errors, and what they are to be held against."""

from pydantic import BaseModel, ConfigDict


class Figure(BaseModel):
    """One number.

    Attributes:
        name: What it is, in a word or two.
        of: What was compared with what, where a measure has several; may be empty.
        value: The number.
        error: Its standard error; None where there is none to be had.
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
    against: float | None = None
    against_is: str = ""
    unit: str = ""
    count: int = 0


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
