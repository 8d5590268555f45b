"""What a cross-validation is to try, and what came of it; read by pages and waiting workers without loading torch."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from vae_core.records import Terms

Grid = Mapping[str, Sequence[Any]]
"""Bare name of a setting -> the values to try, such as {"latents": [2, 8], "beta": [1, 4]}."""


class Study(BaseModel):
    """A grid, and in how many folds the dataset is cut."""

    model_config = ConfigDict(frozen=True)

    grid: dict[str, tuple[Any, ...]]
    folds: int = Field(5, ge=2, le=20)


class Trial(BaseModel):
    """One training of one combination, with one fold held out.

    Attributes:
        settings: The combination, by bare names.
        fold: Which part was held out, from 0.
        validation: What was measured on it after the last epoch.
        seconds: How long it took.
    """

    model_config = ConfigDict(frozen=True)

    settings: dict[str, Any]
    fold: int
    validation: Terms
    seconds: float


class Score(BaseModel):
    """How good a combination is.

    Attributes:
        settings: The combination.
        loss: Mean validation −ELBO over the folds, nats an example.
        spread: Its standard deviation over the folds; 0 with a single one.
        reconstruction_loss: Mean.
        kl: Mean.
        folds: How many are done.
        seconds: Mean time of a training.
    """

    model_config = ConfigDict(frozen=True)

    settings: dict[str, Any]
    loss: float
    spread: float
    reconstruction_loss: float
    kl: float
    folds: int
    seconds: float

    @property
    def told(self) -> str:
        """The combination in words."""
        return ", ".join(f"{name} {value}" for name, value in self.settings.items()) or "as they are"


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """Every combination of the values, in order; one empty one where there is nothing to vary."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def scores(trials: Sequence[Trial]) -> list[Score]:
    """One line a combination, the best first."""
    by_settings: dict[str, list[Trial]] = {}
    for trial in trials:
        by_settings.setdefault(repr(trial.settings), []).append(trial)
    return sorted(map(_score, by_settings.values()), key=lambda score: score.loss)


def _score(group: Sequence[Trial]) -> Score:
    losses = [-trial.validation.elbo for trial in group]
    return Score(
        settings=group[0].settings,
        loss=statistics.fmean(losses),
        spread=statistics.stdev(losses) if len(losses) > 1 else 0.0,
        reconstruction_loss=statistics.fmean(trial.validation.reconstruction_loss for trial in group),
        kl=statistics.fmean(trial.validation.kl for trial in group),
        folds=len(group),
        seconds=statistics.fmean(trial.seconds for trial in group),
    )
