"""Where things live: datasets, uploads, runs and what is derived from them, under one folder, found by id.

    <workspace>/datasets/<id>/  see vae_core.stored_datasets
    <workspace>/uploads/<id>/   see vae_core.uploads.directory
    <workspace>/runs/<id>/      see vae_core.runs.directory
    <workspace>/exports/        see vae_core.derived
    <workspace>/graphs/         see vae_core.export.kept
    <workspace>/concepts/       see vae_core.stored_concepts
    <workspace>/queue/          see vae_core.waiting; everybody's

Where many people share a server, each has such a folder of their own, and there is one that all of them see:

    <workspace>/visitors/<id>/  what one visitor brought and made
    <workspace>/shared/         what is there for everybody: built-in sets, and what the teacher shares

Who is asking is `visitor()`: nobody in particular on one's own machine. Ids are 26 characters a-z, 2-7; a path is built
from nothing else. What is deleted lies aside as `.aside-<id>` for a day, so that it can be brought back. Where nothing
can be written, what is derived goes to a temporary folder, and the rest is refused with a sentence.
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
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from vae_core.datasets import short_id
from vae_core.errors import NotFoundError, WorkspaceError
from vae_core.files import can_write_in

ENVIRONMENT = "VAE_STUDIO_WORKSPACE"
VISITOR_ENVIRONMENT = "VAE_STUDIO_VISITOR"
"""Tells a process whose things it works on."""
VISITORS, SHARED = "visitors", "shared"
MADE_ANEW = ("exports", "graphs")
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
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
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


def checked(id: str) -> str:
    """The text, which is an id.

    Raises:
        NotFoundError: if it is none.
    """
    if not ID_PATTERN.fullmatch(id):
        raise NotFoundError("There is nothing at this address. Check the link, or choose from the list.")
    return id


def is_writable() -> bool:
    """Whether anything can be put into the visitor's folder."""
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


def own(kind: str, id: str) -> Path:
    """The folder of one dataset, upload or run of the visitor's own, there or not: whoever writes, writes here."""
    return root() / kind / checked(id)


def place(kind: str, id: str) -> Path:
    """The folder of one dataset, upload or run to look at: the visitor's own, or if only that is there, the shared one.

    Raises:
        NotFoundError: if the text is no id.
    """
    mine = own(kind, id)
    shared = base() / SHARED / kind / id
    return shared if visitor() is not None and not mine.is_dir() and shared.is_dir() else mine


def is_shared(home: Path) -> bool:
    """Whether a visitor sees this without its being their own."""
    return visitor() not in (None, SHARED) and home.is_relative_to(base() / SHARED)


def homes(kind: str) -> Iterator[Path]:
    """The folders of everything of a kind that the visitor sees."""
    own = [home for home in entries(kind) if ID_PATTERN.fullmatch(home.name)]
    yield from own
    shared = base() / SHARED / kind
    if visitor() not in (None, SHARED) and shared.is_dir():
        known = {home.name for home in own}
        yield from (home for home in shared.iterdir() if ID_PATTERN.fullmatch(home.name) and home.name not in known)


def everywhere(kind: str) -> Iterator[Path]:
    """The folders of everything of a kind that anybody has."""
    for id in everybody():
        with visiting(id):
            found = [home for home in entries(kind) if ID_PATTERN.fullmatch(home.name)]
        yield from found  # whoever takes them is who they were


def entries(kind: str) -> list[Path]:
    """All that lies in the visitor's folder of a kind; nothing where there is none."""
    try:
        return list((root() / kind).iterdir())
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
    """Delete for good what has lain aside for a day, and what a crash has left half made for as long; everybody's."""
    for id in everybody():
        with visiting(id):
            for kind in ("datasets", "uploads", "runs"):
                _tidy(entries(kind))


def _tidy(paths: list[Path]) -> None:
    for path in paths:
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
