"""Runs in a real Ray cluster of two nodes: submitted, followed, cancelled, killed, taken up by another process."""

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SMALL, stroke_dataset
from tests.core.exact import make_run
from tests.core.ray_cluster import Cluster, cluster, free_port
from tests.core.test_parallel import TOLERANCE, numbers, ranks
from vae_core import checkpoints, runs, stored_datasets
from vae_core.config import TrainConfig
from vae_core.errors import ConfigError, VAECoreError
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.runs import Run, jobs, runners
from vae_core.runs.crew import needs_of
from vae_core.runs.directory import RunDirectory, Status

Wait = Callable[[Callable[[], bool], float], None]
SECONDS = 120
"""So long a job may take to begin on a busy machine."""
TRUE_SECONDS = 15
CANCEL_SECONDS = 5


@pytest.fixture(scope="module")
def ray() -> Iterator[Cluster]:
    with cluster() as found:
        yield found


@pytest.fixture
def handed_to_ray(ray: Cluster, workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ray.environment.items():
        monkeypatch.setenv(name, value)
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


def settings(epochs: int, name: str = "strokes", **more: int) -> Run:
    dataset = stroke_dataset(40)
    train = TrainConfig(epochs=epochs, batch_size=16, device="cpu")
    return runs.start(name, RunConfig(dataset_id=stored_datasets.save(dataset), model=SMALL, train=train), **more)


def state(run: Run) -> str:
    return runs.get(run.id).status.state


def epochs_of(run: Run) -> int:
    return len(run.directory.read_epochs())


def check_cancelling(run: Run) -> None:
    """It takes less than five seconds, and keeps the last epoch."""
    started = time.monotonic()
    assert runs.cancel(run.id).status.state == "cancelled"
    assert time.monotonic() - started < CANCEL_SECONDS
    time.sleep(2)
    assert state(run) == "cancelled"
    assert checkpoints.load(checkpoints.locate(run.id)).model()


@pytest.mark.slow
def test_run_streams_its_epochs_and_ends_with_a_model(handed_to_ray: None, wait_for: Wait) -> None:
    run = settings(epochs=3)
    job = jobs.read(run.directory.path)
    assert job is not None
    assert (job.runner, run.id in job.id, state(run)) == ("ray", True, "queued")
    wait_for(lambda: epochs_of(run) > 0, SECONDS)
    wait_for(lambda: state(run) == "done", SECONDS)
    assert len(checkpoints.load(checkpoints.locate(run.id)).history) == epochs_of(run) == 3
    wait_for(lambda: not jobs.is_beating(run.directory.path), jobs.STALE_SECONDS / 2)  # forgotten, not only old


@pytest.mark.slow
def test_two_workers_on_two_nodes_come_to_the_same_as_one_and_a_third_waits(
    handed_to_ray: None, wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = settings(epochs=400, workers=2)
    wait_for(lambda: state(both) == "running", SECONDS)
    third = settings(epochs=3, name="third")
    wait_for(lambda: "room" in runs.get(third.id).status.message, SECONDS)
    time.sleep(3)
    assert (state(both), state(third), runs.count_ahead(runs.get(third.id))) == ("running", "queued", 0)
    wait_for(lambda: runs.get(both.id).has_model, SECONDS)
    check_cancelling(both)
    wait_for(lambda: state(third) == "done", SECONDS)
    shared = settings(epochs=3, workers=2)
    wait_for(lambda: state(shared) == "done", SECONDS)
    alone = [numbers(record) for record in runs.get(third.id).directory.read_epochs()]
    together = [numbers(record) for record in shared.directory.read_epochs()]
    assert together == [pytest.approx(one, rel=TOLERANCE, abs=TOLERANCE) for one in alone]
    environment = checkpoints.load(checkpoints.locate(shared.id)).environment
    assert environment is not None
    assert environment.workers == 2


def check_interrupted(run: Run, kill: Callable[[], None], wait_for: Wait) -> int:
    """Within 15 seconds, and no epoch is lost that was told of; returns how many these are."""
    wait_for(lambda: runs.get(run.id).has_model and epochs_of(run) > 0, SECONDS)
    acknowledged = epochs_of(run)
    kill()
    wait_for(lambda: state(run) == "interrupted", TRUE_SECONDS)
    assert len(checkpoints.load(checkpoints.locate(run.id)).history) >= acknowledged
    assert epochs_of(run) >= acknowledged
    return acknowledged


def check_going_on(run: Run, acknowledged: int, attempts: int, wait_for: Wait) -> None:
    wait_for(lambda: state(run) == "running" and epochs_of(run) > acknowledged, SECONDS)
    assert runs.get(run.id).status.attempts == attempts


@pytest.mark.slow
def test_killed_worker_is_interrupted_and_goes_on_and_one_that_does_not_hear_is_stopped_by_the_cluster(
    handed_to_ray: None, wait_for: Wait
) -> None:
    run = settings(epochs=10_000)
    acknowledged = check_interrupted(run, lambda: os.kill(ranks(run)["0"], signal.SIGKILL), wait_for)
    runs.resume_interrupted()
    check_going_on(run, acknowledged, 2, wait_for)
    pid = runs.get(run.id).status.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    assert runs.cancel(run.id).status.state == "cancelled"
    assert time.monotonic() - started < CANCEL_SECONDS
    with contextlib.suppress(ProcessLookupError):  # it is not there any more
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), SECONDS)
    assert state(run) == "cancelled"


