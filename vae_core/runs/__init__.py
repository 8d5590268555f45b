"""Runs: start, look, cancel, go on. A run outlives whoever started it."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from vae_core import derived, profiles, quotas, worker_process, workspace
from vae_core.errors import NotFoundError, TrainingError, VAECoreError
from vae_core.files import full_disk_is
from vae_core.run_config import RunConfig
from vae_core.runs import threads
from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status
from vae_core.trials import Study

__all__ = [
    "Run",
    "RunDirectory",
    "Status",
    "cancel",
    "count_ahead",
    "delete",
    "get",
    "keep_best",
    "list_runs",
    "resume",
    "resume_interrupted",
    "start",
]

POLITE_SECONDS = 2.5
"""How long a cancelled worker may take to put its things in order before it is killed."""
DEATH_SECONDS = 1.0
"""How long the system may take over that."""


@dataclass(frozen=True)
class Run:
    """One training job as it stands now."""

    id: str
    name: str
    config: RunConfig
    created: float
    status: Status
    directory: RunDirectory
    study: Study | None = None
    is_brought: bool = False
    """Not trained here, but brought as a file."""

    @property
    def is_shared(self) -> bool:
        """Whether it is there for all, and not the visitor's own."""
        return workspace.is_shared(self.directory.path)

    @property
    def is_live(self) -> bool:
        """Waiting or training."""
        return self.status.state in ("queued", "running")

    @property
    def has_model(self) -> bool:
        """Whether at least one epoch is finished."""
        return self.directory.checkpoint.is_file()


def start(name: str, config: RunConfig, study: Study | None = None) -> Run:
    """Start a worker process on a stored dataset; with a study it cross-validates around these settings.

    Raises:
        TrainingError: if the disk is full, or too many runs wait already.
        QuotaError: if the visitor has no room for it.
        WorkspaceError: if the workspace cannot be written to.
    """
    quotas.check()
    _check_queue()
    id = workspace.new_id()
    directory = RunDirectory(workspace.place("runs", id))
    try:
        with full_disk_is(TrainingError):
            directory.create(RunFile(name=name, config=config, created=time.time(), study=study))
            _start_worker(directory)
    except TrainingError:
        workspace.discard(directory.path)
        raise
    return get(id)


def resume(id: str) -> Run:
    """Let a run that was interrupted, cancelled or failed go on from its last epoch.

    Raises:
        TrainingError: if it has ended, or goes on already, or the disk is full, or too many runs wait already.
        QuotaError: if the visitor has no room for it.
    """
    run = _own(id)
    quotas.check()
    with _again(run) as present:
        if present.is_live or present.status.state == "done":
            raise TrainingError("This run has ended, or it is going on already. Start a new one to train again.")
        _check_queue()
        _queue(run.directory)
    return get(id)


def resume_interrupted() -> None:
    """Let every run whose process died go on once by itself, whoever's it is; what dies a second time waits for a
    person."""
    for visitor in workspace.everybody():
        with workspace.visiting(visitor):
            for run in list_runs():
                if run.status.state == "interrupted" and run.status.attempts == 1 and not run.is_shared:
                    with contextlib.suppress(VAECoreError):  # another server was quicker, or there is no room
                        resume(run.id)


def keep_best(id: str) -> Run:
    """Of a run that has ended, let the model be that of its best epoch instead of its last.

    Raises:
        TrainingError: if it goes on, or its best epoch was not kept, or the disk is full.
    """
    run = _own(id)
    with _again(run) as present:
        if present.is_live or not run.directory.best.is_file():
            raise TrainingError("The best epoch can be taken when the run has ended, and if it was kept.")
        with full_disk_is(TrainingError):
            run.directory.ask_for_best(present.status)
        _queue(run.directory)
    return get(id)


