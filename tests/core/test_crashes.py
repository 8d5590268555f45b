"""A worker that dies at any operation of any of its writes loses no finished epoch and mixes none."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.core.deaths import KILLED, TAKES_ROOM, Full, Operation, dying, in_child, nothing, watched
from tests.core.exact import digest, losses, make_run, read, straight
from vae_core import checkpoints, files
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.film import Reel
from vae_core.runs import directory as run_directory
from vae_core.runs import endings, keeper, worker
from vae_core.runs.directory import RESERVE_BYTES, RunDirectory, done
from vae_core.runs.work import result_of, work

CHECKPOINT, CHECKPOINT_OPENED = (Operation(name, "checkpoint.safetensors") for name in ("replace", "open"))


class Story(NamedTuple):
    """A run that was not begun, and what it comes to when nothing happens."""

    begun: Path
    dataset: Dataset
    operations: list[Operation]
    weights: list[str]
    remembered: list[str]
    losses: list[dict]
    files: set[str]

    def copy(self) -> RunDirectory:
        """The run, to be begun."""
        target = self.begun.with_name("tried")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.begun, target)
        return RunDirectory(target)

    def run(self, directory: RunDirectory) -> None:
        with watched(nothing):
            for _ in work(directory, self.dataset):
                pass


Tell = Callable[..., Story]


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Tell:
    monkeypatch.setattr(keeper, "SAVE_SECONDS", 0)

    def tell(epochs: int, **watching: bool) -> Story:
        directory, dataset = make_run(epochs=epochs, learning_rate=0.3)
        begun = directory.path.with_name("begun")
        shutil.copytree(directory.path, begun)
        with watched(nothing, **watching) as operations:
            for _ in work(directory, dataset):
                pass
        weights, remembered, told = straight(directory.read_run().config, dataset)
        names = {path.name for path in directory.path.iterdir()}
        return Story(begun, dataset, list(operations), weights, remembered, told, names)

    return tell


def check(story: Story, directory: RunDirectory, done: list[Operation]) -> None:
    """What must hold after a death: the epoch that was last renamed into place is there, whole and the newest."""
    whole = min(done.count(CHECKPOINT), len(story.losses))  # the last one is written again with its codes
    assert directory.checkpoint.exists() == (whole > 0)
    for path in (directory.checkpoint, directory.previous, directory.best):
        if path.exists():
            found = read(path)
            epoch = len(found.history)
            assert losses(found.history) == story.losses[:epoch]
            assert digest(found.weights) == story.weights[epoch - 1]
            if path != directory.best and found.codes is None:
                assert digest(found.optimizer) == story.remembered[epoch - 1]
            allowed = {
                directory.checkpoint: {whole},
                directory.previous: {whole - 1, whole},
                directory.best: {best_epoch(found.history)},
            }
            assert epoch in allowed[path]
    if directory.best.exists():
        assert len(read(directory.best).history) <= whole + 1
    assert losses(directory.read_epochs()) == story.losses[: len(directory.read_epochs())]


def check_end(story: Story, directory: RunDirectory) -> None:
    """What the resumed run must come to."""
    end = read(directory.checkpoint)
    assert losses(end.history) == losses(directory.read_epochs()) == story.losses
    assert digest(end.weights) == story.weights[-1]
    assert end.codes is not None
    assert end.optimizer == {}
    assert {path.name for path in directory.path.iterdir()} | {"film"} == story.files  # where there was no room, none


def die(story: Story, number: int, torn: bool, **watching: bool) -> RunDirectory:
    directory = story.copy()

    def until_death() -> None:
        with watched(dying(number, torn), **watching):
            for _ in work(directory, story.dataset):
                pass

    assert in_child(until_death) == KILLED
    return directory


def points(story: Story, first: int = 0, last: int = 10_000) -> list[tuple[int, bool]]:
    """Before every operation, and halfway through every write; not before a flush to disk, which changes no file."""
    following = [*story.operations[1:], Operation("", "")]
    return [
        (number, torn)
        for number, (operation, after) in enumerate(zip(story.operations, following, strict=True))
        if first <= number <= last and "fsync" not in (operation.name, after.name if operation.name == "open" else "")
        for torn in ((False, True) if operation.name == "write" else (False,))
    ]


def points_without_links(story: Story) -> list[tuple[int, bool]]:
    """Those between a link that is refused and the end of what is done instead: all others are the same with links."""
    link = next(number for number, operation in enumerate(story.operations) if operation.name == "link")
    return points(story, link, story.operations.index(CHECKPOINT, link) + 1)


@pytest.mark.slow
@pytest.mark.parametrize("without_links", [False, True])
def test_death_at_every_operation_loses_nothing_and_mixes_nothing(story: Tell, without_links: bool) -> None:
    told = story(2, without_links=without_links)
    names = {operation.name for operation in told.operations}
    assert names >= {"open", "write", "flush", "fsync", "link", "replace", "unlink"}
    for number, torn in points_without_links(told) if without_links else points(told):
        directory = die(told, number, torn, without_links=without_links)
        check(told, directory, told.operations[:number])
        told.run(directory)
        check_end(told, directory)
        assert Reel(directory.film).epochs() == [1, 2]


def test_writer_in_place_does_not_pass_the_same_test(story: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_in_place(path: Path, content: bytes, previous: Path | None = None) -> None:
        if previous and path.exists():
            previous.write_bytes(path.read_bytes())
        with path.open("wb") as file:
            file.write(content)

    for module in (files, keeper, checkpoints, run_directory):
        monkeypatch.setattr(module, "write_atomically", write_in_place)
    told = story(2)
    failed = 0
    opened = [number for number, operation in enumerate(told.operations) if operation == CHECKPOINT_OPENED]
    for number, torn in [point for first in opened for point in points(told, first, first + 1)]:
        directory = die(told, number, torn)
        done = [CHECKPOINT if operation == CHECKPOINT_OPENED else operation for operation in told.operations[:number]]
        try:
            check(told, directory, done)
        except Exception:
            failed += 1
    assert failed >= 4  # opened and not written, and half written, at each of the two epochs


@pytest.mark.slow
def test_disk_that_fills_at_any_operation_keeps_every_finished_epoch(story: Tell) -> None:
    told = story(2)
    states = set()
    taking = [number for number, operation in enumerate(told.operations) if operation.name in TAKES_ROOM]
    for number in (*taking, len(told.operations) - 1):
        directory = told.copy()
        with watched(Full(number, small=RESERVE_BYTES)) as operations:
            worker.attempt(directory, lambda d=directory: done(result_of(work(d, told.dataset))))
        status = directory.read_status()
        states.add(status.state)
        assert (status.state, status.message) in (("failed", endings.DISK_FULL), ("done", ""))
        assert [path.name for path in directory.path.glob(".tmp-*")] == []
        check(told, directory, [operation for operation in operations if (directory.path / operation.file).exists()])
        told.run(directory)
        check_end(told, directory)
    assert states == {"failed", "done"}
