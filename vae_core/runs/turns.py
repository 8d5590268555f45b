"""Whose turn it is: the runs that wait or train, whoever's they are, in the order in which they train.

There is no scheduler to keep alive. The queue is the run directories themselves; `vae_core.waiting` tells which of them
are to be looked at.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from vae_core import profiles, waiting, workspace
from vae_core.errors import NotFoundError, TrainingError
from vae_core.runs import jobs
from vae_core.runs.directory import RunDirectory, State, Status

KIND = "runs"
Order = tuple[float, str]


def order(directory: RunDirectory, status: Status) -> Order:
    """By which runs train: since when a run waits, and its id.

    Raises:
        NotFoundError: if this is no run directory.
    """
    return status.queued or directory.read_run().created, directory.path.name


def live() -> Iterator[tuple[Path, Order, State]]:
    """Of every run that waits or trains: its folder, its order, and which of the two."""
    for home in waiting.homes(KIND):
        directory = RunDirectory(home)
        status = directory.read_status()
        with contextlib.suppress(NotFoundError):
            if status.state in ("queued", "running"):
                yield home, order(directory, status), status.state


def is_next(directory: RunDirectory) -> bool:
    """Whether no other run of this machine has waited longer."""
    mine = order(directory, directory.read_status())
    waiting.note(directory.path)  # should it have been lost
    return not any(
        state == "queued" and home != directory.path and place < mine and not jobs.may_be(home)
        for home, place, state in live()
    )


def count_ahead(directory: RunDirectory) -> int:
    """How many runs are to end before this one trains: here the one that trains and those that have waited longer, in a
    cluster only these."""
    mine, is_job = order(directory, directory.read_status()), jobs.may_be(directory.path)
    return sum(
        home != directory.path and jobs.may_be(home) == is_job and (place < mine if state == "queued" else not is_job)
        for home, place, state in live()
    )


def check() -> None:
    """Whether one more run may wait.

    Raises:
        TrainingError: if there are too many, here or of this visitor.
    """
    profile = profiles.present()
    homes = [home for home, _, _ in live()]
    own = sum(home.is_relative_to(workspace.root()) for home in homes)
    if profile.queue_each is not None and own >= profile.queue_each:
        raise TrainingError(
            f"You have {own} runs that wait or train; here everybody may have {profile.queue_each}. "
            "Wait until one has ended, or cancel one."
        )
    if len(homes) >= profile.queue:
        raise TrainingError(f"{len(homes)} runs wait or train already, as many as may. Try again when some have ended.")


def tidy(home: Path) -> None:
    """Put a run that has ended out of the queue, unless it has been let go on this moment."""
    waiting.forget(home)
    if RunDirectory(home).read_status().state in ("queued", "running"):
        waiting.note(home)


def rebuild() -> None:
    """Look through all runs that there ever were for those that may wait or train, or may go on by themselves."""
    for home in workspace.everywhere(KIND):
        if RunDirectory(home).read_status().state in ("queued", "running", "interrupted"):
            waiting.note(home)