@contextlib.contextmanager
def _again(run: Run) -> Iterator[Run]:
    """The run as it stands now, while nobody else lets it go on.

    Raises:
        TrainingError: if somebody else does.
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    try:
        with run.directory.again().acquire(timeout=POLITE_SECONDS):
            yield get(run.id)
    except Timeout as error:
        raise TrainingError("Somebody else lets this run go on just now. Look again in a moment.") from error


def _queue(directory: RunDirectory) -> None:
    directory.forget_cancel()
    with full_disk_is(TrainingError):
        directory.write_status(Status(state="queued"))
        _start_worker(directory)


def _start_worker(directory: RunDirectory) -> None:
    environment = threads.environment(beside_server=True)
    worker_process.start("vae_core.runs.worker", directory.path, directory.log, environment)


def get(id: str) -> Run:
    """The run under an id.

    Raises:
        NotFoundError: if there is none.
    """
    directory = RunDirectory(workspace.place("runs", id))
    run = directory.read_run()
    return Run(id, run.name, run.config, run.created, directory.read_status(), directory, run.study, run.is_brought)


def list_runs() -> list[Run]:
    """All runs, newest first; a directory that cannot be read is left out."""
    found = []
    for path in workspace.homes("runs"):
        try:
            found.append(get(path.name))
        except VAECoreError:
            continue
    return sorted(found, key=lambda run: run.created, reverse=True)


def count_ahead(run: Run) -> int:
    """How many live runs, of whomever, were started before this one: it trains when they have ended."""
    mine = (run.created, run.id)
    return sum((created, home.name) < mine for home, created in _live())


def _live() -> Iterator[tuple[Path, float]]:
    """The folder of every run that waits or trains, whoever's it is, and when it was started."""
    for home in workspace.everywhere("runs"):
        directory = RunDirectory(home)
        with contextlib.suppress(NotFoundError):
            if directory.read_status().state in ("queued", "running"):
                yield home, directory.read_run().created


def _check_queue() -> None:
    """Whether one more run may wait.

    Raises:
        TrainingError: if there are too many, here or of this visitor.
    """
    profile = profiles.present()
    waiting = [home for home, _ in _live()]
    own = sum(home.is_relative_to(workspace.root()) for home in waiting)
    if profile.queue_each is not None and own >= profile.queue_each:
        raise TrainingError(
            f"You have {own} runs that wait or train; here everybody may have {profile.queue_each}. "
            "Wait until one has ended, or cancel one."
        )
    if len(waiting) >= profile.queue:
        raise TrainingError(
            f"{len(waiting)} runs wait or train already, as many as may. Try again when some have ended."
        )


def _own(id: str) -> Run:
    """A run that the visitor may change.

    Raises:
        NotFoundError: if there is none.
        TrainingError: if it is there for all.
    """
    run = get(id)
    if run.is_shared:
        raise TrainingError("This run is there for all who come here; nobody can change it for the others.")
    return run


def cancel(id: str) -> Run:
    """Stop a run and keep its last finished epoch; returns within five seconds.

    Raises:
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    run = _own(id)
    directory = run.directory
    directory.ask_to_cancel()  # first: a worker that is not told by signal sees it when it begins
    directory.forget_best()
    told = _tell(directory)
    if directory.is_held() and told:
        _send(told, getattr(signal, "SIGKILL", signal.SIGTERM))
        deadline = time.monotonic() + DEATH_SECONDS
        while directory.is_held() and time.monotonic() < deadline:
            time.sleep(0.02)
    run = get(id)
    if run.is_live or run.status.state == "interrupted":
        directory.write_status(CANCELLED)
    return get(id)


def _tell(directory: RunDirectory) -> int | None:
    """Ask the worker to stop, and wait for it; returns its process number if it was told.

    While the lock is held, the number in the status is that of this run's worker, or not written yet.
    """
    told = None
    deadline = time.monotonic() + POLITE_SECONDS
    while directory.is_held() and time.monotonic() < deadline:
        pid = directory.read_status().pid
        if pid and pid != told:
            _send(pid, signal.SIGTERM)
            told = pid
        time.sleep(0.05)
    return told


def delete(id: str) -> None:
    """Cancel a run if it goes on, and remove its directory and what was derived from its model."""
    cancel(id)
    workspace.discard(workspace.place("runs", id))
    derived.forget(id)


def _send(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signal_number)
