"""The small files of a run, `run.json` and `status.json`: what to compute, and where it stands."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vae_core.run_config import RunConfig
from vae_core.trials import Study

State = Literal["queued", "running", "done", "cancelled", "failed", "interrupted"]
MOST_WORKERS = 64


class RunFile(BaseModel):
    """`run.json`."""

    model_config = ConfigDict(frozen=True)

    name: str
    config: RunConfig
    created: float
    study: Study | None = None
    """Not one training, but a cross-validation around these settings."""
    is_brought: bool = False
    """Not trained here at all, but brought as a file."""
    workers: int = Field(1, ge=1, le=MOST_WORKERS)
    """Processes that share every batch, or the trainings of a study."""


class Status(BaseModel):
    """`status.json`."""

    model_config = ConfigDict(frozen=True)

    state: State
    pid: int | None = None
    host: str = ""  # where that number is of a process; stamped when it is written
    device: str = ""
    done: float = 0.0
    """Share of all training steps done, 0 to 1."""
    seconds_left: float | None = None
    message: str = ""
    updated: float = 0.0
    attempts: int = 0
    """How many workers have begun it."""
    queued: float = 0.0
    """When somebody let it go on last: it waits behind all who were there by then. 0 where nobody has, since it was
    created."""


UNCHECKED = "Brought from a file: not checked by us."
CANCELLED = Status(state="cancelled", message="Cancelled. The last finished epoch is kept.")


def done(note: str = "") -> Status:
    """It came to its end; `note` is what is to be said of that."""
    return Status(state="done", done=1.0, message=note)
