"""What takes a while and is derived from a version of a model: computed once, by a process of its own, and kept.

`start` begins it unless that is done or going on, `status` looks how far it is, `result` gives the file. Two requests
that ask for the same are one; another option, another version or another dataset is another.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from vae_core import derived, profiles, quotas, waiting, worker_process, workspace
from vae_core.computations.directory import VERSIONS, ComputationDirectory, Request, Status
from vae_core.errors import ComputationError, NotFoundError
from vae_core.files import full_disk_is, write_atomically
from vae_core.runs import threads

__all__ = ["Request", "Status", "directory", "result", "start", "status"]

ANOTHER_VERSION = "This model has been trained on since. Reload the page."


def start(request: Request, inputs: Mapping[str, bytes] | None = None) -> None:
    """Begin it, unless it is done or going on.

    Args:
        request: What.
        inputs: Files that it works on and cannot find itself, by name.

    Raises:
        NotFoundError: if there is no such version of the model any more.
        ComputationError: if the disk is full, or too many go on already.
        QuotaError: if the visitor has no room for it.
    """
    home = directory(request)
    derived.forget(request.checkpoint_id, before=request.version)
    with _room():
        home.path.mkdir(exist_ok=True)
        with FileLock(home.path / "start.lock"):
            if home.read_status().state in ("queued", "running", "done"):
                return
            with _queue(home):
                for name, content in (inputs or {}).items():
                    write_atomically(home.path / name, content)
                home.write_request(request)
                home.write_status(Status(state="queued"))
        environment = threads.environment(beside_server=True)
        worker_process.start("vae_core.computations.worker", home.path, home.log, environment)


def status(request: Request) -> Status:
    """Where it stands.

    Raises:
        NotFoundError: if there is no such version of the model any more.
    """
    return directory(request).read_status()


def result(request: Request) -> Path:
    """The file of what came out.

    Raises:
        NotFoundError: if there is no such version of the model any more, or this is not computed.
    """
    path = directory(request).result
    if not path.is_file():
        raise NotFoundError("This is not computed yet. Start it first.")
    return path


def directory(request: Request) -> ComputationDirectory:
    """Where it is computed and kept.

    Raises:
        NotFoundError: if there is no such version of the model any more.
    """
    from vae_core import checkpoints  # with torch, 200 MB that some processes which compute do without

    if checkpoints.version(request.checkpoint_id) != request.version:
        raise NotFoundError(ANOTHER_VERSION)
    with_own_data = bool(request.options)  # what is asked of a model alone, all who see it may have
    return ComputationDirectory(derived.place(request.checkpoint_id, request.version, _name(request), with_own_data))


@contextmanager
def _queue(home: ComputationDirectory) -> Iterator[None]:
    """Within, it is put down among those that wait, if one more may.

    Raises:
        ComputationError: if too many wait already.
        QuotaError: if the visitor has no room for it.
    """
    if not home.path.is_relative_to(workspace.base()):  # nothing can be kept here: it is gone with the server
        yield
        return
    with waiting.starting():
        _check_queue()
        if home.path.is_relative_to(workspace.root()):
            quotas.check_room()
        waiting.note(home.path)
        yield


def _check_queue() -> None:
    profile, live = profiles.present(), []
    for path in waiting.homes(derived.KIND):
        if ComputationDirectory(path).read_status().state in ("queued", "running"):
            live.append(path)
        else:
            waiting.forget(path)  # its process died
    own = sum(path.is_relative_to(workspace.root()) for path in live)
    if profile.computations_each is not None and own >= profile.computations_each:
        raise ComputationError(f"{own} computations of yours go on already. Wait until one has ended.")
    if profile.computations is not None and len(live) >= profile.computations:
        raise ComputationError(f"{len(live)} computations go on already, as many as may. Try again in a few minutes.")


def _name(request: Request) -> str:
    """`<kind>-<its version>`, and with options `-<digest of them>`."""
    name = f"{request.kind}-{VERSIONS[request.kind]}"
    if not request.options:
        return name
    told = json.dumps(request.options, sort_keys=True).encode()
    return f"{name}-{hashlib.sha256(told).hexdigest()[:16]}"


@contextmanager
def _room() -> Iterator[None]:
    try:
        with full_disk_is(ComputationError):
            yield
    except FileNotFoundError as error:  # the directory was deleted under our hands
        raise NotFoundError(ANOTHER_VERSION) from error
