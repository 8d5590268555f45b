"""Every preset learns: `python -m tests.benchmarks.presets` does it with all epochs, here a few must do."""

from dataclasses import replace

import numpy as np
import pytest

from vae_core import train
from vae_core.datasets import SAMPLES, Dataset
from vae_core.run_config import PRESETS

MARGIN = {"image": 0.5, "table": 0.1}
"""Nats by which the validation −ELBO falls after the first epoch."""


def part(name: str, count: int) -> Dataset:
    whole = SAMPLES[name]()
    chosen = np.random.default_rng(0).permutation(len(whole))[:count]
    labels = None if whole.labels is None else whole.labels[chosen]
    return replace(whole, x=whole.x[chosen], labels=labels, factors=None, factor_names=(), names=(), known_id=None)


def datasets_for(preset: str) -> list[Dataset]:
    if preset == "colour":
        return [part("faces", 300)]
    if preset == "points":
        return [part("moons", 800)]
    kinds = PRESETS[preset].kinds
    return [part("digits", 800)] * ("image" in kinds) + [part("houses", 800)] * ("table" in kinds)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_improves_on_its_first_epoch(preset: str) -> None:
    for dataset in datasets_for(preset):
        history = list(train(dataset, preset, epochs=6))
        gained = history[-1].validation.elbo - history[0].validation.elbo
        assert gained > MARGIN[dataset.schema.kind], dataset.name
