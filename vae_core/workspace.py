"""Where things live: datasets, uploads, runs and what is derived from them, under one folder, found by id.

    <workspace>/datasets/<id>/  see vae_core.stored_datasets
    <workspace>/uploads/<id>/   see vae_core.uploads.directory
    <workspace>/runs/<id>/      see vae_core.runs.directory
    <workspace>/exports/        see vae_core.derived
    <workspace>/graphs/         see vae_core.export.kept
    <workspace>/concepts/       see vae_core.stored_concepts

Where many people share a server, each has such a folder of their own, and there is one that all of them see:

    <workspace>/visitors/<id>/  what one visitor brought and made
    <workspace>/shared/         what is there for everybody: built-in sets, and what the teacher shares

Who is asking is `visitor()`: nobody in particular on one's own machine. Ids are 26 characters a-z, 2-7; a path is built
from nothing else. What is deleted lies aside as `.aside-<id>` for a day, so that it can be brought back.
"""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from vae_core.datasets import short_id
from vae_core.errors import NotFoundError

ENVIRONMENT = "VAE_STUDIO_WORKSPACE"
VISITOR_ENVIRONMENT = "VAE_STUDIO_VISITOR"
"""Tells a process whose things it works on."""
VISITORS, SHARED = "visitors", "shared"
ID_PATTERN = re.compile(r"[a-z2-7]{26}")
ASIDE = ".aside-"
KEPT_ASIDE_SECONDS = 24 * 3600.0
_UNKNOWN = "?"
_visiting: ContextVar[str | None] = ContextVar("visiting", default=_UNKNOWN)


def _told_by_environment() -> str | None:
    return os.environ.get(VISITOR_ENVIRONMENT) or None


@dataclass
class _Server:
    """How this process knows who is asking."""

    find_visitor: Callable[[], str | None] = _told_by_environment


_server = _Server()


def base() -> Path:
    """The workspace's folder: VAE_STUDIO_WORKSPACE, or a folder of the user's data directory."""
    chosen = os.environ.get(ENVIRONMENT)
    return Path(chosen).resolve() if chosen else Path(platformdirs.user_data_dir("vae-studio", appauthor=False))


def visitor() -> str | None:
    """Whose things are meant: a visitor's id, SHARED for what all see, None where one person has all of it.

    Raises:
        NotFoundError: if that cannot be known, where there are many.
    """
    found = _visiting.get()
    return _server.find_visitor() if found is _UNKNOWN else found


@contextlib.contextmanager
def visiting(id: str | None) -> Iterator[None]:
    """Within, this is the visitor."""
    token = _visiting.set(id)
    try:
        yield
    finally:
        _visiting.reset(token)


def ask(find: Callable[[], str | None]) -> None:
    """From now on, ask this who the visitor is, wherever `visiting` has not said so. A server says it once."""
    _server.find_visitor = find


def root() -> Path:
    """The folder of the visitor's things."""
    return home_of(visitor())


def home_of(id: str | None) -> Path:
    """The folder of a visitor's things, of SHARED ones, or of the only person's.

    Of a visitor's, its time says when they were last here: see `vae_core.oversight`.

    Raises:
        NotFoundError: if the text is no id.
    """
    if id is None:
        return base()
    if id == SHARED:
        return base() / SHARED
    return base() / VISITORS / checked(id)


def common() -> str | None:
    """Whose are the things that all may use."""
    return None if visitor() is None else SHARED


def visitors() -> list[str]:
    """Everybody who has a folder."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(path.name for path in (base() / VISITORS).iterdir() if ID_PATTERN.fullmatch(path.name))
    return []


def everybody() -> Iterator[str | None]:
    """All who may have things here: the only person, everybody together, and each visitor."""
    yield None
    if (base() / SHARED).is_dir():
        yield SHARED
    yield from visitors()


def folder(kind: str) -> Path:
    """The visitor's `datasets`, `uploads`, `runs`, `exports`, `graphs` or `concepts`, made if they are not there."""
    path = root() / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def checked(id: str) -> str:
    """The text, which is an id.

    Raises:
        NotFoundError: if it is none.
    """
    if not ID_PATTERN.fullmatch(id):
        raise NotFoundError("There is nothing at this address. Check the link, or choose from the list.")
    return id


def place(kind: str, id: str) -> Path:
    """The folder of one dataset, upload or run: the visitor's own, or if only that is there, the shared one.

    Raises:
        NotFoundError: if the text is no id.
    """
    own = folder(kind) / checked(id)
    shared = base() / SHARED / kind / id
    return shared if visitor() is not None and not own.is_dir() and shared.is_dir() else own


def is_shared(home: Path) -> bool:
    """Whether a visitor sees this without its being their own."""
    return visitor() not in (None, SHARED) and home.is_relative_to(base() / SHARED)


def homes(kind: str) -> Iterator[Path]:
    """The folders of everything of a kind that the visitor sees."""
    own = [home for home in folder(kind).iterdir() if ID_PATTERN.fullmatch(home.name)]
    yield from own
    shared = base() / SHARED / kind
    if visitor() not in (None, SHARED) and shared.is_dir():
        known = {home.name for home in own}
        yield from (home for home in shared.iterdir() if ID_PATTERN.fullmatch(home.name) and home.name not in known)


def everywhere(kind: str) -> Iterator[Path]:
    """The folders of everything of a kind that anybody has."""
    for id in everybody():
        with contextlib.suppress(FileNotFoundError):
            yield from (home for home in (home_of(id) / kind).iterdir() if ID_PATTERN.fullmatch(home.name))


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
    """Delete for good what has lain aside for a day, and what a crash has left half made for as long; everybody's."""
    for id in everybody():
        for kind in ("datasets", "uploads", "runs"):
            with contextlib.suppress(FileNotFoundError):
                for path in (home_of(id) / kind).iterdir():
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
