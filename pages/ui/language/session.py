"""Which language is spoken: chosen in this visit, or named by the address, or the browser's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.language.catalogues import SOURCE, names, nearest

PARAMETER = "lang"
COOKIE = "studio-language"
"""Tells our routes, which have no visit, and later visits: see `chooser.py`."""
_KEY = "language"
_ASKED: ContextVar[str] = ContextVar("language", default=SOURCE)


def current() -> str:
    """The locale of whoever is answered: of the visit, or where a route answers, of who asked."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return _ASKED.get()
    return str(st.session_state.get(_KEY, SOURCE))


@contextmanager
def asked(locale: str | None) -> Iterator[None]:
    """Answer in this language, outside of a visit."""
    token = _ASKED.set(nearest(locale) or SOURCE)
    try:
        yield
    finally:
        _ASKED.reset(token)


def settle() -> None:
    """At the beginning of every run of a page.

    The address goes first, then what was chosen in this visit, in one before, and what the browser speaks.
    """
    named = st.query_params.get(PARAMETER)
    if named in names():
        choose(named)
    elif _is_chosen():
        choose(current())  # another page began an address of its own
    else:
        before = st.context.cookies.to_dict().get(COOKIE)
        st.session_state[_KEY] = nearest(before) or nearest(st.context.locale) or SOURCE


def choose(locale: str) -> None:
    """Speak this language from now on; the address says so, so that a reload does."""
    st.session_state[_KEY] = locale
    st.session_state[f"{_KEY}-chosen"] = True
    if st.query_params.get(PARAMETER) != locale:
        st.query_params[PARAMETER] = locale


def _is_chosen() -> bool:
    return bool(st.session_state.get(f"{_KEY}-chosen"))
