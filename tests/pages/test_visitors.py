"""The scripts that measure load: their visitors get what they came for, and tell when they do not; a short soak."""

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import soak
from tests.benchmarks.awaited import VisitError
from tests.benchmarks.crowd import Found
from tests.benchmarks.lives import MIX
from tests.benchmarks.load import GATES, breaches
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import PAD, Explorer, look
from tests.browser.app_process import AppProcess
from tests.own_loop import done

pytestmark = pytest.mark.slow
SECONDS, SESSIONS = 120, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak").resolve()


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[AppProcess]:
    process = soak.start(folder)
    yield process
    process.stop()


def visiting(app: AppProcess, visit: Callable[[Visitor], Coroutine[Any, Any, None]]) -> None:
    async def come() -> None:
        async with Visitor(app.address, passcode=soak.PASSCODE) as visitor:
            await visit(visitor)

    done(come())


def test_a_visitor_gets_the_explorer_of_the_model_asked_for_and_its_files(app: AppProcess) -> None:
    async def visit(visitor: Visitor) -> None:
        explorer = Explorer(visitor, "digits-2d", Random(0))
        await explorer.open()
        data = visitor.screen.component_data(PAD)
        assert (data["model"], data["latents"]) == ("digits-2d", 2)
        codes = np.frombuffer(await visitor.fetch(data["codes"]["url"]), "<f4", 4 * data["codes"]["count"])
        assert np.isfinite(codes).all()
        before = visitor.received
        await explorer.fetch_files()
        assert visitor.received - before > 500_000

    visiting(app, visit)


def test_letting_go_of_the_point_reaches_the_page_and_its_address(app: AppProcess) -> None:
    async def visit(visitor: Visitor) -> None:
        explorer = Explorer(visitor, "digits-2d", Random(0))
        await explorer.open()
        for turn in (1, 2):
            await explorer.release()
            data = visitor.screen.component_data(PAD)
            assert data["turn"] == turn
            assert visitor.screen.query == f"model=digits-2d&z={data['z'][0]:g}%2C{data['z'][1]:g}"

    visiting(app, visit)


def test_a_visitor_who_sees_a_red_sentence_has_met_a_failure(app: AppProcess) -> None:
    async def visit(visitor: Visitor) -> None:
        with pytest.raises(VisitError, match="This model is not here"):
            await visitor.open("explore", "model=nobody-has-it")

    visiting(app, visit)


def test_a_visitor_on_another_page_than_the_one_asked_for_has_met_a_failure(app: AppProcess) -> None:
    async def visit(visitor: Visitor) -> None:
        with pytest.raises(VisitError, match="there is no such page"):
            await visitor.open("nowhere")

    visiting(app, visit)


def test_a_lost_connection_is_a_failure(app: AppProcess) -> None:
    async def visit(visitor: Visitor) -> None:
        await look(visitor, "data")
        visitor.vanish()
        with pytest.raises(VisitError, match="connection was lost"):
            await visitor.rerun()

    visiting(app, visit)


@pytest.mark.parametrize("address", ["http://example.org", "http://192.168.1.7:8501", "http://127.0.0.1.example.org"])
def test_other_machines_are_not_visited(address: str) -> None:
    with pytest.raises(SystemExit, match=r"127\.0\.0\.1 only"):
        Visitor(address)


def test_a_gate_is_not_held_by_what_was_not_measured() -> None:
    gate = GATES[0]
    assert breaches(gate, Found(ready=[1.0] * 50, committed=[0.1] * 50), growth_mb=20.0) == []
    assert len(breaches(gate, Found(), growth_mb=20.0)) == 2
    assert len(breaches(gate, Found(ready=[1.0] * 45 + [9.0] * 5, committed=[0.1], failures=["one"]), 200.0)) == 3


def test_nothing_stays_behind_of_visitors_that_come_and_go(app: AppProcess, folder: Path) -> None:
    outcome = done(soak.soak(app, folder, SECONDS, SESSIONS))
    assert outcome.leaks() == []
    assert set(MIX) <= set(outcome.done)
