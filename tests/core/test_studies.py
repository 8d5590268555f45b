"""A cross-validation as a run: real worker, results as they come, going on where it was."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SMALL, stroke_dataset
from vae_core import runs, stored_datasets
from vae_core.config import TrainConfig
from vae_core.run_config import RunConfig
from vae_core.runs import Run
from vae_core.trials import Study, scores

Wait = Callable[[Callable[[], bool], float], None]


@pytest.fixture(autouse=True)
def no_worker_is_left(workspace_folder: Path) -> object:
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


def start(epochs: int) -> Run:
    id = stored_datasets.save(stroke_dataset())
    config = RunConfig(dataset_id=id, model=SMALL, train=TrainConfig(epochs=epochs, batch_size=16))
    return runs.start("strokes, compared", config, Study(grid={"latents": (1, 2)}, folds=2))


@pytest.mark.slow
def test_study_leaves_its_results_and_no_model(wait_for: Wait) -> None:
    run = start(epochs=3)
    wait_for(lambda: runs.get(run.id).status.state == "done", 60)
    trials = run.directory.read_trials()
    assert [(trial.settings["latents"], trial.fold) for trial in trials] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert len(scores(trials)) == 2
    assert not runs.get(run.id).has_model


@pytest.mark.slow
def test_killed_study_goes_on_with_what_is_left_and_finds_the_same(wait_for: Wait) -> None:
    whole = start(epochs=300)
    wait_for(lambda: runs.get(whole.id).status.state == "done", 120)
    run = start(epochs=300)
    wait_for(lambda: len(run.directory.read_trials()) >= 1, 60)
    pid = runs.get(run.id).status.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: runs.get(run.id).status.state in ("interrupted", "done"), 10)
    if runs.get(run.id).status.state == "interrupted":
        before = run.directory.read_trials()
        runs.resume(run.id)
        wait_for(lambda: runs.get(run.id).status.state == "done", 120)
        assert run.directory.read_trials()[: len(before)] == before
    found, expected = run.directory.read_trials(), whole.directory.read_trials()
    assert [trial.validation for trial in found] == [trial.validation for trial in expected]
