"""From ids to objects: the only cache. Every key is made of strings and small numbers.

A model is asked for by id and version: a run's checkpoint is replaced after every epoch, and what a page has begun to
show must not change under it.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.ui import cards, explorer, films, pictures, tables
from pages.ui.explorer import OpenModel
from pages.ui.state import LARGEST_LATENT
from vae_core import checkpoints, computations, export, runs, stored_datasets, workspace
from vae_core.batches import choose_device
from vae_core.computations import Request
from vae_core.datasets import SAMPLES, Dataset, TableSchema
from vae_core.datasets.pictures.inspection import Inspection
from vae_core.errors import DatasetError, NotFoundError
from vae_core.film import Reel
from vae_core.film.frames import GONE
from vae_core.latents.codes import Codes, encode
from vae_core.latents.manifold import manifold
from vae_core.latents.mixture import fit_mixture
from vae_core.latents.paths import Path as LatentPath
from vae_core.latents.paths import paths as find_paths
from vae_core.measuring import Measures

SHEET_ROWS = 6
COLUMNS_SHOWN = ROWS_SHOWN = 200
RECONSTRUCTIONS_A_ROW, SAMPLES_A_ROW = 24, 12
SHUFFLED, IN_ORDER = -1, -2
"""In place of a label."""


def newest_model(id: str) -> OpenModel:
    """The model as its checkpoint stands now.

    Raises:
        NotFoundError: if there is none under this id.
    """
    return open_model(id, checkpoints.version(id))


@st.cache_resource(max_entries=16, show_spinner=False)
def open_model(id: str, version: str) -> OpenModel:
    """One version of a model.

    Raises:
        NotFoundError: if the checkpoint is of another version by now.
    """
    checkpoint = checkpoints.load_version(id, version)
    return OpenModel(id, version, checkpoint, checkpoint.model())


@st.cache_resource(max_entries=16, show_spinner=False)
def codes(id: str, version: str) -> Codes:
    """The codes of the dataset that a model was trained on.

    Raises:
        NotFoundError: if the checkpoint has none and its dataset is gone.
    """
    model = open_model(id, version)
    if model.checkpoint.codes is not None:
        return model.checkpoint.codes
    return encode(model.vae, dataset(model.checkpoint.config.dataset_id), choose_device("cpu"), resident=False)


@st.cache_resource(max_entries=16, show_spinner=False)
def layout(id: str, version: str) -> explorer.Layout:
    """What the map and the sliders need to know of the codes."""
    model = open_model(id, version).vae
    standard = model.config.prior.name == "standard" and not model.is_deterministic
    return explorer.layout(codes(id, version), standard)


def decoder_file(id: str, version: str) -> Path:
    """The decoder as ONNX."""
    return export.browser_decoder(id, version, open_model(id, version).vae)


@st.cache_resource(max_entries=64, show_spinner=False)
def paths(id: str, version: str, a: str, b: str, label: str) -> list[LatentPath]:
    """The ways between two latents of a model, all as an address has them.

    Raises:
        NotFoundError: if they are no latents of this model, or the label is none of its labels.
    """
    vae = open_model(id, version).vae
    start, end = (_latent(text, vae.config.latents) for text in (a, b))
    if vae.labels and not (label.isascii() and label.isdigit() and len(label) < 7 and int(label) < vae.labels):
        raise NotFoundError("This model wants the number of one of its labels.")
    return find_paths(vae, codes(id, version), start, end, int(label) if vae.labels else None)


def _latent(text: str, latents: int) -> np.ndarray:
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError:
        values = np.zeros(0)
    if len(values) != latents or not np.isfinite(values).all() or np.abs(values).max() > LARGEST_LATENT:
        raise NotFoundError(f"A point of this model is {latents} numbers with commas between them.")
    return values


def encoder_file(id: str, version: str) -> Path:
    """The encoder as ONNX."""
    return export.browser_encoder(id, version, open_model(id, version).vae)


def dataset(id: str) -> Dataset:
    """A stored dataset, memory-mapped; gone as soon as it is removed."""
    if not workspace.place("datasets", id).is_dir():
        raise NotFoundError("This dataset is not in the workspace. Upload it again on the Data page.")
    return _dataset(id)


@st.cache_resource(max_entries=32, show_spinner=False)
def _dataset(id: str) -> Dataset:
    return stored_datasets.load(id)


def dataset_or_none(id: str) -> Dataset | None:
    """A dataset if its pictures are in the workspace."""
    try:
        return dataset(id)
    except (NotFoundError, DatasetError):
        return None


def dataset_size(id: str) -> int | None:
    """How many examples a dataset has, if it is in the workspace."""
    found = dataset_or_none(id)
    return None if found is None else len(found)


def sheet_columns(id: str) -> int:
    """Pictures in a row of a contact sheet: large ones have details to show."""
    return 20 if dataset(id).x.shape[1] <= 40 else 12


@st.cache_resource(max_entries=64, show_spinner=False)
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


@st.cache_resource(max_entries=32, show_spinner="Looking at every picture…")
def inspection(id: str) -> Inspection:
    """Duplicates, blank pictures and brightness of a dataset of pictures."""
    return stored_datasets.inspection(id)


@st.cache_resource(max_entries=32, show_spinner=False)
def label_counts(id: str) -> list[int]:
    """How many examples every label has."""
    shown = dataset(id)
    return [] if shown.labels is None else np.bincount(shown.labels, minlength=len(shown.label_names)).tolist()


@st.cache_resource(max_entries=32, show_spinner=False)
def sample_card(name: str) -> bytes:
    """A built-in set at a glance, as PNG.

    Raises:
        NotFoundError: if none is called so.
    """
    if name not in SAMPLES:
        raise NotFoundError("There is no such built-in set.")
    return cards.card(SAMPLES[name]())


@st.cache_resource(max_entries=8, show_spinner=False)
def column_summary(id: str) -> list[dict[str, Any]]:
    """A line for each of a table's first columns: what it holds, and how it is distributed."""
    shown = dataset(id)
    return tables.column_lines(shown.schema, shown.x, COLUMNS_SHOWN) if isinstance(shown.schema, TableSchema) else []


