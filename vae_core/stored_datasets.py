"""A stored dataset is a directory; this file is its contract.

    dataset.json      what a list shows: name, count, schema, labels, warnings, the upload it came from
    x.npy             the examples
    labels.npy        where there are labels
    factors.npy       where there are known factors
    names.json        where the examples have names
    inspection.json   what there is to know of pictures: repeats, blank ones, brightness
    preview-<k>.png   a few pictures as they were, re-encoded by us

It lies under the id of its content and never changes, but for the name in `dataset.json`.
"""

import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image

from vae_core import quotas, workspace
from vae_core.dataset_summary import DatasetSummary, read_summary, summary
from vae_core.datasets import SAMPLES, Dataset
from vae_core.datasets.file import clean_name
from vae_core.datasets.pictures.inspection import Inspection, inspect_pictures
from vae_core.errors import DamagedError, DatasetError, NotFoundError
from vae_core.files import write_atomically

KIND = "datasets"
INSPECTION = "inspection.json"
LONGEST_TITLE = 80


@contextmanager
def staging() -> Iterator[Path]:
    """A directory beside the stored datasets for one in the making; gone afterwards, unless `save` made it one."""
    path = Path(tempfile.mkdtemp(prefix=".tmp-", dir=workspace.folder(KIND)))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def save(
    dataset: Dataset,
    upload: str | None = None,
    stage: Path | None = None,
    still_here: Callable[[], None] = lambda: None,
) -> str:
    """Store a dataset once under its id; a second time costs nothing.

    Args:
        dataset: What to store.
        upload: The kept upload it was read from.
        stage: A staging directory that may hold its `x.npy` already.
        still_here: Called while a large one is looked through, for whoever watches that this goes on.

    Returns:
        The id.

    Raises:
        QuotaError: if there is no room for it.
        DatasetError: if one is there whose files cannot be read just now.
    """
    home, present = workspace.own(KIND, dataset.id), workspace.place(KIND, dataset.id)
    if _is_whole(present):
        if present == home:
            _keep_upload(home, upload)
        return dataset.id
    quotas.check(dataset.x.nbytes)
    if stage is None:
        workspace.check_writable()
        with staging() as path:
            return save(dataset, upload, path, still_here)
    _write_arrays(dataset, stage)
    if dataset.schema.kind == "image":
        _keep_inspection(stage, inspect_pictures(dataset.x, still_here))
    about = summary(dataset).model_copy(update={"upload": upload, "created": time.time()})
    write_atomically(stage / "dataset.json", about.model_dump_json(indent=1).encode())
    try:
        stage.rename(home)
    except OSError:
        if not _is_whole(home):  # else another process has stored the same data just now
            workspace.discard(home)  # what is left of a damaged one
            stage.rename(home)
    return dataset.id


def _write_arrays(dataset: Dataset, stage: Path) -> None:
    """Examples, what belongs to each of them, and the previews."""
    if not (stage / "x.npy").exists():
        _save_array(stage / "x.npy", dataset.x)
    for name in ("labels", "factors"):
        array = getattr(dataset, name)
        if array is not None:
            _save_array(stage / f"{name}.npy", array)
    if dataset.names:
        write_atomically(stage / "names.json", json.dumps(dataset.names).encode())
    for k, picture in enumerate(dataset.previews):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        write_atomically(stage / f"preview-{k:02}.png", buffer.getvalue())


def _keep_upload(home: Path, upload: str | None) -> None:
    """Note where the files of a stored dataset are, if those it came from are not kept any more."""
    about = read_summary(home)
    if upload and not (about.upload and workspace.place("uploads", about.upload).is_dir()):
        changed = about.model_copy(update={"upload": upload})
        write_atomically(home / "dataset.json", changed.model_dump_json(indent=1).encode())


