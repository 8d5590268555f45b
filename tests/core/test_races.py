"""Two processes at the same door at the same moment, twenty times: one is let in, and one run trains at a time.

The doors are the real ones; what would train behind them only says that it is there, or twenty runs would take minutes.
One real worker behind such a race is in `test_resume`.
"""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.exact import make_run
from vae_core import profiles, runs, stored_datasets, workspace
from vae_core.errors import TrainingError
from vae_core.run_config import RunConfig
from vae_core.runs import turns, worker
from vae_core.runs.directory import CANCELLED, RunDirectory, Status, done
from vae_core.runs.runners.local import Local

RACES = 20
FORK = multiprocessing.get_context("fork")  # as this process is, with everything loaded
SECONDS = 120


def race(door: Callable[[int, int], None]) -> None:
    """Both processes at the door of every race, as simultaneously as a barrier lets them."""
    together = FORK.Barrier(2, timeout=SECONDS)

    def run(who: int) -> None:
        for number in range(RACES):
            together.wait()
            door(number, who)

    racers = [FORK.Process(target=run, args=(who,)) for who in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(SECONDS)
    assert [racer.exitcode for racer in racers] == [0, 0]


def say(folder: Path, word: str) -> None:
    """A line in a file that both write to."""
    with (folder / "said").open("a") as file:
        file.write(word + "\n")


def said(folder: Path) -> list[str]:
    return (folder / "said").read_text().splitlines()


def interrupted_runs(count: int) -> list[RunDirectory]:
    first, dataset = make_run(epochs=1)
    stored_datasets.save(dataset)
    directories = [first]
    for _ in range(count - 1):
        directories.append(RunDirectory(workspace.place("runs", workspace.new_id())))
        directories[-1].create(first.read_run())
    for directory in directories:
        directory.write_status(CANCELLED)
    return directories


def test_of_two_who_let_a_run_go_on_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directories = interrupted_runs(RACES)
    monkeypatch.setattr(Local, "start", lambda self, directory: say(tmp_path, f"started {directory.path.name}"))

    def door(number: int, who: int) -> None:
        id = directories[number].path.name
        try:
            runs.resume(id)
            say(tmp_path, f"let go on {id}")
        except TrainingError:
            say(tmp_path, f"refused {id}")
        if number:  # only so many may wait at a time
            directories[number - 1].write_status(CANCELLED)

    race(door)
    ids = [directory.path.name for directory in directories]
    expected = [f"{word} {id}" for id in ids for word in ("started", "let go on", "refused")]
    assert sorted(said(tmp_path)) == sorted(expected)


def test_of_two_who_start_for_the_last_place_one_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Local, "start", lambda self, directory: None)
    monkeypatch.setattr(runs.directory, "STARTING_SECONDS", SECONDS)
    local, check = profiles.PROFILES["local"], turns.check

    def check_and_dawdle() -> None:
        check()
        time.sleep(0.02)

    monkeypatch.setattr(turns, "check", check_and_dawdle)

    def door(number: int, who: int) -> None:
        profiles.PROFILES["local"] = replace(local, queue=number + 1)
        try:
            runs.start("either", RunConfig(dataset_id="x" * 26))
            say(tmp_path, f"started {number}")
        except TrainingError:
            say(tmp_path, f"refused {number}")

    race(door)
    assert sorted(said(tmp_path)) == sorted(f"{word} {n}" for word in ("started", "refused") for n in range(RACES))


def test_two_workers_of_one_run_never_train_it_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [directory] = interrupted_runs(1)
    monkeypatch.setattr(worker, "_work", lambda directory: at_work(tmp_path, "one"))
    race(lambda number, who: worker.main(directory.path))
    assert said(tmp_path) == ["one begins", "one ends"] * (2 * RACES)


def test_of_two_runs_that_begin_together_one_trains_and_the_other_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directories = interrupted_runs(2)
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.005)

    def door(number: int, who: int) -> None:
        directories[who].write_status(Status(state="queued"))
        with worker._turn(directories[who]):
            directories[who].write_status(Status(state="running"))  # from now on it keeps nobody by waiting itself
            at_work(tmp_path, str(who))
        directories[who].write_status(CANCELLED)

    race(door)
    lines = said(tmp_path)
    assert len(lines) == 4 * RACES
    assert [line.removesuffix(" begins") for line in lines[::2]] == [line.removesuffix(" ends") for line in lines[1::2]]


def at_work(folder: Path, who: str) -> Status:
    """What a training looks like from outside."""
    say(folder, f"{who} begins")
    time.sleep(0.005)
    say(folder, f"{who} ends")
    return done("")
