"""Cross-validation over a grid."""

from dataclasses import replace

import pytest
import torch

from tests.conftest import CPU, SMALL, stroke_dataset
from tests.small import small
from vae_core.config import Mlp, TrainConfig
from vae_core.diagnosis import best_epoch
from vae_core.errors import ConfigError
from vae_core.objectives import BetaVAE
from vae_core.records import Terms
from vae_core.run_config import RunConfig
from vae_core.selection import cross_validate, parts, plan, training_without
from vae_core.trials import Trial, combinations, scores

DATASET = stroke_dataset(count=60)
START = RunConfig(dataset_id=DATASET.id, model=SMALL, train=TrainConfig(epochs=3, batch_size=16, learning_rate=5e-3))
DEEP = small(likelihood="gaussian").model_copy(
    update={"architecture": Mlp(widths=(64,) * 8, activation="relu", fourier=0)}
)
"""Diverges at a learning rate of 1."""


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


def test_combination_that_diverges_is_told_and_comes_last() -> None:
    start = START.model_copy(update={"model": DEEP, "train": TrainConfig(epochs=3, schedule="constant", warm_up=0)})
    told: list[float] = []
    grid = {"learning_rate": [1.0, 1e-3]}
    trials = list(cross_validate(start, DATASET, grid, folds=2, on_step=told.append))
    assert [trial.validation is None for trial in trials] == [True, True, False, False]
    assert told == sorted(told)
    best, worst = scores(trials)
    assert best.settings == {"learning_rate": 1e-3}
    assert (best.failed, best.problem) == (0, "")
    assert (worst.folds, worst.failed, worst.negative_elbo) == (2, 2, None)
    assert "stopped being a number" in worst.problem
    rest = list(cross_validate(start, DATASET, grid, folds=2, done=trials[:1]))
    assert [trial.validation for trial in rest] == [trial.validation for trial in trials[1:]]


def test_combination_of_which_one_training_diverged_comes_after_worse_ones() -> None:
    def trial(latents: int, fold: int, loss: float | None) -> Trial:
        terms = loss and Terms(reconstruction_loss=loss, kl=0, kl_per_dimension=(0,))
        problem = "" if loss else "It diverged."
        return Trial(settings={"latents": latents}, fold=fold, validation=terms or None, problem=problem, seconds=1)

    found = scores([trial(2, 0, 10), trial(2, 1, None), trial(4, 0, None), trial(8, 0, 20), trial(8, 1, 22)])
    assert [(score.settings["latents"], score.negative_elbo) for score in found] == [(8, 21), (2, 10), (4, None)]


def test_with_patience_the_best_epoch_counts_as_it_does_in_a_run() -> None:
    train = TrainConfig(epochs=40, batch_size=8, learning_rate=5e-3, patience=3)
    config = START.model_copy(update={"model": small(latents=8), "objective": BetaVAE(beta=0.01), "train": train})
    waiting, *_ = cross_validate(config, DATASET, {}, folds=2)
    training = training_without(DATASET, config, 2, 0, CPU)
    history = list(training)
    assert best_epoch(history) == len(history) - 3
    assert waiting.validation == history[-4].validation
