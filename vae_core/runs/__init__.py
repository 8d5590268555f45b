"""Runs: start, look, cancel, go on. A run outlives whoever started it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from filelock import Timeout

from vae_core import derived, profiles, quotas, waiting, workspace
from vae_core.dataset_summary import read_summary
from vae_core.errors import NotFoundError, TrainingError, VAECoreError
from vae_core.files import full_disk_is
from vae_core.run_config import RunConfig
from vae_core.runs import runners, turns
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
    "has_cluster",
    "keep_best",
    "list_runs",
    "resume",
    "resume_interrupted",
    "start",
]

AGAIN_SECONDS = 2.5
"""Somebody else who lets a run go on is waited for so long."""


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


def start(name: str, config: RunConfig, study: Study | None = None, workers: int = 1) -> Run:
    """Hand a training on a stored dataset to the runner; with a study it cross-validates around these settings.

    Args:
        name: What to call it.
        config: All settings.
        study: What to compare, if it is no single training.
        workers: Processes that share every batch, or the trainings of a study.

    Raises:
        ConfigError: if there is no such runner.
        TrainingError: if the disk is full, too many runs wait already, or the runner's cluster does not take it.
        QuotaError: if the visitor has no room for it.
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    coming = 0 if study else _checkpoint_bytes(config)
    id = workspace.new_id()
    directory = RunDirectory(workspace.own("runs", id))
    try:
        with full_disk_is(TrainingError):
            with waiting.starting():
                _check(coming)
                directory.create(RunFile(name=name, config=config, created=time.time(), study=study, workers=workers))
            runners.chosen().start(directory)
    except VAECoreError:
        workspace.discard(directory.path)
        waiting.forget(directory.path)
        raise
    return get(id)


def _check(coming: int = 0) -> None:
    quotas.check(coming)
    turns.check()


def _checkpoint_bytes(config: RunConfig) -> int:
    """About what a checkpoint takes, with the optimiser's two numbers of every parameter; 0 where nobody counts it."""
    if profiles.present().quota_bytes is None:
        return 0
    from vae_core import checkpoints  # with torch, which a worker that waits does without

    try:
        about = read_summary(workspace.place("datasets", config.dataset_id))
        outline = checkpoints.build(config, about.schema_, len(about.label_names), meta=True)
    except (OSError, ValueError, VAECoreError):  # it cannot be trained, and its worker says why
        return 0
    return 3 * 4 * sum(parameter.numel() for parameter in outline.parameters())


def resume(id: str) -> Run:
    """Let a run that was interrupted, cancelled or failed go on from its last epoch, behind all who wait.

    Raises:
        TrainingError: if it has ended, or goes on already, or the disk is full, or too many runs wait already.
        QuotaError: if the visitor has no room for it.
    """
    return _resume(id, time.time())


def _resume(id: str, queued: float) -> Run:
    run = _own(id)
    with _again(run) as present:
        if present.is_live or present.status.state == "done":
            raise TrainingError("This run has ended, or it is going on already. Start a new one to train again.")
        _queue(run.directory, queued, _check)
    return get(id)


def resume_interrupted() -> None:
    """Let every run whose process died go on once by itself, whoever's it is, and keep its place; what dies a second
    time waits for a person."""
    for home in waiting.homes(turns.KIND):
        # another server was quicker, or there is no room, or the disk is away for a moment
        with workspace.visiting(waiting.owner_of(home)), contextlib.suppress(VAECoreError, OSError):
            status = RunDirectory(home).read_status()
            if status.state == "interrupted" and status.attempts == 1:
                _resume(home.name, status.queued)
            elif status.state not in ("queued", "running"):
                turns.tidy(home)


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
        _queue(run.directory, time.time())
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
        with run.directory.again().acquire(timeout=AGAIN_SECONDS):
            yield get(run.id)
    except Timeout as error:
        raise TrainingError("Somebody else lets this run go on just now. Look again in a moment.") from error


def _queue(directory: RunDirectory, queued: float, check: Callable[[], None] = lambda: None) -> None:
    before = directory.read_status()
    with full_disk_is(TrainingError):
        with waiting.starting():
            check()
            directory.forget_cancel()
            directory.write_status(Status(state="queued", queued=queued))
        try:
            runners.chosen().start(directory)
        except VAECoreError:
            directory.write_status(before)
            raise


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


def has_cluster() -> bool:
    """Whether new runs go to a cluster, where several workers may share one.

    Raises:
        ConfigError: if there is no such runner.
    """
    return runners.chosen().is_cluster


def count_ahead(run: Run) -> int:
    """How many runs, of whomever, are to end before this one trains."""
    return turns.count_ahead(run.directory)


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
    _cancel(_own(id).directory)
    return get(id)


def _cancel(directory: RunDirectory) -> None:
    workspace.check_writable()
    try:
        directory.ask_to_cancel()  # first: a worker that is not told by signal sees it when it begins
        directory.forget_best()
        runners.of(directory).stop(directory)
        if directory.read_status().state in ("queued", "running", "interrupted"):
            directory.write_status(CANCELLED)
    except FileNotFoundError as error:  # it was deleted in another tab
        raise NotFoundError("There is no such run. Choose one from the list.") from error


def delete(id: str) -> None:
    """Cancel a run if it goes on, and remove its directory and what was derived from its model.

    Raises:
        NotFoundError: if there is none.
        TrainingError: if it is there for all.
        WorkspaceError: if the workspace cannot be written to.
    """
    directory = _own(id).directory
    _cancel(directory)
    derived.forget(id)  # first: under the same id all may see another, with what was derived from that
    workspace.discard(directory.path)  # not what lies under the id by now
