"""What a GPU gives: `python -m tests.benchmarks.gpu FOLDER`, FOLDER with MNIST's four IDX files.

Prints the seconds an epoch of training takes on the CPU and on the GPU, in full and in half precision, and the
validation −ELBO after three epochs. `--published EPOCHS` trains the network of Burda et al. instead, K = 1, 5 and 50 at
once, and prints the bound on the test digits beside the paper's.
"""

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch

from vae_core import Dataset, evaluate, read, train
from vae_core.datasets import SAMPLES

EPOCHS = 3
WAYS: dict[str, dict[str, Any]] = {
    "CPU": {"device": "cpu"},
    "GPU, float32": {"device": "cuda", "precision": "float32"},
    "GPU, bfloat16": {"device": "cuda", "precision": "bfloat16"},
}
PUBLISHED = {1: 86.76, 5: 85.54, 50: 84.78}
"""−log p(x) by the importance-weighted bound of 5,000 samples: https://arxiv.org/abs/1509.00519, table 1."""


def networks(digits: Dataset) -> Iterator[tuple[str, Dataset, dict[str, Any]]]:
    shapes = SAMPLES["shapes"]()
    yield "dense, batches of 128", digits, {"batch_size": 128}
    yield "dense, batches of 1,024", digits, {"batch_size": 1024}
    yield "convolutions, batches of 128", digits, {"architecture": "conv", "batch_size": 128}
    yield "residual 64×64, batches of 128", shapes, {"architecture": "resnet", "batch_size": 128}


def speeds(digits: Dataset) -> None:
    print("| network | way | s an epoch | of the CPU's | GPU memory | validation −ELBO |\n|---|---|---|---|---|---|")
    for name, dataset, settings in networks(digits):
        on_cpu = 0.0
        for way, more in WAYS.items():
            torch.cuda.reset_peak_memory_stats()
            epochs = 1 if way == "CPU" else EPOCHS
            history = list(train(dataset, epochs=epochs, latents=10, **settings, **more))
            seconds = statistics.median(record.seconds for record in history[1:] or history)
            on_cpu = on_cpu or seconds
            memory = torch.cuda.max_memory_allocated() / 2**20 if way != "CPU" else 0
            loss = f"{-history[-1].validation.elbo:.1f} after {epochs}"
            print(
                f"| {name} | {way} | {seconds:.2f} | {seconds / on_cpu:.3f} | {memory:.0f} MiB | {loss} |", flush=True
            )


def importance(folder: Path, samples: int, epochs: int) -> str:
    """One row: the network of the paper, two dense layers of 200 tanh and 50 latents, digits binarised at each step."""
    learn, test = read(folder / "train-images-idx3-ubyte.gz"), read(folder / "t10k-images-idx3-ubyte.gz")
    started = time.monotonic()
    objective: dict[str, Any] = {"objective": "iwae", "samples": samples} if samples > 1 else {}
    training = train(
        learn,
        widths=(200, 200),
        activation="tanh",
        fourier=0,
        latents=50,
        epochs=epochs,
        batch_size=128,
        learning_rate=1e-3,
        targets="binarised",
        validation=0.01,
        precision="float32",
        **objective,
    )
    for _ in training:
        pass
    seconds = time.monotonic() - started
    found = evaluate(training.checkpoint(), test, samples=5000)
    assert found.bound and found.elbo
    return (
        f"| K = {samples} | {-found.elbo.mean:.2f} ± {found.elbo.error:.2f} | {-found.bound.mean:.2f} ± "
        f"{found.bound.error:.2f} | {PUBLISHED[samples]} | {found.active_units} | {seconds:.0f} s |"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--published", type=int, metavar="EPOCHS")
    arguments = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {os.cpu_count()} CPU cores")
    if not arguments.published:
        speeds(read(arguments.folder / "train-images-idx3-ubyte.gz"))
        return
    print("| trained with | −ELBO | IWAE-5000 | published | active units | training |\n|---|---|---|---|---|---|")
    with ProcessPoolExecutor(len(PUBLISHED), multiprocessing.get_context("spawn")) as pool:
        for row in [pool.submit(importance, arguments.folder, k, arguments.published) for k in PUBLISHED]:
            print(row.result(), flush=True)


if __name__ == "__main__":
    main()
