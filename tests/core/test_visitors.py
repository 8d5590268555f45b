"""A workspace for everybody: whose things are seen, changed, counted and in whose turn they are trained."""

import contextlib
import errno
import io
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import stroke_dataset
from vae_core import (
    checkpoints,
    computations,
    derived,
    process_lock,
    profiles,
    runs,
    stored_concepts,
    stored_datasets,
    uploads,
    waiting,
    worker_process,
    workspace,
)
from vae_core.computations import Request
from vae_core.computations import worker as computing
from vae_core.computations.directory import ComputationDirectory
from vae_core.config import Mlp, ModelConfig, TrainConfig
from vae_core.errors import ComputationError, ConfigError, DatasetError, NotFoundError, QuotaError, TrainingError
from vae_core.run_config import RunConfig
from vae_core.runs import turns
from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status, done
from vae_core.workspace import SHARED, visiting

ANNE, BEN = "a" * 26, "b" * 26


@pytest.fixture
def classroom(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    return workspace_folder


def queued(dataset_id: str = "x" * 26, created: float | None = None) -> str:
    """A run that waits, of whoever is visiting, whose worker holds its lock for ever: nobody starts it."""
    id = workspace.new_id()
    directory = RunDirectory(workspace.place("runs", id))
    directory.create(RunFile(name="waits", config=RunConfig(dataset_id=dataset_id), created=created or time.time()))
    return id


def shared_run() -> str:
    with visiting(SHARED):
        id = queued()
        RunDirectory(workspace.place("runs", id)).write_status(done())
        return id


def test_one_sees_ones_own_and_what_is_there_for_all(classroom: Path) -> None:
    with visiting(ANNE):
        mine = stored_datasets.save(stroke_dataset())
        run = queued(mine)
    with visiting(SHARED):
        all_of_us = stored_datasets.save(replace(stroke_dataset(5), name="for all"))
    with visiting(BEN):
        assert [about.id for about in stored_datasets.list_all()] == [all_of_us]
        assert runs.list_runs() == []
        for look in (lambda: stored_datasets.load(mine), lambda: runs.get(run), lambda: runs.cancel(run)):
            with pytest.raises(NotFoundError):
                look()
    with visiting(ANNE):
        assert {about.id for about in stored_datasets.list_all()} == {mine, all_of_us}
        assert [one.id for one in runs.list_runs()] == [run]
    with visiting(None):
        assert stored_datasets.list_all() == []
    assert (classroom / "visitors" / ANNE / "datasets" / mine).is_dir()


def test_what_is_there_for_all_is_changed_by_nobody(classroom: Path) -> None:
    with visiting(SHARED):
        id = stored_datasets.save(stroke_dataset())
    run = shared_run()
    with visiting(ANNE):
        assert stored_datasets.save(replace(stroke_dataset(), name="my secret"), upload="u" * 26) == id
        for change in (lambda: stored_datasets.rename(id, "mine"), lambda: stored_datasets.delete(id)):
            with pytest.raises(DatasetError, match="for all who come here"):
                change()
        for press in (runs.cancel, runs.resume, runs.keep_best, runs.delete):
            with pytest.raises(TrainingError, match="for all who come here"):
                press(run)
        [about] = stored_datasets.list_all()
        assert (about.name, about.upload) == ("strokes", None)
        assert not (classroom / "visitors" / ANNE / "datasets" / id).exists()
        assert runs.get(run).is_shared


@pytest.mark.parametrize("harm", ["damaged", "unreadable"])
def test_what_is_there_for_all_is_replaced_by_nobody_even_where_it_cannot_be_read(
    harm: str, classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with visiting(SHARED):
        id = stored_datasets.save(replace(stroke_dataset(), name="the teacher's"))
    home = classroom / "shared" / "datasets" / id
    if harm == "damaged":
        (home / "x.npy").write_bytes(b"torn")
    else:
        monkeypatch.setattr(stored_datasets, "read_summary", lambda home: raised(OSError(errno.EMFILE, "too many")))
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    with visiting(ANNE):
        if harm == "damaged":
            stored_datasets.save(replace(stroke_dataset(), name="anne's"))
            assert stored_datasets.load(id).name == "anne's"
        else:
            with pytest.raises(DatasetError, match="cannot be read just now"):
                stored_datasets.save(replace(stroke_dataset(), name="anne's"))
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def raised(error: Exception) -> NoReturn:
    raise error


def test_deleting_ones_own_in_two_tabs_leaves_what_all_see(classroom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with visiting(ANNE):
        id = queued()
        own = RunDirectory(workspace.place("runs", id))
        own.write_status(done())
        shutil.copytree(own.path, classroom / "shared" / "runs" / id)
        monkeypatch.setattr(runs.runners.Local, "stop", lambda runner, directory: workspace.discard(directory.path))
        with pytest.raises(NotFoundError):  # the other tab was quicker
            runs.delete(id)
        assert runs.get(id).is_shared


def test_same_data_of_two_keep_their_owners_names(classroom: Path) -> None:
    for visitor, name in ((ANNE, "anne"), (BEN, "ben")):
        with visiting(visitor):
            id = stored_datasets.save(replace(stroke_dataset(), name=name))
            stored_datasets.rename(id, f"of {name}")
    for visitor, name in ((ANNE, "anne"), (BEN, "ben")):
        with visiting(visitor):
            assert [about.name for about in stored_datasets.list_all()] == [f"of {name}"]


def test_what_is_derived_lies_with_what_it_is_of(classroom: Path) -> None:
    run = shared_run()
    with visiting(ANNE):
        own = queued()
        places = {
            id: derived.place(id, "1a", "decoder.onnx").parent.relative_to(classroom).as_posix()
            for id in (own, run, "mnist-2d")
        }
        assert places == {own: f"visitors/{ANNE}/exports", run: "shared/exports", "mnist-2d": "shared/exports"}
        private = derived.place("mnist-2d", "1a", "measures", is_private=True)
        assert private.is_relative_to(classroom / "visitors" / ANNE)
        assert stored_concepts._file("mnist-2d").is_relative_to(classroom / "visitors" / ANNE)
        anne = derived.lock()
    with visiting(BEN):
        assert derived.lock() == anne
    assert derived.place("mnist-2d", "1a", "decoder.onnx").parent == classroom / "exports"


def test_worker_works_for_whoever_started_it(classroom: Path) -> None:
    content = io.BytesIO(b"label,a,b\n" + b"".join(b"x,%d,%d\n" % (n, n * n % 7) for n in range(40)))
    with visiting(ANNE):
        id = uploads.receive([("mine.csv", content)])
        while uploads.get(id).state == "reading":
            time.sleep(0.05)
        assert [about.id for about in stored_datasets.list_all()] == [uploads.get(id).dataset]
    with visiting(BEN):
        assert stored_datasets.list_all() == []
        assert uploads.running() == []
        with pytest.raises(NotFoundError):
            uploads.get(id)


def test_too_many_runs_are_refused(classroom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = RunConfig(dataset_id="x" * 26)
    with visiting(ANNE):
        for _ in range(2):
            queued()
        with pytest.raises(TrainingError, match=r"You have 2 runs .* everybody may have 2"):
            runs.start("third", config)
    for n in range(9):
        with visiting(chr(ord("c") + n) * 26):
            queued(), queued()
    with visiting(BEN), pytest.raises(TrainingError, match="20 runs wait or train already"):
        runs.start("21st", config)
    with visiting(BEN):
        assert runs.list_runs() == []


def measured(number: int) -> tuple[Request, ComputationDirectory]:
    """What somebody may ask of a bundled model, whose result lies with their own things."""
    version = checkpoints.version("digits-2d")
    request = Request(kind="measures", checkpoint_id="digits-2d", version=version, options={"seed": number})
    return request, computations.directory(request)


def test_computations_of_all_take_turns_and_too_many_are_refused(
    classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(profiles.PROFILES["classroom"], computations=5)
    monkeypatch.setitem(profiles.PROFILES, "classroom", few)
    monkeypatch.setattr(worker_process, "start", lambda *told: None)
    turns = []
    with visiting(ANNE):
        for number in range(4):
            computations.start(measured(number)[0])
        computations.start(measured(0)[0])  # goes on already
        with pytest.raises(ComputationError, match="4 computations of yours go on already"):
            computations.start(measured(4)[0])
        turns.append(computing._turn(measured(0)[1], "measures"))
    with visiting(BEN):
        computations.start(measured(0)[0])
        with pytest.raises(ComputationError, match="5 computations go on already"):
            computations.start(measured(1)[0])
        turns.append(computing._turn(measured(0)[1], "measures"))
        measured(0)[1].write_status(computations.Status(state="failed"))
        computations.start(measured(1)[0])
        monkeypatch.setitem(profiles.PROFILES, "classroom", replace(few, quota_bytes=10))
        measured(1)[1].write_status(computations.Status(state="failed"))
        with pytest.raises(QuotaError, match="Your workspace is full"):
            computations.start(measured(2)[0])
    with turns[0]:
        assert process_lock.is_held(Path(turns[1].lock_file))


def test_place_in_the_queue_counts_everybody(classroom: Path) -> None:
    for n, visitor in enumerate((ANNE, BEN, ANNE)):
        with visiting(visitor):
            id = queued(created=float(n + 1))
    with visiting(ANNE):
        assert runs.count_ahead(runs.get(id)) == 2


def test_run_that_goes_on_waits_behind_all_and_one_that_died_keeps_its_place(
    classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "start", lambda *told: None)
    with visiting(ANNE):
        cancelled, dead = queued(created=1.0), queued(created=2.0)
        RunDirectory(workspace.place("runs", cancelled)).write_status(CANCELLED)
        RunDirectory(workspace.place("runs", dead)).write_status(Status(state="running", pid=1, attempts=1))
    with visiting(BEN):
        waits = RunDirectory(workspace.place("runs", queued(created=3.0)))
        assert turns.is_next(waits)
    with visiting(ANNE):
        resumed = runs.resume(cancelled)
        assert runs.count_ahead(resumed) == 1
        assert not turns.is_next(resumed.directory)
    assert turns.is_next(waits)
    runs.resume_interrupted()
    assert not turns.is_next(waits)
    assert turns.count_ahead(waits) == 1
    with visiting(ANNE):
        assert runs.count_ahead(runs.get(dead)) == 0


def test_queue_is_what_the_runs_say_whatever_the_names_in_it(classroom: Path) -> None:
    with visiting(ANNE):
        lost, ended, gone = queued(created=1.0), queued(), queued()
        RunDirectory(workspace.place("runs", ended)).write_status(done())
        waiting.note(workspace.place("runs", ended))  # as a worker leaves it that dies at the very end
        shutil.rmtree(workspace.place("runs", gone))
        waiting.forget(workspace.place("runs", lost))
        assert [home.name for home, _, _ in turns.live()] == []
        runs.resume_interrupted()
        assert waiting.homes("runs") == []
        turns.rebuild()
        assert [home.name for home, _, _ in turns.live()] == [lost]
        waiting.forget(workspace.place("runs", lost))
        assert turns.is_next(RunDirectory(workspace.place("runs", lost)))
        assert [home.name for home in waiting.homes("runs")] == [lost]


def test_oldest_run_trains_first_whoever_it_is_of(classroom: Path) -> None:
    """Two real workers: the second one started has the older run."""
    small = RunConfig(dataset_id="", train=TrainConfig(epochs=1))
    with visiting(SHARED):
        dataset = stored_datasets.save(stroke_dataset())
    config = small.model_copy(update={"dataset_id": dataset})
    turn = runs.directory.process_lock.lock(_made(classroom / "runs") / "turn.lock")
    with turn:
        with visiting(ANNE):
            younger = runs.start("younger", config)
        with visiting(BEN):
            older = runs.start("older", config)
            about = older.directory.read_run().model_copy(update={"created": younger.created - 100})
            runs.directory.write_atomically(older.directory.path / "run.json", about.model_dump_json().encode())
        for run in (younger, older):
            while run.directory.read_status().pid is None:
                time.sleep(0.05)
    for run in (older, younger):
        while run.directory.read_status().state in ("queued", "running"):
            time.sleep(0.05)
        assert run.directory.read_status().state == "done", run.directory.log.read_text()
    ended = [run.directory.checkpoint.stat().st_mtime for run in (older, younger)]
    assert ended[0] < ended[1]


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_training_ends_in_time_with_a_model_that_can_be_explored(
    classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae_core.runs.work import result_of, work

    monkeypatch.setitem(profiles.PROFILES, "classroom", replace(profiles.PROFILES["classroom"], training_seconds=2.0))
    dataset = stroke_dataset()
    with visiting(ANNE):
        id = queued(stored_datasets.save(dataset))
        directory = RunDirectory(workspace.place("runs", id))
        config = RunConfig(dataset_id=dataset.id, train=TrainConfig(epochs=5000))
        directory.create(RunFile(name="long", config=config, created=1.0))
        said = result_of(work(directory, dataset))
        found = checkpoints.load(directory.checkpoint)
    assert said.startswith(f"Stopped after epoch {len(found.history)} of 5000: a training here may take 0 minutes.")
    assert 1 < len(found.history) < 5000
    assert found.codes is not None


def test_time_before_a_run_was_cancelled_counts_towards_what_it_may_take(classroom: Path) -> None:
    from vae_core.runs.work import result_of, work

    dataset = stroke_dataset()
    with visiting(ANNE):
        directory = RunDirectory(workspace.place("runs", queued(stored_datasets.save(dataset))))
        config = RunConfig(dataset_id=dataset.id, train=TrainConfig(epochs=3))
        directory.create(RunFile(name="long", config=config, created=1.0))
        with contextlib.closing(work(directory, dataset)) as epochs:
            record = next(epochs)
        directory.write_epochs([record.model_copy(update={"seconds": 20 * 60.0})])
        said = result_of(work(directory, dataset))
        found = checkpoints.load(directory.checkpoint)
    assert said.startswith("Stopped after epoch 1 of 3: a training here may take 20 minutes.")
    assert found.history == (record,)
    assert found.codes is not None


def test_quota_and_disk_are_held(classroom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = replace(profiles.PROFILES["classroom"], quota_bytes=1 * 2**20)
    monkeypatch.setitem(profiles.PROFILES, "classroom", room)
    big = io.BytesIO(os.urandom(2 * 2**20))
    with visiting(ANNE):
        with pytest.raises(QuotaError, match=r"Your workspace is full: 0 of 1 MB"):
            uploads.receive([("big.zip", big)])
        assert list(workspace.folder("uploads").iterdir()) == []
        (workspace.folder("runs") / "ballast").write_bytes(big.getvalue())
        with pytest.raises(QuotaError, match=r"full: 2 of 1 MB"):
            runs.start("more", RunConfig(dataset_id="x" * 26))
        with pytest.raises(QuotaError):
            stored_datasets.save(stroke_dataset())
    with visiting(BEN):
        dataset = stored_datasets.save(stroke_dataset())
        wide = ModelConfig(architecture=Mlp(widths=(400, 400)))
        with pytest.raises(QuotaError, match=r"full: 0 of 1 MB"):  # its checkpoint would take more
            runs.start("wide", RunConfig(dataset_id=dataset, model=wide))
    monkeypatch.setitem(profiles.PROFILES, "classroom", replace(room, least_free_bytes=2**60))
    with visiting(BEN), pytest.raises(QuotaError, match="disk would stay free"):
        stored_datasets.save(stroke_dataset(7))


def test_file_that_is_too_large_is_refused(classroom: Path) -> None:
    class Large(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return 51 * 2**20 if whence == os.SEEK_END else super().seek(offset, whence)

    with visiting(ANNE), pytest.raises(DatasetError, match="has 51 MB; at most 50 MB"):
        uploads.receive([("large.zip", Large())])


def test_demo_takes_nothing(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "demo")
    with visiting(ANNE):
        for bring in (
            lambda: uploads.receive([("a.csv", io.BytesIO(b"a,b\n1,2\n"))]),
            lambda: runs.start("a", RunConfig(dataset_id="x" * 26)),
            lambda: stored_datasets.save(stroke_dataset()),
        ):
            with pytest.raises(QuotaError, match="This is a demo"):
                bring()
    assert not (workspace_folder / "visitors" / ANNE / "uploads").exists()


def test_unknown_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "school")
    with pytest.raises(ConfigError, match=r"'school'; it may be local, classroom, demo"):
        profiles.present()


def test_environment_tells_a_process_whom_it_works_for(workspace_folder: Path) -> None:
    script = "import json; from vae_core import workspace as w; print(json.dumps([w.visitor(), str(w.root())]))"
    environment = os.environ | {workspace.VISITOR_ENVIRONMENT: ANNE}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True).stdout
    assert json.loads(said) == [ANNE, str(workspace_folder / "visitors" / ANNE)]


@pytest.mark.parametrize("id", ["", "..", "../../etc", "A" * 26, "a" * 25, f"{'a' * 26}/x"])
def test_visitor_is_an_id_and_nothing_else(workspace_folder: Path, id: str) -> None:
    with visiting(id), pytest.raises(NotFoundError):
        workspace.folder("runs")


def test_interrupted_runs_of_all_go_on(classroom: Path) -> None:
    ids = {}
    for visitor in (ANNE, BEN):
        with visiting(visitor):
            ids[visitor] = queued()
            dead = Status(state="running", pid=1, attempts=1)
            RunDirectory(workspace.place("runs", ids[visitor])).write_status(dead)
            assert runs.get(ids[visitor]).status.state == "interrupted"
    runs.resume_interrupted()
    for visitor, id in ids.items():
        with visiting(visitor):
            while runs.get(id).is_live:
                time.sleep(0.05)
            assert runs.get(id).status.attempts == 2
            assert "not in the workspace" in runs.get(id).status.message
