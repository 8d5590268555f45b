"""Maps that take a while: t-SNE of the codes of a model's version, computed once, by a process of its own.

`start` begins it unless that is done or going on, `status` looks how far it is, `result` gives the file.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from vae_core import derived, worker_process
from vae_core.errors import NotFoundError, ProjectionError
from vae_core.files import full_disk_is, write_atomically
from vae_core.latents import projection
from vae_core.projections.directory import ProjectionDirectory, Status
from vae_core.runs import threads

__all__ = ["Status", "result", "start", "status"]

KIND = "tsne"
ANOTHER_VERSION = "This model has been trained on since. Reload the page."


def start(checkpoint_id: str, version: str, mean: np.ndarray) -> None:
    """Begin t-SNE of a model's codes, unless that is done or going on.

    Args:
        checkpoint_id: Whose codes these are.
        version: Of the checkpoint.
        mean: Posterior means [N, L].

    Raises:
        NotFoundError: if there is no such version any more.
        ProjectionError: if there is no such map, or the disk is full.
    """
    directory = _directory(checkpoint_id, version)
    projection.check(mean)
    derived.forget(checkpoint_id, before=version)
    with _room():
        directory.path.mkdir(exist_ok=True)
        with FileLock(directory.path / "start.lock"):
            if directory.read_status().state in ("queued", "running", "done"):
                return
            buffer = io.BytesIO()
            np.save(buffer, mean.astype(np.float32))
            write_atomically(directory.codes, buffer.getvalue())
            directory.write_status(Status(state="queued"))
        environment = threads.environment(beside_server=True)
        worker_process.start("vae_core.projections.worker", directory.path, directory.log, environment)


def status(checkpoint_id: str, version: str) -> Status:
    """Where it stands.

    Raises:
        NotFoundError: if there is no such version any more.
    """
    return _directory(checkpoint_id, version).read_status()


def result(checkpoint_id: str, version: str) -> Path:
    """The file of the places: float32 [N, 2], little-endian, in the order of the codes.

    Raises:
        NotFoundError: if there is no such version any more, or the map is not computed.
    """
    directory = _directory(checkpoint_id, version)
    if not directory.places.is_file():
        raise NotFoundError("This map is not computed yet. Start it first.")
    return directory.places


def _directory(checkpoint_id: str, version: str) -> ProjectionDirectory:
    from vae_core import checkpoints  # with torch, 200 MB that the process which computes does without

    if checkpoints.version(checkpoint_id) != version:
        raise NotFoundError(ANOTHER_VERSION)
    return ProjectionDirectory(derived.place(checkpoint_id, version, KIND))


@contextmanager
def _room() -> Iterator[None]:
    try:
        with full_disk_is(ProjectionError):
            yield
    except FileNotFoundError as error:  # the directory was deleted under our hands
        raise NotFoundError(ANOTHER_VERSION) from error
