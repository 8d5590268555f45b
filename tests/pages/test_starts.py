"""Trainings that a visitor starts faster than a person would: refused with a sentence, and nobody else is."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from pages.ui import progress
from pages.ui.web import hosts, rates, starts
from pages.ui.web.starts import A_MINUTE, Starts
from tests.pages.test_pages import fresh_caches, open_page, press  # noqa: F401
from tests.stored import store_model
from vae_core import profiles, runs, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.errors import QuotaError
from vae_core.runs.directory import CANCELLED

ANNE, BEN = "a" * 26, "b" * 26
TOO_MANY = "Here 6 trainings may be started within a minute"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, standing still: what is refused does not depend on how fast the test runs."""
    told = [0.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: told[0])
    return told


@pytest.fixture
def classroom(monkeypatch: pytest.MonkeyPatch) -> Iterator[Starts]:
    """Anne is asking, from some address, and nothing was started yet."""
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    monkeypatch.setattr(starts, "network_of_script", lambda: "10.0.0.1")
    for name, fresh in vars(Starts()).items():
        monkeypatch.setattr(starts.starts, name, fresh)
    before = workspace._server.find_visitor
    workspace.ask(lambda: ANNE)
    yield starts.starts
    workspace.ask(before)


def refused(start: Callable[[], object], times: int) -> int:
    """How many of so many starts."""
    count = 0
    for _ in range(times):
        try:
            start()
        except QuotaError as error:
            assert str(error).startswith(TOO_MANY)
            count += 1
    return count


def test_seventh_start_within_a_minute_is_refused_and_the_next_minute_none(classroom: Starts, now: list[float]) -> None:
    begun: list[int] = []
    start = classroom.limited(lambda: begun.append(1))
    assert refused(start, 8) == 2
    assert len(begun) == A_MINUTE
    with workspace.visiting(BEN):
        assert refused(start, 6) == 0
    now[0] = 60.0
    assert refused(start, 7) == 1


def test_many_visitors_of_one_address_share_what_a_class_may(classroom: Starts, now: list[float]) -> None:
    start = classroom.limited(lambda: None)
    told = 0
    for k in range(51):
        with workspace.visiting(f"{k:026}".translate(str.maketrans("0189", "abcd"))):
            told += refused(start, 6)
    assert told == 6


def test_alone_one_starts_at_will(now: list[float]) -> None:
    assert refused(Starts().limited(lambda: None), 20) == 0


def test_address_is_of_whoever_asks_and_not_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for ip, headers, expected in (
        (None, [], "127.0.0.1"),
        ("10.0.0.7", ["10.9.9.9"], "10.0.0.7"),  # a proxy that nobody believes
        (None, ["1.2.3.4, 10.9.9.9"], "10.9.9.9"),
        (None, ["1.2.3.4", "10.9.9.9"], "10.9.9.9"),
    ):
        context = SimpleNamespace(ip_address=ip, headers=SimpleNamespace(get_all=lambda _, told=headers: told))
        monkeypatch.setattr(hosts.st, "context", context)
        assert hosts.network_of_script() == expected


@pytest.mark.usefixtures("now")
def test_train_page_says_so_where_one_starts_and_still_lists_the_runs(
    classroom: Starts, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    before = store_model(tiny_images, tiny_checkpoint)
    assert refused(classroom.limited(lambda: None), A_MINUTE) == 0
    app = open_page("train", dataset=tiny_images.id)
    press(app, "Start training")
    assert [error.value.replace("\\", "")[: len(TOO_MANY)] for error in app.error] == [TOO_MANY]
    assert [run.id for run in runs.list_runs()] == [before]
    assert f"show-{before}" in [button.key for button in app.button]


@pytest.mark.usefixtures("now")
def test_train_page_says_so_where_one_lets_go_on(
    classroom: Starts, tiny_images: Dataset, tiny_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, resumed = store_model(tiny_images, tiny_checkpoint), []
    runs.get(id).directory.write_status(CANCELLED)
    monkeypatch.setattr(progress.runs, "resume", resumed.append)
    app = open_page("train", run=id)
    for _ in range(A_MINUTE):
        press(app, "Go on")
    assert not app.toast
    press(app, "Go on")
    assert len(resumed) == A_MINUTE
    assert app.toast[0].value.replace("\\", "").startswith(TOO_MANY)
