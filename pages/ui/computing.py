"""What takes a while, on a page: a button, then how far it is, then the result."""

from pathlib import Path

import streamlit as st

from pages.ui.language import tr
from pages.ui.sentences import escape, sentences_for_errors
from vae_core import computations
from vae_core.computations import Request

TICK_SECONDS = 1.0


def result_of(request: Request, button: str, told: str) -> Path | None:
    """The file of a computation's result; until it is there what to do, or how far it is.

    Args:
        request: What is computed.
        button: The label of the button that begins it.
        told: What it does and how long that takes.
    """
    status = computations.status(request)
    if status.state == "done":
        return computations.result(request)
    if status.state in ("queued", "running"):
        st.fragment(sentences_for_errors(_watch), run_every=TICK_SECONDS)(request)
        return None
    if status.message:
        st.error(escape(tr(status.message)), icon=":material/error:")
    st.caption(told)
    if st.button(button, type="primary", icon=":material/play_arrow:"):
        computations.start(request)
        st.rerun()
    return None


def _watch(request: Request) -> None:
    status = computations.status(request)
    if status.state not in ("queued", "running"):
        st.rerun()
    st.progress(status.done, text=_told(status))
    st.caption(tr("You may leave this page: it goes on, and the result is kept."))


def _told(status: computations.Status) -> str:
    if status.state == "queued":
        return tr("Waiting for its turn…")
    if status.seconds_left is None:
        return tr("Begun…")
    minutes = round(status.seconds_left / 60)
    left = tr("about {count} min left", count=minutes) if minutes > 1 else tr("less than 2 min left")
    return f"{status.done:.0%} · {left}"
