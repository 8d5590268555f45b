"""Cross-validation over a grid."""

from dataclasses import replace

import pytest
import torch

from tests.conftest import CPU, SMALL, stroke_dataset
from tests.small import small
from vae_core.config import TrainConfig
from vae_core.errors import ConfigError
from vae_core.run_config import RunConfig
from vae_core.selection import cross_validate, parts, plan, training_without
from vae_core.trials import combinations, scores

DATASET = stroke_dataset(count=60)
START = RunConfig(dataset_id=DATASET.id, model=SMALL, train=TrainConfig(epochs=3, batch_size=16, learning_rate=5e-3))


def test_every_example_is_held_out_once() -> None:
    held_out = torch.cat([parts(61, 4, fold, seed=0)[1] for fold in range(4)])
    assert sorted(held_out.tolist()) == list(range(61))
    for fold in range(4):
        learn, out = parts(61, 4, fold, seed=0)
        assert sorted([*learn.tolist(), *out.tolist()]) == list(range(61))


def test_grid_is_every_combination() -> None:
    assert combinations({"latents": [1, 2], "beta": [1.0, 4.0]}) == [
        {"latents": 1, "beta": 1.0},
        {"latents": 1, "beta": 4.0},
        {"latents": 2, "beta": 1.0},
        {"latents": 2, "beta": 4.0},
    ]
    assert combinations({}) == [{}]


def test_trials_are_scored_with_their_spread_and_the_better_is_first() -> None:
    told: list[float] = []
    trials = list(cross_validate(START, DATASET, {"latents": [2], "beta": [0.5, 200.0]}, folds=3, on_step=told.append))
    assert [(trial.settings["beta"], trial.fold) for trial in trials] == [
        (b, f) for b in (0.5, 200.0) for f in range(3)
    ]
    assert told == sorted(told)
    assert told[-1] == 1
    best, worst = scores(trials)
    assert best.settings["beta"] == 0.5
    assert best.negative_elbo < worst.negative_elbo
    losses = torch.tensor([-t.validation.elbo for t in trials if t.settings["beta"] == 0.5], dtype=torch.float64)
    assert best.negative_elbo == pytest.approx(float(losses.mean()))
    assert best.spread == pytest.approx(float(losses.std()))
    assert best.negative_elbo == pytest.approx(best.reconstruction_loss + best.kl)
    assert best.folds == 3


def test_what_was_done_is_not_done_again_and_comes_out_the_same() -> None:
    whole = list(cross_validate(START, DATASET, {"latents": [1, 2]}, folds=2))
    rest = list(cross_validate(START, DATASET, {"latents": [1, 2]}, folds=2, done=whole[:3]))
    assert [trial.validation for trial in rest] == [trial.validation for trial in whole[3:]]


@pytest.mark.parametrize("prior", ["standard", "vamp"])
def test_held_out_fold_is_not_learnt_from(prior: str) -> None:
    config = START.model_copy(update={"model": small(prior=prior)})
    _, held_out = parts(len(DATASET), 3, fold=1, seed=0)
    x = DATASET.x.copy()
    x[held_out.numpy()] = 255 - x[held_out.numpy()]
    other = replace(DATASET, x=x)
    mine, theirs = (training_without(data, config, 3, 1, CPU) for data in (DATASET, other))
    for record, changed in zip(mine, theirs, strict=True):
        assert record.train == changed.train
        assert record.validation != changed.validation
    weights, expected = mine.model.state_dict(), theirs.model.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.items())
    _, trial, _ = cross_validate(config, DATASET, {}, folds=3)
    assert trial.validation == mine.history[-1].validation


@pytest.mark.parametrize(
    ("grid", "folds", "said"),
    [
        ({"latents": [2]}, 1, "cannot be cut into 1 parts"),
        ({"latents": [2]}, 31, "cannot be cut into 31 parts"),
        ({"latents": list(range(1, 100))}, 5, "495 trainings"),
        ({"latents": [0]}, 2, "latents cannot be 0"),
        ({"lattents": [1]}, 2, "no setting lattents"),
        ({"architecture": ["burgess"]}, 2, "Choose side 64"),
        ({"likelihood": ["bernoulli", "gaussian"]}, 2, "different likelihoods: bernoulli and gaussian"),
        ({"latents": [1, 2], "targets": ["grey", "binarised"]}, 2, "different targets: grey and binarised"),
        (
            {"objective": ["vae", "autoencoder", "denoising"]},
            2,
            "different posteriors: probabilistic and deterministic",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_trained(
    grid: dict[str, list[object]], folds: int, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        plan(START, DATASET, grid, folds)


@pytest.mark.parametrize(
    "grid",
    [
        {"likelihood": ["gaussian"], "sigma": ["optimal", "fixed"]},
        {"objective": ["vae", "beta-vae", "iwae"]},
        {"objective": ["autoencoder", "denoising"]},
        {"targets": ["binarised"], "prior": ["standard", "vamp"]},
    ],
)
def test_what_is_measured_alike_is_compared(grid: dict[str, list[object]]) -> None:
    assert len(plan(START, DATASET, grid, 2)) == 2 * len(combinations(grid))


def test_endless_grid_is_refused_without_being_laid_out() -> None:
    many = list(range(1, 2000))
    with pytest.raises(ConfigError, match="at most 200"):
        plan(START, DATASET, {"latents": many, "beta": many, "seed": many}, 2)
