"""A new run in the folder of an old one: the old files lie aside until the first new epoch is on disk.

Of the old files the checkpoint goes first and comes back last. So whatever dies in between, beside a checkpoint the
files that lie aside are of no use any more, and without one they are what is to come back.
"""

import shutil
from pathlib import Path

from vae_core.runs.directory import RunDirectory

NAMES = (
    "checkpoint.safetensors",
    "previous.safetensors",
    "best.safetensors",
    "preview.safetensors",
    "film",
    "run.json",
    "status.json",
    "epochs.jsonl",
    "trials.jsonl",
    "trials",
    "cancel",
    "keep-best",
)


def set_aside(directory: RunDirectory) -> None:
    """Make room for a new run; without a checkpoint there is nothing to keep, and all stays as it is."""
    drop(directory)
    if directory.checkpoint.exists():
        _aside(directory).mkdir()
        _move(NAMES, directory.path, _aside(directory))


def drop(directory: RunDirectory) -> None:
    """What lies aside goes, if there is a checkpoint."""
    if directory.checkpoint.exists():
        shutil.rmtree(_aside(directory), ignore_errors=True)


def bring_back(directory: RunDirectory) -> bool:
    """What lies aside comes back, if there is no checkpoint; returns whether there was any."""
    drop(directory)
    if directory.checkpoint.exists() or not _aside(directory).is_dir():
        return False
    _move(NAMES[::-1], _aside(directory), directory.path)
    _aside(directory).rmdir()
    return True


def _aside(directory: RunDirectory) -> Path:
    return directory.path / "replaced"


def _move(names: tuple[str, ...], source: Path, target: Path) -> None:
    for name in names:
        if (source / name).exists():
            if (target / name).is_dir():
                shutil.rmtree(target / name)
            (source / name).replace(target / name)
