"""Training: a generator of epoch records. The caller sees every epoch, and stops by stopping to ask."""

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from vae_core.batches import Examples
from vae_core.datasets import Dataset
from vae_core.errors import TrainingError
from vae_core.records import EpochRecord, Terms
from vae_core.run_config import FEWEST_EXAMPLES, RunConfig
from vae_core.vae import VAE, VAEOutput

EVALUATION_BATCH = 1024
NOISE, ORDER = 0, 1
"""Purposes of an epoch's random numbers."""
RISE_SHARE = 0.1
"""Share of the steps in which the learning rate rises."""
FIRST_SHARE = 0.04
"""Share of the peak learning rate at the first step."""


class _Mean:
    """Sums the terms of batches, weighted by their size."""

    def __init__(self) -> None:
        self.count = 0
        self.reconstruction_loss: Tensor | float = 0.0
        self.kl: Tensor | float = 0.0

    def add(self, out: VAEOutput) -> None:
        self.count += len(out.reconstruction_loss)
        self.reconstruction_loss = self.reconstruction_loss + out.reconstruction_loss.detach().sum().cpu().double()
        self.kl = self.kl + out.kl.detach().sum(0).cpu().double()

    def terms(self) -> Terms:
        kl = (torch.as_tensor(self.kl) / self.count).tolist()
        if not math.isfinite(float(self.reconstruction_loss) + sum(kl)):
            raise TrainingError("The loss is no number any more. Try a learning rate ten times smaller.")
        return Terms(reconstruction_loss=float(self.reconstruction_loss) / self.count, kl=sum(kl), kl_per_dimension=kl)


def split(count: int, validation: float, seed: int) -> tuple[Tensor, Tensor]:
    """Indices for training and for validation: a seeded shuffle, at least one example on either side.

    Raises:
        TrainingError: if there are too few examples.
    """
    if count < FEWEST_EXAMPLES:
        raise TrainingError(
            f"The dataset has {count} picture; training needs at least {FEWEST_EXAMPLES}, a good model some hundreds."
        )
    held_out = min(max(round(count * validation), 1), count - 1)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[held_out:], order[:held_out]


def train(
    model: VAE,
    dataset: Dataset,
    config: RunConfig,
    device: torch.device,
    on_step: Callable[[float], None] = lambda done: None,
) -> Iterator[EpochRecord]:
    """Train `model` in place, yielding after each epoch.

    All randomness comes from the seed and the epoch's number.

    Args:
        model: Untrained; moved to the device.
        dataset: What to learn; a share of it is kept for validation.
        config: Objective and training settings.
        device: Where to compute.
        on_step: Told the share of all steps done, 0 to 1, after each of them.

    Raises:
        TrainingError: if there are too few examples, or if the loss stops being a number.
    """
    settings = config.train
    examples = Examples(dataset.x, device)
    train_index, validation_index = split(len(dataset), settings.validation, settings.seed)
    model.to(device)
    model.start_from_mean(examples[train_index[:EVALUATION_BATCH]].mean(0))
    batches_per_epoch = -(-len(train_index) // settings.batch_size)
    steps = settings.epochs * batches_per_epoch
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=device.type != "mps")
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: one_cycle(step / steps))
    step = 0
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        noise = _generator(device, settings.seed, epoch, NOISE)
        shuffle = _generator(torch.device("cpu"), settings.seed, epoch, ORDER)
        order = train_index[torch.randperm(len(train_index), generator=shuffle)]
        mean = _Mean()
        model.train()
        for index in order.split(settings.batch_size):
            out = model(examples[index], noise)
            weight = min(step / (settings.warm_up * steps), 1) if settings.warm_up else 1
            penalty = config.objective.penalty(out, len(train_index), step)
            loss = (out.reconstruction_loss + weight * penalty).mean()
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"The loss stopped being a number at step {step + 1} of epoch {epoch} "
                    f"(learning rate {schedule.get_last_lr()[0]:.2g}). Try a learning rate ten times smaller."
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            mean.add(out)
            step += 1
            on_step(step / steps)
        validation = evaluate(model, examples, validation_index, settings.seed)
        yield EpochRecord(epoch=epoch, train=mean.terms(), validation=validation, seconds=time.perf_counter() - started)


@torch.no_grad()
def evaluate(model: VAE, examples: Examples, index: Tensor, seed: int = 0) -> Terms:
    """The two terms over the examples of `index`, one posterior sample each, from the same noise at every call."""
    model.eval()
    noise = torch.Generator(examples.device).manual_seed(seed)
    mean = _Mean()
    for part in index.split(EVALUATION_BATCH):
        mean.add(model(examples[part], noise))
    return mean.terms()


def one_cycle(done: float) -> float:
    """Share of the peak learning rate after a share of the steps: a short cosine rise, a long cosine fall.

    Smith & Topin 2018, "Super-Convergence" (https://arxiv.org/abs/1708.07120).
    """
    if done < RISE_SHARE:
        return FIRST_SHARE + (1 - FIRST_SHARE) * _ease(done / RISE_SHARE)
    return 1 - _ease(min((done - RISE_SHARE) / (1 - RISE_SHARE), 1))


def _ease(share: float) -> float:
    """0 to 1 along half a cosine."""
    return 0.5 - 0.5 * math.cos(math.pi * share)


def _generator(device: torch.device, *name: int) -> torch.Generator:
    """A stream of random numbers of its own for every name, such as (run seed, epoch, purpose)."""
    seed = int(np.random.SeedSequence(name).generate_state(1)[0])
    return torch.Generator(device).manual_seed(seed)