def _save_array(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _is_whole(home: Path) -> bool:
    """Whether a dataset is there, and not damaged: what cannot be read just now is no reason to replace it."""
    try:
        return home.is_dir() and bool(load_from(home).id)
    except DamagedError:
        return False


def load(id: str) -> Dataset:
    """A stored dataset, its examples memory-mapped.

    Raises:
        NotFoundError: if there is none under this id.
        DatasetError: if its files are damaged.
    """
    home = workspace.place(KIND, id)
    if not home.is_dir():
        raise NotFoundError("This dataset is not in the workspace. Upload it again on the Data page.")
    return load_from(home)


def load_from(home: Path) -> Dataset:
    """The dataset in a directory.

    Raises:
        DamagedError: if its files are damaged.
        DatasetError: if they cannot be read just now.
    """
    try:
        about = read_summary(home)
        names = json.loads((home / "names.json").read_bytes()) if (home / "names.json").exists() else ()
        return Dataset(
            about.name,
            np.lib.format.open_memmap(home / "x.npy", mode="r"),
            about.schema_,
            _load_array(home / "labels.npy"),
            about.label_names,
            _load_array(home / "factors.npy"),
            about.factor_names,
            tuple(names),
            about.warnings,
            about.origin,
            tuple(np.asarray(Image.open(path, formats=["PNG"])) for path in sorted(home.glob("preview-*.png"))),
            known_id=about.id,
        )
    except (OSError, ValueError) as error:
        if _is_passing(error):
            raise DatasetError(
                "The stored files of this dataset cannot be read just now. Try again in a moment."
            ) from error
        raise DamagedError(
            "The stored files of this dataset are damaged. Remove it on the Data page and upload it again."
        ) from error


def _is_passing(error: Exception) -> bool:
    """Whether it was the machine that could not read, for want of memory or handles say, and not the file's fault.

    Of what a reader of pictures finds in a file there is no number.
    """
    missing = FileNotFoundError | NotADirectoryError | IsADirectoryError
    return isinstance(error, OSError) and error.errno is not None and not isinstance(error, missing)


def inspection(id: str) -> Inspection:
    """What is known of a dataset of pictures; one stored before this was kept is looked through now, and only now.

    Raises:
        NotFoundError: if there is none under this id.
        DatasetError: if its files are damaged.
    """
    home = workspace.place(KIND, id)
    try:
        return Inspection.model_validate_json((home / INSPECTION).read_bytes())
    except (OSError, ValueError):
        facts = inspect_pictures(load(id).x)
    with suppress(OSError):  # a workspace that cannot be written to
        _keep_inspection(home, facts)
    return facts


def _keep_inspection(home: Path, facts: Inspection) -> None:
    write_atomically(home / INSPECTION, facts.model_dump_json().encode())


def _load_array(path: Path) -> np.ndarray | None:
    return np.array(np.lib.format.open_memmap(path, mode="r")) if path.exists() else None


def list_all() -> list[DatasetSummary]:
    """All stored datasets, newest first; what cannot be read is left out."""
    found = []
    for home in workspace.homes(KIND):
        with suppress(OSError, ValueError):
            about = read_summary(home)
            found.append((about.created or (home / "x.npy").stat().st_mtime, about))
    return [about for _, about in sorted(found, key=lambda pair: pair[0], reverse=True)]


def list_deleted() -> list[tuple[float, DatasetSummary]]:
    """What `restore` brings back, with the time of its deletion; the latest first."""
    found = []
    for home in workspace.folder(KIND).glob(f"{workspace.ASIDE}*"):
        with suppress(OSError, ValueError):
            about = read_summary(home)
            if not workspace.own(KIND, about.id).is_dir():  # else it was uploaded again
                found.append((home.stat().st_mtime, about))
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def uploads_in_use() -> set[str]:
    """The uploads from which datasets were made, those that lie aside among them."""
    used = set()
    for home in workspace.entries(KIND):
        with suppress(OSError, ValueError):
            used.add(read_summary(home).upload)
    return {upload for upload in used if upload}


def rename(id: str, name: str) -> None:
    """Give a dataset another name; its id, and with it all links, stay.

    Raises:
        NotFoundError: if there is none under this id.
        DatasetError: if the name is empty.
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    home = _own(id)
    title = clean_name(name.strip())[:LONGEST_TITLE]
    if not title:
        raise DatasetError("A dataset needs a name. Type one, at most 80 characters.")
    try:
        about = read_summary(home).model_copy(update={"name": title})
    except (OSError, ValueError) as error:
        raise NotFoundError("This dataset is not in the workspace any more.") from error
    write_atomically(home / "dataset.json", about.model_dump_json(indent=1).encode())


def delete(id: str) -> None:
    """Put a dataset aside: `restore` brings it back until it is purged. Runs trained on it keep their models."""
    home = _own(id)
    if home.is_dir():  # else it lies aside already, and would be thrown away for nothing
        workspace.put_aside(home)


def _own(id: str) -> Path:
    """The folder of a dataset that the visitor may change.

    Raises:
        DatasetError: if it is there for all.
    """
    home = workspace.place(KIND, id)
    if workspace.is_shared(home):
        raise DatasetError("This dataset is there for all who come here; nobody can change it for the others.")
    return home


def restore(id: str) -> None:
    """Bring a deleted dataset back.

    Raises:
        NotFoundError: if it was purged.
    """
    workspace.bring_back(workspace.own(KIND, id))


def store_samples() -> None:
    """Store the smallest of what is built in, so that a first visit finds a dataset to train on, and the bundled models
    of tables the examples on their maps. The last one is the newest, which pages suggest."""
    for name in ("houses", "moons", "digits"):
        save(SAMPLES[name]())
