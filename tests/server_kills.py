"""A server killed again and again while a client works with it: `python -m tests.server_kills --kills 50 --seed 1`.

The server is a child process that does what the app does with the core: it stores, renames and deletes datasets, keeps
uploads, starts runs and lets interrupted ones go on, and says of each thing when it is done. What it has said must
be so after the next start; what it was at when it was killed may be so or not. `tests.benchmarks.kills` is the
same with the app itself.
"""

import argparse
import io
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import numpy as np

from tests.conftest import stroke_dataset
from tests.core.exact import config_of
from vae_core import runs, stored_datasets, uploads, workspace
from vae_core.errors import NotFoundError, VAECoreError

TRUE_SECONDS = 15.0
"""From a start until everything shown is so."""
LONGEST_SECONDS = 0.05
"""From an order until the server is killed, at most: most orders take less."""
EPOCHS = 3
ORDERS_A_LIFE = 8
Order = tuple[str, ...]


def _save(count: str) -> str:
    return stored_datasets.save(stroke_dataset(int(count)))


def _upload(seed: str) -> str:
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(int(seed)).integers(0, 256, (12, 8, 8), dtype=np.uint8))
    buffer.seek(0)
    return uploads.receive([(f"{seed}.npy", buffer)])


def _start(id: str) -> str:
    return runs.start("kept", config_of("running sigma", stored_datasets.load(id), EPOCHS)).id


ORDERS: dict[str, Callable[..., str | None]] = {
    "save": _save,
    "upload": _upload,
    "rename": stored_datasets.rename,
    "delete": stored_datasets.delete,
    "restore": stored_datasets.restore,
    "start": _start,
}


