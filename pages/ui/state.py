"""What a visit remembers, in the address or the session: ids and one latent point. No other file touches either."""

import math
import re

import streamlit as st

from vae_core.errors import NotFoundError

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
LARGEST_LATENT = 100.0


def model_id() -> str | None:
    """The model in the address, if there is one.

    Raises:
        NotFoundError: if what stands there cannot be a model.
    """
    value = st.query_params.get("model")
    if value is not None and not MODEL_ID.fullmatch(value):
        raise NotFoundError("The link names no model. Choose one from the list.")
    return value


def set_model_id(id: str) -> None:
    """Put a model into the address; its point starts anew."""
    if st.query_params.get("model") != id:
        st.query_params.from_dict({"model": id})


def point(latents: int) -> list[float] | None:
    """The latent point in the address, if it is one of that many dimensions."""
    try:
        values = [float(part) for part in st.query_params.get("z", "").split(",")]
    except ValueError:
        return None
    fits = len(values) == latents and all(math.isfinite(v) and abs(v) <= LARGEST_LATENT for v in values)
    return values if fits else None


def set_point(values: list[float]) -> None:
    """Put a latent point into the address, so that the link comes back to it."""
    if all(isinstance(v, int | float) and math.isfinite(v) for v in values):
        st.query_params["z"] = ",".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in values)


def run_id() -> str | None:
    """The run shown on Train, from the address."""
    return st.query_params.get("run")


def set_run_id(id: str | None) -> None:
    """Show a run on Train, or none."""
    if id is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = id


def dataset_id() -> str | None:
    """The dataset in the address."""
    return st.query_params.get("dataset")


def set_dataset_id(id: str | None) -> None:
    """Show a dataset, or none."""
    if id is None:
        st.query_params.pop("dataset", None)
    else:
        st.query_params["dataset"] = id


def upload_key() -> str:
    """The uploader's key; a new one empties it."""
    return f"upload-{st.session_state.get('uploads', 0)}"


def empty_uploader() -> None:
    """Forget the uploaded bytes: the dataset is in the workspace by now."""
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def upload_error() -> str:
    """What was wrong with the last upload; empty when nothing was."""
    return str(st.session_state.get("upload_error", ""))


def set_upload_error(sentence: str) -> None:
    """Remember what was wrong, until the next upload."""
    st.session_state["upload_error"] = sentence
