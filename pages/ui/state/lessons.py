"""Which lesson is open, and what was answered in this visit."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.ui.state.leading import lead_to


def lesson(names: Collection[str]) -> str | None:
    """The lesson in the address, if there is such a one."""
    name = st.query_params.get("lesson")
    return name if name in names else None


def open_lesson(name: str | None) -> None:
    """Show a lesson, or all of them."""
    lead_to({"lesson": name} if name else {})


def address(parameters: Mapping[str, str]) -> str:
    """Of this page, with these parameters: for others to open."""
    here = urlsplit(st.context.url or "")
    return here._replace(query=urlencode(parameters), fragment="").geturl()


def answer(name: str) -> int | None:
    """Which answer was chosen in a lesson's prediction."""
    number = st.session_state.get(f"answer-{name}")
    return number if isinstance(number, int) else None


def keep_answer(name: str, key: str) -> Callable[[], None]:
    """What a widget of this key calls when an answer was chosen in it: that outlasts the widget."""

    def keep() -> None:
        st.session_state[f"answer-{name}"] = st.session_state[key]

    return keep


def forget_answer(name: str) -> Callable[[], None]:
    """What a button calls that asks anew."""

    def forget() -> None:
        st.session_state.pop(f"answer-{name}", None)

    return forget


def is_solved(name: str) -> bool:
    """Whether the exercise of a lesson was solved."""
    return name in st.session_state.get("solved", ())


def keep_solved(name: str) -> None:
    """Remember that it was."""
    st.session_state["solved"] = {*st.session_state.get("solved", ()), name}


def told_by(key: str) -> dict[str, Any]:
    """What the scene of this key told last; empty when it has told nothing."""
    told = getattr(st.session_state.get(key), "told", None)
    return dict(told) if isinstance(told, Mapping) else {}
