"""No number, no room on the disk, no memory, a person who cancels: the state is clear, finished epochs are kept."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import stroke_dataset
from tests.core.deaths import Full, watched
from tests.core.exact import config_of, digest, losses, make_run, read, straight
from vae_core import memory, runs, stored_datasets, workspace
from vae_core.config import Mlp
from vae_core.datasets import Dataset, ImageSchema
from vae_core.errors import ConfigError, TrainingError
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.runs import endings, keeper, worker
from vae_core.runs import work as working
from vae_core.runs.directory import RESERVE_BYTES, RunDirectory, RunFile, Status, done
from vae_core.runs.work import result_of, work

Wait = Callable[[Callable[[], bool], float], None]
STEPS = 3
"""An epoch: 36 examples in batches of 16."""


@pytest.fixture(autouse=True)
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SAVE_SECONDS", 0)


@pytest.fixture(autouse=True)
def no_worker_is_left(workspace_folder: Path) -> Iterator[None]:
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


def started(epochs: int, name: str = "strokes", **settings: object) -> runs.Run:
    dataset = stroke_dataset()
    stored_datasets.save(dataset)
    config = config_of("running sigma", dataset, epochs).with_settings(settings)
    return runs.start(name, config)


def state(run: runs.Run) -> str:
    return runs.get(run.id).status.state


def is_usable(directory: RunDirectory, epoch: int) -> bool:
    """The model of this epoch opens and decodes; nothing in its file is not a number."""
    found = read(directory.checkpoint)
    picture = found.model().decode(torch.zeros(1, found.config.model.latents))
    numbers = [*found.weights.values(), *found.optimizer.values(), picture]
    return len(found.history) == epoch and all(bool(tensor.isfinite().all()) for tensor in numbers)


def check_exact(directory: RunDirectory, dataset: Dataset) -> None:
    weights, _, told = straight(directory.read_run().config, dataset)
    end = read(directory.checkpoint)
    assert (losses(end.history), digest(end.weights)) == (told, weights[-1])


def spoil(monkeypatch: pytest.MonkeyPatch, step: int, number: float = float("nan")) -> None:
    """After a step of the whole training, a weight is no number."""
    kernel, count = torch._fused_adam_, 0

    def spoilt(parameters: list[torch.Tensor], *more: object, **options: object) -> None:
        nonlocal count
        kernel(parameters, *more, **options)
        count += 1
        if count == step:
            parameters[0].view(-1)[0] = number

    monkeypatch.setattr(torch, "_fused_adam_", spoilt)


def attempt(directory: RunDirectory, dataset: Dataset) -> int:
    return worker.attempt(directory, lambda: done(result_of(work(directory, dataset))))


@pytest.mark.parametrize(("step", "sentence"), [(10, "step 2 of epoch 4"), (12, "step 3 of epoch 4")])
def test_nan_at_a_step_says_which_and_keeps_the_epoch_before(
    step: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, dataset = make_run(epochs=6)
    with monkeypatch.context() as patch:
        spoil(patch, step)
        assert attempt(directory, dataset) == 1
    status = directory.read_status()
    assert status.state == "failed"
    assert f"{sentence} (learning rate " in status.message
    assert "ten times smaller" in status.message
    assert is_usable(directory, epoch=3)
    assert attempt(directory, dataset) == 0  # the cause is gone
    check_exact(directory, dataset)


def test_optimiser_that_is_no_number_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    directory, dataset = make_run(epochs=4)
    kernel, count = torch._fused_adam_, 0

    def spoilt(parameters: object, gradients: object, means: list, squares: list, *more: object, **options: object):
        nonlocal count
        kernel(parameters, gradients, means, squares, *more, **options)
        count += 1
        if count == 3 * STEPS:
            squares[0].view(-1)[0] = float("inf")

    monkeypatch.setattr(torch, "_fused_adam_", spoilt)
    with pytest.raises(TrainingError, match="in epoch 3"):
        result_of(work(directory, dataset))
    assert is_usable(directory, epoch=2)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real one of 4 MB, with the workspace on it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small disk")
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(place / "workspace"))
    yield place
    unmount = ["umount", "-l", str(place)]  # even while a failed test keeps something of it
    subprocess.run(unmount, check=True)


def fill(place: Path) -> Path:
    """Nothing more goes onto the disk."""
    ballast = place / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_training_does_not_start_without_room(small_disk: Path) -> None:
    directory, dataset = make_run()
    assert attempt(directory, dataset) == 1
    status = directory.read_status()
    assert status.state == "failed"
    assert status.message.endswith("left; training needs 1.0 GB. Make room, then go on.")
    assert not directory.checkpoint.exists()


def test_disk_that_fills_in_the_middle_stops_the_run_and_room_lets_it_go_on(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "LEAST_FREE_BYTES", 0)
    directory, dataset = make_run(epochs=5)
    ballast = Path()

    def until_full() -> Status:
        nonlocal ballast
        for record in work(directory, dataset):
            if record.epoch == 2:
                ballast = fill(small_disk)
        return done()

    worker.attempt(directory, until_full)
    status = directory.read_status()
    assert (status.state, status.message) == ("failed", endings.DISK_FULL)
    assert is_usable(directory, epoch=2)
    assert [record.epoch for record in directory.read_epochs()] == [1, 2]
    assert not list(directory.path.glob(".tmp-*"))
    fill(small_disk)
    with pytest.raises(TrainingError, match=r"The disk is full\. Make room"):
        runs.start("another", directory.read_run().config)
    assert len(runs.list_runs()) == 1
    ballast.unlink()
    assert attempt(directory, dataset) == 0
    assert (directory.path / "reserve").exists()
    check_exact(directory, dataset)


@pytest.mark.slow
def test_too_little_memory_says_so_and_the_next_run_starts(wait_for: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(worker.MEMORY_ENVIRONMENT, "60")
    large = Mlp(widths=(3000, 2000), fourier=0).model_dump()
    run = started(1, train={"batch_size": 8}, model={"architecture": large})
    monkeypatch.delenv(worker.MEMORY_ENVIRONMENT)
    after = started(10_000, name="after")
    wait_for(lambda: state(run) == "failed", 60)
    sentence = "The machine ran out of memory with batches of 8. Try a batch of 4, or a smaller model."
    assert runs.get(run.id).status.message == sentence
    wait_for(lambda: runs.get(after.id).has_model, 60)
    runs.cancel(after.id)
    runs.resume(run.id)
    wait_for(lambda: runs.get(run.id).has_model, 60)


def begun(run: runs.Run) -> bool:
    """Its worker is up and loads what it needs, or waits for its turn."""
    return run.directory.is_held() and state(run) == "queued"


PHASES: dict[str, Callable[[runs.Run], bool]] = {
    "before its worker is up": lambda run: True,
    "while its worker starts": begun,
    "in training": lambda run: runs.get(run.id).has_model,
    "in finishing": lambda run: runs.get(run.id).status.message.startswith("Finishing"),
}


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_cancelling_takes_less_than_five_seconds_in_every_phase(phase: str, wait_for: Wait) -> None:
    run = started(1 if phase == "in finishing" else 10_000)
    wait_for(lambda: PHASES[phase](run), 60)
    begin = time.monotonic()
    cancelled = runs.cancel(run.id)
    assert time.monotonic() - begin < 5
    assert cancelled.status.state == "cancelled"
    time.sleep(1.5)
    assert state(run) == "cancelled"
    assert not run.directory.is_held()
    assert not run.directory.checkpoint.exists() or read(run.directory.checkpoint)


def test_run_cancelled_before_its_worker_was_up_is_not_seen_to_wait_again(
    tiny_images: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_datasets.save(tiny_images)
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    directory.create(RunFile(name="cancelled", config=RunConfig(dataset_id=tiny_images.id), created=1.0))
    directory.ask_to_cancel()
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)  # this process still wants to be stopped
    seen: list[str] = []
    monkeypatch.setattr(RunDirectory, "write_status", lambda self, status: seen.append(status.state))
    assert worker.attempt(directory, lambda: pytest.fail("it worked")) == 0
    assert seen == ["cancelled"]


@pytest.mark.slow
def test_worker_that_hears_no_signal_is_killed_within_five_seconds(wait_for: Wait) -> None:
    run = started(10_000)
    wait_for(lambda: runs.get(run.id).has_model, 60)
    os.kill(runs.get(run.id).status.pid or 0, signal.SIGSTOP)
    begin = time.monotonic()
    assert runs.cancel(run.id).status.state == "cancelled"
    assert time.monotonic() - begin < 5
    assert read(run.directory.checkpoint)


def test_worker_killed_in_the_queue_is_interrupted_at_once() -> None:
    directory, _ = make_run()
    directory.write_status(directory.read_status().model_copy(update={"pid": 4_000_000}))
    assert directory.read_status().state == "interrupted"


def test_line_cut_by_a_full_disk_is_taken_back() -> None:
    directory, dataset = make_run(epochs=2)
    told = straight(directory.read_run().config, dataset)[2]
    records = [EpochRecord(seconds=0, **record) for record in told]
    directory.write_epochs(records[:1])
    with watched(Full(0, small=0)), pytest.raises(OSError, match="space"):
        directory.append_epochs(records[1:])
    directory.append_epochs(records[1:])
    assert losses(directory.read_epochs()) == told


def test_progress_does_not_take_the_reserve_that_the_end_needs() -> None:
    directory, _ = make_run()
    running = Status(state="running")
    with watched(Full(0, small=10_000)):
        with pytest.raises(OSError, match="space"):
            directory.write_status(running)
        assert (directory.path / "reserve").exists()
        directory.write_status(Status(state="failed", message=endings.DISK_FULL))
    assert directory.read_status().message == endings.DISK_FULL
    directory.keep_reserve()
    assert (directory.path / "reserve").stat().st_size == RESERVE_BYTES


@pytest.mark.parametrize(("is_asked", "state"), [(True, "cancelled"), (False, "interrupted")])
def test_cancelling_that_a_module_made_another_error_of_is_still_cancelling(is_asked: bool, state: str) -> None:
    directory, _ = make_run()

    def importing() -> Status:
        if is_asked:
            directory.ask_to_cancel()
        try:
            raise endings.CancelledError
        except endings.CancelledError as error:
            raise ImportError("initialization failed") from error

    assert worker.attempt(directory, importing) == 0
    assert directory.read_status().state == state


@pytest.mark.parametrize(
    ("latents", "epochs", "cure"),
    [(512, 5, r"Choose at most \d+ latent dimensions, or fewer examples"), (2, 5, ""), (64, 10_000, "")],
)
def test_checkpoint_that_could_not_be_written_at_the_end_is_refused_at_the_start(
    tmp_path: Path, latents: int, epochs: int, cure: str
) -> None:
    x = np.broadcast_to(np.zeros((1, 8, 8, 1), dtype=np.uint8), (737_280, 8, 8, 1))
    dataset = Dataset("many", x, ImageSchema(side=8), known_id="many")
    config = RunConfig(dataset_id="many").with_settings({"model": {"latents": latents}, "train": {"epochs": epochs}})
    if not cure:
        assert working.check(config, dataset, tmp_path).type
        return
    with pytest.raises(ConfigError, match=cure):
        working.check(config, dataset, tmp_path)


def test_history_that_would_be_too_long_is_refused_at_the_start(tmp_path: Path) -> None:
    dataset = stroke_dataset()
    config = RunConfig(dataset_id=dataset.id).with_settings({"model": {"latents": 512}, "train": {"epochs": 9000}})
    with pytest.raises(ConfigError, match=r"Choose at most 3,\d+ epochs"):
        working.check(config, dataset, tmp_path)


def test_model_that_does_not_fit_into_memory_is_refused_before_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    directory, dataset = make_run(epochs=3)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(ConfigError, match="Choose a smaller network"):
        list(work(directory, dataset))
    assert not directory.checkpoint.exists()
