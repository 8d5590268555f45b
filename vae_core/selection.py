"""Choosing a structure: k-fold cross-validation over a small grid of settings.

Stone 1974, "Cross-Validatory Choice and Assessment of Statistical Predictions"
(https://doi.org/10.1111/j.2517-6161.1974.tb00994.x). Every fold is held out once; what is compared is the validation
−ELBO, always at β = 1, so that settings with different β are measured alike. Differences below the spread over folds
mean nothing. Under another likelihood, with other targets or without a KL it is another quantity: such are not ranked
together.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vae_core.batches import choose_device
from vae_core.checkpoints import build
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import TrainingError
from vae_core.records import Terms
from vae_core.run_config import RunConfig, check_fit
from vae_core.training import Training
from vae_core.trials import Grid, Trial, candidates


def plan(start: RunConfig, dataset: Dataset, grid: Grid, folds: int) -> list[tuple[dict[str, Any], int, RunConfig]]:
    """Every training that is to be done: (combination, fold, settings).

    Raises:
        ConfigError: if a combination cannot be trained on such data, there are too many, or too few examples, or
            what would be measured cannot be compared.
    """
    planned = []
    for settings, config in candidates(start, grid, folds, len(dataset)):
        check_fit(config, dataset.schema, len(dataset.label_names))
        build(config, dataset.schema, len(dataset.label_names), meta=True)
        planned += [(settings, fold, config) for fold in range(folds)]
    return planned


def parts(count: int, folds: int, fold: int, seed: int) -> tuple[Tensor, Tensor]:
    """Indices to learn from and to hold out: a seeded shuffle, cut into folds whose sizes differ by at most one."""
    pieces = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tensor_split(folds)
    return torch.cat([piece for k, piece in enumerate(pieces) if k != fold]), pieces[fold]


def training_without(
    dataset: Dataset,
    config: RunConfig,
    folds: int,
    fold: int,
    device: torch.device,
    on_step: Callable[[float], None] = lambda done: None,
) -> Training:
    """A training that learns from all folds but one, and measures on that."""
    model = build(config, dataset.schema, len(dataset.label_names))
    training = Training(model, dataset, config, device, on_step)
    training.divide(*parts(len(dataset), folds, fold, config.train.seed))
    return training


def cross_validate(
    start: RunConfig,
    dataset: Dataset,
    grid: Grid,
    folds: int = 5,
    done: Sequence[Trial] = (),
    on_step: Callable[[float], None] = lambda share: None,
) -> Iterator[Trial]:
    """Train every combination with every fold held out, yielding each result.

    One that diverges is a result too: it would do so again. With patience the best epoch counts, as it does in a run.

    Args:
        start: The settings that are not varied.
        dataset: What to learn.
        grid: What to vary.
        folds: In how many parts the dataset is cut.
        done: Trials of an earlier attempt at the same, which are not done again.
        on_step: Told the share of all trainings done, 0 to 1.

    Raises:
        ConfigError: if it cannot be done.
    """
    planned = plan(start, dataset, grid, folds)
    device = choose_device(start.train.device)
    for number, one in enumerate(planned[len(done) :], start=len(done)):
        told = partial(_tell, on_step, number, len(planned))
        yield tried(one, dataset, folds, device, told)


def tried(
    planned: tuple[dict[str, Any], int, RunConfig],
    dataset: Dataset,
    folds: int,
    device: torch.device,
    on_step: Callable[[float], None] = lambda share: None,
) -> Trial:
    """What comes of one training of the plan."""
    settings, fold, config = planned
    training = training_without(dataset, config, folds, fold, device, on_step)
    validation, problem = _measured(training)
    on_step(1)
    seconds = sum(record.seconds for record in training.history)
    return Trial(settings=settings, fold=fold, validation=validation, seconds=seconds, problem=problem)


def _measured(training: Training) -> tuple[Terms | None, str]:
    """Train, and what the held-out fold says of it; or nothing, and why."""
    try:
        records = list(training)
    except TrainingError as error:
        return None, str(error)
    epoch = best_epoch(records) if training.config.train.patience else records[-1].epoch
    return records[epoch - 1].validation, ""


def _tell(on_step: Callable[[float], None], number: int, count: int, share: float) -> None:
    on_step((number + share) / count)
