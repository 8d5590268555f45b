"""A run that goes on ends where an uninterrupted one does, to the last bit; and what cannot go on says so."""

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from tests.conftest import stroke_dataset
from tests.core.exact import KINDS, config_of, dataset_of, digest, has_ended, losses, make_run, read, straight
from tests.kills import survive
from vae_core import checkpoints, runs, stored_datasets
from vae_core.checkpoint_file import Environment
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import CheckpointError, TrainingError
from vae_core.records import EpochRecord
from vae_core.runs import keeper, worker
from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status, done
from vae_core.runs.work import NO_BEST, keep_best, result_of, work

Wait = Callable[[Callable[[], bool], float], None]
KILLS = int(os.environ.get("VAE_STUDIO_TEST_KILLS", "2"))


@pytest.fixture(autouse=True)
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SAVE_SECONDS", 0)


@pytest.fixture(autouse=True)
def no_worker_is_left(workspace_folder: Path) -> object:
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


def train(directory: RunDirectory, dataset: Dataset, epochs: int) -> None:
    """So many epochs, then the caller goes away."""
    going = work(directory, dataset)
    for _ in range(epochs):
        next(going)
    going.close()


def finish(directory: RunDirectory, dataset: Dataset) -> str:
    return result_of(work(directory, dataset))


@pytest.mark.parametrize("kind", KINDS)
def test_run_broken_after_every_epoch_is_the_same_to_the_last_bit(kind: str) -> None:
    directory, dataset = make_run(kind, epochs=4)
    weights, remembered, told = straight(directory.read_run().config, dataset)
    for epoch in range(1, 4):
        train(directory, dataset, 1)
        found = read(directory.checkpoint)
        assert (digest(found.weights), digest(found.optimizer)) == (weights[epoch - 1], remembered[epoch - 1])
    assert finish(directory, dataset) == ""
    end = read(directory.checkpoint)
    assert losses(end.history) == losses(directory.read_epochs()) == told
    assert digest(end.weights) == weights[-1]
    assert end.elsewhere == ()


@pytest.mark.slow
def test_kills_at_random_times_change_nothing(wait_for: Wait) -> None:
    """`VAE_STUDIO_TEST_KILLS=50` kills so often, `python -m tests.kills` does with every kind of model."""
    report = survive("running sigma", kills=KILLS, seed=1)
    assert report.kills == KILLS
    assert report.is_exact, report


