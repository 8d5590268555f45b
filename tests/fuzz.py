"""Damaged copies of good files, by the thousand: `python -m tests.fuzz --count 100000 --seed 1`.

Every mutant goes through `datasets.read_files`, which must read or refuse it, soon and in little memory. Mutants are
tried in child processes, a few hundred each, so that one that kills its process is found like any other. A failure
is printed with what repeats it: `python -m tests.fuzz --seed 1 --first 4711 --count 1`.
"""

import argparse
import faulthandler
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.corpus.memory import reset_peak, resident
from tests.corpus.sound import is_sound
from tests.mutants import mutant
from vae_core import datasets
from vae_core.errors import DatasetError

MOST_SECONDS = 3.0
"""Of the process, so that a busy machine does not count."""
MOST_MEGABYTES = 400.0
HANGS_AFTER = 20.0
"""Seconds after which a mutant is given up with its process."""
ADDRESS_SPACE = 8 * 2**30
BATCH = 500
FORKS = multiprocessing.get_context("forkserver")
"""Children come from a process that has imported what they need and done nothing else, which takes each a second."""
FORKS.set_forkserver_preload(["tests.mutants", "tests.corpus.sound", "vae_core.datasets"])
REPORTED = 50
"""So many failures are told in full; the rest are counted."""


class Outcome(NamedTuple):
    """What came of one mutant."""

    number: int
    verdict: str
    milliseconds: float
    megabytes: float

    @property
    def is_good(self) -> bool:
        """Read or refused, soon and in little memory."""
        return self.verdict in ("read", "refused")


def tried(seed: int, index: int) -> Outcome:
    """One mutant through the door."""
    made = mutant(seed, index)
    before = resident("VmRSS")
    reset_peak()
    start = time.process_time()
    try:
        dataset = datasets.read_files(made.files)
        verdict = "read" if is_sound(dataset) else "unsound"
    except DatasetError as error:
        verdict = "refused" if 0 < len(str(error)) <= 200 and str(error).endswith(".") else "misworded"
        if verdict == "misworded":
            print(f"{index} ({made.origin}): {error}", file=sys.stderr)
    except BaseException:  # anything else is what we look for
        verdict = "crashed"
        print(f"{index} ({made.origin})", file=sys.stderr)
        traceback.print_exc()
    seconds = time.process_time() - start
    megabytes = resident("VmHWM") - before
    outcome = Outcome(index, verdict, seconds * 1000, megabytes)
    if outcome.is_good and seconds > MOST_SECONDS:
        return outcome._replace(verdict="slow")
    if outcome.is_good and megabytes > MOST_MEGABYTES:
        return outcome._replace(verdict="large")
    return outcome


def try_here(seed: int, indices: range) -> None:
    """A batch in this process, a line each; the one that ends the process is the one without a line."""
    warnings.simplefilter("ignore")
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    for index in indices:
        faulthandler.dump_traceback_later(HANGS_AFTER, exit=True)
        outcome = tried(seed, index)
        os.write(1, (" ".join(map(str, outcome)) + "\n").encode())
    faulthandler.cancel_dump_traceback_later()


def _write(told: Path, complained: Path, seed: int, indices: range) -> None:
    """A batch in this process, which writes into two files."""
    for descriptor, path in ((1, told), (2, complained)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    faulthandler.enable(2)
    try_here(seed, indices)


def try_apart(seed: int, indices: range) -> tuple[list[Outcome], str]:
    """A batch in child processes, as many as it takes, and what they complained of."""
    outcomes: list[Outcome] = []
    complaints = []
    while len(outcomes) < len(indices):
        rest = indices[len(outcomes) :]
        with tempfile.TemporaryDirectory() as folder:
            told, complained = Path(folder) / "told", Path(folder) / "complained"
            child = FORKS.Process(target=_write, args=(told, complained, seed, rest))
            child.start()
            child.join()
            lines, complaint = told.read_text().splitlines(), complained.read_text(errors="replace")
        for line in lines:
            index, verdict, milliseconds, megabytes = line.split()
            outcomes.append(Outcome(int(index), verdict, float(milliseconds), float(megabytes)))
        complaints.append(complaint)
        if len(outcomes) < len(indices):
            outcomes.append(Outcome(indices[len(outcomes)], "died", 0.0, 0.0))
    return outcomes, "".join(complaints)


def report(seed: int, failed: Sequence[Outcome], out: Path | None) -> None:
    """What repeats each of the first failures; their files, where wanted."""
    for outcome in failed[:REPORTED]:
        made = mutant(seed, outcome.number)
        print(
            f"{outcome.verdict}: {made.origin}, {outcome.milliseconds:.0f} ms, {outcome.megabytes:.0f} MB; "
            f"python -m tests.fuzz --seed {seed} --first {outcome.number} --count 1"
        )
        if out:
            for k, (_, content) in enumerate(made.files):
                out.mkdir(parents=True, exist_ok=True)
                (out / f"{seed}-{outcome.number}-{k}").write_bytes(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 when nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="index of the first mutant")
    parser.add_argument("--jobs", type=int, default=1, help="child processes at a time")
    parser.add_argument("--out", type=Path, help="folder for mutants that failed")
    parser.add_argument("--here", action="store_true", help="without child processes")
    options = parser.parse_args(arguments)
    indices = range(options.first, options.first + options.count)
    if options.here:
        try_here(options.seed, indices)
        return 0
    start = time.perf_counter()
    batches = [indices[k : k + BATCH] for k in range(0, len(indices), BATCH)]
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for found, complaints in pool.map(lambda batch: try_apart(options.seed, batch), batches):
            outcomes += found
            if not all(outcome.is_good for outcome in found):
                sys.stderr.write(complaints[-5000:])
    failed = [outcome for outcome in outcomes if not outcome.is_good]
    report(options.seed, failed, options.out)
    tally = ", ".join(f"{count:,} {verdict}" for verdict, count in Counter(o.verdict for o in outcomes).most_common())
    slowest, largest = max(outcomes, key=lambda o: o.milliseconds), max(outcomes, key=lambda o: o.megabytes)
    rate = len(outcomes) / (time.perf_counter() - start)
    print(f"seed {options.seed}, {len(outcomes):,} mutants ({rate:.0f} a second): {tally}")
    print(
        f"slowest {slowest.milliseconds:.0f} ms (mutant {slowest.number}), "
        f"peak {largest.megabytes:.0f} MB (mutant {largest.number})"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
