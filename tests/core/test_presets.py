"""Every preset learns: `python -m tests.benchmarks.presets` does it with all epochs, here a few must do."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vae_core import stored_datasets
from vae_core.cli import main
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
def test_preset_improves_on_its_first_epoch_from_the_command_line(preset: str, tmp_path: Path) -> None:
    for place, dataset in enumerate(datasets_for(preset)):
        stored_datasets.save(dataset)
        out = str(tmp_path / str(place))
        ran = CliRunner().invoke(
            main, ["train", dataset.id, "--preset", preset, "--epochs", "6", "--out", out, "--json"]
        )
        assert ran.exit_code == 0, ran.output
        validation = [json.loads(line)["validation"] for line in ran.stdout.splitlines()]
        first, *_, last = (terms["reconstruction_loss"] + terms["kl"] for terms in validation)
        assert first - last > MARGIN[dataset.schema.kind], dataset.name
