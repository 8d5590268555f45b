"""Workers killed at random times, resumed, and compared to the last bit: `python -m tests.kills --kills 50 --seed 1`.

Every kind of model is trained by real, detached worker processes, in many short epochs. They
are killed at seeded moments: some while they start, most within the saves and epochs of training.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch

from tests.core.exact import KINDS, config_of, dataset_of, digest, has_ended, losses, read, straight
from vae_core import runs, stored_datasets
from vae_core.runs import Run

STARTING_SHARE = 0.15
"""Of the kills fall into the start of a worker."""
LONGEST_START, LONGEST_TRAINING = 2.0, 2.0
"""Seconds until a kill, at most."""
EPOCHS_A_KILL = 700
PATIENCE = 120.0


@dataclass
class Report:
    """What the kills came to."""

    kind: str
    kills: int = 0
    epochs: tuple[int, ...] = ()
    """How many were on disk at every kill."""
    is_exact: bool = False
    seconds: float = 0.0


def survive(kind: str, kills: int, seed: int) -> Report:
    """Train one kind of model to its end through so many kills."""
    began, random, report = time.monotonic(), Random(f"{kind} {seed}"), Report(kind)
    dataset = dataset_of(kind)
    stored_datasets.save(dataset)
    config = config_of(kind, dataset, epochs=EPOCHS_A_KILL * kills)
    run = runs.start(kind, config)
    while report.kills < kills and _kill(run, random):
        report.kills += 1
        report.epochs += (len(run.directory.read_epochs()),)
        runs.resume(run.id)
    while not has_ended(run.directory) and _wait(run, "running"):
        time.sleep(0.05)
    runs.cancel(run.id)  # all that may be left is the export of the decoder
    torch.set_num_threads(1)
    weights, _, told = straight(config, dataset)
    end = read(run.directory.checkpoint)
    report.is_exact = losses(end.history) == told and digest(end.weights) == weights[-1] and end.elsewhere == ()
    report.seconds = time.monotonic() - began
    return report


def _kill(run: Run, random: Random) -> bool:
    """Kill the worker at some moment; False if the run had ended before."""
    starting = random.random() < STARTING_SHARE
    if not starting and not _wait(run, "running"):
        return False
    time.sleep(random.uniform(0, LONGEST_START if starting else LONGEST_TRAINING))
    deadline = time.monotonic() + PATIENCE
    while not (pid := runs.get(run.id).status.pid) or not run.directory.is_held():
        if has_ended(run.directory) or time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    while run.directory.is_held():
        time.sleep(0.01)
    return not has_ended(run.directory)


def _wait(run: Run, state: str) -> bool:
    """Until a run is so; False if it has ended, or that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while (now := runs.get(run.id).status).state != state or has_ended(run.directory):
        if now.state in ("done", "failed", "cancelled") or has_ended(run.directory) or time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def main() -> int:
    """Kill, resume, compare, print; the exit code is 0 if every run was exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.kills} kills over {len(options.kinds)} kinds")
    exact, killed = True, 0
    for place, kind in enumerate(options.kinds):
        share = options.kills * (place + 1) // len(options.kinds) - options.kills * place // len(options.kinds)
        with tempfile.TemporaryDirectory() as folder:
            os.environ["VAE_STUDIO_WORKSPACE"] = str(Path(folder) / "workspace")
            report = survive(kind, share, options.seed)
        exact, killed = exact and report.is_exact, killed + report.kills
        print(
            f"{kind}: {report.kills} kills at epochs {report.epochs}, {'exact' if report.is_exact else 'DIFFERENT'}, "
            f"{report.seconds:.0f} s",
            flush=True,
        )
    print(f"{killed} kills, {'no run differs' if exact else 'SOME RUNS DIFFER'}")
    return 0 if exact and killed == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
