"""Labels as numbers and names, wherever they are from: folders, columns, arrays."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from vae_core.datasets.file import LONGEST_NAME, shown_name

NO_FOLDER = "(no folder)"
"""Label of pictures that lie beside the folders."""
NO_LABEL = "(no label)"
"""Label of what has none."""
_DIGITS = re.compile("([0-9]+)")

Labels = tuple[np.ndarray | None, tuple[str, ...]]
"""int32 [N], an index into the names, and the names; None and no names where there are no labels."""


def number_labels(texts: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """int32 [N] and the different texts in order, as they may be shown."""
    names = sorted_names(set(texts))
    index = {name: k for k, name in enumerate(names)}
    return np.array([index[text] for text in texts], dtype=np.int32), _shown(names)


def _shown(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, no longer than is shown; what would make two of them one gets a number in front."""
    shown = [name if len(name) <= LONGEST_NAME else shown_name(name) for name in names]
    count = Counter(shown)
    return tuple(s if count[s] == 1 else f"{k + 1}: {shown_name(s, LONGEST_NAME - 8)}" for k, s in enumerate(shown))


def sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names in the order in which people look for them: 2 before 10, “class 2” before “class 10”.

    Numbers come first, by value; those who have no label come last.
    """
    return tuple(sorted(names, key=lambda name: (name in (NO_FOLDER, NO_LABEL), *_number(name), _natural(name), name)))


def _number(name: str) -> tuple[bool, float]:
    """Whether it is none, and its value."""
    try:
        value = float(name)
    except ValueError:
        return True, 0.0
    return (False, value) if math.isfinite(value) else (True, 0.0)


def _natural(name: str) -> tuple[object, ...]:
    """Text and numbers by turns; numbers as length and digits, for they may be longer than Python converts."""
    parts: list[object] = _DIGITS.split(name.casefold())
    for k in range(1, len(parts), 2):
        digits = str(parts[k]).lstrip("0")
        parts[k] = (len(digits), digits)
    return tuple(parts)
