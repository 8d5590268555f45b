"""Whether the app stays as it is for hours: `python -m tests.benchmarks.soak --minutes 30 --sessions 30`.

A class, everybody with a workspace of their own: so many visitors at a time, each followed by another when it has gone.
They drag in the explorer, look at pages, upload
pictures and wait for the dataset, train on it, watch, cancel, delete; a third of them is gone without a word. All of it
is drawn from a seed. Every ten seconds memory, threads, open files and processes of the server are looked at.

At the end there may be no failure, no process that still works in the workspace, no temporary file, no upload in
memory, and as many threads and open files as before, within `SPARE`. Memory may grow by `STEEPEST_MB` a minute in the
second half, by least squares. Ends with 1 if that is not held. Only a server of our own is visited.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from tests.benchmarks.lives import Lives
from tests.benchmarks.process_watch import Sample, Watch, sample, until_idle, working_in
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import PAGES, look
from tests.browser.app_process import AppProcess

EVERY_SECONDS = 10.0
PASSCODE = "blue-whale"
CLASSROOM = {"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_PASSCODE": PASSCODE}
SPARE = {"threads": 12, "files": 12 + 32 + 16}
"""So many more than before are no leak: pools of threads fill up by and by, and `pages.ui.cache` holds up to 32
datasets and 16 models, each of which is a file mapped into memory."""
STEEPEST_MB = 1.0
DRAIN_SECONDS = 120.0
RESUME_SECONDS = 5
"""Streamlit keeps what a visitor had for so long, in case they come back; only then it lets go of their uploads."""
HELD = re.compile(r"^cache_memory_bytes\{[^}]*UploadedFileManager[^}]*\} (\d+)", re.MULTILINE)
OPEN_SESSIONS = re.compile(r"^active_sessions(?:\{\})? (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What was seen.

    Attributes:
        failures: Of visitors, in words.
        done: What they did, and how often.
        before: The server when every page had been opened once.
        after: The server when everybody had gone.
        slope: MB a minute of the second half; not a number when that was too short to tell.
        orphans: Processes that still work in the workspace.
        temporary: Files left behind.
        uploads: Bytes that Streamlit still holds.
        sessions: That Streamlit holds for open.
    """

    failures: tuple[str, ...]
    done: Counter[str]
    before: Sample
    after: Sample
    slope: float
    orphans: tuple[int, ...]
    temporary: tuple[str, ...]
    uploads: int
    sessions: int

    def leaks(self) -> list[str]:
        """What is left of visitors that have gone, and what went wrong, in words."""
        told = [f"{count} × {failure}" for failure, count in Counter(self.failures).most_common()]
        for name, spare in SPARE.items():
            before, after = getattr(self.before, name), getattr(self.after, name)
            if after > before + spare:
                told.append(f"{name}: {before} before, {after} after")
        told += [f"processes still at work: {self.orphans}"] if self.orphans else []
        told += [f"temporary files: {self.temporary}"] if self.temporary else []
        told += [f"uploads in memory: {self.uploads} bytes"] if self.uploads else []
        told += [f"sessions still open: {self.sessions}"] if self.sessions else []
        return told


def slope(watch: Watch) -> float:
    """Least squares over the second half, in MB a minute."""
    half = len(watch.samples) // 2
    minutes, memory = np.array(watch.seconds[half:]) / 60, [s.rss_mb for s in watch.samples[half:]]
    return float(np.polyfit(minutes - minutes[0], memory, 1)[0]) if len(memory) > 2 else float("nan")


async def soak(app: AppProcess, folder: Path, seconds: float, sessions: int, seed: int = 2014) -> Outcome:
    """Let them come and go, then wait until what they began has ended.

    Args:
        app: Started in the workspace `folder / "workspace"`, with `folder / "temporary"` for temporary files.
        folder: Of both.
        seconds: After that nobody begins anything.
        sessions: At a time.
        seed: Of who does what.
    """
    for page in PAGES:
        async with _visitor(app) as visitor:
            await look(visitor, page)
    lives = Lives(app.address, seconds, PASSCODE)
    async with Watch(app.process.pid, min(EVERY_SECONDS, seconds / 8)) as watch:
        await asyncio.gather(*(lives.one_after_another(Random(f"{seed} {number}")) for number in range(sessions)))
    await _drain(app)
    async with _visitor(app) as visitor:  # somebody must come for Streamlit to look who is overdue
        await look(visitor, "")
    await asyncio.sleep(1)
    said = await _metrics(app)
    return Outcome(
        failures=tuple(lives.failures),
        done=lives.done,
        before=watch.samples[0],
        after=sample(app.process.pid),
        slope=slope(watch),
        orphans=tuple(_workers(app)),
        temporary=tuple(_temporary(folder)),
        uploads=sum(map(int, HELD.findall(said))),
        sessions=sum(map(int, OPEN_SESSIONS.findall(said))),
    )


def _visitor(app: AppProcess) -> Visitor:
    return Visitor(app.address, passcode=PASSCODE)


async def _metrics(app: AppProcess) -> str:
    async with _visitor(app) as visitor:
        return (await visitor.fetch("/_stcore/metrics")).decode()


def _workers(app: AppProcess) -> list[int]:
    return [pid for pid in working_in(app.workspace) if pid != app.process.pid]


async def _drain(app: AppProcess) -> None:
    """Until the last reading and the last training have ended, and nobody is expected back any more."""
    until = time.monotonic() + DRAIN_SECONDS
    while _workers(app) and time.monotonic() < until:
        await asyncio.sleep(0.5)
    await asyncio.sleep(RESUME_SECONDS + 1)


def _temporary(folder: Path) -> list[str]:
    """In the workspace what was begun and never put in its place; whatever lies where temporary files do."""
    begun = (folder / "workspace").rglob(".tmp-*")
    return sorted(str(path.relative_to(folder)) for path in [*begun, *(folder / "temporary").iterdir()])


def start(folder: Path) -> AppProcess:
    """The app, whose temporary files are in a folder of their own."""
    for name in ("workspace", "temporary"):
        (folder / name).mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder / "temporary")
    try:
        resuming = ["--server.disconnectedSessionTTL", str(RESUME_SECONDS)]
        return AppProcess(folder / "workspace", arguments=resuming, settings=CLASSROOM)
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def show(outcome: Outcome) -> None:
    for name in ("rss_mb", "threads", "files"):
        print(f"{name}: {getattr(outcome.before, name):.0f} before, {getattr(outcome.after, name):.0f} after")
    print(f"memory in the second half: {outcome.slope:+.2f} MB a minute")
    print("done: " + ", ".join(f"{count} × {what}" for what, count in outcome.done.most_common()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2014)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        app = start(folder)
        try:
            until_idle(app.process.pid)
            outcome = asyncio.run(soak(app, folder, 60 * arguments.minutes, arguments.sessions, arguments.seed))
        finally:
            app.stop()
    show(outcome)
    told = outcome.leaks() + (["the memory grows"] if not outcome.slope < STEEPEST_MB else [])
    print("held" if not told else "not held:\n" + "\n".join(told))
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
