"""Words of other people, and the core's refusals, as text that nothing interprets."""

import functools
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

import streamlit as st

from pages.ui.language import SOURCE, current, later, tr
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets import SAMPLES
from vae_core.errors import VAECoreError

P = ParamSpec("P")
R = TypeVar("R")
LISTS = (later("{0} ({1})"), later("{0} ({1}); {2}"))
"""How the core says of several things why each of them was skipped: `tr` tells the reasons then."""


def escape(text: str) -> str:
    """Markdown that shows the text as it is: a file's name may hold `![t](http://…)`, which would fetch a picture."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$~:&-])", r"\\\1", text).replace("http", "http\u200b")


def plain(text: str) -> str:
    """Text for plotly, which reads a few HTML tags in names."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def named(about: DatasetSummary) -> str:
    """What a dataset is called: in the reader's language if the name is ours, else as its owner wrote it."""
    is_ours = about.upload is None and about.name in {sample.title for sample in SAMPLES.values()}
    return tr(about.name) if is_ours else about.name


def moment(seconds: float) -> str:
    """Day and time of day, as one reads them in one's language."""
    if current() == SOURCE:
        return time.strftime("%d %b %H:%M", time.localtime(seconds))
    from babel.dates import format_skeleton

    when = datetime.fromtimestamp(seconds)
    return f"{format_skeleton('MMMd', when, locale=current())} {when:%H:%M}"


def in_bytes(size: int) -> str:
    """A size in the unit that suits it."""
    if size < 2**20:
        return f"{size / 2**10:,.0f} kB"
    return f"{size / 2**20:,.1f} MB" if size < 2**30 else f"{size / 2**30:,.1f} GB"


def sentences_for_errors(page: Callable[P, R]) -> Callable[P, R | None]:
    """Show what the core refuses as a sentence; anything else is a bug and surfaces."""

    @functools.wraps(page)
    def shown(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return page(*args, **kwargs)
        except VAECoreError as error:
            st.error(escape(tr(str(error))), icon=":material/error:")
            return None

    return shown
