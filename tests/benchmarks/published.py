"""Published numbers, trained again: `python -m tests.benchmarks.published FOLDER`, FOLDER with MNIST's four IDX files.

Prints a card of everything with seed, time and the figure to compare with; `tests/benchmarks/published.md` is one.
`--only NAME` does a part of it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from vae_core import Checkpoint, Dataset, evaluate, read, train
from vae_core.datasets import SAMPLES
from vae_core.latents.mixture import fit_mixture
from vae_core.metrics.frechet import frechet
from vae_core.metrics.mig import mutual_information_gap

FEATURES = 64
SHOWN = "| {:42} | {:>34} | {:>44} | {:>5.0f} s |"


def trained(dataset: Dataset, **settings: object) -> tuple[Checkpoint, float]:
    started = time.process_time()
    training = train(dataset, validation=0.01, **settings)
    for record in training:
        print(f"  epoch {record.epoch}: {-record.validation.elbo:.2f}", file=sys.stderr)
    return training.checkpoint(), time.process_time() - started


def first(dataset: Dataset, count: int) -> Dataset:
    labels = None if dataset.labels is None else dataset.labels[:count]
    return replace(dataset, x=dataset.x[:count], labels=labels, names=(), known_id=None)


def grey(learn: Dataset, test: Dataset) -> Iterator[tuple[str, str, str, float]]:
    """The recipe of PyTorch's own VAE example."""
    model, seconds = trained(
        learn, widths=(400,), activation="relu", fourier=0, latents=20, epochs=10, learning_rate=1e-3
    )
    found = evaluate(model, test)
    assert found.elbo
    yield "grey, 784-400-20, 10 epochs: −ELBO", f"{-found.elbo.mean:.2f} ± {found.elbo.error:.2f}", "≤ 106.5", seconds


def binarised(learn: Dataset, test: Dataset) -> Iterator[tuple[str, str, str, float]]:
    """One layer of 400 units, 20 latents, drawn anew at every step."""
    model, seconds = trained(
        learn,
        widths=(400,),
        activation="relu",
        fourier=0,
        latents=20,
        epochs=20,
        learning_rate=2e-3,
        targets="binarised",
    )
    yield from bounds("binarised, 784-400-20, 20 epochs", model, test, "", seconds)


def plane(learn: Dataset, test: Dataset) -> Iterator[tuple[str, str, str, float]]:
    """Two latents, dense layers 512-256."""
    model, seconds = trained(
        learn,
        widths=(512, 256),
        activation="relu",
        fourier=0,
        latents=2,
        epochs=20,
        learning_rate=2e-3,
        targets="binarised",
    )
    yield from bounds("binarised, 784-512-256-2, 20 epochs", model, test, "140.7; IWAE-500 ≤ 137.6", seconds)


def bounds(
    name: str, model: Checkpoint, test: Dataset, known: str, seconds: float
) -> Iterator[tuple[str, str, str, float]]:
    whole, part = evaluate(model, test), first(test, 2000)
    assert whole.elbo
    yield f"{name}: −ELBO", f"{-whole.elbo.mean:.2f} ± {whole.elbo.error:.2f}", known, seconds
    found = [evaluate(model, part, samples=samples).bound for samples in (5, 50, 500)]
    elbo = evaluate(model, part).elbo
    assert elbo
    told = " ≥ ".join(f"{-bound.mean:.2f}" for bound in (elbo, *found) if bound)
    yield "  first 2,000: −ELBO ≥ IWAE-5 ≥ 50 ≥ 500", told, "in this order", seconds


def mixture(learn: Dataset, test: Dataset) -> Iterator[tuple[str, str, str, float]]:
    """What a mixture fitted to the codes does for samples (own features, no downloaded network)."""
    features = feature_network(learn)
    real = features(test.x.reshape(len(test), -1) / 255)
    floor = frechet(features(learn.x[:10_000].reshape(10_000, -1) / 255), real)
    yield "own-feature FID of real training digits", f"{floor:.2f}", "0.7", 0
    for name, known, settings in (
        ("VAE, 16 latents", "about 33 → about 3", {}),
        ("autoencoder, 16 latents", "about 460 → about 2", {"objective": "autoencoder"}),
    ):
        model, seconds = trained(
            learn,
            widths=(512, 256),
            activation="relu",
            fourier=0,
            latents=16,
            epochs=15,
            learning_rate=2e-3,
            **settings,
        )
        assert model.codes
        prior = np.random.default_rng(0).standard_normal((10_000, 16))
        fitted = fit_mixture(model.codes.mean, components=10).sample(10_000, seed=0)
        distances = [frechet(features(model.decode(z).reshape(len(z), -1)), real) for z in (prior, fitted)]
        told = f"{distances[0]:.1f} → {distances[1]:.1f}"
        yield f"{name}: own-feature FID, N(0, I) → GMM-10", told, known, seconds


def feature_network(learn: Dataset) -> Callable[[np.ndarray], np.ndarray]:
    """The 64-unit layer of a small classifier of the digits, four epochs."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, FEATURES), nn.ReLU())
    head = nn.Linear(FEATURES, 10)
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
    x = torch.from_numpy(learn.x.reshape(len(learn), -1) / np.float32(255))
    y = torch.from_numpy(np.asarray(learn.labels).astype(np.int64))
    for _ in range(4):
        for index in torch.randperm(len(x)).split(128):
            optimizer.zero_grad()
            nn.functional.cross_entropy(head(body(x[index])), y[index]).backward()
            optimizer.step()

    def features(pixels: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return body(torch.from_numpy(pixels.astype(np.float32))).double().numpy()

    return features


def shapes(learn: Dataset, test: Dataset) -> Iterator[tuple[str, str, str, float]]:
    """β-VAE and β-TCVAE on a part of the dSprites-like set, small dense networks."""
    dataset = SAMPLES["shapes"]()
    assert dataset.factors is not None
    for objective, beta in (("vae", None), ("beta-vae", 4.0), ("beta-tcvae", 6.0)):
        strength = {} if beta is None else {"beta": beta}
        model, seconds = trained(
            dataset,
            objective=objective,
            **strength,
            widths=(512, 256),
            activation="relu",
            fourier=0,
            latents=6,
            epochs=30,
            learning_rate=1e-3,
            targets="binarised",
        )
        assert model.codes
        found = mutual_information_gap(model.codes.mean, dataset.factors)
        gaps = ", ".join(f"{name} {gap:.2f}" for name, gap in zip(dataset.factor_names, found.gaps, strict=True))
        name = f"{objective}{f' β {beta:g}' if beta else ''}, {len(dataset):,} shapes, 6 latents: MIG"
        yield name, f"{found.score:.3f}", gaps, seconds


PARTS = {"grey": grey, "binarised": binarised, "plane": plane, "mixture": mixture, "shapes": shapes}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=list(PARTS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    learn, test = (read(next(arguments.folder.glob(f"{name}-images*"))) for name in ("train", "t10k"))
    print("| what | found | to compare with, or by factor | CPU time |")
    print("|---|---|---|---|")
    for name, part in PARTS.items():
        if arguments.only in (None, name):
            for row in part(learn, test):
                print(SHOWN.format(*row), flush=True)


if __name__ == "__main__":
    main()
