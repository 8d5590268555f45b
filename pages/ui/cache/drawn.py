"""Pictures as PNG: of datasets, of models, of what models make of datasets."""

from dataclasses import replace

import numpy as np
import streamlit as st

from pages.ui import cards, films, pictures
from pages.ui.cache.data import dataset
from pages.ui.cache.models import codes, film, open_model
from pages.ui.cache.owned import of_dataset, of_model, of_visitor
from pages.ui.language import later
from vae_core.batches import choose_device
from vae_core.datasets import SAMPLES
from vae_core.errors import NotFoundError
from vae_core.latents.codes import encode
from vae_core.latents.mixture import fit_mixture

SHEET_ROWS = 6
RECONSTRUCTIONS_A_ROW, SAMPLES_A_ROW = 12, 12
SHUFFLED, IN_ORDER = -1, -2
"""In place of a label."""


def sheet_columns(id: str) -> int:
    """Pictures in a row of a contact sheet: large ones have details to show."""
    return 20 if dataset(id).x.shape[1] <= 40 else 12


@of_dataset(64)
def contact_sheet(id: str, label: int, number: int) -> bytes:
    """Page `number` (from 0) of a dataset's pictures as PNG: all SHUFFLED, all IN_ORDER, or of one label."""
    shown = dataset(id)
    if label == SHUFFLED:
        order = np.random.default_rng(0).permutation(len(shown))
    else:
        order = (
            np.arange(len(shown))
            if label == IN_ORDER or shown.labels is None
            else np.flatnonzero(shown.labels == label)
        )
    columns = sheet_columns(id)
    size = columns * SHEET_ROWS
    chosen = order[number * size : (number + 1) * size]
    return pictures.sheet(shown.x[chosen], min(columns, len(chosen)), frame=1)


@st.cache_resource(max_entries=32, show_spinner=False)
def sample_card(name: str) -> bytes:
    """A built-in set at a glance, as PNG.

    Raises:
        NotFoundError: if none is called so.
    """
    if name not in SAMPLES:
        raise NotFoundError(later("There is no such built-in set."))
    return cards.card(SAMPLES[name]())


@of_model(256)
def film_sheet(id: str, version: str, epoch: int, label: int) -> bytes:
    """The manifold of an epoch as PNG.

    Raises:
        NotFoundError: if that epoch has no frame any more.
    """
    return pictures.png(films.sheet(film(id, version), epoch, label))


@of_visitor(32)
def reconstructions(id: str, version: str, dataset_id: str, indices: str) -> bytes:
    """Examples of a dataset of pictures, and below each its reconstruction at the mean of its code, as PNG."""
    originals, reconstructed, columns = _reconstructed(id, version, dataset_id, indices)
    return _rows_of([originals, reconstructed], columns)


@of_visitor(32)
def reconstructions_by(models: str, dataset_id: str, indices: str) -> bytes:
    """Examples of a dataset of pictures, and below each what several models make of it, as PNG.

    Args:
        models: `id:version` of each, with commas between them.
        dataset_id: Whose examples.
        indices: Which, with commas between them.
    """
    pairs = [model.partition(":") for model in models.split(",")]
    parts = [_reconstructed(id, version, dataset_id, indices) for id, _, version in pairs]
    return _rows_of([parts[0][0], *(reconstructed for _, reconstructed, _ in parts)], parts[0][2])


@of_visitor(32)
def differences(id: str, version: str, dataset_id: str, indices: str) -> bytes:
    """Examples of a dataset of pictures, their reconstructions, and how far these are off, in three rows, as PNG."""
    originals, decoded, columns = _reconstructed(id, version, dataset_id, indices)
    both = [pictures.in_colour(part) for part in (originals, decoded)]
    heat = pictures.heat(np.abs(originals.astype(np.float32) - decoded).mean(-1) / 255)
    return _rows_of([*both, heat], columns)


def _reconstructed(id: str, version: str, dataset_id: str, indices: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Originals and reconstructions uint8 [n, H, W, C], and how many stand in a row."""
    model = open_model(id, version)
    chosen = [int(index) for index in indices.split(",")]
    whole = dataset(dataset_id)
    labels = None if whole.labels is None else whole.labels[chosen]
    some = model.checkpoint.prepare(replace(whole, x=whole.x[chosen], labels=labels, factors=None, names=()))
    decoded = model.checkpoint.decode(encode(model.vae, some, choose_device("cpu")).mean, some.labels)
    return np.asarray(some.x), pictures.as_bytes(decoded), min(len(chosen), RECONSTRUCTIONS_A_ROW)


def _rows_of(parts: list[np.ndarray], columns: int) -> bytes:
    """Pictures of several parts [n, H, W, C], the same place of each below one another, as PNG."""
    both = np.stack(parts)
    rows = [both[:, start : start + columns] for start in range(0, both.shape[1], columns)]
    return pictures.sheet(np.concatenate([row.reshape(-1, *row.shape[2:]) for row in rows]), columns)


@of_model(32)
def samples(id: str, version: str, source: str, count: int) -> bytes:
    """Decoded samples as PNG: of the prior, of a mixture fitted to the codes, or of a normal N(0, I)."""
    model = open_model(id, version)
    if source == "prior":
        latents = model.checkpoint.sample(count, "prior")
    elif source == "mixture":
        latents = fit_mixture(codes(id, version).mean).sample(count, 0)
    else:
        latents = np.random.default_rng(0).standard_normal((count, model.vae.config.latents))
    labels = np.arange(count) % model.vae.labels if model.vae.labels else None
    return pictures.sheet(pictures.as_bytes(model.checkpoint.decode(latents, labels)), SAMPLES_A_ROW)
