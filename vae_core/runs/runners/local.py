"""Runs as processes of this machine, which take turns."""

import contextlib
import os
import signal
import time
from typing import ClassVar

from vae_core import worker_process
from vae_core.runs import jobs, threads
from vae_core.runs.directory import RunDirectory

POLITE_SECONDS = 2.5
"""How long a cancelled worker may take to put its things in order before it is killed."""
DEATH_SECONDS = 1.0
"""How long the system may take over that."""
WORKER = "vae_core.runs.worker"


class Local:
    """A detached process a run."""

    is_cluster: ClassVar[bool] = False

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self, directory: RunDirectory) -> None:
        """Start the worker, or as many as share the run's batches."""
        jobs.write(directory.path, None)
        environment = threads.environment(beside_server=True)
        count = directory.read_run().workers
        together = ("torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "-m") if count > 1 else ()
        worker_process.start(" ".join((*together, WORKER)), directory.path, directory.log, environment)

    def stop(self, directory: RunDirectory) -> None:
        """By a signal; a worker that is not up yet sees the word that was left."""
        told = _tell(directory)
        if directory.is_held() and told:
            _send(told, getattr(signal, "SIGKILL", signal.SIGTERM))
            deadline = time.monotonic() + DEATH_SECONDS
            while directory.is_held() and time.monotonic() < deadline:
                time.sleep(0.02)


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


def _send(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signal_number)