@st.cache_data(ttl=10, show_spinner=False)
def workspace_size() -> int:
    """Bytes of all that is kept, counted every ten seconds at most."""
    return workspace.size(workspace.root())


@st.cache_resource(max_entries=8, show_spinner=False)
def first_rows(id: str) -> dict[str, np.ndarray]:
    """The first rows of a table in original units."""
    shown = dataset(id)
    return shown.schema.to_original(shown.x[:ROWS_SHOWN]) if isinstance(shown.schema, TableSchema) else {}


@st.cache_resource(max_entries=32, show_spinner=False)
def portrait(id: str, version: str, cells: int) -> bytes:
    """A model's manifold as PNG."""
    grid = manifold(open_model(id, version).vae, cells, cells).numpy()
    return pictures.sheet(pictures.as_bytes(grid), cells)


def newest_film(id: str) -> films.OpenFilm:
    """The film of a run as it stands now.

    Raises:
        NotFoundError: if it has none.
    """
    return film(id, film_version(id))


def film_version(id: str) -> str:
    """Changes with every frame that is added.

    Raises:
        NotFoundError: if there is no film.
    """
    return Reel(runs.get(id).directory.film).version()


@st.cache_resource(max_entries=8, show_spinner="Aligning the frames…")
def film(id: str, version: str) -> films.OpenFilm:
    """One version of a film.

    Raises:
        NotFoundError: if it has gone on since.
    """
    run, model = runs.get(id), newest_model(id)
    if film_version(id) != version:
        raise NotFoundError(GONE)
    return films.open_film(run, version, Reel(run.directory.film), model)


@st.cache_resource(max_entries=256, show_spinner=False)
def film_sheet(id: str, version: str, epoch: int, label: int) -> bytes:
    """The manifold of an epoch as PNG.

    Raises:
        NotFoundError: if that epoch has no frame any more.
    """
    return pictures.png(films.sheet(film(id, version), epoch, label))


@st.cache_resource(max_entries=32, show_spinner=False)
def measures(id: str, version: str, options: str) -> Measures:
    """What was found by measuring, which is done.

    Raises:
        NotFoundError: if it is not, or the model is of another version.
    """
    request = Request(kind="measures", checkpoint_id=id, version=version, options=json.loads(options))
    return Measures.model_validate_json(computations.result(request).read_bytes())


@st.cache_resource(max_entries=32, show_spinner=False)
def reconstructions(id: str, version: str, dataset_id: str, indices: str) -> bytes:
    """Examples of a dataset of pictures, and below each its reconstruction at the mean of its code, as PNG."""
    model = open_model(id, version)
    chosen = [int(index) for index in indices.split(",")]
    whole = dataset(dataset_id)
    labels = None if whole.labels is None else whole.labels[chosen]
    some = model.checkpoint.prepare(replace(whole, x=whole.x[chosen], labels=labels, factors=None, names=()))
    decoded = model.checkpoint.decode(encode(model.vae, some, choose_device("cpu")).mean, some.labels)
    both = np.stack([some.x, pictures.as_bytes(decoded)])  # [2, n, H, W, C]
    columns = min(len(chosen), RECONSTRUCTIONS_A_ROW)
    rows = [both[:, start : start + columns] for start in range(0, len(chosen), columns)]
    return pictures.sheet(np.concatenate([row.reshape(-1, *row.shape[2:]) for row in rows]), columns)


@st.cache_resource(max_entries=32, show_spinner="Drawing samples…")
def samples(id: str, version: str, source: str, count: int) -> bytes:
    """Decoded samples of the prior or of a mixture fitted to the codes, as PNG."""
    model = open_model(id, version)
    if source == "prior":
        latents = model.checkpoint.sample(count, "prior")
    else:
        latents = fit_mixture(codes(id, version).mean).sample(count, 0)
    labels = np.arange(count) % model.vae.labels if model.vae.labels else None
    return pictures.sheet(pictures.as_bytes(model.checkpoint.decode(latents, labels)), SAMPLES_A_ROW)
