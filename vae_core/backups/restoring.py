"""Bringing a backup back: first all of it is looked through, then every item that is not here comes as one."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from vae_core import stored_datasets, waiting, workspace
from vae_core.backups import tape
from vae_core.backups.layout import ABOUT, CONTENTS, FORMAT_VERSION, SECRET, About, Item, largest, parse
from vae_core.backups.taking import CONTENT_LIST, Progress
from vae_core.backups.tape import DAMAGED, Member
from vae_core.datasets.file import shown_name
from vae_core.errors import BackupError, VAECoreError
from vae_core.files import full_disk_is, replacing, sync_directory
from vae_core.runs.directory import RunDirectory
from vae_core.workspace import VISITORS

SMALL = 2**26
"""Bytes of the list of contents, at most: half a million files."""
TOLD = 5
Contents = dict[Item, dict[str, Member]]


@dataclass(frozen=True)
class Restored:
    """What came back, and what did not, by their addresses in the workspace.

    Attributes:
        restored: Was not here.
        same: Is here already.
        different: Is here already and is another; it was left as it is.
    """

    restored: tuple[str, ...]
    same: tuple[str, ...]
    different: tuple[str, ...]


def restore(source: Path, missing_only: bool = False, progress: Progress = lambda done: None) -> Restored:
    """Bring back what is not in the workspace; nothing that is here is changed.

    Args:
        source: What `backup` wrote.
        missing_only: Whether to pass over what is here and is another, instead of bringing back nothing at all.
        progress: Told the share done, 0 to 1.

    Raises:
        BackupError: if the file is damaged, of a newer version or no backup, the workspace has other things under the
            same ids or another secret than the backup's visitors need, or there is too little room; nothing was
            changed then.
    """
    with _opened(source) as file:
        contents = _looked_through(file, lambda done: progress(done / 2))
        root = workspace.base()
        states = {item: _state(root, item, members, file) for item, members in contents.items()}
        _check_secret(states)
        different = tuple(item.address for item, state in states.items() if state == "different")
        if different and not missing_only:
            raise BackupError(
                f"The workspace has other things under the same ids: {_some(different)}. Nothing was brought back. "
                "Restore into an empty workspace, or bring back only what is missing."
            )
        absent = {item: members for item, members in contents.items() if states[item] == "absent"}
        _check_room(root, absent)
        total, done, restored = _size(absent), 0, []
        for item, members in absent.items():
            with full_disk_is(BackupError):
                _bring(root, item, members, file)
            restored.append(item.address)
            done += _size({item: members})
            progress(0.5 + 0.5 * done / max(total, 1))
    return Restored(tuple(restored), tuple(item.address for item in states if states[item] == "same"), different)


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        file = source.open("rb")
    except OSError as error:
        raise BackupError(f"There is no readable file {shown_name(source.name)}. Check the spelling.") from error
    with file:
        yield file


def _looked_through(file: BinaryIO, progress: Progress) -> Contents:
    """All items, when every file has the name, the size and the content that it is to have."""
    members = list(tape.members(file))
    _check_version(file, members[0] if members else None)
    names = [member.name for member in members]
    if names[-1] != CONTENTS or len(set(names)) < len(names) or members[-1].size > SMALL:
        raise BackupError(DAMAGED.format(name="its end"))
    try:
        listed = CONTENT_LIST.validate_json(b"".join(tape.chunks(file, members[-1])))
    except ValidationError as error:
        raise BackupError(DAMAGED.format(name=CONTENTS)) from error
    if [(one.name, one.size) for one in listed] != [(member.name, member.size) for member in members[:-1]]:
        raise BackupError(DAMAGED.format(name=CONTENTS))
    found: Contents = {}
    for member, told in zip(members[1:-1], listed[1:], strict=True):
        parsed = parse(member.name)
        if parsed is None or member.size > largest(member.name):
            raise BackupError(f"No backup of this program holds {shown_name(member.name)}. Nothing was brought back.")
        if _digest(file, member) != told.sha256:
            raise BackupError(DAMAGED.format(name=member.name))
        item, name = parsed
        found.setdefault(item, {})[name] = member
        progress(member.offset / members[-1].offset)
    return found


def _check_version(file: BinaryIO, first: Member | None) -> None:
    if first is None or first.name != ABOUT or first.size > tape.CHUNK:
        raise BackupError("This is no backup of this program. Give a file that `backup` wrote.")
    try:
        found = About.model_validate_json(b"".join(tape.chunks(file, first))).format
    except ValidationError as error:
        raise BackupError(DAMAGED.format(name=ABOUT)) from error
    if found != FORMAT_VERSION:
        raise BackupError(
            f"The backup has format version {found}; this program reads version {FORMAT_VERSION}. Update the program."
        )


def _digest(file: BinaryIO, member: Member) -> str:
    digest = hashlib.sha256()
    for content in tape.chunks(file, member):
        digest.update(content)
    return digest.hexdigest()


def _state(root: Path, item: Item, members: dict[str, Member], file: BinaryIO) -> str:
    """Whether an item is "absent" here, the "same", or "different"."""
    home = root / item.address
    if not os.path.lexists(home):
        return "absent"
    if item.kind == "datasets":  # the id is that of its content; only what it is called may have changed
        return "same" if _is_dataset(home) else "different"
    names = {name for name in members if item.kind != "uploads" or name.isdigit()}  # the rest tells of its readings
    return "same" if all(_is_same(_path(home, item, name), members[name], file) for name in names) else "different"


def _check_secret(states: dict[Item, str]) -> None:
    """A server makes its secret when it is first opened; with another one visitors' cookies and links open nothing."""
    if states.get(Item("", SECRET, SECRET)) == "different" and any(item.place.startswith(VISITORS) for item in states):
        raise BackupError(
            "The workspace has a secret of its own, with which none of the backup's visitors' cookies and links "
            "opens anything. Nothing was brought back. Stop the server, remove the file secret in the workspace, and "
            "restore again."
        )


