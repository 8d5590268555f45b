"""`python -m vae_core.runs.worker RUN_DIRECTORY`: the process that trains.

It waits for its turn, trains, and leaves how it went in the directory. It is started detached and needs nobody:
the server may stop, restart or never have been there.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from filelock import AcquireReturnProxy, FileLock, Timeout

from vae_core import workspace
from vae_core.errors import NotFoundError, VAECoreError
from vae_core.memory import free_bytes
from vae_core.runs import jobs, turns
from vae_core.runs.directory import RunDirectory, Status, done
from vae_core.runs.endings import CancelledError, ending, is_cancelling

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TURN_SECONDS = 0.3
NICENESS = 19
"""The server and the browser go first."""
MEMORY_ENVIRONMENT = "VAE_STUDIO_TRAINING_MEMORY"
"""Megabytes that a training may take instead."""


def main(path: Path) -> int:
    """Do the run in the directory; the exit code is 0 when it ended as asked."""
    directory = RunDirectory(path)
    try:
        directory.read_run()
    except NotFoundError:
        return 0  # removed before this process was up
    signal.signal(signal.SIGTERM, _raise_cancelled)
    if rank := int(os.environ.get("RANK", "0")):
        return _assist(directory, rank)
    if os.environ.get(jobs.ENVIRONMENT):
        with jobs.Beat(path):
            return attempt(directory, lambda: _work(directory))
    try:
        # who cancels may be on another machine, from which no signal comes
        with directory.lock().acquire(timeout=5), jobs.Beat(path, is_quiet=lambda: True, is_detached=True):
            return attempt(directory, lambda: _work(directory))
    except Timeout:
        return 1  # another worker already does this run


def _assist(directory: RunDirectory, rank: int) -> int:
    """Work along with the first of several workers, which alone writes and says how it ended."""
    is_job = bool(os.environ.get(jobs.ENVIRONMENT))
    try:
        with jobs.Beat(directory.path, is_quiet=lambda: True) if is_job else contextlib.nullcontext():
            while directory.read_status().state == "queued":
                time.sleep(TURN_SECONDS)
            if directory.read_status().state == "running":
                from vae_core import stored_datasets
                from vae_core.runs import grid
                from vae_core.runs.work import assist

                run = directory.read_run()
                dataset = stored_datasets.load(run.config.dataset_id)
                grid.take_part(directory, dataset, rank) if run.study else assist(directory, dataset)
    except (Exception, CancelledError) as error:
        if not directory.is_cancel_asked():
            logging.error("A worker ended early", exc_info=error)
        # the first says why a training ended, which they share; a comparison cannot end without the others' part
        is_told = isinstance(error, VAECoreError) and directory.read_run().study is None
        return 0 if is_told or isinstance(error, CancelledError) else 1
    return 0


def attempt(directory: RunDirectory, work: Callable[[], Status]) -> int:
    """Do the work, which returns how the run stands then, and leave that in the directory, or what went wrong."""
    try:
        begun = directory.read_status().attempts + 1
        if directory.is_cancel_asked():  # before anything is written: what is cancelled is not seen to wait again
            raise CancelledError
        directory.write_status(Status(state="queued", pid=os.getpid(), attempts=begun))
        if directory.is_cancel_asked():  # and now: who cancels after this look finds the process number
            raise CancelledError
        directory.write_status(work())
    except (Exception, CancelledError, KeyboardInterrupt) as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # it was when it was looked at last
            if not jobs.is_ours(directory.path):
                return 1  # whoever has it now says how it stands
        status = ending(error, directory, details="log.txt in the run's folder")
        if status.state == "failed" and not isinstance(error, VAECoreError):
            logging.error("The run ended early", exc_info=error)
        directory.write_status(status)
        return 1 if status.state == "failed" else 0
    return 0


def _raise_cancelled(signal_number: int, frame: FrameType | None) -> None:
    raise CancelledError


def _work(directory: RunDirectory) -> Status:
    with contextlib.nullcontext() if os.environ.get(jobs.ENVIRONMENT) else _turn(directory):  # a cluster has a queue
        # imported late: workers that wait for their turn must stay small
        from vae_core import stored_datasets
        from vae_core.runs.work import cross_validation, keep_best, result_of, work

        run = directory.read_run()
        config = run.config
        if config.train.device in ("auto", "cpu"):
            limit_memory()
        dataset = stored_datasets.load(config.dataset_id)
        if run.study:
            return done(cross_validation(directory, dataset))
        asked = directory.is_best_asked()
        status = keep_best(directory, dataset) if asked else done(result_of(work(directory, dataset)))
        _export(directory)
        return status


def _export(directory: RunDirectory) -> None:
    """Export both halves now, so that Explore opens at once; a run that has ended does not fail by it."""
    id = directory.path.name
    try:
        from vae_core import checkpoints, export
        from vae_core.film import Reel

        version, model = checkpoints.version(id), checkpoints.load(directory.checkpoint).model()
        export.browser_decoder(id, version, model)
        export.browser_encoder(id, version, model)
        reel = Reel(directory.film)
        if reel.epochs():
            export.film_decoder(reel.decoder, model)
    except Exception as error:
        if is_cancelling(error):
            raise
        logging.exception("What is not exported yet is when Explore asks for it")


def limit_memory() -> None:
    """Memory that this process may write to; nothing where the system has no such limit or says not what is free."""
    if resource is None:
        return
    chosen = os.environ.get(MEMORY_ENVIRONMENT, "")
    allowed = int(chosen) * 2**20 if chosen.isdecimal() else free_bytes()
    if allowed is None:
        return
    statm = Path("/proc/self/statm")
    held = int(statm.read_text().split()[5]) * resource.getpagesize() if statm.exists() else 0
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = held + allowed
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def _turn(directory: RunDirectory) -> AcquireReturnProxy:
    """The lock that lets one run at a time train, whoever's it is; the one that has waited longest goes first."""
    with workspace.visiting(None):
        turn = FileLock(workspace.folder("runs") / "turn.lock", is_singleton=False)
    while True:
        if turns.is_next(directory):
            try:
                return turn.acquire(timeout=0)
            except Timeout:
                pass
        time.sleep(TURN_SECONDS)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1])))
