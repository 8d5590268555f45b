"""Where things live: datasets, uploads, runs and what is derived from them, under one folder, found by id.

    <workspace>/datasets/<id>/  see vae_core.stored_datasets
    <workspace>/uploads/<id>/   see vae_core.uploads.directory
    <workspace>/runs/<id>/      see vae_core.runs.directory
    <workspace>/exports/        see vae_core.derived
    <workspace>/graphs/         see vae_core.export.kept
    <workspace>/concepts/       see vae_core.stored_concepts

Ids are 26 characters a-z, 2-7; a path is built from nothing else. What is deleted lies aside as `.aside-<id>` for a
day, so that it can be brought back.
"""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from vae_core.datasets import short_id
from vae_core.errors import NotFoundError

ENVIRONMENT = "VAE_STUDIO_WORKSPACE"
ID_PATTERN = re.compile(r"[a-z2-7]{26}")
ASIDE = ".aside-"
KEPT_ASIDE_SECONDS = 24 * 3600.0


def root() -> Path:
    """The workspace's folder: VAE_STUDIO_WORKSPACE, or a folder of the user's data directory."""
    chosen = os.environ.get(ENVIRONMENT)
    return Path(chosen).resolve() if chosen else Path(platformdirs.user_data_dir("vae-studio", appauthor=False))


def folder(kind: str) -> Path:
    """The folder of `datasets`, `uploads`, `runs`, `exports`, `graphs` or `concepts`, made if it is not there."""
    path = root() / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def place(kind: str, id: str) -> Path:
    """The folder of one dataset, upload or run.

    Raises:
        NotFoundError: if the text is no id.
    """
    if not ID_PATTERN.fullmatch(id):
        raise NotFoundError("There is nothing at this address. Check the link, or choose from the list.")
    return folder(kind) / id


def homes(kind: str) -> Iterator[Path]:
    """The folders of everything of a kind."""
    return (home for home in folder(kind).iterdir() if ID_PATTERN.fullmatch(home.name))


def new_id() -> str:
    """A random id."""
    return short_id(secrets.token_bytes(17))


def discard(home: Path) -> None:
    """Remove a folder, whole or not at all."""
    doomed = home.with_name(f".tmp-{new_id()}")
    with contextlib.suppress(FileNotFoundError):
        home.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def put_aside(home: Path) -> None:
    """Remove a folder so that it can be brought back for a day."""
    aside = home.with_name(ASIDE + home.name)
    discard(aside)
    with contextlib.suppress(FileNotFoundError):
        home.rename(aside)
        os.utime(aside)


def bring_back(home: Path) -> None:
    """Undo `put_aside`; nothing is to be done where the same is there again.

    Raises:
        NotFoundError: if it lies there no more.
    """
    try:
        if not home.is_dir():
            home.with_name(ASIDE + home.name).rename(home)
    except OSError as error:
        raise NotFoundError("It cannot be brought back: it was deleted for good.") from error


def tidy() -> None:
    """Delete for good what has lain aside for a day, and what a crash has left half made for as long."""
    for kind in ("datasets", "uploads", "runs"):
        for path in folder(kind).iterdir():
            leftover = path.name.startswith((ASIDE, ".tmp-"))
            with contextlib.suppress(OSError):
                if leftover and time.time() - path.stat().st_mtime > KEPT_ASIDE_SECONDS:
                    shutil.rmtree(path)


def size(home: Path) -> int:
    """Bytes of a folder's files."""
    total = 0
    for folder_path, _, names in os.walk(home):
        for name in names:
            with contextlib.suppress(OSError):  # a process has just put it elsewhere
                total += os.stat(os.path.join(folder_path, name)).st_size  # noqa: PTH116, PTH118, many files
    return total