def _is_dataset(home: Path) -> bool:
    try:
        return stored_datasets.load_from(home).id == home.name
    except VAECoreError:
        return False


def _is_same(path: Path, member: Member, file: BinaryIO) -> bool:
    try:
        with path.open("rb") as present:
            same = all(present.read(len(content)) == content for content in tape.chunks(file, member))
            return same and not present.read(1)
    except OSError:
        return False


def _path(home: Path, item: Item, name: str) -> Path:
    return home / name if item.is_folder else home


def _check_room(root: Path, absent: Contents) -> None:
    root.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(root).free, _size(absent)
    if free < needed:
        raise BackupError(
            f"The disk has {free / 2**30:.1f} GB left; the backup needs {needed / 2**30:.1f} GB. Make room, then try "
            "again."
        )


def _size(contents: Contents) -> int:
    return sum(member.size for members in contents.values() for member in members.values())


def _bring(root: Path, item: Item, members: dict[str, Member], file: BinaryIO) -> None:
    """Write an item beside the others of its kind, and give it its name when it is whole."""
    home = root / item.address
    home.parent.mkdir(parents=True, exist_ok=True)
    if not item.is_folder:
        _write(home, next(iter(members.values())), file)
        return
    stage = Path(tempfile.mkdtemp(prefix=".tmp-", dir=home.parent))
    try:
        for name, member in members.items():
            (stage / name).parent.mkdir(exist_ok=True)
            _write(stage / name, member, file)
        stage.rename(home)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    sync_directory(home.parent)
    if item.kind == "runs" and RunDirectory(home).read_status().state == "interrupted":
        waiting.note(home)  # it may go on by itself


def _write(path: Path, member: Member, file: BinaryIO) -> None:
    with replacing(path) as target:
        for content in tape.chunks(file, member):
            target.write(content)
    modified = min(max(member.modified, 0), int(time.time()))
    os.utime(path, (modified, modified))  # sets stored before that was written down are listed by it


def _some(addresses: tuple[str, ...]) -> str:
    more = f" and {len(addresses) - TOLD} more" if len(addresses) > TOLD else ""
    return ", ".join(addresses[:TOLD]) + more
