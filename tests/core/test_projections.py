"""t-SNE in a process of its own: once however many ask, kept with its model's version, and never stuck."""

import errno
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.core.deaths import Operation, watched
from tests.core.test_projection import clusters
from tests.core.test_uploads import processes_of
from vae_core import checkpoints, derived, process_lock, projections, runs, workspace
from vae_core.computations import Request, worker
from vae_core.computations.directory import ComputationDirectory, Status
from vae_core.errors import ComputationError, NotFoundError, ProjectionError
from vae_core.latents import projection

SECONDS = 120.0
Wait = Callable[[Callable[[], bool], float], None]


def home(id: str) -> ComputationDirectory:
    return ComputationDirectory(derived.place(id, checkpoints.version(id), "tsne-1"))


@pytest.fixture
def ended(wait_for: Wait) -> Callable[[str], Status]:
    def wait(id: str) -> Status:
        version = checkpoints.version(id)
        wait_for(lambda: projections.status(id, version).state not in ("queued", "running"), SECONDS)
        return projections.status(id, version)

    return wait


def test_many_who_ask_at_once_start_one_process_and_all_get_its_map(
    stored_model: str, ended: Callable[[str], Status]
) -> None:
    mean, _ = clusters(200)
    version = checkpoints.version(stored_model)
    assert projections.status(stored_model, version).state == "absent"
    with pytest.raises(NotFoundError, match="not computed yet"):
        projections.result(stored_model, version)
    starts = [threading.Thread(target=projections.start, args=(stored_model, version, mean)) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert ended(stored_model).state == "done"
    places = np.fromfile(projections.result(stored_model, version), "<f4").reshape(-1, 2)
    np.testing.assert_array_equal(places, projection.tsne(mean))
    home_of_map = home(stored_model).path
    assert {path.name for path in home_of_map.iterdir()} <= {
        "result",
        "request.json",
        "status.json",
        "lock",
        "start.lock",
        "log.txt",
    }
    before = home(stored_model).result.stat().st_mtime_ns
    projections.start(stored_model, version, mean)
    assert projections.status(stored_model, version).state == "done"
    assert home(stored_model).result.stat().st_mtime_ns == before


def test_how_far_it_is_can_be_read_by_everybody(stored_model: str, wait_for: Wait) -> None:
    mean, _ = clusters(2500)
    version = checkpoints.version(stored_model)
    projections.start(stored_model, version, mean)
    seen: list[Status] = []

    def is_half_done() -> bool:
        seen.append(projections.status(stored_model, version))
        return seen[-1].state == "done" or seen[-1].done > 0.5

    wait_for(is_half_done, SECONDS)
    shares = [status.done for status in seen]
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] < 1
    assert seen[-1].seconds_left is not None
    assert 0 < seen[-1].seconds_left < SECONDS
    runs.delete(stored_model)
    wait_for(lambda: not processes_of(f"{stored_model}-{version}"), SECONDS)
    assert not list(workspace.folder("exports").glob(f"{stored_model}*"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_killed_process_is_seen_and_the_next_ask_starts_anew(
    stored_model: str, wait_for: Wait, ended: Callable[[str], Status]
) -> None:
    version = checkpoints.version(stored_model)
    projections.start(stored_model, version, clusters(5000)[0])
    wait_for(lambda: projections.status(stored_model, version).state == "running", SECONDS)
    for pid in processes_of(f"{stored_model}-{version}"):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: projections.status(stored_model, version).state == "interrupted", SECONDS)
    assert "Start it again" in projections.status(stored_model, version).message
    projections.start(stored_model, version, clusters(60)[0])
    assert ended(stored_model).state == "done"


def test_process_that_never_began_does_not_block_for_ever(stored_model: str) -> None:
    directory = home(stored_model)
    directory.path.mkdir()
    directory.write_status(Status(state="queued"))
    assert directory.read_status().state == "queued"
    long_ago = Status(state="queued", updated=time.time() - 60)
    (directory.path / "status.json").write_text(long_ago.model_dump_json())
    assert directory.read_status().state == "interrupted"


def test_one_map_at_a_time_is_computed(stored_model: str, wait_for: Wait, ended: Callable[[str], Status]) -> None:
    version = checkpoints.version(stored_model)
    with process_lock.lock(workspace.folder("exports") / "tsne.lock"):
        projections.start(stored_model, version, clusters(60)[0])
        wait_for(lambda: process_lock.is_held(home(stored_model).lock), SECONDS)
        time.sleep(1)
        assert projections.status(stored_model, version).state == "queued"
    assert ended(stored_model).state == "done"


def test_models_that_are_gone_or_of_another_version_have_no_map(stored_model: str) -> None:
    mean, _ = clusters(60)
    for id, version in ((stored_model, "0"), ("b" * 26, "0"), ("../etc", "0"), (stored_model, "../../etc")):
        for ask in (projections.status, projections.result, lambda *of: projections.start(*of, mean)):
            with pytest.raises(NotFoundError):
                ask(id, version)
    assert not any(workspace.folder("exports").iterdir())


def test_what_was_derived_goes_with_its_version_and_with_its_model(
    stored_model: str, ended: Callable[[str], Status]
) -> None:
    mean, _ = clusters(60)
    projections.start(stored_model, checkpoints.version(stored_model), mean)
    assert ended(stored_model).state == "done"
    old = home(stored_model).path
    other = derived.place("digits-2d", "0", "decoder.onnx")
    other.touch()
    checkpoints.locate(stored_model).touch()
    projections.start(stored_model, checkpoints.version(stored_model), mean)
    assert not old.exists()
    assert ended(stored_model).state == "done"
    runs.delete(stored_model)
    assert [path for path in workspace.folder("exports").iterdir() if path.suffix != ".lock"] == [other]


def test_what_has_no_map_is_refused_before_a_process_starts(stored_model: str) -> None:
    with pytest.raises(ProjectionError, match="there are 3"):
        projections.start(stored_model, checkpoints.version(stored_model), clusters(3)[0])
    assert projections.status(stored_model, checkpoints.version(stored_model)).state == "absent"


@pytest.mark.parametrize("at", [".tsne-1", "start.lock", " bytes", "log.txt"])
def test_full_disk_is_a_sentence_wherever_it_is_met(stored_model: str, at: str) -> None:
    def full(now: int, operation: Operation, half: Callable[[], None]) -> None:
        if operation.file.endswith(at):
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(full), pytest.raises(ComputationError, match=r"The disk is full\. Make room"):
        projections.start(stored_model, checkpoints.version(stored_model), clusters(60)[0])
    assert not processes_of(f"{stored_model}-{checkpoints.version(stored_model)}")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(MemoryError(), "too little free memory"), (RuntimeError("a bug"), "log.txt"), (OSError(28, "full"), "Make room")],
)
def test_failure_is_told_in_a_sentence(
    stored_model: str, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    directory = home(stored_model)
    directory.path.mkdir()
    np.save(directory.path / "codes.npy", clusters(60)[0])
    directory.write_request(Request(kind="tsne", checkpoint_id=stored_model, version="0"))
    monkeypatch.setattr(projection, "tsne", fail)
    monkeypatch.setattr(worker, "limit_memory", lambda: None)  # which would stay for the tests after this one
    assert worker.main(directory.path) == 1
    assert directory.read_status().state == "failed"
    assert sentence in directory.read_status().message


def test_server_and_the_maps_process_load_only_what_they_need() -> None:
    import subprocess
    import sys

    for code, needless in (
        ("pages.ui.routes, vae_core.projections", "openTSNE"),
        ("vae_core.computations.worker, openTSNE", "torch"),
    ):
        asked = f"import sys, {code}; print({needless!r} in sys.modules)"
        ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True)
        assert ran.stdout.strip() == "False"
