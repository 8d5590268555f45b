"""What a case is: files that somebody might bring, and what must come of them."""

from collections.abc import Callable
from dataclasses import dataclass

NamedFile = tuple[str, bytes]


@dataclass(frozen=True)
class Refused:
    """Refused with a sentence.

    Attributes:
        says: A pattern found in it.
    """

    says: str = ""


@dataclass(frozen=True)
class Read:
    """Read as a dataset.

    Attributes:
        examples: How many.
        labels: How many label names, 0 for no labels; None where it does not matter.
        skipped: How many files were left out and counted.
        warns: A pattern found in one of the warnings.
    """

    examples: int
    labels: int | None = None
    skipped: int = 0
    warns: str = ""


@dataclass(frozen=True)
class Answered:
    """Read or refused, as may be: only the limits of time and memory count."""


Verdict = Refused | Read | Answered


@dataclass(frozen=True)
class Case:
    """Files, made when they are needed, and the verdict on them."""

    name: str
    files: Callable[[], list[NamedFile]]
    verdict: Verdict


def one(name: str, file: str, make: Callable[[], bytes], verdict: Verdict) -> Case:
    """A case of a single file."""
    return Case(name, lambda: [(file, make())], verdict)
