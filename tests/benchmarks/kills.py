"""The app itself, killed again and again while a visitor works with it: `python -m tests.benchmarks.kills --kills 50`.

The visitor uploads pictures, renames and deletes datasets and starts trainings on the pages. Whatever a page has shown
as done must be so after the next start, and what is shown must be so, within 15 seconds.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.benchmarks.awaited import VisitError
from tests.benchmarks.lives import DELETE, pictures, until
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import begin_training, look
from tests.browser.app_process import AppProcess
from tests.server_kills import Known, kill_a_worker, until_true
from vae_core import runs, stored_datasets, workspace

EPOCHS = 3
KILLED_WORKERS = 0.3
"""Share of the kills at which a training is killed, too."""
LONGEST_SECONDS = 1.5
"""From the last thing asked for until the app is killed, at most."""


class Client:
    """What one visitor does, and what the pages have told of it."""

    def __init__(self, address: str, random: Random) -> None:
        self.address, self.random = address, random
        self.known = Known()
        self.unsure: str | None = None

    async def upload(self) -> None:
        async with Visitor(self.address) as visitor:
            await look(visitor, "data")
            await visitor.upload("pictures.zip", pictures(self.random))
            await until(lambda: "dataset=" in visitor.screen.query, visitor, "the upload becomes a dataset")
            self.known.datasets[visitor.screen.query.partition("dataset=")[2].partition("&")[0]] = ""

    async def rename(self) -> None:
        id, name = self._free(), f"name {self.random.randrange(10**6)}"
        async with Visitor(self.address) as visitor:
            self.unsure = id
            await visitor.open("data", f"dataset={id}")
            field, fragment = visitor.screen.labelled("text_input")
            button, _ = visitor.screen.labelled("button", "Rename")
            told = {field.text_input.id: {"string_value": name}, button.button.id: {"trigger_value": True}}
            await visitor.rerun(fragment, told)
            self.known.datasets[id], self.unsure = name, None

    async def delete(self) -> None:
        id = self._free()
        async with Visitor(self.address) as visitor:
            self.unsure = id
            await visitor.open("data", f"dataset={id}")
            await visitor.press(DELETE)
            self.known.datasets[id], self.unsure = None, None

    async def train(self) -> None:
        id = self._free()
        self.known.trained.add(id)
        async with Visitor(self.address) as visitor:
            query = await begin_training(visitor, EPOCHS, id)
            self.known.runs.add(query.partition("run=")[2].partition("&")[0])

    def _free(self) -> str:
        here = {id for id, name in self.known.datasets.items() if name is not None}
        return self.random.choice(sorted(here - self.known.trained) or sorted(here))

    async def live(self, app: AppProcess) -> str:
        """Some things one after the other; the app is killed at the last. Returns what that was."""
        self.unsure = None
        await self.upload()
        for name in self.random.sample(["rename", "train", "upload", "rename"], 2):
            await getattr(self, name)()
        last = self.random.choice(["upload", "rename", "delete", "train"])
        if not {id for id, told in self.known.datasets.items() if told is not None} - self.known.trained:
            last = "upload"
        doing = asyncio.create_task(getattr(self, last)())
        await asyncio.sleep(self.random.uniform(0, LONGEST_SECONDS))
        app.process.send_signal(signal.SIGKILL)
        app.process.wait()
        ended = (await asyncio.gather(doing, return_exceptions=True))[0]
        if isinstance(ended, AssertionError):
            raise ended
        return f"{last}, {'done' if ended is None else 'under way'}"

    def learn(self) -> None:
        """What was done though no page has said so."""
        here = {about.id: about.name for about in stored_datasets.list_all()}
        self.known.datasets |= here
        if self.unsure and self.unsure not in here:
            self.known.datasets[self.unsure] = None


def survive(kills: int, seed: int, folder: Path) -> list[float]:
    """Returns after how many seconds from the app's first answer everything was so."""
    random, seconds = Random(seed), []
    app = AppProcess(folder)
    client = Client(app.address, random)
    try:
        for number in range(kills):
            last = asyncio.run(client.live(app))
            if random.random() < KILLED_WORKERS:
                kill_a_worker(client.known, random)
            began = time.monotonic()
            app.start()
            up = time.monotonic() - began
            seconds.append(until_true(client.known, client.unsure))
            client.learn()
            print(f"{number + 1}: {last}; up after {up:.1f} s, all true {seconds[-1]:.1f} s later", flush=True)
    finally:
        app.stop(signal.SIGKILL)
        for run in runs.list_runs():
            runs.cancel(run.id)
    known = client.known
    print(f"{len(known.datasets)} datasets and {len(known.runs)} runs were told of")
    return seconds


def main() -> int:
    """Kill, look, print; the exit code is 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ[workspace.ENVIRONMENT] = folder
        started = time.monotonic()
        try:
            seconds = survive(options.kills, options.seed, Path(folder))
        except (AssertionError, VisitError) as error:
            print(f"LOST OR UNTRUE: {error}")
            return 1
    print(
        f"{len(seconds)} kills, nothing lost; true {max(seconds):.1f} s after the app answered at most, "
        f"{sum(seconds) / len(seconds):.1f} s on average; {time.monotonic() - started:.0f} s in all"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
