"""Taking a backup: every item as it stood at one moment, though others write meanwhile.

All files of an item are opened, and looked up again: if each name still leads to the file that was opened, they were
there together at the moment between, just as a crash then would have left them, and an open file is whole whatever is
renamed over its name.
"""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from pydantic import TypeAdapter

from vae_core import workspace
from vae_core.backups import tape
from vae_core.backups.layout import (
    ABOUT,
    CONCEPTS,
    CONTENTS,
    FILES,
    KINDS,
    SECRET,
    About,
    Content,
    Item,
    largest,
    places,
)
from vae_core.dataset_summary import DatasetSummary, read_summary
from vae_core.errors import BackupError, NotFoundError
from vae_core.files import full_disk_is, replacing
from vae_core.runs.directory import RunDirectory

TRIES = 50
"""To see an item at one moment; a training writes twice a second, and opening its files takes a hundredth of that."""
MOST_OPEN = 4096
"""Files at once: an upload may have as many as a browser gives."""
CONTENT_LIST = TypeAdapter(tuple[Content, ...])
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Taken:
    """What a backup came to.

    Attributes:
        items: How many there are of each kind.
        size: Bytes of the file.
        left_out: Addresses of what could not be read.
    """

    items: dict[str, int]
    size: int
    left_out: tuple[str, ...]


def backup(target: Path, progress: Progress = lambda done: None) -> Taken:
    """Write the workspace into one file, whole or not at all.

    Args:
        target: The file; one of this name is replaced when the new one is whole.
        progress: Told the share done, 0 to 1.

    Raises:
        BackupError: if the disk is full.
    """
    root = workspace.base()
    _allow_many_files()
    items = [item for place in places(root) for item in _items(root, place)]
    if (root / SECRET).is_file():
        items.append(Item("", SECRET, SECRET))
    total = sum(workspace.size(root / item.address) if item.is_folder else 0 for item in items)
    left_out, counted = [], dict.fromkeys((*KINDS, SECRET), 0)
    with full_disk_is(BackupError), replacing(target) as file:
        writer = _Writer(file, lambda size: progress(min(size / total, 1.0) if total else 1.0))
        writer.add(ABOUT, About(created=time.time()).model_dump_json().encode())
        for item in items:
            with ExitStack() as opened:
                try:
                    files = _open_together(root, item, opened)
                except OSError:
                    left_out.append(item.address)
                    continue
                for name, source in files:
                    writer.copy(name, source)
                counted[item.kind] += bool(files)
        writer.finish()
    progress(1.0)
    return Taken(counted, target.stat().st_size, tuple(left_out))


def _allow_many_files() -> None:
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_OPEN if hard == resource.RLIM_INFINITY else min(MOST_OPEN, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _items(root: Path, place: str) -> Iterator[Item]:
    """What is whole in a place: nothing half made or deleted, and the uploads that datasets came from."""
    used = {about.upload for home in _homes(root, place, "datasets") if (about := _summary(home)) and about.upload}
    for kind in KINDS:
        for home in _homes(root, place, kind):
            if _is_whole(kind, home, used):
                yield Item(place, kind, home.name)


def _homes(root: Path, place: str, kind: str) -> list[Path]:
    folder = root / place / kind
    pattern = CONCEPTS if kind == "concepts" else workspace.ID_PATTERN
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and not path.is_symlink())


def _summary(home: Path) -> DatasetSummary | None:
    try:
        return read_summary(home)
    except (OSError, ValueError):
        return None


def _is_whole(kind: str, home: Path, used: set[str]) -> bool:
    if kind == "uploads":
        return home.name in used
    if kind == "datasets":
        return _summary(home) is not None
    if kind == "concepts":
        return True
    try:
        return bool(RunDirectory(home).read_run())
    except NotFoundError:
        return False


def _open_together(root: Path, item: Item, opened: ExitStack) -> list[tuple[str, BinaryIO]]:
    """Names in the archive and open files of an item that were all there at one moment; none if it is gone."""
    for _ in range(TRIES):
        with ExitStack() as attempt:
            try:
                names = _names(root, item)
                files = [(name, attempt.enter_context(_open(root / name))) for name in names]
                if names == _names(root, item) and all(_is_still(root / name, file) for name, file in files):
                    opened.push(attempt.pop_all())
                    return files
            except FileNotFoundError:
                if not (root / item.address).exists():
                    return []
        time.sleep(0.01)
    raise OSError(f"{item.address} does not stand still")


def _names(root: Path, item: Item) -> list[str]:
    home = root / item.address
    if not item.is_folder:
        return [item.address]
    within = (*home.iterdir(), *home.glob("film/*"), *home.glob("trials/*"))
    found = [path.relative_to(home).as_posix() for path in within]
    return [f"{item.address}/{name}" for name in sorted(found) if FILES[item.kind].fullmatch(name)]


def _open(path: Path) -> BinaryIO:
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > largest(path.name):
        raise OSError("no ordinary file, or too large")
    return path.open("rb")


def _is_still(path: Path, file: BinaryIO) -> bool:
    return os.path.samestat(path.lstat(), os.fstat(file.fileno()))


class _Writer:
    """Adds files to the archive, and keeps the list of them."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        self._file, self._progress = file, progress
        self._contents: list[Content] = []
        self._size = 0

    def add(self, name: str, content: bytes) -> None:
        """A file that is made here."""
        self._file.write(tape.header(name, len(content), time.time()) + content + tape.padding(len(content)))
        self._contents.append(Content(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest()))

    def copy(self, name: str, source: BinaryIO) -> None:
        """A file of the workspace, as long as it is now: a history to which lines are added may grow meanwhile."""
        about = os.fstat(source.fileno())
        size, digest = about.st_size, hashlib.sha256()
        self._file.write(tape.header(name, size, about.st_mtime))
        left = size
        while left:
            content = source.read(min(left, tape.CHUNK))
            if not content:
                raise BackupError(f"{name} became shorter while it was read. Make the backup again.")
            self._file.write(content)
            digest.update(content)
            left -= len(content)
            self._size += len(content)
            self._progress(self._size)
        self._file.write(tape.padding(size))
        self._contents.append(Content(name=name, size=size, sha256=digest.hexdigest()))

    def finish(self) -> None:
        """The list, and the end of the tape."""
        content = CONTENT_LIST.dump_json(tuple(self._contents))
        self._file.write(tape.header(CONTENTS, len(content), time.time()) + content + tape.padding(len(content)))
        self._file.write(tape.end())
