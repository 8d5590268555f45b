"""What a component shows: a latent point, an example, a threshold; in the address, so that a link shows the same."""

import math
import re
from collections.abc import Callable, Mapping

import streamlit as st

from pages.ui.state.leading import lead_to

LONGEST_VIEW = 6000
VIEW = re.compile(rf"[a-z0-9:~,;.-]{{1,{LONGEST_VIEW}}}")
LARGEST_LATENT = 1e6
"""The codes of an autoencoder lie where they like."""
LARGEST_WHOLE = 2**31 - 1
"""Of an example's index or a seed."""


def point(latents: int) -> list[float] | None:
    """The latent point in the address, if it is one of that many dimensions."""
    try:
        values = [float(part) for part in st.query_params.get("z", "").split(",")]
    except ValueError:
        return None
    fits = len(values) == latents and all(math.isfinite(v) and abs(v) <= LARGEST_LATENT for v in values)
    return values if fits else None


def label(count: int) -> int | None:
    """The number of the label in the address, the first one when there is none; None for a model without labels."""
    if not count:
        return None
    value = st.query_params.get("label", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 and int(value) < count else 0


def view() -> str:
    """What else the explorer shows, as tool and layers, in its own words; empty where it begins."""
    value = st.query_params.get("view", "")
    return value if VIEW.fullmatch(value) else ""


def keep_point(model_id: str, key: str) -> Callable[[], None]:
    """What a component of this key calls when its point was released: puts what it shows into the address."""

    def keep() -> None:
        told = st.session_state[key].point
        values, label = (told.get("z"), told.get("label")) if isinstance(told, Mapping) else (None, None)
        if isinstance(values, list) and all(isinstance(v, int | float) and math.isfinite(v) for v in values):
            z = ",".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in values)
            chosen = {"label": str(label)} if isinstance(label, int) else {}
            shown = told.get("view")
            view = {"view": shown} if isinstance(shown, str) and VIEW.fullmatch(shown) else {}
            lead_to({"model": model_id, "z": z} | chosen | view)

    return keep


def turn(key: str, name: str = "point") -> int:
    """The number of what a component of this key told last by a state's name; 0 for one that has told nothing."""
    told = getattr(st.session_state.get(key), name, None)
    number = told.get("turn") if isinstance(told, Mapping) else None
    return number if isinstance(number, int) else 0


def example() -> int | None:
    """The index of the example in the address, 0 when there is none; None for what is no index."""
    return _whole("example")


def seed() -> int:
    """Of the noise, from the address; 0 when there is none."""
    return _whole("seed") or 0


def is_at_mean() -> bool:
    """Whether the address wants ε = 0."""
    return st.query_params.get("epsilon") == "0"


def _whole(parameter: str) -> int | None:
    """A whole number from 0 to `LARGEST_WHOLE`; 0 when there is none in the address."""
    value = st.query_params.get(parameter, "0")
    fits = value.isascii() and value.isdigit() and len(value) < 11 and int(value) <= LARGEST_WHOLE
    return int(value) if fits else None


def keep_example(model_id: str, key: str) -> Callable[[], None]:
    """What the ledger of this key calls when it shows something else: puts that into the address."""

    def keep() -> None:
        told = st.session_state[key].shown
        numbers = [told.get(name) for name in ("example", "seed")] if isinstance(told, Mapping) else [None]
        if all(isinstance(number, int) and 0 <= number <= LARGEST_WHOLE for number in numbers):
            example, seed = map(str, numbers)
            mean = {"epsilon": "0"} if told.get("is_mean") is True else {}
            lead_to({"model": model_id, "example": example, "seed": seed} | mean)

    return keep


def threshold(default: float) -> float:
    """The score in the address above which an example is unusual."""
    try:
        value = float(st.query_params.get("threshold", ""))
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def keep_threshold(key: str, beside: Mapping[str, str]) -> Callable[[], None]:
    """What a component of this key calls when its threshold was released: puts it into the address.

    Args:
        key: Of the component.
        beside: What else the address is to hold then.
    """

    def keep() -> None:
        value = getattr(st.session_state.get(key), "threshold", None)
        if isinstance(value, int | float) and math.isfinite(value):
            lead_to({**beside, "threshold": f"{value:.6g}"})

    return keep
