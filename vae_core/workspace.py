"""Where things live: datasets, uploads, runs and what is derived from them, under one folder, found by id.

    <workspace>/datasets/<id>/  see vae_core.stored_datasets
    <workspace>/uploads/<id>/   see vae_core.uploads.directory
    <workspace>/runs/<id>/      see vae_core.runs.directory
    <workspace>/exports/        see vae_core.derived
    <workspace>/graphs/         see vae_core.export.kept
    <workspace>/concepts/       see vae_core.stored_concepts

Ids are 26 characters a-z, 2-7; a path is built from nothing else. What is deleted lies aside as `.aside-<id>` for a
day, so that it can be brought back. Where nothing can be written, what is derived goes to a temporary folder, and the
rest is refused with a sentence.
"""

import atexit
import contextlib
import functools
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from vae_core.datasets import short_id
from vae_core.errors import NotFoundError, WorkspaceError
from vae_core.files import can_write_in

ENVIRONMENT = "VAE_STUDIO_WORKSPACE"
READ_ONLY_ENVIRONMENT = "VAE_STUDIO_READ_ONLY"
"""Set to anything, nothing is taken in: for a public demonstration."""
MADE_ANEW = ("exports", "graphs")
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
    with contextlib.suppress(OSError):  # nothing can be written: whoever lists finds nothing, whoever writes asks first
        path.mkdir(parents=True, exist_ok=True)
    return _scratch() / kind if kind in MADE_ANEW and not os.access(path, os.W_OK) else path


@functools.cache
def _scratch() -> Path:
    """A place for what is made anew, until this process ends."""
    path = Path(tempfile.mkdtemp(prefix="vae-studio-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    for kind in MADE_ANEW:
        (path / kind).mkdir()
    return path


def is_meant_read_only() -> bool:
    """Whether whoever runs the program wants nothing to be taken in."""
    return bool(os.environ.get(READ_ONLY_ENVIRONMENT))


def is_writable() -> bool:
    """Whether anything can be put into the workspace, and may."""
    if is_meant_read_only():
        return False
    with contextlib.suppress(OSError):
        root().mkdir(parents=True, exist_ok=True)
    return can_write_in(root())


def check_writable() -> None:
    """For whoever is about to put something into the workspace.

    Raises:
        WorkspaceError: if that cannot be.
    """
    if not is_writable():
        raise WorkspaceError(
            "Nothing can be kept here: the workspace is read-only. What is there can be looked at; to upload or train, "
            "make it writable, or run the program on your computer."
        )


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
    return (home for home in entries(kind) if ID_PATTERN.fullmatch(home.name))


def entries(kind: str) -> list[Path]:
    """All that lies in the folder of a kind; nothing where there is none and none can be made."""
    try:
        return list(folder(kind).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


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
    """Remove a folder so that it can be brought back for a day.

    Raises:
        WorkspaceError: if the workspace cannot be written to.
    """
    check_writable()
    aside = home.with_name(ASIDE + home.name)
    discard(aside)
    with contextlib.suppress(FileNotFoundError):
        home.rename(aside)
        os.utime(aside)


def bring_back(home: Path) -> None:
    """Undo `put_aside`; nothing is to be done where the same is there again.

    Raises:
        NotFoundError: if it lies there no more.
        WorkspaceError: if the workspace cannot be written to.
    """
    check_writable()
    try:
        if not home.is_dir():
            home.with_name(ASIDE + home.name).rename(home)
    except OSError as error:
        raise NotFoundError("It cannot be brought back: it was deleted for good.") from error


def tidy() -> None:
    """Delete for good what has lain aside for a day, and what a crash has left half made for as long."""
    for kind in ("datasets", "uploads", "runs"):
        for path in entries(kind):
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
