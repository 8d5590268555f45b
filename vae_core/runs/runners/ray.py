"""Runs as jobs of a Ray cluster, by its Jobs API; Ray is loaded when the first of them is.

https://docs.ray.io/en/latest/cluster/running-applications/job-submission/index.html. The job is a small process on the
cluster's head (`vae_core.runs.crew`) that waits for room and starts the workers. Of what goes on, the run's directory
tells: Ray is only asked to begin and to stop.
"""

import contextlib
import os
import queue
import secrets
import shlex
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

from vae_core import worker_process, workspace
from vae_core.errors import TrainingError, VAECoreError
from vae_core.runs import jobs
from vae_core.runs.directory import RunDirectory

POLITE_SECONDS = 2.5
"""How long cancelled workers may take to put their things in order before the job is stopped."""
ANSWER_SECONDS = 10.0
"""How long the cluster may take to answer."""
STOP_SECONDS = 1.5
"""Likewise when it is asked to stop a job."""


class Ray:
    """A job a run, on the cluster at an address such as `http://HOST:8265`, or where Ray's own variables say."""

    is_cluster: ClassVar[bool] = True

    def __init__(self, address: str) -> None:
        self.address = address

    def start(self, directory: RunDirectory) -> None:
        """Submit the job; its number is in the run's directory before the cluster is asked.

        Raises:
            TrainingError: if the cluster cannot be reached or does not let us in.
        """
        before = jobs.read(directory.path)
        job = jobs.Job(runner="ray", id=f"{directory.path.name}-{secrets.token_hex(4)}", address=self.address)
        command = [sys.executable, "-m", "vae_core.runs.crew", str(directory.path.resolve())]
        named = {name for name in os.environ if name.startswith("VAE_STUDIO_") and "PASSCODE" not in name}
        ours = {name: os.environ[name] for name in named}
        environment = ours | {
            jobs.ENVIRONMENT: job.id,
            workspace.ENVIRONMENT: str(workspace.base()),
            workspace.VISITOR_ENVIRONMENT: workspace.visitor() or "",
            "PYTHONPATH": str(worker_process.ROOT),
        }

        client = _answer(self._client, ANSWER_SECONDS)
        if before:  # its workers are believed to be dead
            with contextlib.suppress(VAECoreError):
                _answer(lambda: client.stop_job(before.id), STOP_SECONDS)
        jobs.write(directory.path, job)
        try:
            _answer(
                lambda: client.submit_job(
                    entrypoint=shlex.join(command),
                    submission_id=job.id,
                    runtime_env={"env_vars": environment},
                    metadata={"run": directory.path.name},
                ),
                ANSWER_SECONDS,
            )
        except VAECoreError:
            jobs.write(directory.path, before)  # should the cluster have taken it after all, it sees that and ends
            raise

    def stop(self, directory: RunDirectory) -> None:
        """By the word that was left, which the workers look for; then by the cluster."""
        job = jobs.read(directory.path)
        deadline = time.monotonic() + POLITE_SECONDS
        while directory.is_held() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not directory.is_held() or job is None:
            return
        with contextlib.suppress(VAECoreError):  # a worker that comes back finds the word
            _answer(lambda: self._client().stop_job(job.id), STOP_SECONDS)
        jobs.forget_beat(directory.path)

    def _client(self) -> Any:
        from ray.job_submission import JobSubmissionClient

        return JobSubmissionClient(self.address or None)


def _answer(ask: Callable[[], Any], seconds: float) -> Any:
    """What the cluster says, if it does in time: Ray's client itself would wait for ever.

    Raises:
        TrainingError: if it does not, or says no.
    """
    told: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            told.put((ask(), None))
        except Exception as error:  # passed on, and told apart there
            told.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        answer, error = told.get(timeout=seconds)
    except queue.Empty as late:
        raise TrainingError(
            f"The Ray cluster did not answer within {seconds:.0f} seconds. Look whether its head is up, then try again."
        ) from late
    if error is not None:
        raise _explained(error) from error
    return answer


def _explained(error: Exception) -> Exception:
    """The error as a sentence with what to do."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in ("ray", "aiohttp"):
        return TrainingError("Ray is not installed here. Install it with pip install 'ray[default]==2.60.*'.")
    from ray.exceptions import AuthenticationError

    if isinstance(error, AuthenticationError):
        return TrainingError(
            "The Ray cluster did not let us in: it asks for another token, or for one at all. Start the app with "
            "RAY_AUTH_MODE=token, and with the cluster's token in RAY_AUTH_TOKEN or ~/.ray/auth_token."
        )
    if isinstance(error, ConnectionError):
        return TrainingError(
            "There is no Ray cluster at this address. Start one with ray start --head, or set VAE_STUDIO_RUNNER to "
            "ray:http://HOST:8265."
        )
    if isinstance(error, RuntimeError | ValueError):
        return TrainingError(f"The Ray cluster refused the job: {str(error).splitlines()[0][:200]}")
    return error
