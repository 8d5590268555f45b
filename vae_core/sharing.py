"""What one has is given to all who come: a copy among the shared things, which nobody changes for the others."""

import contextlib
import shutil
from pathlib import Path

from vae_core import runs, stored_datasets, workspace
from vae_core.dataset_summary import read_summary
from vae_core.errors import NotFoundError, TrainingError
from vae_core.files import full_disk_is, write_atomically
from vae_core.workspace import SHARED, visiting

NOT_COPIED = shutil.ignore_patterns(
    ".*", "*.lock", "lock", "log.txt", "reserve", "cancel", "keep-best", "concepts.json"
)
"""Of this run alone, and of no use to others."""


def share_dataset(id: str) -> None:
    """Let all see a dataset of the visitor's; a second time costs nothing. The files it came from stay with its owner.

    Raises:
        NotFoundError: if there is none.
        DatasetError: if its files are damaged.
        TrainingError: if the disk is full.
    """
    stored_datasets.load(id)
    home = _copy("datasets", id)
    about = read_summary(home)
    if about.upload:
        content = about.model_copy(update={"upload": None}).model_dump_json(indent=1).encode()
        write_atomically(home / "dataset.json", content)


def share_run(id: str) -> None:
    """Let all see the model of a run that has ended, and its dataset, if that is there.

    Raises:
        NotFoundError: if there is none.
        TrainingError: if it goes on, or has no model, or the disk is full.
    """
    run = runs.get(id)
    if run.is_live or not run.has_model:
        raise TrainingError("Only a run that has ended with a model can be shared. Wait until it has.")
    _copy("runs", id)
    with contextlib.suppress(NotFoundError):
        share_dataset(run.config.dataset_id)


def withdraw(kind: str, id: str) -> None:
    """Let nobody see it any more; who is looking at it loses it. What its owner has stays.

    Args:
        kind: `datasets` or `runs`.
        id: Of one of these.
    """
    with visiting(SHARED):
        workspace.put_aside(workspace.place(kind, id))


def is_shared(kind: str, id: str) -> bool:
    """Whether all see it."""
    return (workspace.home_of(SHARED) / kind / workspace.checked(id)).is_dir()


def _copy(kind: str, id: str) -> Path:
    """Whole or not at all; returns where it lies then."""
    source = workspace.place(kind, id)
    with visiting(SHARED):
        target = workspace.folder(kind) / id
    if source == target or target.is_dir():
        return target
    stage = target.with_name(f".tmp-{workspace.new_id()}")
    try:
        with full_disk_is(TrainingError):
            shutil.copytree(source, stage, ignore=NOT_COPIED)
        with contextlib.suppress(OSError):  # another was quicker
            stage.rename(target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return target
