"""From ids to objects: the only cache. Every key is made of strings and small numbers."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from vae_core import checkpoints, workspace
from vae_core.batches import choose_device
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.errors import NotFoundError
from vae_core.latents.codes import Codes, encode, principal_plane
from vae_core.vae import VAE


@dataclass(frozen=True, eq=False)
class OpenModel:
    """A checkpoint with its model built, and the version of the file it came from."""

    id: str
    version: str
    checkpoint: Checkpoint
    vae: VAE


def open_model(id: str) -> OpenModel:
    """The newest version of a model.

    Raises:
        NotFoundError: if there is none under this id.
    """
    return _open_model(id, checkpoints.version(id))


@st.cache_resource(max_entries=16, show_spinner=False)
def _open_model(id: str, version: str) -> OpenModel:
    checkpoint = checkpoints.load(checkpoints.locate(id))
    return OpenModel(id, version, checkpoint, checkpoint.model())


@st.cache_resource(max_entries=32, show_spinner=False)
def dataset(id: str) -> Dataset:
    """A stored dataset, memory-mapped."""
    return workspace.load_dataset(id)


def codes(id: str) -> Codes:
    """The codes of the dataset that a model was trained on.

    Raises:
        NotFoundError: if the checkpoint has none and its dataset is gone.
    """
    return _codes(id, checkpoints.version(id))


@st.cache_resource(max_entries=16, show_spinner=False)
def _codes(id: str, version: str) -> Codes:
    model = _open_model(id, version)
    if model.checkpoint.codes is not None:
        return model.checkpoint.codes
    return encode(
        checkpoints.load(checkpoints.locate(id)).model(),
        dataset(model.checkpoint.config.dataset_id),
        choose_device("cpu"),
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def plane(id: str, version: str) -> tuple[np.ndarray, np.ndarray]:
    """The plane of greatest variance of a model's codes."""
    return principal_plane(_codes(id, version))


def has_dataset(id: str) -> bool:
    """Whether the pictures of a dataset are in the workspace."""
    try:
        dataset(id)
    except NotFoundError:
        return False
    return True
