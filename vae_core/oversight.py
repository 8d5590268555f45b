"""What the teacher sees of a class: whose workspace takes how much, who trains what, and a hand to stop it."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass

from vae_core import profiles, runs, stored_datasets, workspace
from vae_core.runs import Run
from vae_core.workspace import visiting

SEEN_SECONDS = 60.0
"""A visit is noted so often at most."""


@dataclass(frozen=True)
class Workspace:
    """One visitor's.

    Attributes:
        visitor: Whose; an id that says nothing of the person.
        bytes: Of everything in it.
        seen: When its visitor was last here, in seconds since 1970.
        datasets: How many.
        runs: Newest first.
    """

    visitor: str
    bytes: int
    seen: float
    datasets: int
    runs: tuple[Run, ...]


def workspaces() -> list[Workspace]:
    """Of all visitors who have brought or made something, the last seen first."""
    found = []
    for id in workspace.visitors():
        home = workspace.home_of(id)
        with visiting(id), contextlib.suppress(FileNotFoundError):
            own = tuple(run for run in runs.list_runs() if not run.is_shared)
            datasets = sum(home.is_relative_to(workspace.root()) for home in workspace.homes(stored_datasets.KIND))
            found.append(Workspace(id, workspace.size(home), home.stat().st_mtime, datasets, own))
    return sorted(found, key=lambda one: one.seen, reverse=True)


def stop(visitor: str, run_id: str) -> Run:
    """Cancel somebody's run; its last finished epoch is kept.

    Raises:
        NotFoundError: if there is none.
    """
    with visiting(visitor):
        return runs.cancel(run_id)


def remove(visitor: str) -> None:
    """Delete somebody's workspace, for good; what they train is cancelled first.

    Raises:
        NotFoundError: if the text is no id.
    """
    with visiting(visitor):
        for run in runs.list_runs():
            if run.is_live and not run.is_shared:
                runs.cancel(run.id)
        workspace.discard(workspace.root())


def free_bytes() -> int:
    """Of the disk on which the workspaces lie."""
    return shutil.disk_usage(workspace.base()).free


def note_visit(visitor: str) -> None:
    """Somebody is here: their workspace is kept on from now."""
    home = workspace.home_of(visitor)
    with contextlib.suppress(OSError):  # nothing brought yet, or a disk that cannot be written to
        if time.time() - home.stat().st_mtime > SEEN_SECONDS:
            os.utime(home)


def forget_absent() -> None:
    """Delete the workspaces of those who have not been here for as long as theirs are kept."""
    kept = profiles.present().kept_seconds
    for id in workspace.visitors() if kept is not None else []:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - workspace.home_of(id).stat().st_mtime > (kept or 0):
                remove(id)
