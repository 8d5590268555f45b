"""Uploads: what people bring is kept as it came, and read by a process of its own into a dataset.

`receive` and `prepare_again` start such a process, `get` looks how far it is, `read` waits for it.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from vae_core import process_lock, profiles, quotas, stored_datasets, worker_process, workspace
from vae_core.datasets import Dataset, Preparation, clean_name
from vae_core.datasets.file import shown_name
from vae_core.errors import DatasetError, NotFoundError
from vae_core.profiles import MB
from vae_core.uploads.directory import Status, UploadDirectory, UploadFile

__all__ = [
    "Status",
    "UploadDirectory",
    "cancel",
    "drop_files",
    "get",
    "prepare_again",
    "read",
    "receive",
    "replaces",
    "running",
    "settle",
    "tidy",
]

KIND = "uploads"
POLL_SECONDS = 0.05
CANCEL_SECONDS = 5.0
KEPT_SECONDS = 24 * 3600.0


def receive(files: Iterable[tuple[str, BinaryIO]], preparation: Preparation | None = None) -> str:
    """Keep files and begin to read them.

    Args:
        files: (name, content) pairs; a name is text to show.
        preparation: The user's choices; None leaves them to the data.

    Returns:
        The upload's id.

    Raises:
        QuotaError: if there is no room for them.
        DatasetError: if one of them is too large.
        WorkspaceError: if the workspace cannot be written to.
    """
    brought = list(files)
    _check_sizes(brought)
    id = workspace.new_id()
    directory = UploadDirectory(workspace.own(KIND, id))
    directory.path.mkdir(parents=True)
    names = []
    for k, (name, stream) in enumerate(brought):
        with (directory.path / str(k)).open("wb") as kept:
            shutil.copyfileobj(stream, kept, 2**20)
        names.append(clean_name(name))
    directory.ask(UploadFile(names=tuple(names), preparation=preparation, created=time.time()))
    _start(directory)
    return id


def _check_sizes(files: Iterable[tuple[str, BinaryIO]]) -> None:
    most, total = profiles.present().upload_bytes, 0
    for name, stream in files:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size > most:
            raise DatasetError(
                f"{shown_name(name)} has {size / MB:,.0f} MB; at most {most / MB:,.0f} MB are read. Bring less."
            )
        total += size
    quotas.check(total)


def prepare_again(upload_id: str, preparation: Preparation, dataset_id: str, title: str) -> None:
    """Read a kept upload once more, prepared in another way; it becomes another dataset of this title.

    It is to replace `dataset_id`; whoever shows the result does that, if nothing else uses it.

    Raises:
        NotFoundError: if the upload is not kept any more.
        DatasetError: if it is being read just now.
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    directory = UploadDirectory(workspace.place(KIND, upload_id))
    upload = directory.read_upload()
    quotas.check()
    if directory.read_status().state == "reading":
        raise DatasetError("These files are being prepared at this moment. Wait until that has ended.")
    directory.ask(upload.model_copy(update={"preparation": preparation, "title": title, "replaces": dataset_id}))
    _start(directory)


def get(id: str) -> Status:
    """Where the reading of an upload stands.

    Raises:
        NotFoundError: if there is no such upload.
    """
    return UploadDirectory(workspace.place(KIND, id)).read_status()


def cancel(id: str) -> None:
    """Stop a reading; returns when its process has ended, within five seconds."""
    directory = UploadDirectory(workspace.place(KIND, id))
    directory.ask_to_cancel()
    deadline = time.monotonic() + CANCEL_SECONDS
    while process_lock.is_held(directory.lock) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def replaces(id: str) -> str | None:
    """The dataset of which an upload was prepared anew.

    Raises:
        NotFoundError: if there is no such upload.
    """
    return UploadDirectory(workspace.place(KIND, id)).read_upload().replaces


def settle(id: str) -> None:
    """Note that what an upload was to replace is replaced: this must not happen again when it was brought back.

    Raises:
        NotFoundError: if there is no such upload.
    """
    directory = UploadDirectory(workspace.place(KIND, id))
    upload = directory.read_upload()
    if upload.replaces:
        directory.write_upload(upload.model_copy(update={"replaces": None}))


def running() -> list[tuple[str, str]]:
    """Id and name of every upload that is being read, the latest first."""
    found = []
    for home in workspace.homes(KIND):
        directory = UploadDirectory(home)
        with suppress(NotFoundError):
            if directory.read_status().state == "reading":
                upload = directory.read_upload()
                found.append((upload.created, home.name, upload.title or upload.names[0]))
    return [(id, name) for _, id, name in sorted(found, reverse=True)]


def drop_files(id: str) -> None:
    """Delete the files of an upload that became no dataset; what was said of it stays until it is tidied away."""
    home = workspace.place(KIND, id)
    if home.name not in stored_datasets.uploads_in_use():
        for path in home.iterdir():
            if path.name.isdigit():
                path.unlink(missing_ok=True)


def tidy() -> None:
    """Forget uploads of which no dataset is left, whoever's they are, after a day."""
    for visitor in workspace.everybody():
        with workspace.visiting(visitor):
            _tidy()


def _tidy() -> None:
    used = stored_datasets.uploads_in_use()
    for home in workspace.homes(KIND):
        with suppress(OSError):
            idle = home.name not in used and not process_lock.is_held(UploadDirectory(home).lock)
            if idle and time.time() - home.stat().st_mtime > KEPT_SECONDS:
                workspace.discard(home)


def read(
    files: Sequence[tuple[str, Path]],
    preparation: Preparation | None = None,
    progress: Callable[[Status], None] = lambda status: None,
    title: str | None = None,
) -> Dataset:
    """Read files of this disk in a process with limits, and wait for it; the workspace is left as it was.

    Raises:
        DatasetError: if there is nothing usable in them.
    """
    with tempfile.TemporaryDirectory(prefix="vae-studio-", ignore_cleanup_errors=True) as elsewhere:
        id = workspace.new_id()
        directory = UploadDirectory(Path(elsewhere) / KIND / id)
        directory.path.mkdir(parents=True)
        for k, (_, path) in enumerate(files):
            _refer(directory.path / str(k), path.resolve())
        names = tuple(clean_name(name) for name, _ in files)
        asked = UploadFile(names=names, preparation=preparation, title=title, created=time.time())
        directory.ask(asked)
        process = _start(directory, elsewhere)
        while process.poll() is None:
            progress(directory.read_status())
            time.sleep(POLL_SECONDS)
        status = directory.read_status()
        if status.state != "done" or not status.dataset:
            raise DatasetError(status.message or "The process that reads these files ended early. Try it again.")
        # the examples are mapped: they outlive their file's name
        return stored_datasets.load_from(Path(elsewhere) / stored_datasets.KIND / status.dataset)


def _refer(place: Path, path: Path) -> None:
    """The file under a name of ours, without copying it where that can be helped."""
    try:
        place.symlink_to(path)
    except OSError:  # Windows asks for a privilege
        shutil.copyfile(path, place)


def _start(directory: UploadDirectory, root: str | None = None) -> subprocess.Popen:
    elsewhere = {workspace.ENVIRONMENT: root, workspace.VISITOR_ENVIRONMENT: ""} if root else {}
    environment = {"OPENBLAS_NUM_THREADS": "1"} | elsewhere
    worker = "vae_core.uploads.worker"
    return worker_process.start(worker, directory.path, directory.log, environment, is_detached=root is None)
