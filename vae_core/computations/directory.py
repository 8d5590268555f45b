"""A computation is a directory; this file is its contract.

    <inputs>       what it works on and cannot find itself (written by whoever starts it, deleted at its end)
    request.json   what is asked for: kind, model, version, options
    status.json    where it stands (replaced whole by the process that computes)
    result         whoever finds it need not look further
    start.lock     held for a moment by whoever starts it, so that only one does
    lock           held by the process for as long as it lives; the kernel lets go of it when it dies
    log.txt        what it printed

A directory that is deleted meanwhile ends the process at its next step.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from vae_core import process_lock
from vae_core.files import write_atomically

State = Literal["absent", "queued", "running", "done", "failed", "interrupted"]
VERSIONS = {"tsne": 1, "measures": 3, "anomalies": 3}
"""By kind; the next number with every change of what is computed or how it is written: older results are left alone."""
STARTING_SECONDS = 12
"""It may take so long until the new process holds the lock."""


class Request(BaseModel):
    """`request.json`.

    Attributes:
        kind: A name in `vae_core.computations.kinds.COMPUTATIONS`.
        checkpoint_id: The model.
        version: Of its checkpoint.
        options: What else decides the result; numbers, words and lists of them.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    checkpoint_id: str
    version: str
    options: dict[str, Any] = {}


class Status(BaseModel):
    """`status.json`."""

    model_config = ConfigDict(frozen=True)

    state: State
    done: float = 0.0
    """Share of the work, 0 to 1."""
    seconds_left: float | None = None
    message: str = ""
    updated: float = 0.0


@dataclass(frozen=True)
class ComputationDirectory:
    """The files of one computation."""

    path: Path

    @property
    def result(self) -> Path:
        """What came out."""
        return self.path / "result"

    @property
    def lock(self) -> Path:
        """Held while a process computes."""
        return self.path / "lock"

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.path / "log.txt"

    def write_request(self, request: Request) -> None:
        """Say what is asked for."""
        write_atomically(self.path / "request.json", request.model_dump_json().encode())

    def read_request(self) -> Request:
        """What is asked for."""
        return Request.model_validate_json((self.path / "request.json").read_bytes())

    def write_status(self, status: Status) -> None:
        """Replace the status, stamped with the time."""
        stamped = status.model_copy(update={"updated": time.time()})
        write_atomically(self.path / "status.json", stamped.model_dump_json().encode())

    def read_status(self) -> Status:
        """Where it stands now, a dead process seen as "interrupted"."""
        status = self._seen_status()
        if status.state not in ("queued", "running") or process_lock.is_held(self.lock):
            return status
        status = self._seen_status()  # it may have ended between the two looks
        if status.state not in ("queued", "running"):
            return status
        if status.state == "queued" and time.time() - status.updated < STARTING_SECONDS:
            return status
        return Status(state="interrupted", message="The computation ended early. Start it again.")

    def _seen_status(self) -> Status:
        if self.result.is_file():
            return Status(state="done", done=1.0)
        try:
            return Status.model_validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError):
            return Status(state="absent")
