"""Our training beside others': the same network, data, batch and threads, each in a process of its own, in turn.

The peers need not be installed for anything else: `pip install --no-deps pythae==0.1.2 cloudpickle imageio tqdm` into
an environment with this torch, perhaps another one than ours.

    mlp       784-512-256-2 and back, ReLU, 1,068,820 parameters, Bernoulli on grey pixels
    conv      two strided convolutions, a dense layer of 256, and back, SiLU, 1,648,389 parameters
    ours      as `train` does it
    pythae    its BaseTrainer, at its defaults but for the number of epochs
    loop      a plain loop as in PyTorch's own VAE example: a dataset of PIL pictures, a DataLoader, Adam 1e-3
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.datasets import Dataset
from vae_core.errors import ConfigError, TrainingError

HERE = Path(__file__).resolve().parent
CONTENDERS = ("ours", "pythae", "loop")
NETWORKS = ("mlp", "conv")
HELD_OUT = 1000
BATCH = 64
"""pythae's default."""
TARGET = 153.5
"""Validation −ELBO in nats."""
SPEED_EPOCHS = 3
RACE_EPOCHS = {"ours": 14, "pythae": 150}
SECONDS = 3600


def bench(
    dataset: Dataset, rounds: int, peer_python: str, race: bool, network: str = "mlp"
) -> Iterator[dict[str, Any]]:
    """Each contender's CPU seconds an epoch and peak memory in every round; with `race` also the time to the target.

    Args:
        dataset: Grey pictures of 28×28, at least some thousands: the last 1,000 are held out.
        rounds: How often each has its turn.
        peer_python: A Python that has pythae and our version of torch.
        race: Whether to train until the validation −ELBO is 153.5, once each.
        network: mlp or conv.

    Raises:
        ConfigError: if the data has another form.
        TrainingError: if a contender cannot run.
    """
    if dataset.x.shape[1:] != (28, 28, 1) or len(dataset) < 2 * HELD_OUT:
        raise ConfigError("The benchmark wants some thousands of grey 28×28 pictures, such as MNIST's. Give those.")
    with tempfile.TemporaryDirectory(prefix="vae-studio-bench-") as folder:
        data = Path(folder) / "x.npy"
        np.save(data, np.ascontiguousarray(dataset.x), allow_pickle=False)
        for number in range(rounds):
            for name in CONTENDERS:
                yield {"round": number, "contender": name} | _run(name, data, SPEED_EPOCHS, peer_python, network)
        if race:
            for name, epochs in RACE_EPOCHS.items():
                yield {"race": True, "contender": name} | _run(name, data, epochs, peer_python, network)


def _run(name: str, data: Path, epochs: int, peer_python: str, network: str) -> dict[str, Any]:
    """One contender in a process of its own, on one thread."""
    python = sys.executable if name == "ours" else peer_python
    figures = map(str, (data, HELD_OUT, BATCH, epochs, TARGET))
    command = [python, str(HERE / f"{name}.py"), *figures, network]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1])}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=SECONDS, check=False)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        raise TrainingError(f"{name} could not run: {last[:120]}. Install it, or give --peer-python.")
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def ratios(results: Sequence[dict[str, Any]], figure: str, over: str) -> list[float]:
    """Ours over another's figure, round by round."""
    by_round: dict[int, dict[str, float]] = {}
    for result in results:
        if "round" in result:
            by_round.setdefault(result["round"], {})[result["contender"]] = result[figure]
    return [found["ours"] / found[over] for found in by_round.values() if over in found and "ours" in found]


def summary(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What came out, in lines."""
    for name in CONTENDERS:
        mine = [r for r in results if r["contender"] == name and "round" in r]
        if mine:
            cpu = statistics.median(r["cpu_seconds"] for r in mine)
            memory = statistics.median(r["peak_mb"] for r in mine)
            yield f"{name:8} {cpu:6.2f} CPU s an epoch, {memory:5.0f} MB at most (medians of {len(mine)})"
    for figure, told in (("cpu_seconds", "CPU seconds an epoch"), ("peak_mb", "peak memory")):
        for other in CONTENDERS[1:]:
            found = ratios(results, figure, other)
            if found:
                yield f"{told}: {statistics.median(found):.2f} × {other}'s ({min(found):.2f} to {max(found):.2f})"
    races = {r["contender"]: r for r in results if r.get("race")}
    for name, result in races.items():
        reached = result["seconds_to_target"]
        when = f"after {reached:.1f} CPU s" if reached else "not reached"
        yield f"{name}: validation −ELBO {TARGET} {when}"
    if len(races) == len(RACE_EPOCHS) and all(r["seconds_to_target"] for r in races.values()):
        yield f"time to it: {races['ours']['seconds_to_target'] / races['pythae']['seconds_to_target']:.2f} × pythae's"
