"""Real worker processes on real data: started, watched, cancelled, killed."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import SMALL, stroke_dataset
from tests.core.deaths import Operation, watched
from vae_core import checkpoints, process_lock, runs, stored_datasets, workspace
from vae_core.config import TrainConfig
from vae_core.errors import NotFoundError, TrainingError
from vae_core.run_config import RunConfig
from vae_core.runs import Run, Status, threads
from vae_core.runs.runners import local

Wait = Callable[[Callable[[], bool], float], None]


def start(epochs: int, count: int = 40, name: str = "strokes") -> Run:
    dataset = stroke_dataset(count)
    id = stored_datasets.save(dataset)
    config = RunConfig(dataset_id=id, model=SMALL, train=TrainConfig(epochs=epochs, batch_size=16))
    return runs.start(name, config)


def state(run: Run) -> str:
    return runs.get(run.id).status.state


@pytest.fixture(autouse=True)
def no_worker_is_left(workspace_folder: Path) -> object:
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


@pytest.mark.slow
def test_run_ends_with_a_model_its_codes_and_its_history(wait_for: Wait) -> None:
    run = start(epochs=3)
    wait_for(lambda: state(run) == "done", 60)
    checkpoint = checkpoints.load(checkpoints.locate(run.id))
    assert len(checkpoint.history) == 3
    assert checkpoint.codes is not None
    assert len(checkpoint.codes) == 40
    assert [record.epoch for record in runs.get(run.id).directory.read_epochs()] == [1, 2, 3]
    assert runs.get(run.id).status.done == 1


@pytest.mark.slow
def test_killed_worker_is_interrupted_and_its_last_epoch_usable(wait_for: Wait) -> None:
    run = start(epochs=10_000)
    wait_for(lambda: runs.get(run.id).has_model, 60)
    pid = runs.get(run.id).status.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: state(run) == "interrupted", 5)
    history = checkpoints.load(checkpoints.locate(run.id)).history
    assert len(history) >= 1
    assert abs(len(runs.get(run.id).directory.read_epochs()) - len(history)) <= 1


@pytest.mark.slow
def test_cancel_takes_less_than_five_seconds_and_keeps_the_last_epoch(wait_for: Wait) -> None:
    run = start(epochs=10_000)
    wait_for(lambda: runs.get(run.id).has_model, 60)
    started = time.monotonic()
    cancelled = runs.cancel(run.id)
    assert time.monotonic() - started < 5
    assert cancelled.status.state == "cancelled"
    assert not cancelled.directory.is_held()
    assert checkpoints.load(checkpoints.locate(run.id)).model()


@pytest.mark.slow
def test_cancel_reaches_a_worker_of_another_machine(wait_for: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(epochs=10_000)
    wait_for(lambda: runs.get(run.id).has_model, 60)
    killed: list[int] = []
    with monkeypatch.context() as elsewhere:  # its number is there another process's, if anybody's
        elsewhere.setattr(os, "kill", lambda pid, _: killed.append(pid))
        elsewhere.setattr(process_lock, "here", lambda: "another machine")
        assert runs.cancel(run.id).status.state == "cancelled"
    assert killed == []
    assert not run.directory.is_held()


@pytest.mark.parametrize("is_here", [True, False])
def test_deaf_worker_is_killed_on_its_own_machine_only(
    stored_model: str, monkeypatch: pytest.MonkeyPatch, is_here: bool
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    for seconds in ("POLITE_SECONDS", "DEATH_SECONDS"):
        monkeypatch.setattr(local, seconds, 0.05)
    directory = runs.get(stored_model).directory
    with directory.lock():
        directory.write_status(Status(state="running", pid=4_000_000))
        if not is_here:
            monkeypatch.setattr(process_lock, "here", lambda: "another machine")
        local.Local("").stop(directory)
    assert killed == [4_000_000] * is_here


@pytest.mark.slow
def test_one_run_trains_at_a_time_and_the_oldest_goes_first(wait_for: Wait) -> None:
    first, second, third = (start(epochs=10_000, name=name) for name in ("first", "second", "third"))
    wait_for(lambda: state(first) == "running", 60)
    wait_for(lambda: [state(second), state(third)] == ["queued", "queued"], 60)
    assert [runs.count_ahead(runs.get(run.id)) for run in (first, second, third)] == [0, 1, 2]
    runs.cancel(first.id)
    wait_for(lambda: state(second) == "running", 60)
    assert state(third) == "queued"
    assert runs.cancel(third.id).status.state == "cancelled"


@pytest.mark.slow
def test_run_outlives_the_process_that_started_it(wait_for: Wait) -> None:
    """The starter is killed with its whole process group, as Ctrl-C on a server would."""
    stored_datasets.save(stroke_dataset())
    code = (
        "import time\n"
        "from tests.core.test_runs import start\n"
        "print(start(epochs=10_000).id, flush=True)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert starter.stdout is not None
    id = starter.stdout.readline().strip()
    wait_for(lambda: runs.get(id).has_model, 60)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    epochs = len(runs.get(id).directory.read_epochs())
    wait_for(lambda: len(runs.get(id).directory.read_epochs()) > epochs, 60)
    assert [run.id for run in runs.list_runs()] == [id]
    assert runs.get(id).status.state == "running"


@pytest.mark.slow
def test_impossible_run_fails_with_the_sentence(wait_for: Wait) -> None:
    run = start(epochs=3, count=1)
    wait_for(lambda: state(run) == "failed", 60)
    assert "at least 2" in runs.get(run.id).status.message


def test_run_whose_worker_never_came_is_interrupted_after_a_while(
    stored_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae_core.runs import directory as contract
    from vae_core.runs.directory import Status

    directory = runs.get(stored_model).directory
    directory.write_status(Status(state="queued"))
    assert runs.get(stored_model).status.state == "queued"
    monkeypatch.setattr(contract, "STARTING_SECONDS", 0)
    assert runs.get(stored_model).status.state == "interrupted"


def test_half_written_line_and_foreign_folders_are_passed_over(stored_model: str, workspace_folder: Path) -> None:
    directory = runs.get(stored_model).directory
    with (directory.path / "epochs.jsonl").open("a") as file:
        file.write('{"epoch": 3, "tra')
    assert len(directory.read_epochs()) == 2
    (workspace_folder / "runs" / "lost+found").mkdir(parents=True, exist_ok=True)
    assert [run.id for run in runs.list_runs()] == [stored_model]


def test_delete_removes_the_run(stored_model: str) -> None:
    runs.delete(stored_model)
    with pytest.raises(NotFoundError):
        runs.get(stored_model)


def test_run_file_of_another_version_stops_nobody(workspace_folder: Path, wait_for: Wait) -> None:
    foreign = workspace.place("runs", "b" * 26)
    foreign.mkdir(parents=True)
    (foreign / "run.json").write_text("{}")
    (foreign / "status.json").write_text('{"state": "queued", "updated": 9e9}')
    run = start(epochs=1)
    wait_for(lambda: state(run) == "done", 60)
    assert [other.id for other in runs.list_runs()] == [run.id]


def test_those_who_look_at_a_dead_run_do_not_take_each_other_for_its_worker(stored_model: str) -> None:
    directory = runs.get(stored_model).directory
    with directory.lock():
        assert directory.is_held()
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: directory.is_held(), range(400)))


@pytest.mark.slow
def test_run_cancelled_or_removed_before_its_worker_is_up_never_trains(wait_for: Wait) -> None:
    cancelled, removed = start(epochs=10_000), start(epochs=10_000, name="removed")
    assert runs.cancel(cancelled.id).status.state == "cancelled"
    runs.delete(removed.id)
    time.sleep(3)
    assert state(cancelled) == "cancelled"
    assert not runs.get(cancelled.id).has_model
    assert [run.id for run in runs.list_runs()] == [cancelled.id]
    assert not removed.directory.path.exists()


@pytest.mark.slow
def test_cancelled_run_gives_its_best_epoch_and_a_cancelled_wish_for_it_is_forgotten(wait_for: Wait) -> None:
    run = start(epochs=10_000)
    wait_for(run.directory.best.is_file, 60)
    assert runs.cancel(run.id).status.state == "cancelled"
    runs.keep_best(run.id)
    assert runs.cancel(run.id).status.state == "cancelled"
    assert not run.directory.is_best_asked()
    runs.keep_best(run.id)
    wait_for(lambda: not runs.get(run.id).is_live, 60)
    assert state(run) == "done"
    checkpoint = checkpoints.load(checkpoints.locate(run.id))
    assert checkpoint.measured.validation.elbo == max(record.validation.elbo for record in checkpoint.history)


def test_run_whose_log_finds_no_room_is_not_begun() -> None:
    def full(now: int, operation: Operation, half: Callable[[], None]) -> None:
        if operation.file == "log.txt":
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(full), pytest.raises(TrainingError, match=r"The disk is full\. Make room"):
        start(epochs=1)
    assert runs.list_runs() == []


@pytest.mark.parametrize(
    ("bound", "quota", "alone", "beside_server"),
    [(8, "max 100000", 8, 4), (8, "250000 100000", 2, 1), (2, None, 2, 1), (16, "50000 100000", 1, 1)],
)
def test_threads_follow_the_cores_that_the_process_may_use(
    bound: int, quota: str | None, alone: int, beside_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(bound)), raising=False)
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    if quota:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    assert threads.environment(beside_server=False)["OMP_NUM_THREADS"] == str(alone)
    assert threads.environment(beside_server=True)["OMP_NUM_THREADS"] == str(beside_server)
