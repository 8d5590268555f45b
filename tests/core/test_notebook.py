"""The verbs of a notebook."""

from typing import Any

import torch

from tests.conftest import stroke_dataset
from vae_core import train
from vae_core.diagnosis import best_epoch

OVERFITTING: dict[str, Any] = {
    "latents": 8,
    "beta": 0.01,
    "epochs": 60,
    "batch_size": 8,
    "learning_rate": 5e-3,
    "widths": (32, 21),
}


def test_patience_keeps_the_best_epoch() -> None:
    dataset = stroke_dataset(count=30)
    waiting = train(dataset, patience=3, **OVERFITTING)
    model = waiting.checkpoint()
    best = best_epoch(waiting.history)
    assert best == len(waiting.history) - 3
    assert model.measured == waiting.history[best - 1]
    stopped = train(dataset, **OVERFITTING)
    for record in stopped:
        if record.epoch == best:
            break
    there = stopped.checkpoint()
    assert there.measured.epoch == best
    assert model.weights.keys() == there.weights.keys()
    assert all(torch.equal(model.weights[name], tensor) for name, tensor in there.weights.items())


def test_without_patience_the_model_is_that_of_the_last_epoch() -> None:
    training = train(stroke_dataset(count=30), **OVERFITTING)
    model = training.checkpoint()
    assert best_epoch(training.history) < 60
    assert model.measured == training.history[-1]
