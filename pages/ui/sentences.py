"""Words of other people, and the core's refusals, as text that nothing interprets."""

import functools
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from vae_core.errors import VAECoreError

P = ParamSpec("P")
R = TypeVar("R")


def escape(text: str) -> str:
    """Markdown that shows the text as it is: a file's name may hold `![t](http://…)`, which would fetch a picture."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$~:&-])", r"\\\1", text).replace("http", "http\u200b")


def plain(text: str) -> str:
    """Text for plotly, which reads a few HTML tags in names."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sentences_for_errors(page: Callable[P, R]) -> Callable[P, R | None]:
    """Show what the core refuses as a sentence; anything else is a bug and surfaces."""

    @functools.wraps(page)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return page(*args, **kwargs)
        except VAECoreError as error:
            st.error(escape(str(error)), icon=":material/error:")
            return None

    return shown
