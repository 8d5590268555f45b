"""Caches of what belongs to somebody: an entry is of one place on the disk, so that nobody is given another's.

Two visitors may bring the same pictures, which then have one id; each has them under a name of their own.
"""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from pages.ui.language import later
from vae_core import checkpoints, workspace
from vae_core.errors import NotFoundError

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[Concatenate[str, P], R]


def of_dataset(entries: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """Keep what a function makes of a dataset, whose id is its first argument, for as long as it is there.

    The wrapped function raises NotFoundError where the visitor has no such dataset.
    """
    return _by(_dataset_place, entries)


def of_run(entries: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """Keep what a function makes of a run, whose id is its first argument."""
    return _by(lambda id: str(workspace.place("runs", id)), entries)


def of_model(entries: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """Keep what a function makes of a model, whose id is its first argument; whoever may not see it, is told so.

    The wrapped function raises NotFoundError where the visitor has no such model.
    """
    return _by(lambda id: str(checkpoints.locate(id)), entries)


def of_visitor(entries: int) -> Callable[[Function[P, R]], Function[P, R]]:
    """Keep what a function makes of several things of a visitor's, named by its arguments."""
    return _by(lambda id: str(workspace.root()), entries)


def _dataset_place(id: str) -> str:
    home = workspace.place("datasets", id)
    if not home.is_dir():
        raise NotFoundError(later("This dataset is not in the workspace. Upload it again on the Data page."))
    return str(home)


def _by(place: Callable[[str], str], entries: int) -> Callable[[Function[P, R]], Function[P, R]]:
    def decorate(function: Function[P, R]) -> Function[P, R]:
        def kept(where: str, id: str, *rest: Any, **named: Any) -> R:
            return function(id, *rest, **named)

        # the name by which Streamlit tells caches apart
        kept.__module__, kept.__qualname__ = function.__module__, function.__qualname__
        by_place = st.cache_resource(max_entries=entries, show_spinner=False)(kept)

        def found(id: str, /, *rest: P.args, **named: P.kwargs) -> R:
            made: R = by_place(place(id), id, *rest, **named)
            return made

        return functools.update_wrapper(found, function)

    return decorate
