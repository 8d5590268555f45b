"""Runs: start, look, cancel. A run outlives whoever started it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from vae_core import workspace
from vae_core.errors import VAECoreError
from vae_core.run_config import RunConfig
from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status

__all__ = ["Run", "RunDirectory", "Status", "cancel", "count_ahead", "delete", "get", "list_runs", "start"]

POLITE_SECONDS = 2.5
"""How long a cancelled worker may take to put its things in order before it is killed."""


@dataclass(frozen=True)
class Run:
    """One training job as it stands now."""

    id: str
    name: str
    config: RunConfig
    created: float
    status: Status
    directory: RunDirectory

    @property
    def is_live(self) -> bool:
        """Waiting or training."""
        return self.status.state in ("queued", "running")

    @property
    def has_model(self) -> bool:
        """Whether at least one epoch is finished."""
        return self.directory.checkpoint.is_file()


def start(name: str, config: RunConfig) -> Run:
    """Start a worker process on a stored dataset."""
    id = workspace.new_id()
    directory = RunDirectory(workspace.place("runs", id))
    directory.create(RunFile(name=name, config=config, created=time.time()))
    environment = os.environ | {
        workspace.ENVIRONMENT: str(workspace.root()),
        "GOMP_SPINCOUNT": "10000",
        "OMP_NUM_THREADS": str(_threads()),
    }
    with directory.log.open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "vae_core.runs.worker", str(directory.path)],
            cwd=Path(__file__).resolve().parents[2],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=worker.wait, daemon=True).start()  # else it would stay a zombie after its end
    return get(id)


def get(id: str) -> Run:
    """The run under an id.

    Raises:
        NotFoundError: if there is none.
    """
    directory = RunDirectory(workspace.place("runs", id))
    run = directory.read_run()
    return Run(id, run.name, run.config, run.created, directory.read_status(), directory)


def list_runs() -> list[Run]:
    """All runs, newest first; a directory that cannot be read is left out."""
    found = []
    for path in workspace.folder("runs").iterdir():
        try:
            found.append(get(path.name))
        except VAECoreError:
            continue
    return sorted(found, key=lambda run: run.created, reverse=True)


def count_ahead(run: Run) -> int:
    """How many live runs were started before this one: it trains when they have ended."""
    return sum(other.is_live and (other.created, other.id) < (run.created, run.id) for other in list_runs())


def cancel(id: str) -> Run:
    """Stop a run and keep its last finished epoch; returns within five seconds."""
    run = get(id)
    directory = run.directory
    directory.ask_to_cancel()
    if run.status.pid and directory.is_held():  # the lock is held, so the process is that of this run
        _send(run.status.pid, signal.SIGTERM)
        deadline = time.monotonic() + POLITE_SECONDS
        while directory.is_held() and time.monotonic() < deadline:
            time.sleep(0.05)
        if directory.is_held():
            _send(run.status.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            time.sleep(0.2)
    run = get(id)
    if run.is_live or run.status.state == "interrupted":
        directory.write_status(CANCELLED)
    return get(id)


def delete(id: str) -> None:
    """Cancel a run if it goes on, and remove its directory."""
    cancel(id)
    workspace.discard(workspace.place("runs", id))


def _send(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signal_number)


def _threads() -> int:
    """Threads for training: one on small machines, where a second only fights the server for a core."""
    cores = os.cpu_count() or 1
    return 1 if cores <= 4 else cores // 2
