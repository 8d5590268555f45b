"""All measures of one model on one dataset, in the order of the table."""

import math
import time
from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict

from vae_core.errors import MetricError
from vae_core.evaluation import Split, Targets
from vae_core.metrics import METRICS, Code, Found, Material

EXTREMES = 24
LARGEST = float(np.finfo(np.float32).max)
"""Examples kept of the best, of the worst and between them."""


class Extreme(BaseModel):
    """An example by its reconstruction loss at the mean of its posterior, in nats."""

    model_config = ConfigDict(frozen=True)

    index: int
    loss: float


class Measures(BaseModel):
    """What was found, of what, and how.

    Attributes:
        dataset_id: On which dataset.
        split: On which part of it.
        count: How many examples of that part, evenly chosen.
        available: How many it has.
        targets: Grey or binarised.
        code: What measures with known factors were given.
        seed: Of everything drawn.
        found: What each measure found, by its name.
        refused: Why others found nothing, by their names.
        extremes: Examples from the least to the largest loss: the best, evenly chosen ones between, the worst.
        factor_names: Of the dataset; empty where it knows none.
        dimensions: Which dimensions measures with known factors were given, from 0.
        seconds: How long it took.
    """

    model_config = ConfigDict(frozen=True)

    dataset_id: str
    split: Split
    count: int
    available: int
    targets: Targets
    code: Code
    seed: int
    found: dict[str, Found]
    refused: dict[str, str]
    extremes: tuple[Extreme, ...]
    factor_names: tuple[str, ...] = ()
    dimensions: tuple[int, ...] = ()
    seconds: float = 0.0


def measure(material: Material, on_step: Callable[[float], None] = lambda done: None) -> Measures:
    """Measure everything that can be.

    Args:
        material: A model and a dataset.
        on_step: Told the share that is done, 0 to 1.
    """
    began = time.perf_counter()
    factors = material.part.factors
    wanted = {name: metric for name, metric in METRICS.items() if factors is not None or metric.section != "factors"}
    whole, done = sum(metric.seconds for metric in wanted.values()), 0.0
    found: dict[str, Found] = {}
    refused: dict[str, str] = {}
    for name, metric in wanted.items():
        on_step(done / whole)
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # it is told below
                found[name] = _finite(metric.measure(material))
        except MetricError as error:
            refused[name] = str(error)
        done += metric.seconds
    extremes = _extremes(material)
    on_step(1.0)
    return Measures(
        dataset_id=material.dataset_id,
        split=material.split,
        count=len(material.part),
        available=material.available,
        targets=material.targets,
        code=material.code,
        seed=material.seed,
        found={name: one for name, one in found.items() if one.figures},
        refused=refused,
        extremes=extremes,
        factor_names=material.part.factor_names if factors is not None else (),
        dimensions=tuple(material.dimensions.tolist()) if factors is not None else (),
        seconds=time.perf_counter() - began,
    )


def _finite(found: Found) -> Found:
    """What was found, if all of it is numbers."""
    if not all(math.isfinite(value) for figure in found.figures for value in (figure.value, figure.error or 0.0)):
        raise MetricError("The result is no finite number: some examples lie too far outside of what was learnt.")
    return found


def _extremes(material: Material) -> tuple[Extreme, ...]:
    losses = np.nan_to_num(material.losses, nan=LARGEST, posinf=LARGEST)
    order = np.argsort(losses, kind="stable")
    third = min(EXTREMES, len(order)) // 3 or 1
    middle = np.linspace(0, len(order) - 1, third + 2).astype(int)[1:-1]
    chosen = np.unique(np.concatenate([np.arange(third), middle, np.arange(len(order) - third, len(order))]))
    return tuple(Extreme(index=int(material.index[k]), loss=float(losses[k])) for k in order[chosen])