@pytest.mark.slow
def test_either_of_two_workers_may_be_killed_and_a_killed_job_takes_both_along(
    handed_to_ray: None, wait_for: Wait
) -> None:
    """After the job nobody looks after the workers: they notice by themselves."""
    run = settings(epochs=10_000, workers=2)
    acknowledged = check_interrupted(run, lambda: os.kill(ranks(run)["1"], signal.SIGKILL), wait_for)
    runs.resume_interrupted()  # by itself, once
    check_going_on(run, acknowledged, 2, wait_for)
    acknowledged = check_interrupted(run, lambda: os.kill(ranks(run)["0"], signal.SIGKILL), wait_for)
    runs.resume_interrupted()
    assert state(run) == "interrupted"
    runs.resume(run.id)
    check_going_on(run, acknowledged, 3, wait_for)
    workers = ranks(run).values()
    job = next(p.name for p in Path("/proc").iterdir() if p.name.isdecimal() and _is_crew(p, run))
    check_interrupted(run, lambda: os.kill(int(job), signal.SIGKILL), wait_for)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), TRUE_SECONDS)


def _is_crew(process: Path, run: Run) -> bool:
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[2:4] == [b"vae_core.runs.crew", str(run.directory.path).encode()]


@pytest.mark.slow
def test_another_process_finds_the_run_and_its_state_and_can_cancel_it(handed_to_ray: None, wait_for: Wait) -> None:
    """As a server does that is started again: here the run is begun by a process that is gone."""
    code = "from tests.core.test_ray import settings; print(settings(epochs=10_000).id)"
    id = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()[-1]
    wait_for(lambda: runs.get(id).status.state == "running" and runs.get(id).has_model, SECONDS)
    code = f"from vae_core import runs; print(runs.get({id!r}).status.state, runs.cancel({id!r}).status.state)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert told == ["running", "cancelled"]


