"""How many visitors the app bears: `python -m tests.benchmarks.load --sessions 50 100`.

Every visitor is a session of its own that speaks Streamlit's protocol (`tests.benchmarks.visitor`), all in this one
process: four of five open the explorer of a bundled model by its link, load what it loads, and let go of the point
every four seconds; the others watch the training that goes on meanwhile, or wander between Home and Data. Afterwards as
many sessions do the same on a plain page with `st.slider` that decodes on the server, with a training beside it too.
While a point is dragged nothing is asked of the server, so that there is nothing to measure here: tests/browser/
test_live.py and `python -m tests.benchmarks.live` count the requests and frames of drags.

Ready: from the first request until the script has run and everything has arrived, all visitors coming at once (or over
`--arrive` seconds), the models having been opened once before. Files: until all that the explorer loads is there too.
Committed: from letting go until the script has run and everything has arrived. Ends with 1 if a gate is not held. Only
this machine is visited.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from tests.benchmarks import stock
from tests.benchmarks.crowd import MODELS, Crowd, Explorers, Found, Plan, Sliders
from tests.benchmarks.process_watch import Watch, listener, until_idle, working_in
from tests.benchmarks.visitor import Visitor, only_loopback
from tests.benchmarks.visits import Explorer, begin_training, cancel_training
from tests.browser.app_process import ROOT, AppProcess
from vae_core import checkpoints
from vae_core.config import MOST_EPOCHS

MODEL = "mnist-2d"
"""Decoded behind `st.slider`."""
GROWTH_MB = 150.0
HEAD = (
    "page", "sessions", "ready p50 s", "p95", "files p95", "committed p50 s", "p95", "commits", "ticks", "failures",
    "RSS MB", "growth", "threads", "files open", "server CPU s", "own CPU s",
)  # fmt: skip


@dataclass(frozen=True)
class Gate:
    """What must hold with so many sessions."""

    sessions: int
    ready_p95: float
    committed_p95: float
    growth_mb: float


GATES = (Gate(50, 3.0, 1.0, GROWTH_MB), Gate(100, 8.0, 5.0, float("inf")))


def gate_for(sessions: int) -> Gate | None:
    """The one for as many sessions, or the next that asks for more."""
    return next((gate for gate in GATES if sessions <= gate.sessions), None)


def breaches(gate: Gate, found: Found, growth_mb: float) -> list[str]:
    """What is not held, in words."""
    told = [f"{len(found.failures)} failures"] if found.failures else []
    for name, value, limit in (
        ("page ready p95", found.p95("ready"), gate.ready_p95),
        ("committed interaction p95", found.p95("committed"), gate.committed_p95),
        ("memory growth in MB", growth_mb, gate.growth_mb),
    ):
        if not value < limit:  # nothing measured is not a number, and not held
            told.append(f"{name} {value:.2f}, to be below {limit:g}")
    return told


def row(*cells: object) -> None:
    print(f"| {' | '.join(f'{c:.2f}' if isinstance(c, float) else str(c) for c in cells)} |", flush=True)


def show(name: str, plan: Plan, found: Found, watch: Watch, own: float) -> None:
    first, last = watch.samples[0], watch.samples[-1]
    row(
        name, plan.sessions, found.p50("ready"), found.p95("ready"), found.p95("files"),
        found.p50("committed"), found.p95("committed"), len(found.committed), found.ticks, len(found.failures),
        f"{first.rss_mb:.0f} → {last.rss_mb:.0f}", f"{watch.growth_mb:.0f}", f"{first.threads} → {last.threads}",
        f"{first.files} → {last.files}", last.cpu_seconds - first.cpu_seconds, own,
    )  # fmt: skip
    for failure, count in found.counted():
        print(f"  {count} × {failure}", flush=True)


async def crowd(name: str, pid: int, visits: Crowd) -> tuple[Found, float]:
    """All visitors; returns what they found and the growth of the server in MB."""
    own = time.process_time()
    async with Watch(pid) as watch:
        found = await visits.come()
    show(name, visits.plan, found, watch, time.process_time() - own)
    return found, watch.growth_mb


async def warm_up(address: str, plain: AppProcess | None, passcode: str) -> None:
    """One visitor before all others: neither server is measured while it loads a model for the first time."""
    for model in MODELS:
        async with Visitor(address, passcode=passcode) as visitor:
            explorer = Explorer(visitor, model, Random(0))
            await explorer.open()
            await explorer.fetch_files()
    if plain:
        async with Visitor(plain.address) as visitor:
            await visitor.open()


async def measure(arguments: argparse.Namespace, address: str, pid: int, plain: AppProcess | None) -> list[str]:
    """Every number of sessions, with a training beside them; returns what was not held."""
    async with Visitor(address, passcode=arguments.passcode) as trainer:
        await warm_up(address, plain, arguments.passcode)
        run = await begin_training(trainer, MOST_EPOCHS)
        told: list[str] = []
        row(*HEAD)
        row(*["---"] * len(HEAD))
        for sessions in arguments.sessions:
            plan = Plan(address, sessions, arguments.seconds, arguments.arrive)
            visits = Crowd(plan, Explorers(run, trainer.http.cookies, arguments.passcode, arguments.first))
            found, growth = await crowd("VAE Studio", pid, visits)
            gate = gate_for(sessions)
            told += [f"{sessions} sessions: {breach}" for breach in (breaches(gate, found, growth) if gate else [])]
            if plain:
                await crowd("st.slider", plain.process.pid, Crowd(replace(plan, address=plain.address), Sliders()))
        await cancel_training(trainer, run)
    return told


@contextmanager
def own_app(folder: Path) -> Iterator[AppProcess]:
    """The app in a workspace of its own, when it has prepared what is built in; nothing of it is left."""
    folder.mkdir()
    app = AppProcess(folder)
    try:
        until_idle(app.process.pid)
        yield app
    finally:
        app.stop()
        for worker in working_in(folder):  # of a measurement that broke off
            os.kill(worker, signal.SIGTERM)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[50])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the point is let go of")
    parser.add_argument("--arrive", type=float, default=0.0, help="seconds over which visitors come")
    parser.add_argument("--first", action="store_true", help="nobody's browser keeps Streamlit's files, or ours")
    parser.add_argument("--address", type=only_loopback, help="of an app that runs already; else one is started")
    parser.add_argument("--passcode", default="", help="if the app asks for one")
    parser.add_argument("--no-stock", action="store_true", help="leave out the page with st.slider")
    return parser.parse_args()


def main() -> None:
    arguments = parsed()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as started:
        folder = Path(temporary)
        plain = None
        if not arguments.no_stock:
            os.environ["PYTHONPATH"] = str(ROOT)  # for the script that lies elsewhere
            (folder / "stock").mkdir()
            plain = started.enter_context(stock.stock_app(folder / "stock", checkpoints.locate(MODEL)))
        if arguments.address:
            address, pid = arguments.address, listener(urlsplit(arguments.address).port or 80)
        else:
            app = started.enter_context(own_app(folder / "app"))
            address, pid = app.address, app.process.pid
        told = asyncio.run(measure(arguments, address, pid, plain))
    print("\nheld" if not told else "\nnot held:\n" + "\n".join(told))
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
