"""Where things live: datasets, runs and exports under one folder, found by id.

    <workspace>/datasets/<id>/  x.npy  labels.npy  dataset.json
    <workspace>/runs/<id>/      see vae_core.runs.directory
    <workspace>/exports/        decoders as ONNX, made once a checkpoint

Ids are 26 characters a-z, 2-7; a path is built from nothing else.
"""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

import numpy as np
import platformdirs
from pydantic import BaseModel

from vae_core.datasets import SAMPLES, Dataset, ImageSchema, short_id
from vae_core.errors import DatasetError, NotFoundError, VAECoreError
from vae_core.files import write_atomically

ENVIRONMENT = "VAE_STUDIO_WORKSPACE"
ID_PATTERN = re.compile(r"[a-z2-7]{26}")


class DatasetSummary(BaseModel):
    """What `dataset.json` says: all that a list needs, without opening the pictures."""

    id: str
    name: str
    count: int
    schema_: ImageSchema
    label_names: tuple[str, ...]
    warnings: tuple[str, ...]


def root() -> Path:
    """The workspace's folder: VAE_STUDIO_WORKSPACE, or a folder of the user's data directory."""
    chosen = os.environ.get(ENVIRONMENT)
    return Path(chosen).resolve() if chosen else Path(platformdirs.user_data_dir("vae-studio", appauthor=False))


def folder(kind: str) -> Path:
    """The folder of `datasets`, `runs` or `exports`, made if it is not there."""
    path = root() / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def place(kind: str, id: str) -> Path:
    """The folder of one dataset or run.

    Raises:
        NotFoundError: if the text is no id.
    """
    if not ID_PATTERN.fullmatch(id):
        raise NotFoundError("There is nothing at this address. Check the link, or choose from the list.")
    return folder(kind) / id


def new_id() -> str:
    """A random id."""
    return short_id(secrets.token_bytes(17))


def save_dataset(dataset: Dataset) -> str:
    """Store a dataset once under its id; a second time costs nothing.

    Returns:
        The id.
    """
    home = place("datasets", dataset.id)
    if _is_whole(dataset.id):
        return dataset.id
    delete_dataset(dataset.id)  # what is left of a damaged one
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=home.parent))
    try:
        _save_array(temporary / "x.npy", dataset.x)
        if dataset.labels is not None:
            _save_array(temporary / "labels.npy", dataset.labels)
        write_atomically(temporary / "dataset.json", summary(dataset).model_dump_json(indent=1).encode())
        temporary.rename(home)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not home.exists():  # another process may have stored the same data just now
            raise
    return dataset.id


def _save_array(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(id: str) -> bool:
    try:
        load_dataset(id)
    except VAECoreError:
        return False
    return True


def load_dataset(id: str) -> Dataset:
    """A stored dataset, its pictures memory-mapped.

    Raises:
        NotFoundError: if there is none under this id.
        DatasetError: if its files are damaged.
    """
    home = place("datasets", id)
    if not home.is_dir():
        raise NotFoundError("This dataset is not in the workspace. Upload it again on the Data page.")
    try:
        about = DatasetSummary.model_validate_json((home / "dataset.json").read_bytes())
        x = np.lib.format.open_memmap(home / "x.npy", mode="r")
        labels = (
            np.array(np.lib.format.open_memmap(home / "labels.npy", mode="r"))
            if (home / "labels.npy").exists()
            else None
        )
    except (OSError, ValueError) as error:
        raise DatasetError(
            "The stored files of this dataset are damaged. Remove it on the Data page and upload it again."
        ) from error
    return Dataset(about.name, x, about.schema_, labels, about.label_names, about.warnings, known_id=id)


def list_datasets() -> list[DatasetSummary]:
    """All stored datasets, newest first; what cannot be read is left out."""
    found = []
    for home in folder("datasets").iterdir():
        if ID_PATTERN.fullmatch(home.name):
            try:
                about = DatasetSummary.model_validate_json((home / "dataset.json").read_bytes())
                found.append((home.stat().st_mtime, about))
            except (OSError, ValueError):
                continue
    return [about for _, about in sorted(found, key=lambda pair: pair[0], reverse=True)]


def delete_dataset(id: str) -> None:
    """Remove a stored dataset, whole or not at all; runs trained on it keep their checkpoints."""
    _remove(place("datasets", id))


def delete_run(id: str) -> None:
    """Remove a run's directory, whole or not at all."""
    _remove(place("runs", id))


def _remove(home: Path) -> None:
    doomed = home.with_name(f".tmp-{new_id()}")
    with contextlib.suppress(FileNotFoundError):
        home.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def store_samples() -> None:
    """Store what is built in, so that it is listed like any other dataset."""
    for make in SAMPLES.values():
        save_dataset(make())


def summary(dataset: Dataset) -> DatasetSummary:
    """What a list shows of a dataset."""
    return DatasetSummary(
        id=dataset.id,
        name=dataset.name,
        count=len(dataset),
        schema_=dataset.schema,
        label_names=dataset.label_names,
        warnings=dataset.warnings,
    )
