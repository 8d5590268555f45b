"""A run that others do: handed to a runner, and followed until it ends."""

import time
from collections.abc import Callable

from vae_core.errors import TrainingError
from vae_core.records import EpochRecord
from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status
from vae_core.runs.runners import Runner

LOOK_SECONDS = 0.2


def hand_over(directory: RunDirectory, new: RunFile | None, runner: Runner) -> None:
    """Let a runner do a new run, or what is left of the one that is there.

    Raises:
        TrainingError: if it does not take it.
    """
    if new:
        directory.create(new)
    else:
        directory.forget_cancel()
        directory.write_status(Status(state="queued"))
    runner.start(directory)


def follow(directory: RunDirectory, runner: Runner, tell: Callable[[EpochRecord], None]) -> str:
    """Tell of every epoch until the run ends; stopped from the keyboard, it is cancelled.

    Returns:
        What is to be said of how it went.

    Raises:
        TrainingError: if it ends early.
    """
    told = 0
    try:
        while True:
            status = directory.read_status()  # first: what is on disk when it has ended is all
            for record in directory.read_epochs()[told:]:
                tell(record)
                told = record.epoch
            if status.state not in ("queued", "running"):
                break
            time.sleep(LOOK_SECONDS)
    except (KeyboardInterrupt, BrokenPipeError):
        directory.ask_to_cancel()
        runner.stop(directory)
        if directory.is_unfinished():
            directory.write_status(CANCELLED)
        raise
    if status.state != "done":
        raise TrainingError(f"{status.message} What the workers said is in {directory.log}.")
    return status.message