@pytest.mark.slow
def test_command_line_follows_its_run_and_stopped_from_the_keyboard_cancels_it(
    handed_to_ray: None, ray: Cluster, tmp_path: Path, wait_for: Wait
) -> None:
    np.save(tmp_path / "strokes.npy", stroke_dataset().x[..., 0])
    out = RunDirectory(tmp_path / "out")
    words = ["train", str(tmp_path / "strokes.npy"), "--out", str(out.path), "--runner", f"ray:{ray.address}", "--json"]
    words += ["--epochs", "10000", "--batch-size", "16"]
    command = subprocess.Popen([sys.executable, "-m", "vae_core", *words], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    assert EpochRecord.model_validate_json(command.stdout.readline()).epoch == 1
    os.kill(command.pid, signal.SIGINT)
    command.stdout.close()
    assert command.wait(timeout=10) == 1
    assert out.read_status().state == "cancelled"
    wait_for(lambda: not out.is_held(), TRUE_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"RAY_AUTH_MODE": "disabled"},
            "or for one at all. Start the app with RAY_AUTH_MODE=token",
        ),
        (
            {"RAY_AUTH_TOKEN": "0" * 32},
            "or for one at all. Start the app with RAY_AUTH_MODE=token",
        ),
    ],
)
def test_run_that_is_not_allowed_in_says_why_and_leaves_nothing(
    changed: dict[str, str], sentence: str, handed_to_ray: None, workspace_folder: Path
) -> None:
    """Ray reads its variables once a process, so each has its own."""
    code = (
        "from tests.core.test_ray import settings\n"
        "from vae_core.errors import VAECoreError\n"
        "try:\n    settings(epochs=3)\n"
        "except VAECoreError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | changed, check=False
    )
    assert sentence in ran.stdout, ran.stderr
    assert list((workspace_folder / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("runner", "sentence"),
    [
        ("ray:http://127.0.0.1:{}", "There is no Ray cluster at this address."),
        ("slurm", "There is no runner “slurm”. Choose local, ray"),
    ],
)
def test_run_that_cannot_be_handed_over_says_why_and_leaves_nothing(
    runner: str, sentence: str, workspace_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_STUDIO_RUNNER", runner.format(free_port()))
    with pytest.raises(VAECoreError, match=re.escape(sentence)):
        settings(epochs=3)
    assert list((workspace_folder / "runs").iterdir()) == []


def test_run_that_cannot_be_resumed_stays_as_it_was(monkeypatch: pytest.MonkeyPatch, workspace_folder: Path) -> None:
    directory, _ = make_run()
    directory.write_status(Status(state="cancelled", message="Cancelled.", attempts=1))
    monkeypatch.setenv("VAE_STUDIO_RUNNER", "nobody")
    with pytest.raises(ConfigError, match="no runner"):
        runs.resume(directory.path.name)
    assert runs.get(directory.path.name).status.message == "Cancelled."


def test_beat_that_has_stopped_is_an_interruption_and_one_that_goes_on_is_not(workspace_folder: Path) -> None:
    directory, _ = make_run()
    jobs.write(directory.path, jobs.Job(runner="ray", id="1", address=""))
    directory.write_status(Status(state="running", pid=1, attempts=1))
    beat = directory.path / "beat"
    beat.touch()
    assert directory.read_status().state == "running"
    long_ago = time.time() - jobs.STALE_SECONDS
    os.utime(beat, (long_ago, long_ago))
    assert directory.read_status().state == "interrupted"


def test_job_that_is_not_up_yet_waits(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = make_run()
    jobs.write(directory.path, jobs.Job(runner="ray", id="1", address=""))
    monkeypatch.setattr("vae_core.runs.directory.STARTING_SECONDS", 0)
    assert directory.read_status().state == "queued"
    monkeypatch.setattr("vae_core.runs.directory.JOB_STARTING_SECONDS", 0)
    assert directory.read_status().state == "interrupted"


def test_worker_whose_run_was_handed_to_another_job_stops_and_says_nothing(
    workspace_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae_core.runs import worker

    directory, _ = make_run()
    monkeypatch.setenv(jobs.ENVIRONMENT, "1")
    jobs.write(directory.path, jobs.Job(runner="ray", id="1", address=""))

    def handed_over() -> Status:
        jobs.write(directory.path, jobs.Job(runner="ray", id="2", address=""))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            time.sleep(0.01)
        raise AssertionError("it was not stopped")

    signal.signal(signal.SIGTERM, worker._raise_cancelled)
    with jobs.Beat(directory.path):
        assert worker.attempt(directory, handed_over) == 1
    assert '"state":"queued"' in (directory.path / "status.json").read_text("utf-8")


def test_folder_that_cannot_be_read_for_a_moment_ends_no_worker_and_interrupts_no_run(
    workspace_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, _ = make_run()
    jobs.write(directory.path, jobs.Job(runner="ray", id="1", address=""))
    directory.write_status(Status(state="running", pid=1, attempts=1))
    monkeypatch.setenv(jobs.ENVIRONMENT, "1")
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.01)
    stopped: list[int] = []
    monkeypatch.setattr(jobs.os, "kill", lambda *told: stopped.append(1))
    beat, read_bytes = directory.path / "beat", Path.read_bytes

    def is_beating() -> bool:
        beat.unlink(missing_ok=True)
        deadline = time.monotonic() + 0.2
        while not beat.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return beat.exists()

    def away(path: Path) -> bytes:
        if path.name == "job.json":
            raise OSError(errno.ESTALE, "Stale file handle")
        return read_bytes(path)

    with jobs.Beat(directory.path):
        while not is_beating():
            pass
        with monkeypatch.context() as broken:
            broken.setattr(Path, "read_bytes", away)
            while is_beating():
                pass
            assert directory.read_status().state == "running"  # though nobody beats
            with pytest.raises(OSError, match="Stale"):
                runners.of(directory)
        while not is_beating():
            pass
    assert stopped == []


@pytest.mark.parametrize(
    ("device", "there", "gpu"),
    [("auto", {"CPU": 8.0}, 0), ("auto", {"CPU": 8.0, "GPU": 1.0}, 1), ("cpu", {"GPU": 1.0}, 0), ("cuda", {}, 1)],
)
def test_worker_takes_a_gpu_where_one_is_wanted_or_there(device: str, there: dict[str, float], gpu: int) -> None:
    config = RunConfig(dataset_id="x").with_settings({"train": {"device": device}})
    assert needs_of(config, there).get("GPU", 0) == gpu


def test_ray_is_loaded_for_a_run_in_a_cluster_only() -> None:
    code = (
        "import sys, vae_core.runs, vae_core.cli, vae_core.runs.crew\n"
        "assert not {'ray', 'aiohttp', 'requests'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_runner_is_remembered_by_the_run(workspace_folder: Path) -> None:
    directory: RunDirectory = make_run()[0]
    assert isinstance(runners.of(directory), runners.RUNNERS["local"])  # type: ignore[arg-type]
    jobs.write(directory.path, jobs.Job(runner="ray", id="1", address="http://head:8265"))
    assert runners.of(directory).address == "http://head:8265"
