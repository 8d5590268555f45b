"""Visitors that come, do one thing or another, and go: in any order, but the same one with the same seed."""

import asyncio
import io
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from random import Random

import httpx
import numpy as np
from PIL import Image

from tests.benchmarks.awaited import VisitError
from tests.benchmarks.crowd import MODELS
from tests.benchmarks.visitor import PATIENCE_SECONDS, Visitor
from tests.benchmarks.visits import CANCEL, PAGES, Explorer, begin_training, is_training, look

MIX = {"explore": 8, "look": 5, "upload": 3, "train": 2}
"""How often each is chosen."""
AT_ONCE = 2
"""Trainings begun at a time: those of a day, not a queue that nobody waits out."""
PICTURES, SIDE, EPOCHS = 60, 8, 2
SHORT, LONG = 0.5, 4.0
"""Seconds that somebody looks at something."""
VANISHING, DELETING = 1 / 3, 2 / 3
DELETE, REMOVE = "Delete", "Remove for good"


def pictures(random: Random) -> bytes:
    """A ZIP of small pictures in two folders, unlike any other."""
    noise = np.random.default_rng(random.getrandbits(32)).integers(0, 256, (PICTURES, SIDE, SIDE), dtype=np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, pixels in enumerate(noise):
            picture = io.BytesIO()
            Image.fromarray(pixels).save(picture, "PNG")
            archive.writestr(f"{number % 2}/{number}.png", picture.getvalue())
    return buffer.getvalue()


async def until(holds: Callable[[], bool], visitor: Visitor, what: str) -> None:
    """Wait for a page that refreshes itself.

    Raises:
        VisitError: if it does not come to that, or shows an error.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        visitor.check()
        if time.monotonic() > deadline:
            raise VisitError(f"{what}: still not so after {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


async def press_when_there(visitor: Visitor, label: str, key: str = "") -> None:
    """A button that comes when something has ended."""
    await until(lambda: visitor.screen.has("button", label, key), visitor, f"there is “{label}”")
    await visitor.press(label, key)


class Lives:
    """All of them.

    Args:
        address: Of the app.
        seconds: After that nobody begins anything.
        passcode: That it asks for.

    Attributes:
        done: What was done, and how often.
        failures: What went wrong, in words.
    """

    def __init__(self, address: str, seconds: float, passcode: str = "") -> None:
        self.address, self.seconds, self.passcode = address, seconds, passcode
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self._training = asyncio.Semaphore(AT_ONCE)

    async def one_after_another(self, random: Random) -> None:
        """Until the time is up."""
        ends = time.monotonic() + self.seconds
        while time.monotonic() < ends:
            [what] = random.choices(list(MIX), list(MIX.values()))
            if what == "train" and self._training.locked():
                what = "look"
            try:
                await getattr(self, f"_{what}")(random)
                self.done[what] += 1
            except (VisitError, LookupError) as error:
                self.failures.append(f"{what}: {type(error).__name__}: {error}")
            await asyncio.sleep(random.uniform(SHORT, LONG))

    def _visitor(self, cookies: httpx.Cookies | None = None) -> Visitor:
        return Visitor(self.address, cookies, self.passcode)

    async def _leave(self, visitor: Visitor, random: Random) -> None:
        visitor.check()
        if random.random() < VANISHING:
            visitor.vanish()
            self.done["gone without a word"] += 1

    async def _explore(self, random: Random) -> None:
        async with self._visitor() as visitor:
            explorer = Explorer(visitor, random.choice(MODELS), random)
            await explorer.open()
            await explorer.fetch_files()
            for _ in range(random.randint(1, 4)):
                await asyncio.sleep(random.uniform(SHORT, LONG))
                await explorer.release()
            await self._leave(visitor, random)

    async def _look(self, random: Random) -> None:
        async with self._visitor() as visitor:
            await look(visitor, random.choice(list(PAGES)))
            for _ in range(random.randint(1, 3)):
                await asyncio.sleep(random.uniform(SHORT, LONG))
                await visitor.go(random.choice(list(PAGES)))
            await self._leave(visitor, random)

    async def _upload(self, random: Random) -> None:
        async with self._visitor() as visitor:
            await self._bring(visitor, random)
            if random.random() < DELETING:
                await press_when_there(visitor, DELETE)
            await self._leave(visitor, random)

    async def _bring(self, visitor: Visitor, random: Random) -> str:
        """Upload pictures; returns the id of the dataset that the page shows then."""
        await look(visitor, "data")
        await visitor.upload("pictures.zip", pictures(random))
        await until(lambda: "dataset=" in visitor.screen.query, visitor, "the upload becomes a dataset")
        return visitor.screen.query.partition("dataset=")[2].partition("&")[0]

    async def _train(self, random: Random) -> None:
        async with self._training:
            async with self._visitor() as visitor:
                dataset, cookies = await self._bring(visitor, random), visitor.http.cookies
            await self._watch(random, dataset, cookies)

    async def _watch(self, random: Random, dataset: str, cookies: httpx.Cookies) -> None:
        """Begin a training, then cancel it, wait for it, or leave it alone."""
        async with self._visitor(cookies) as visitor:
            run = await begin_training(visitor, EPOCHS, dataset)
            ending = random.choice(["cancel", "wait", "leave"])
            await asyncio.sleep(random.uniform(SHORT, LONG))
            if ending == "cancel" and is_training(visitor):
                await visitor.press(CANCEL)
            if ending == "wait":
                await press_when_there(visitor, REMOVE, f"remove-{run.removeprefix('run=')}")
            self.done[f"train, {ending}"] += 1
            await self._leave(visitor, random)