def test_unreadable_checkpoint_is_put_aside_and_told_of() -> None:
    directory, dataset = make_run(epochs=4)
    weights, _, told = straight(directory.read_run().config, dataset)
    train(directory, dataset, 3)
    content = directory.checkpoint.read_bytes()
    directory.checkpoint.write_bytes(content[: len(content) // 2])
    worker.attempt(directory, lambda: done(finish(directory, dataset)))
    end = read(directory.checkpoint)
    assert (losses(end.history), digest(end.weights)) == (told, weights[-1])
    status = directory.read_status()
    assert (status.state, status.message) == ("done", "checkpoint.safetensors could not be read and was put aside.")
    assert (directory.path / "unreadable-checkpoint.safetensors").stat().st_size == len(content) // 2


@pytest.mark.parametrize("part", ["model", "optimizer"])
def test_checkpoint_that_is_no_number_or_does_not_fit_is_put_aside(part: str) -> None:
    directory, dataset = make_run(epochs=3)
    train(directory, dataset, 2)
    found = checkpoints.load(directory.checkpoint)
    tensors = {"model": found.weights, "optimizer": found.optimizer}[part]
    name = next(name for name, tensor in tensors.items() if tensor.ndim)
    spoilt = {name: torch.full_like(tensors[name], float("nan"))}
    changed = {"model": {"weights": found.weights | spoilt}, "optimizer": {"optimizer": found.optimizer | spoilt}}
    checkpoints.save(replace(found, **changed[part]), directory.checkpoint)
    assert "put aside" in finish(directory, dataset)
    assert digest(read(directory.checkpoint).weights) == straight(directory.read_run().config, dataset)[0][-1]


def test_both_unreadable_begins_anew_and_says_so() -> None:
    directory, dataset = make_run(epochs=2)
    train(directory, dataset, 2)
    for path in (directory.checkpoint, directory.previous):
        path.write_bytes(b"rubbish")
    note = finish(directory, dataset)
    assert "checkpoint.safetensors" in note
    assert "previous.safetensors" in note
    assert len(directory.read_epochs()) == 2


def test_training_that_moves_says_so_and_notes_both_places() -> None:
    directory, dataset = make_run(epochs=3)
    train(directory, dataset, 1)
    found = checkpoints.load(directory.checkpoint)
    here = found.environment
    assert here is not None
    there = Environment(version="1.0", threads=64, device="another")
    checkpoints.save(replace(found, environment=there), directory.checkpoint)
    train(directory, dataset, 1)
    assert finish(directory, dataset) == keeper.OTHER_PLACE
    end = checkpoints.load(directory.checkpoint)
    assert (end.elsewhere, end.environment) == ((there,), here)


def version_1(directory: RunDirectory) -> bytes:
    """The checkpoint as the first version wrote it: no state of the optimiser, no epoch."""
    content = directory.checkpoint.read_bytes()
    found = checkpoints.load(directory.checkpoint)
    history = b"[" + b",".join(record.model_dump_json().encode() for record in found.history) + b"]"
    tensors = {f"model.{name}": tensor.clone() for name, tensor in found.weights.items()}
    tensors["history"] = torch.frombuffer(bytearray(history), dtype=torch.uint8)
    about = f'{{"version":1,"name":"old","config":{found.config.model_dump_json()},'
    about += f'"schema":{found.schema.model_dump_json()},"codes_dataset_id":null,"label_names":[]}}'
    assert content
    return safetensors.torch.save(tensors, {"vae_studio": about})


def test_run_of_the_first_version_is_not_begun_anew_over_its_epochs() -> None:
    directory, dataset = make_run(epochs=4)
    train(directory, dataset, 2)
    old = version_1(directory)
    directory.checkpoint.write_bytes(old)
    directory.previous.unlink()
    worker.attempt(directory, lambda: done(finish(directory, dataset)))
    status = directory.read_status()
    assert status.state == "failed"
    assert "without what it takes to go on" in status.message
    assert "start a new run" in status.message
    assert directory.checkpoint.read_bytes() == old


def test_checkpoint_of_other_settings_is_not_overwritten() -> None:
    directory, dataset = make_run(epochs=4)
    train(directory, dataset, 2)
    content = directory.checkpoint.read_bytes()
    other = directory.read_run().config.with_settings({"train": {"seed": 9}})
    (directory.path / "run.json").write_text(RunFile(name="x", config=other, created=1.0).model_dump_json())
    with pytest.raises(TrainingError, match="other settings"):
        finish(directory, dataset)
    assert directory.checkpoint.read_bytes() == content


def test_death_after_the_end_was_saved_does_not_train_on() -> None:
    """The best epoch of a run that was stopped early is its end; only the status was not written any more."""
    directory, dataset = make_run(epochs=9)
    train(directory, dataset, 3)
    keep_best(directory, dataset)
    content = directory.checkpoint.read_bytes()
    assert finish(directory, dataset) == ""
    assert directory.checkpoint.read_bytes() == content


def test_pictures_of_a_run_are_of_the_epoch_that_was_kept() -> None:
    directory, dataset = impatient()
    finish(directory, dataset)
    shown = safetensors.numpy.load_file(directory.preview)
    end = read(directory.checkpoint)
    assert end.measured.epoch < len(end.history)
    assert end.codes is not None
    np.testing.assert_allclose(shown["codes"], end.codes.mean[: len(shown["codes"])], atol=1e-5)


def impatient() -> tuple[RunDirectory, Dataset]:
    return make_run(epochs=60, patience=3, learning_rate=0.5, schedule="constant")


def test_patience_stops_early_and_keeps_the_best_epoch_through_breaks() -> None:
    directory, dataset = impatient()
    weights, _, told = straight(directory.read_run().config, dataset)
    assert len(told) < 60
    best = best_epoch(read_history(told))
    assert best == len(told) - 3
    for _ in range(best):
        train(directory, dataset, 1)
    finish(directory, dataset)
    end = read(directory.checkpoint)
    assert (losses(end.history), digest(end.weights), end.measured.epoch) == (told, weights[best - 1], best)


def read_history(told: list[dict]) -> list:
    return [EpochRecord(seconds=0, **record) for record in told]


def test_best_epoch_that_cannot_be_read_leaves_the_last_one_and_says_so() -> None:
    directory, dataset = impatient()
    for _ in work_until_end(directory, dataset):
        pass
    directory.best.write_bytes(b"rubbish")
    assert finish(directory, dataset).endswith(NO_BEST)
    end = read(directory.checkpoint)
    assert end.measured == end.history[-1]


def work_until_end(directory: RunDirectory, dataset: Dataset) -> list[int]:
    """All epochs, but not the finishing."""
    config = directory.read_run().config
    count = len(straight(config, dataset)[2])
    train(directory, dataset, count)
    return list(range(count))


def test_best_written_just_before_a_death_is_taken_with_its_own_history() -> None:
    directory, dataset = make_run(epochs=9)
    train(directory, dataset, 1)
    early = directory.checkpoint.read_bytes()
    train(directory, dataset, 1)
    assert len(read(directory.best).history) == 2
    directory.checkpoint.write_bytes(early)
    keep_best(directory, dataset)
    end = read(directory.checkpoint)
    assert end.measured.epoch <= len(end.history) <= 2
    assert end.measured.epoch == best_epoch(end.history)


def test_best_of_another_training_is_refused() -> None:
    directory, dataset = make_run(epochs=9, learning_rate=0.5, schedule="constant")
    train(directory, dataset, 6)
    last = read(directory.checkpoint)
    assert best_epoch(last.history) < 6
    other, _ = make_run(epochs=9, learning_rate=0.4, schedule="constant")
    train(other, dataset, 6)
    directory.best.write_bytes(other.best.read_bytes())
    with pytest.raises(CheckpointError, match="not of the same training"):
        keeper.best_of(directory, last)
    assert keep_best(directory, dataset).message == NO_BEST
    assert losses(read(directory.checkpoint).history) == losses(last.history)


def started(epochs: int = 10_000) -> runs.Run:
    dataset = stroke_dataset()
    stored_datasets.save(dataset)
    return runs.start("strokes", config_of("running sigma", dataset, epochs))


def state(run: runs.Run) -> str:
    return runs.get(run.id).status.state


@pytest.mark.slow
def test_best_epoch_of_a_cancelled_run_is_kept_even_when_the_keeping_is_killed(wait_for: Wait) -> None:
    run = started()
    wait_for(lambda: len(run.directory.read_epochs()) > 5, 60)
    runs.cancel(run.id)
    runs.keep_best(run.id)
    wait_for(lambda: run.directory.is_held() and runs.get(run.id).status.pid is not None, 60)
    os.kill(runs.get(run.id).status.pid or 0, signal.SIGKILL)
    wait_for(lambda: state(run) in ("interrupted", "done"), 30)
    assert read(run.directory.checkpoint)
    if state(run) == "interrupted":
        runs.resume(run.id)
    wait_for(lambda: has_ended(run.directory), 60)
    end = read(run.directory.checkpoint)
    assert end.measured.epoch == best_epoch(end.history)
    assert end.codes is not None
    wait_for(lambda: not run.directory.is_best_asked(), 10)


@pytest.mark.slow
def test_of_many_who_resume_at_once_one_does_and_one_worker_trains(wait_for: Wait) -> None:
    run = started(epochs=200)
    wait_for(lambda: runs.get(run.id).has_model, 60)
    os.kill(runs.get(run.id).status.pid or 0, signal.SIGKILL)
    wait_for(lambda: state(run) == "interrupted", 10)

    def resumed(_: int) -> bool:
        try:
            runs.resume(run.id)
        except TrainingError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(resumed, range(6))) == 1
    wait_for(lambda: has_ended(run.directory), 60)
    assert runs.get(run.id).status.attempts == 2
    weights, _, told = straight(run.config, dataset_of("running sigma"))
    end = read(run.directory.checkpoint)
    assert (losses(end.history), digest(end.weights)) == (told, weights[-1])


@pytest.mark.slow
def test_training_stopped_by_the_system_goes_on_by_itself_once(wait_for: Wait) -> None:
    run = started()
    wait_for(lambda: runs.get(run.id).has_model, 60)
    os.kill(runs.get(run.id).status.pid or 0, signal.SIGTERM)
    wait_for(lambda: state(run) == "interrupted", 10)
    assert "The system stopped the training" in runs.get(run.id).status.message
    runs.resume_interrupted()
    wait_for(lambda: state(run) == "running", 60)
    os.kill(runs.get(run.id).status.pid or 0, signal.SIGKILL)
    wait_for(lambda: state(run) == "interrupted", 10)
    runs.resume_interrupted()
    time.sleep(0.5)
    assert state(run) == "interrupted"


@pytest.mark.slow
def test_resuming_without_the_dataset_says_what_to_do(wait_for: Wait) -> None:
    run = started()
    wait_for(lambda: runs.get(run.id).has_model, 60)
    runs.cancel(run.id)
    stored_datasets.delete(run.config.dataset_id)
    runs.resume(run.id)
    wait_for(lambda: state(run) == "failed", 60)
    assert "Upload it again" in runs.get(run.id).status.message
    assert read(run.directory.checkpoint)


def test_run_that_has_ended_is_not_resumed(stored_model: str) -> None:
    with pytest.raises(TrainingError, match="has ended"):
        runs.resume(stored_model)


def test_settings_of_the_first_version_are_those_of_today(workspace_folder: Path) -> None:
    old = {
        "dataset_id": "a" * 26,
        "model": {"architecture": "mlp", "latents": 2, "width": 96, "likelihood": "bernoulli"},
        "objective": {"name": "beta-vae", "beta": 1.0},
        "train": {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "warm_up": 0.1, "validation": 0.1, "seed": 0},
    }
    directory, _ = make_run()
    (directory.path / "run.json").write_text(f'{{"name":"x","created":1,"config":{json.dumps(old)}}}')
    assert directory.read_run().config.model.architecture.name == "mlp"


@pytest.fixture
def falling() -> tuple[RunDirectory, Dataset]:
    """A run whose best epoch is none of its last ones."""
    return make_run(epochs=9, learning_rate=0.5, schedule="constant")


def press_keep_best(directory: RunDirectory, wait_for: Wait) -> Status:
    runs.keep_best(directory.path.name)
    wait_for(lambda: not directory.is_held() and directory.read_status().state not in ("queued", "running"), 60)
    return directory.read_status()


@pytest.mark.slow
def test_done_run_whose_best_epoch_cannot_be_read_stays_done(
    falling: tuple[RunDirectory, Dataset], wait_for: Wait
) -> None:
    directory, dataset = falling
    worker.attempt(directory, lambda: done(finish(directory, dataset)))
    content = directory.checkpoint.read_bytes()
    directory.best.write_bytes(b"rubbish")
    for _ in range(2):
        status = press_keep_best(directory, wait_for)
        assert (status.state, status.message, status.done) == ("done", NO_BEST, 1)
        assert not directory.is_best_asked()
        assert directory.checkpoint.read_bytes() == content


@pytest.mark.slow
def test_cancelled_run_whose_best_epoch_cannot_be_read_stays_so_and_can_go_on(
    falling: tuple[RunDirectory, Dataset], wait_for: Wait
) -> None:
    directory, dataset = falling
    train(directory, dataset, 6)
    directory.write_status(CANCELLED)
    directory.best.write_bytes(b"rubbish")
    status = press_keep_best(directory, wait_for)
    assert (status.state, status.message) == ("cancelled", f"{CANCELLED.message} {NO_BEST}")
    runs.resume(directory.path.name)
    wait_for(lambda: directory.read_status().state in ("done", "failed"), 60)
    assert directory.read_status().state == "done"
    assert len(read(directory.checkpoint).history) == 9


@pytest.mark.slow
def test_best_epoch_beside_an_unreadable_last_one_does_not_stop_the_run_from_going_on(
    falling: tuple[RunDirectory, Dataset], wait_for: Wait
) -> None:
    directory, dataset = falling
    train(directory, dataset, 6)
    directory.write_status(CANCELLED)
    directory.checkpoint.write_bytes(b"rubbish")
    assert press_keep_best(directory, wait_for).state == "failed"
    runs.resume(directory.path.name)
    wait_for(lambda: directory.read_status().state in ("done", "failed"), 60)
    assert "put aside" in directory.read_status().message
    assert len(read(directory.checkpoint).history) == 9
