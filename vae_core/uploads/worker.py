"""`python -m vae_core.uploads.worker UPLOAD_DIRECTORY`: the process that reads what somebody uploaded.

The reading itself is done by a child with limits; when a file brings the child down, that file is refused, and a new
child reads the rest.
"""

import errno
import logging
import os
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from filelock import Timeout

from vae_core import process_lock, stored_datasets
from vae_core.datasets import Reading, read_files
from vae_core.errors import NotFoundError, VAECoreError
from vae_core.uploads.child import Place, limit_time, run
from vae_core.uploads.directory import Status, UploadDirectory

NICENESS = 10
MOST_CRASHES = 10
STATUS_SECONDS = 0.4
CANCELLED = "Reading was cancelled. Nothing was kept."
CANCELLED_AGAIN = "The new preparation was cancelled. The dataset is as it was."


def main(path: Path) -> int:
    """Read the upload in a directory; the exit code is 0 when it became a dataset."""
    directory = UploadDirectory(path)
    try:
        with process_lock.lock(directory.lock).acquire(timeout=5), stored_datasets.staging() as stage:
            read(directory, stage)
            return 0 if directory.read_status().state == "done" else 1
    except (Timeout, NotFoundError):
        return 1  # another process reads this upload already, or it was removed


def read(directory: UploadDirectory, stage: Path) -> None:
    """Let children read until one comes to an end by itself."""
    refused: dict[int, str] = {}
    place = Place()
    why: str | None = ""
    while len(refused) <= MOST_CRASHES:
        place.set(-1)
        why = run(lambda: _read_here(directory, stage, place, refused), place, directory.is_cancel_asked)
        if why is None:
            return
        if directory.is_cancel_asked():
            message = CANCELLED_AGAIN if directory.read_upload().replaces else CANCELLED
            directory.write_status(Status(state="cancelled", message=message))
            return
        k, _ = place.look()
        if k < 0:
            break
        refused[k] = why
    message = f"These files could not be read: {why}. Save them anew, or give a part of them."
    directory.write_status(Status(state="failed", message=message))


def _read_here(directory: UploadDirectory, stage: Path, place: Place, refused: dict[int, str]) -> None:
    """Read, store, and leave in the directory how it ended."""
    started = written = time.monotonic()

    def begin(k: int) -> None:
        place.set(k)
        limit_time()

    def progress(done: int, count: int) -> None:
        nonlocal written
        place.beat()
        now = time.monotonic()
        if done and now - written > STATUS_SECONDS:
            written = now
            limit_time()  # one file may be a whole set
            left = (now - started) / done * (count - done)
            directory.write_status(Status(state="reading", done=done / count, count=count, seconds_left=left))

    try:
        upload = directory.read_upload()
        reading = Reading(stage / "x.npy", begin, progress, refused)
        dataset = read_files(directory.files(), upload.preparation, reading)
        begin(-1)
        dataset = replace(dataset, name=upload.title or dataset.name)
        id = stored_datasets.save(dataset, directory.path.name, stage, lambda: begin(-1))
        directory.write_status(Status(state="done", done=1.0, dataset=id))
    except Exception as error:
        logging.exception("The upload was not read")
        shutil.rmtree(stage, ignore_errors=True)  # a full disk must have room for the answer
        stage.mkdir()
        with suppress(FileNotFoundError):  # the upload was removed
            directory.write_status(Status(state="failed", message=_sentence(error)))


def _sentence(error: Exception) -> str:
    if isinstance(error, VAECoreError):
        return str(error)
    if isinstance(error, MemoryError):
        return "Reading these files needs more than 2 GB of memory. Give a part of them, or smaller ones."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "There is not enough room on the disk. Make room, and try again."
    return "Reading stopped by an error of the program; log.txt in the upload's folder has the details."


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
