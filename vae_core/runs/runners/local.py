"""Runs as processes of this machine, which take turns."""

import contextlib
import os
import signal
import time
from typing import ClassVar

from vae_core import process_lock, worker_process
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
        """By the word that was left, which the worker looks for; one on this machine that is deaf to it is killed."""
        if not _ends(directory, POLITE_SECONDS):
            status = directory.read_status()
            if status.pid and status.host in ("", process_lock.here()):  # earlier versions did not say where
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(status.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            _ends(directory, DEATH_SECONDS)


def _ends(directory: RunDirectory, seconds: float) -> bool:
    """Whether the worker ends within that time.

    While the lock is held, the number in the status is that of this run's worker, or not written yet.
    """
    deadline = time.monotonic() + seconds
    while (held := directory.is_held()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not held
