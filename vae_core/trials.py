"""What a cross-validation is to try, and what came of it; read by pages and waiting workers without loading torch."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vae_core.config import MOST_EPOCHS
from vae_core.errors import ConfigError
from vae_core.records import Terms
from vae_core.run_config import RunConfig
from vae_core.settings import with_names

MOST_TRAININGS = 200
FEWEST_A_FOLD = 2
NONE_IS_BEST = "None of the combinations could be trained on every part of the data. Try a smaller learning rate."
Grid = Mapping[str, Sequence[Any]]
"""Bare name of a setting -> the values to try, such as {"latents": [2, 8], "beta": [1, 4]}."""


class Study(BaseModel):
    """What is compared.

    Attributes:
        grid: The values to try.
        folds: In how many parts the dataset is cut.
        final_epochs: Of the training on all data that is to follow; None as the first version of the program wrote it.
    """

    model_config = ConfigDict(frozen=True)

    grid: dict[str, tuple[Any, ...]]
    folds: int = Field(5, ge=2, le=20)
    final_epochs: int | None = Field(None, ge=1, le=MOST_EPOCHS)

    @property
    def trainings(self) -> int:
        """How many trainings it takes."""
        return trainings(self.grid, self.folds)


class Trial(BaseModel):
    """One training of one combination, with one fold held out.

    Attributes:
        settings: The combination, by bare names.
        fold: Which part was held out, from 0.
        validation: What was measured on it after the last epoch, with patience after the best one; None where the
            training failed.
        seconds: How long it took.
        problem: How it failed; empty where it did not.
    """

    model_config = ConfigDict(frozen=True)

    settings: dict[str, Any]
    fold: int
    validation: Terms | None = None
    seconds: float
    problem: str = ""


class Score(BaseModel):
    """How good a combination is.

    Attributes:
        settings: The combination.
        negative_elbo: Mean validation −ELBO over the folds that did not fail, nats an example; None if all did.
        spread: Its standard deviation over the folds; 0 with a single one.
        reconstruction_loss: Mean.
        kl: Mean.
        folds: How many are done, with or without success.
        failed: How many of them failed.
        problem: How the first of these did; empty where none has.
        seconds: Mean time of a training.
    """

    model_config = ConfigDict(frozen=True)

    settings: dict[str, Any]
    negative_elbo: float | None
    spread: float
    reconstruction_loss: float | None
    kl: float | None
    folds: int
    failed: int
    problem: str
    seconds: float

    @property
    def told(self) -> str:
        """The combination in words."""
        return ", ".join(f"{name} {value}" for name, value in self.settings.items()) or "as they are"


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """Every combination of the values, in order; one empty one where there is nothing to vary."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def trainings(grid: Grid, folds: int) -> int:
    """How many trainings that takes."""
    return math.prod(map(len, grid.values())) * folds


def candidates(start: RunConfig, grid: Grid, folds: int, examples: int) -> list[tuple[dict[str, Any], RunConfig]]:
    """Every combination, with all the settings that it comes to.

    Args:
        start: The settings that are not varied.
        grid: What to vary.
        folds: In how many parts the dataset is cut.
        examples: How many it has.

    Raises:
        ConfigError: if there are too many or too few examples, or their figures could not be compared.
    """
    if not 2 <= folds <= examples // FEWEST_A_FOLD:
        raise ConfigError(
            f"{examples:,} examples cannot be cut into {folds} parts. Choose 2 parts or more, with {FEWEST_A_FOLD} "
            "examples or more in each."
        )
    if (count := trainings(grid, folds)) > MOST_TRAININGS:
        raise ConfigError(
            f"{count // folds:,} combinations times {folds} parts are {count:,} trainings; at most {MOST_TRAININGS} "
            "are done. Try fewer values."
        )
    chosen = [(settings, with_names(start, settings)) for settings in combinations(grid)]
    _check_comparable([config for _, config in chosen])
    return chosen


def _check_comparable(configs: Sequence[RunConfig]) -> None:
    """Whether their −ELBOs are of one kind: bounds on the same log p(x).

    Raises:
        ConfigError: if they are not.
    """
    kinds: dict[str, list[str]] = {
        "likelihoods": [config.model.likelihood.name for config in configs],
        "targets": [config.train.targets for config in configs],
        "posteriors": ["deterministic" if c.objective.is_deterministic else "probabilistic" for c in configs],
    }
    for what, names in kinds.items():
        different = list(dict.fromkeys(names))
        if len(different) > 1:
            raise ConfigError(
                f"The combinations have different {what}: {' and '.join(different)}. What is measured under each of "
                "them cannot be ranked together. Compare once for each."
            )


def criterion(start: RunConfig, grid: Grid) -> str:
    """What the combinations are ranked by, in words: an autoencoder's −ELBO has no KL."""
    first = with_names(start, combinations(grid)[0])
    return "reconstruction loss" if first.objective.is_deterministic else "−ELBO"


def scores(trials: Sequence[Trial]) -> list[Score]:
    """One line a combination, the best first; one that failed on a fold comes after those that did on fewer."""
    by_settings: dict[str, list[Trial]] = {}
    for trial in trials:
        by_settings.setdefault(repr(trial.settings), []).append(trial)
    return sorted(map(_score, by_settings.values()), key=_rank)


def _rank(score: Score) -> tuple[int, float]:
    return score.failed, math.inf if score.negative_elbo is None else score.negative_elbo


def _score(group: Sequence[Trial]) -> Score:
    measured = [trial.validation for trial in group if trial.validation is not None]
    losses = [-terms.elbo for terms in measured]
    return Score(
        settings=group[0].settings,
        negative_elbo=_mean(losses),
        spread=statistics.stdev(losses) if len(losses) > 1 else 0.0,
        reconstruction_loss=_mean([terms.reconstruction_loss for terms in measured]),
        kl=_mean([terms.kl for terms in measured]),
        folds=len(group),
        failed=len(group) - len(measured),
        problem=next((trial.problem for trial in group if trial.validation is None), ""),
        seconds=statistics.fmean(trial.seconds for trial in group),
    )


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
