"""Many visitors at once, seeded, and what they found."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import httpx

from tests.benchmarks.awaited import VisitError
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import Explorer, look, watch_training
from vae_core import checkpoints

EVERY_SECONDS = 4.0
JITTER_SECONDS = 1.0
OTHERS_EVERY = 5
"""One visitor of so many is somewhere else than on Explore."""
MODELS = [id for id in checkpoints.bundled() if not id.startswith("lesson-")]
SLIDER, REACH = "z1", 3.0


@dataclass(frozen=True)
class Plan:
    """How many come to an address within how many seconds, and for how long they stay after that."""

    address: str
    sessions: int
    seconds: float
    arrive: float


@dataclass
class Found:
    """Seconds, and what went wrong.

    Attributes:
        ready: To a page that can be used, for every visitor once.
        files: To everything that it loads after that.
        committed: To the end of what an interaction caused.
        ticks: Refreshes by themselves of what was watched.
        failures: In words.
    """

    ready: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    committed: list[float] = field(default_factory=list)
    ticks: int = 0
    failures: list[str] = field(default_factory=list)

    def p50(self, name: str) -> float:
        return statistics.median(getattr(self, name) or [float("nan")])

    def p95(self, name: str) -> float:
        """Of all values the one that 95 % do not exceed; not a number without any."""
        ordered = sorted(getattr(self, name)) or [float("nan")]
        return float(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))])

    def counted(self) -> list[tuple[str, int]]:
        """Different failures, the most frequent first."""
        return Counter(self.failures).most_common()


class Visits(Protocol):
    """What one of the visitors does."""

    async def come(self, number: int, plan: Plan, random: Random, found: Found) -> None:
        """The whole visit.

        Raises:
            VisitError: where it went wrong.
        """


@dataclass(frozen=True)
class Explorers:
    """Most of them with the explorer of a bundled model; some watch a run or go about.

    Attributes:
        run: The address of the run to watch, and the cookies of whom it belongs to.
        is_first: Whether no browser keeps files from an earlier visit.
    """

    run: str
    cookies: httpx.Cookies
    passcode: str = ""
    is_first: bool = False

    async def come(self, number: int, plan: Plan, random: Random, found: Found) -> None:
        is_elsewhere = number % OTHERS_EVERY == OTHERS_EVERY - 1
        turn = number // OTHERS_EVERY % 2
        watching = is_elsewhere and turn == 0
        async with Visitor(plan.address, self.cookies if watching else None, self.passcode) as visitor:
            if watching:
                await self._watch(visitor, plan, found)
            elif is_elsewhere:
                await self._wander(visitor, plan, random, found)
            else:
                model = MODELS[number % len(MODELS)]
                await self._explore(Explorer(visitor, model, random), plan, found)

    async def _explore(self, explorer: Explorer, plan: Plan, found: Found) -> None:
        started = time.perf_counter()
        found.ready.append(await explorer.open(self.is_first))
        await explorer.fetch_files(self.is_first)
        found.files.append(time.perf_counter() - started)
        await keep_on(explorer.release, plan, explorer.random, found.committed)

    async def _watch(self, visitor: Visitor, plan: Plan, found: Found) -> None:
        found.ready.append(await watch_training(visitor, self.run, self.is_first))
        await asyncio.sleep(plan.seconds)
        await visitor.rerun()  # tells of a connection lost, or of a red sentence
        found.ticks += visitor.ticks
        if not visitor.ticks:
            raise VisitError("the Train page does not refresh itself")

    async def _wander(self, visitor: Visitor, plan: Plan, random: Random, found: Found) -> None:
        found.ready.append(await look(visitor, "", self.is_first))
        until = time.monotonic() + plan.seconds
        for page in ["data", ""] * int(plan.seconds):
            await asyncio.sleep(random.uniform(1, 3) * EVERY_SECONDS)
            if time.monotonic() > until:
                break
            await visitor.go(page)


@dataclass(frozen=True)
class Sliders:
    """All of them on a plain page with a slider a latent, whose picture the server decodes."""

    async def come(self, number: int, plan: Plan, random: Random, found: Found) -> None:
        async with Visitor(plan.address) as visitor:
            started = time.perf_counter()
            found.ready.append(await visitor.open())
            picture = await self._picture(visitor)
            found.files.append(time.perf_counter() - started)
            slider, _ = visitor.screen.labelled("slider", SLIDER)

            async def release() -> float:
                nonlocal picture
                value = {"double_array_value": {"data": [round(random.uniform(-REACH, REACH), 2)]}}
                seconds = await visitor.rerun(told={slider.slider.id: value})
                before, picture = picture, await self._picture(visitor)
                if picture == before:
                    raise VisitError("the slider was moved and the picture is the same")
                return seconds

            await keep_on(release, plan, random, found.committed)

    async def _picture(self, visitor: Visitor) -> bytes:
        element, _ = visitor.screen.labelled("imgs")
        return await visitor.fetch(element.imgs.imgs[0].url)


async def keep_on(release: Callable[[], Awaitable[float]], plan: Plan, random: Random, times: list[float]) -> None:
    """Let go of something every four seconds or so."""
    until = time.monotonic() + plan.seconds
    while True:
        await asyncio.sleep(EVERY_SECONDS + random.uniform(-JITTER_SECONDS, JITTER_SECONDS))
        if time.monotonic() > until:
            return
        times.append(await release())


@dataclass(frozen=True)
class Crowd:
    """A plan, and what its visitors do."""

    plan: Plan
    visits: Visits
    seed: int = 2014

    async def come(self) -> Found:
        """All of them; returns when the last one has gone."""
        found = Found()
        await asyncio.gather(*(self._one(number, found) for number in range(self.plan.sessions)))
        return found

    async def _one(self, number: int, found: Found) -> None:
        random = Random(f"{self.seed} {number}")
        await asyncio.sleep(random.uniform(0, self.plan.arrive))
        try:
            await self.visits.come(number, self.plan, random, found)
        except (VisitError, LookupError) as error:
            found.failures.append(f"{type(error).__name__}: {error}")
