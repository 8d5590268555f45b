"""Models, their codes and their films, by id and version."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from pages.ui import explorer, films, served
from pages.ui.cache.data import PACKING, dataset
from pages.ui.cache.owned import of_model
from pages.ui.explorer import OpenModel
from pages.ui.language import later
from pages.ui.state import LARGEST_LATENT
from vae_core import checkpoints, export, runs
from vae_core.batches import choose_device
from vae_core.errors import NotFoundError, ReplacedError
from vae_core.film import Reel
from vae_core.film.frames import GONE
from vae_core.latents.codes import Codes, encode
from vae_core.latents.paths import Path as LatentPath
from vae_core.latents.paths import paths as find_paths

T = TypeVar("T")
ATTEMPTS = 5
"""A run goes on after every epoch: now and then just between asking for the version and opening it."""


def newest_model(id: str) -> OpenModel:
    """The model as its checkpoint stands now.

    Raises:
        NotFoundError: if there is none under this id.
    """
    return _newest(open_model, id, checkpoints.version)


def _newest(opened: Callable[[str, str], T], id: str, version: Callable[[str], str]) -> T:
    for _ in range(ATTEMPTS - 1):
        with suppress(ReplacedError):
            return opened(id, version(id))
    return opened(id, version(id))


@of_model(16)
def open_model(id: str, version: str) -> OpenModel:
    """One version of a model.

    Raises:
        ReplacedError: if the checkpoint is of another version by now.
    """
    checkpoint = checkpoints.load_version(id, version)
    return OpenModel(id, version, checkpoint, checkpoint.model())


@of_model(16)
def codes(id: str, version: str) -> Codes:
    """The codes of the dataset that a model was trained on.

    Raises:
        NotFoundError: if the checkpoint has none and its dataset is gone.
    """
    model = open_model(id, version)
    if model.checkpoint.codes is not None:
        return model.checkpoint.codes
    return encode(model.vae, dataset(model.checkpoint.config.dataset_id), choose_device("cpu"), resident=False)


@of_model(16)
def layout(id: str, version: str) -> explorer.Layout:
    """What the map and the sliders need to know of the codes."""
    model = open_model(id, version).vae
    standard = model.config.prior.name == "standard" and not model.is_deterministic
    return explorer.layout(codes(id, version), standard)


@of_model(16)
def packed_codes(id: str, version: str) -> bytes:
    """The codes as the explorer fetches them, gzipped."""
    return gzip.compress(served.codes(codes(id, version), layout(id, version).density), PACKING, mtime=0)


def decoder_file(id: str, version: str) -> Path:
    """The decoder as ONNX."""
    return export.browser_decoder(id, version, open_model(id, version).vae)


def encoder_file(id: str, version: str) -> Path:
    """The encoder as ONNX."""
    return export.browser_encoder(id, version, open_model(id, version).vae)


@of_model(64)
def paths(id: str, version: str, a: str, b: str, label: str) -> list[LatentPath]:
    """The ways between two latents of a model, all as an address has them.

    Raises:
        NotFoundError: if they are no latents of this model, or the label is none of its labels.
    """
    vae = open_model(id, version).vae
    start, end = (_latent(text, vae.config.latents) for text in (a, b))
    if vae.labels and not (label.isascii() and label.isdigit() and len(label) < 7 and int(label) < vae.labels):
        raise NotFoundError(later("This model wants the number of one of its labels."))
    return find_paths(vae, codes(id, version), start, end, int(label) if vae.labels else None)


def _latent(text: str, latents: int) -> np.ndarray:
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError:
        values = np.zeros(0)
    if len(values) != latents or not np.isfinite(values).all() or np.abs(values).max() > LARGEST_LATENT:
        told = later("A point of this model is {count} numbers with commas between them.")
        raise NotFoundError(told.format(count=latents))
    return values


def newest_film(id: str) -> films.OpenFilm:
    """The film of a run as it stands now.

    Raises:
        NotFoundError: if it has none.
    """
    return _newest(film, id, film_version)


def film_version(id: str) -> str:
    """Changes with every frame that is added.

    Raises:
        NotFoundError: if there is no film.
    """
    return Reel(runs.get(id).directory.film).version()


@of_model(8)
def film(id: str, version: str) -> films.OpenFilm:
    """One version of a film.

    Raises:
        ReplacedError: if it has gone on since.
    """
    run, model = runs.get(id), newest_model(id)
    if film_version(id) != version:
        raise ReplacedError(GONE)
    return films.open_film(run, version, Reel(run.directory.film), model)
