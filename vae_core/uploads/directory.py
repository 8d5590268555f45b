"""An upload is a directory; this file is its contract.

    upload.json    name, names of the files, how to prepare them (written by whoever starts a reading)
    0, 1, …        the files as they came, kept so that another preparation needs no new upload
    status.json    where the reading stands (replaced whole by the process that reads)
    cancel         there when the reading is to stop
    lock           held by the reading process for as long as it lives
    log.txt        what it printed

No file is called what the user called it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from vae_core import process_lock
from vae_core.datasets import Preparation
from vae_core.errors import NotFoundError
from vae_core.files import write_atomically

State = Literal["reading", "done", "failed", "cancelled", "interrupted"]
STARTING_SECONDS = 12
"""A new reading may take so long until its process holds the lock."""


class UploadFile(BaseModel):
    """`upload.json`.

    Attributes:
        names: What the user calls the files, in order; they lie here as `0`, `1`, …
        preparation: The user's choices; None leaves them to the data.
        title: What to call the dataset; None takes it from the files.
        replaces: The dataset of which this is another preparation.
        created: When they came.
    """

    model_config = ConfigDict(frozen=True)

    names: tuple[str, ...]
    preparation: Preparation | None = None
    title: str | None = None
    replaces: str | None = None
    created: float


class Status(BaseModel):
    """`status.json`."""

    model_config = ConfigDict(frozen=True)

    state: State
    done: float = 0.0
    """Share of the files read, 0 to 1."""
    count: int = 0
    """How many files there are to read."""
    seconds_left: float | None = None
    message: str = ""
    dataset: str | None = None
    updated: float = 0.0


@dataclass(frozen=True)
class UploadDirectory:
    """The files of one upload."""

    path: Path

    @property
    def log(self) -> Path:
        """What the reading process printed."""
        return self.path / "log.txt"

    @property
    def lock(self) -> Path:
        """Held while a process reads."""
        return self.path / "lock"

    def ask(self, upload: UploadFile) -> None:
        """Write down what is to be read, before a process is started for it."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "cancel").unlink(missing_ok=True)
        self.write_upload(upload)
        self.write_status(Status(state="reading"))

    def write_upload(self, upload: UploadFile) -> None:
        """Replace what is said of the upload."""
        write_atomically(self.path / "upload.json", upload.model_dump_json(indent=1).encode())

    def read_upload(self) -> UploadFile:
        """What is to be read.

        Raises:
            NotFoundError: if this is no upload.
        """
        try:
            return UploadFile.model_validate_json((self.path / "upload.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise NotFoundError("The files of this dataset are not kept any more. Upload them again.") from error

    def files(self) -> Sequence[tuple[str, Path]]:
        """The user's names and our paths."""
        return [(name, self.path / str(k)) for k, name in enumerate(self.read_upload().names)]

    def write_status(self, status: Status) -> None:
        """Replace the status, stamped with the time."""
        stamped = status.model_copy(update={"updated": time.time()})
        write_atomically(self.path / "status.json", stamped.model_dump_json().encode())

    def read_status(self) -> Status:
        """Where the reading stands now, a dead process seen as "interrupted".

        Raises:
            NotFoundError: if there is none.
        """
        status = self._written_status()
        if status.state != "reading" or process_lock.is_held(self.lock):
            return status
        status = self._written_status()  # it may have ended between the two looks
        if status.state != "reading" or time.time() - status.updated < STARTING_SECONDS:
            return status
        cure = "Upload the files again." if not self.read_upload().replaces else "The dataset is as it was."
        return Status(state="interrupted", message=f"Reading was interrupted. {cure}")

    def _written_status(self) -> Status:
        try:
            return Status.model_validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError) as error:
            raise NotFoundError("This upload is not here any more. Upload the files again.") from error

    def ask_to_cancel(self) -> None:
        """Leave word for the reading process."""
        (self.path / "cancel").touch()

    def is_cancel_asked(self) -> bool:
        """Whether the reading is to stop."""
        return (self.path / "cancel").exists()
