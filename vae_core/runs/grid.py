"""A cross-validation by several workers: each does every W-th training, and the result is that of one worker.

    trials/<number>.json   a training that is done, by its place in the plan: written once, by the worker that did it

The first worker collects them into `trials.jsonl`; nobody else writes there, and nobody waits for another's training.
"""

import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from vae_core.batches import choose_device
from vae_core.datasets import Dataset
from vae_core.files import write_atomically
from vae_core.runs.directory import RunDirectory
from vae_core.selection import plan, tried
from vae_core.trials import Study, Trial

LOOK_SECONDS = 0.5


def take_part(
    directory: RunDirectory, dataset: Dataset, place: int, on_step: Callable[[float], None] = lambda done: None
) -> None:
    """Do the trainings of the worker at this place, from 0, that are not done yet; the first then waits for the rest.

    Raises:
        ConfigError: if a combination cannot be trained on such data.
    """
    run = directory.read_run()
    study = run.study or Study(grid={})
    planned = plan(run.config, dataset, study.grid, study.folds)
    device = choose_device(run.config.train.device)
    (directory.path / "trials").mkdir(exist_ok=True)
    for number in range(place, len(planned), run.workers):
        if _read(directory, number) is None:
            trial = tried(planned[number], dataset, study.folds, device)
            write_atomically(_file(directory, number), trial.model_dump_json().encode())
        if place == 0:
            on_step(_collect(directory, len(planned)) / len(planned))
    while place == 0 and (done := _collect(directory, len(planned))) < len(planned):
        on_step(done / len(planned))
        time.sleep(LOOK_SECONDS)


def _collect(directory: RunDirectory, count: int) -> int:
    """What is done so far, in the order of the plan, into one file; returns how many.

    Where that file knows of more, it stays: of a run that was brought back from elsewhere it may be all there is.
    """
    done = [trial for number in range(count) if (trial := _read(directory, number))]
    if len(done) > len(directory.read_trials()):
        lines = "".join(f"{trial.model_dump_json()}\n" for trial in done)
        write_atomically(directory.path / "trials.jsonl", lines.encode())
    return len(done)


def _file(directory: RunDirectory, number: int) -> Path:
    return directory.path / "trials" / f"{number}.json"


def _read(directory: RunDirectory, number: int) -> Trial | None:
    try:
        return Trial.model_validate_json(_file(directory, number).read_bytes())
    except (OSError, ValidationError):
        return None