class Server:
    """The child process."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _serve(theirs)
            finally:
                os._exit(1)
        theirs.close()

    def order(self, *order: str) -> None:
        """Ask for something, and wait for nothing."""
        self.connection.send(order)

    def answer(self) -> str | None:
        """What it says when the order is done; EOFError if it died before."""
        found: str | None = self.connection.recv()
        return found

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _serve(connection: Connection) -> None:
    def resume() -> None:
        while True:
            with suppress(OSError, VAECoreError):
                runs.resume_interrupted()
            time.sleep(1)

    threading.Thread(target=resume, daemon=True).start()
    while True:
        name, *values = connection.recv()
        connection.send(ORDERS[name](*values))


@dataclass
class Known:
    """What the client was told: names of datasets by id, None for deleted ones; uploads; runs; what is trained on."""

    datasets: dict[str, str | None] = field(default_factory=dict)
    uploads: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    trained: set[str] = field(default_factory=set)

    def take(self, order: Order, answer: str | None) -> None:
        """An order was done."""
        name, *values = order
        if name in ("upload", "start"):
            (self.uploads if name == "upload" else self.runs).add(str(answer))
        elif name == "save":
            self.datasets[str(answer)] = "strokes"
        else:
            changed = {"rename": values[-1], "delete": None, "restore": ""}[name]
            self.datasets[values[0]] = changed

    def choose(self, random: Random, turn: int) -> Order:
        """What to ask for next."""
        here = sorted(id for id, name in self.datasets.items() if name is not None)
        free = sorted(set(here) - self.trained)
        gone = sorted(id for id, name in self.datasets.items() if name is None)
        kinds = ["save", "upload"] + ["rename"] * 2 * bool(here) + ["delete"] * bool(free) + ["restore"] * bool(gone)
        name = random.choice(kinds)
        if turn == 0 and here:
            id = random.choice(here)
            self.trained.add(id)  # and not deleted from then on: its run would fail, and say why
            return "start", id
        values = {"save": [str(5 + random.randrange(10**4))], "upload": [str(random.randrange(10**9))]}
        if name in values:
            return name, *values[name]
        id = random.choice({"restore": gone, "delete": free, "rename": here}[name])
        return (name, id, f"name {random.randrange(10**6)}") if name == "rename" else (name, id)


def wrong(known: Known, unsure: str | None) -> list[str]:
    """What is not as the client was told; of one dataset it does not know."""
    here = {about.id: about.name for about in stored_datasets.list_all()}
    found = []
    for id, name in known.datasets.items():
        if id == unsure:
            continue
        if (id in here) != (name is not None) or (name and here[id] != name):
            found.append(f"dataset {id} is {here.get(id)}, not {name}")
        elif id in here:
            stored_datasets.load(id)
    for id in known.uploads:
        try:
            status = uploads.get(id)
            left = known.datasets.get(str(status.dataset), "") is None or status.dataset == unsure
            if status.state == "done" and status.dataset not in here and not left:
                found.append(f"upload {id} is of no dataset")
            if status.state not in ("done", "reading"):
                found.append(f"upload {id} is {status.state}: {status.message}")
        except NotFoundError:
            found.append(f"upload {id} is lost")
    listed = {run.id: run for run in runs.list_runs()}
    found += [f"run {id} is lost" for id in known.runs - listed.keys()]
    return found + [f"run {run.id} is shown as {run.status.state}" for run in listed.values() if not _is_true(run)]


def _is_true(run: runs.Run) -> bool:
    """Whether one that is shown to go on does, one that is shown as interrupted does not, and the end has a model."""
    if run.is_live or run.status.state == "interrupted":
        return run.directory.is_held() == run.is_live
    return run.status.state == "done" and run.has_model


def until_true(known: Known, unsure: str | None) -> float:
    """Seconds until everything is as the client was told.

    Raises:
        AssertionError: if that takes more than 15.
    """
    started = time.monotonic()
    while told := wrong(known, unsure):
        assert time.monotonic() - started < TRUE_SECONDS, told
        time.sleep(0.05)
    return time.monotonic() - started


def live(known: Known, random: Random) -> str | None:
    """One life of the server, to the order at which it is killed; returns the dataset that this was about."""
    server = Server()
    try:
        for turn in range(random.randrange(ORDERS_A_LIFE) + 2):
            order = known.choose(random, turn)
            server.order(*order)
            known.take(order, server.answer())
        order = known.choose(random, random.randrange(4))
        server.order(*order)
        time.sleep(random.uniform(0, LONGEST_SECONDS))
    finally:
        server.kill()
    if order[0] in ("rename", "delete", "restore"):
        return order[1]
    return None


def survive(kills: int, seed: int) -> list[float]:
    """Kill it so often; after each start everything is as it was said. Returns how long that took to be so."""
    random, known, seconds = Random(seed), Known(), []
    for _ in range(kills):
        unsure = live(known, random)
        if random.random() < 0.3:
            kill_a_worker(known, random)
        server = Server()  # lets go on what was interrupted
        try:
            seconds.append(until_true(known, unsure))
        finally:
            server.kill()
        for id, name in {about.id: about.name for about in stored_datasets.list_all()}.items():
            known.datasets[id] = name  # what was done though nobody heard of it
        if unsure and unsure not in {about.id for about in stored_datasets.list_all()}:
            known.datasets[unsure] = None
    return seconds


def kill_a_worker(known: Known, random: Random) -> None:
    """If one of the runs is in training."""
    live = [run for run in runs.list_runs() if run.id in known.runs and run.status.pid and run.directory.is_held()]
    if live:
        os.kill(random.choice(live).status.pid or 0, signal.SIGKILL)


def main() -> int:
    """Kill, look, print; the exit code is 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[workspace.ENVIRONMENT] = str(Path(folder) / "workspace")
        started = time.monotonic()
        try:
            seconds = survive(options.kills, options.seed)
        finally:
            for run in runs.list_runs():
                runs.cancel(run.id)
        print(
            f"{len(seconds)} kills, nothing lost; true after {max(seconds):.1f} s at most, "
            f"{sum(seconds) / len(seconds):.1f} s on average; {time.monotonic() - started:.0f} s in all"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
