"""Which lesson is open, and what was answered in this visit."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st


def lesson(names: Collection[str]) -> str | None:
    """The lesson in the address, if there is such a one."""
    name = st.query_params.get("lesson")
    return name if name in names else None


def address(parameters: Mapping[str, str]) -> str:
    """Of this page, with these parameters: for others to open."""
    here = urlsplit(st.context.url or "")
    return here._replace(query=urlencode(parameters), fragment="").geturl()


def answer_key(name: str) -> str:
    """Of the widget in which a lesson's prediction is chosen; what was chosen outlasts the visit of other pages."""
    key = f"answer-{name}"
    if key not in st.session_state and f"kept-{key}" in st.session_state:
        st.session_state[key] = st.session_state[f"kept-{key}"]
    return key


def answer(name: str) -> int | None:
    """Which answer was chosen in a lesson's prediction."""
    number = st.session_state.get(answer_key(name))
    if isinstance(number, int):
        st.session_state[f"kept-answer-{name}"] = number
    return number if isinstance(number, int) else None


def forget_answer(name: str) -> Callable[[], None]:
    """What a button calls that asks anew."""

    def forget() -> None:
        st.session_state[f"answer-{name}"] = None
        st.session_state.pop(f"kept-answer-{name}", None)

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
