"""Where a visit is: the run or the dataset it looks at, what it uploads, what it has set and started."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st

from pages.ui.state.choices import ID
from pages.ui.state.leading import lead_to

T = TypeVar("T")
DOUBLE_CLICK_SECONDS = 3.0
SETTINGS = "settings-"
"""Keys of the widgets of a new run's form begin so."""


def run_id() -> str | None:
    """The run shown on Train, from the address."""
    value = st.query_params.get("run")
    return value if value and ID.fullmatch(value) else None


def set_run_id(id: str | None) -> None:
    """Show a run on Train, or none."""
    lead_to({"run": id} if id else {})


def keep_settings() -> None:
    """Remember what was set in forms that are not shown just now: Streamlit forgets widgets that it does not draw."""
    for key in [key for key in st.session_state if str(key).startswith(SETTINGS)]:
        st.session_state[key] = st.session_state[key]


def start_once(digest: str, start: Callable[[], str]) -> str:
    """The id of what `start` begins; the second click of a double click is given that of the first.

    Args:
        digest: Of what is begun: something else may begin at once.
        start: Begins it and returns its id.
    """
    last, when, id = st.session_state.get("started", ("", 0.0, ""))
    if last != digest or time.monotonic() - when > DOUBLE_CLICK_SECONDS:
        id = start()
    st.session_state["started"] = (digest, time.monotonic(), id)
    return str(id)


def dataset_id() -> str | None:
    """The dataset in the address."""
    value = st.query_params.get("dataset")
    return value if value and ID.fullmatch(value) else None


def set_dataset_id(id: str | None, beside: Mapping[str, str] | None = None) -> None:
    """Show a dataset, or none; `beside` is what else the address is to hold."""
    lead_to({**(beside or {}), **({"dataset": id} if id else {})})


def upload_id() -> str | None:
    """The upload that is being read, from the address."""
    value = st.query_params.get("upload")
    return value if value and ID.fullmatch(value) else None


def set_upload_id(id: str, beside: Mapping[str, str] | None = None) -> None:
    """Show how far the reading of an upload is; `beside` is what else the address is to hold."""
    watch_upload(id)
    lead_to({**(beside or {}), "upload": id})


def watch_upload(id: str | None) -> None:
    """Remember that this visit has seen an upload being read, and waits for what becomes of it."""
    st.session_state["watched_upload"] = id


def watched_upload() -> str | None:
    """The upload that this visit waits for."""
    return st.session_state.get("watched_upload")


def deleted_dataset() -> str | None:
    """The dataset deleted a moment ago, from the address: the visit has not gone on to something else."""
    value = st.query_params.get("deleted")
    return value if value and ID.fullmatch(value) else None


def set_deleted_dataset(id: str) -> None:
    """Offer to undo a deletion."""
    lead_to({"deleted": id})


def upload_key() -> str:
    """The uploader's key; a new one empties it."""
    return f"upload-{st.session_state.get('uploads', 0)}"


def uploaded() -> list[Any]:
    """The files that lie in the uploader."""
    return list(st.session_state.get(upload_key()) or [])


def empty_uploader() -> None:
    """Forget the uploaded bytes: the dataset is in the workspace by now."""
    st.session_state.pop(upload_key(), None)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def take_upload_notice() -> tuple[str, bool]:
    """What is to be said of the upload just made, and whether it is an error; told once."""
    return st.session_state.pop("upload_notice", ("", False))


def set_upload_notice(sentence: str, is_error: bool = True) -> None:
    """Remember what is to be said of an upload until it is told."""
    st.session_state["upload_notice"] = (sentence, is_error)


def kept(name: str, digest: str, make: Callable[[], T]) -> T:
    """What was made of the bytes of this digest, once a visit; what was made of others before is forgotten.

    Args:
        name: Of its place in the visit.
        digest: Of what it is made of.
        make: Makes it.
    """
    known = st.session_state.get(f"kept-{name}")
    if known is None or known[0] != digest:
        known = (digest, make())
        st.session_state[f"kept-{name}"] = known
    made: T = known[1]
    return made
