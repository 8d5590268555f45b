"""Training: iterate over it, and it yields a record after each epoch. The caller stops by stopping to ask."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import TypeAdapter
from torch import Tensor

from vae_core import parallel
from vae_core.adam import Adam
from vae_core.batches import Examples, binarise
from vae_core.config import TrainConfig
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import CheckpointError, TrainingError
from vae_core.objectives import Step
from vae_core.records import EpochRecord, Terms
from vae_core.run_config import FEWEST_EXAMPLES, RunConfig, held_out_count
from vae_core.vae import VAE, VAEOutput

EVALUATION_BATCH = 256
NOISE, ORDER = 0, 1
"""Purposes of an epoch's random numbers."""
RISE_SHARE = 0.1
"""Share of the steps in which the learning rate rises."""
FIRST_SHARE = 0.04
"""Share of the peak learning rate at the first step."""
LOOK_EVERY = 50
"""On a GPU the loss is looked at after so many steps: every look makes the device wait."""
START_EXAMPLES = 512
"""The model begins at the mean of so many examples."""
HISTORY = TypeAdapter(list[EpochRecord])


class Training:
    """The training of one model on one dataset, in this process or together with others (see `vae_core.parallel`).

    All randomness comes from the seed and the epoch's number, so that a training that goes on from a finished epoch
    ends where an uninterrupted one does.

    Args:
        model: Untrained, or as it was after the last epoch of `history`; moved to the device, trained in place.
        dataset: What to learn; a share of it is kept for validation.
        config: Objective and training settings.
        device: Where to compute.
        on_step: Told the share of all steps done, 0 to 1, after each of them.

    Raises:
        TrainingError: if there are too few examples.
    """

    def __init__(
        self,
        model: VAE,
        dataset: Dataset,
        config: RunConfig,
        device: torch.device,
        on_step: Callable[[float], None] = lambda done: None,
    ) -> None:
        settings = config.train
        self.model = model.to(device)
        for parameter in self.model.parameters():  # so laid out, convolutions are a tenth to a fifth faster
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.config = config
        self.history: list[EpochRecord] = []
        self._device = device
        self._on_step = on_step
        self._examples = Examples(dataset.x, device, dataset.labels if config.model.conditional else None)
        self._optimizer = Adam(self.model.named_parameters())
        self._autocast = torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bfloat16")
        self.divide(*split(len(dataset), settings.validation, settings.seed))

    def divide(self, learn: Tensor, held_out: Tensor) -> None:
        """Learn from these indices and measure on those, instead of the settings' share; before the first epoch."""
        self._learn, self._held_out = learn, held_out
        self._batches = -(-len(learn) // self.config.train.batch_size)
        self.model.start_from(self._examples[learn[:START_EXAMPLES]])

    def __iter__(self) -> Iterator[EpochRecord]:
        """Train, yielding after each epoch.

        Raises:
            TrainingError: if the loss stops being a number; `model` is then of no use. If a process that trains along
                is lost.
        """
        self.align()
        while len(self.history) < self.config.train.epochs and not self.is_out_of_patience:
            started = time.perf_counter()
            epoch = len(self.history) + 1
            learnt = self._epoch(epoch)
            settings = self.config.train
            try:
                validation = measure(self.model, self._examples, self._held_out, settings.seed, settings.targets)
            except TrainingError as error:
                raise self._diverged(epoch, self._batches) from error
            seconds = time.perf_counter() - started
            self.history.append(EpochRecord(epoch=epoch, train=learnt, validation=validation, seconds=seconds))
            self.align()
            yield self.history[-1]

    @property
    def is_out_of_patience(self) -> bool:
        """Whether the validation −ELBO has not improved for as long as the settings wait."""
        patience = self.config.train.patience
        return bool(patience and self.history) and len(self.history) - best_epoch(self.history) >= patience

    def state(self) -> dict[str, Tensor]:
        """What the optimiser remembers, by parameter name: `<name>.exp_avg`, `<name>.exp_avg_sq`, `<name>.step`."""
        return self._optimizer.state()

    def resume(self, weights: dict[str, Tensor], state: dict[str, Tensor], history: Sequence[EpochRecord]) -> None:
        """Go on after the last epoch of `history`, with the weights and the optimiser's state of that moment.

        Raises:
            CheckpointError: if the optimiser's state does not fit the model; nothing has changed then.
        """
        expected, found = (
            {name: (t.shape, t.dtype) for name, t in tensors.items()} for tensors in (self.state(), state)
        )
        if found != expected or not all(bool(tensor.isfinite().all()) for tensor in state.values()):
            raise CheckpointError("The state of the optimiser does not fit the model. Start a new run.")
        self.model.load_state_dict(weights)
        self._optimizer.load(state)
        self.history = list(history)

    def align(self) -> None:
        """Let all processes that train together stand where the first one does: machines may round differently.

        Raises:
            TrainingError: if one of them is lost.
        """
        if parallel.is_joined():
            told = parallel.align({**self.model.state_dict(), **self.state()}, HISTORY.dump_json(self.history))
            self.history = HISTORY.validate_json(told)

    def _rate(self, done: float) -> float:
        """The learning rate after a share of the training."""
        settings = self.config.train
        return settings.learning_rate * (one_cycle(done) if settings.schedule == "one-cycle" else 1)

    def _diverged(self, epoch: int, step: int) -> TrainingError:
        """The loss was no number at a step of an epoch, counted from 1; of all processes, as they share every batch."""
        parallel.confirm(self._device)
        rate = self._rate(((epoch - 1) * self._batches + step - 1) / (self.config.train.epochs * self._batches))
        return TrainingError(
            f"The loss stopped being a number at step {step} of epoch {epoch} (learning rate {rate:.2g}). "
            "Try a learning rate ten times smaller."
        )

    def _epoch(self, epoch: int) -> Terms:
        settings = self.config.train
        noise = _generator(self._device, settings.seed, epoch, NOISE)
        shuffle = _generator(torch.device("cpu"), settings.seed, epoch, ORDER)
        order = self._learn[torch.randperm(len(self._learn), generator=shuffle)].to(self._examples.index_device)
        steps = settings.epochs * self._batches
        mean, watch = _Mean(self._device), _Watch(self._device)
        self.model.train()
        for number, index in enumerate(order.split(settings.batch_size)):
            step = (epoch - 1) * self._batches + number
            out, loss = self._loss(index, noise, step / steps)
            bad = watch.first_bad(loss, number, last=number == self._batches - 1)
            if bad is not None:
                raise self._diverged(epoch, bad + 1)
            self._optimizer.zero_grad()
            loss.backward()
            parallel.add_gradients(self.model.parameters())
            self._optimizer.step(self._rate(step / steps))
            mean.add(out)
            self._on_step((step + 1) / steps)
        return mean.terms()

    def _loss(self, index: Tensor, noise: torch.Generator, done: float) -> tuple[VAEOutput, Tensor]:
        objective = self.config.objective
        x = self._examples[index]
        if self.config.train.targets == "binarised":
            x = binarise(x, noise)
        with self._autocast:
            seen = objective.corrupt(x, noise)
            out = parallel.output(self.model, x, noise, self._examples.labels(index), objective.draws, seen)
        penalty = objective.penalty(out, Step(len(self._learn), done, noise))
        weight = penalty_weight(self.config.train, done)
        return out, (out.reconstruction_loss + weight * penalty).mean()


class _Watch:
    """Notices the first step of an epoch at which the loss was no number."""

    def __init__(self, device: torch.device) -> None:
        self._on_cpu = device.type == "cpu"
        self._first = torch.tensor(-1, device=device)

    def first_bad(self, loss: Tensor, number: int, last: bool) -> int | None:
        """The number of that step, if there is one and this is a moment to look."""
        finite = torch.isfinite(loss.detach())
        if self._on_cpu:
            return None if finite else number
        self._first = torch.where((self._first < 0) & ~finite, number, self._first)
        if not last and number % LOOK_EVERY:
            return None
        first = int(self._first)
        return first if first >= 0 else None


class _Mean:
    """Sums the terms of batches, weighted by their size."""

    def __init__(self, device: torch.device) -> None:
        self._type = torch.float32 if device.type == "mps" else torch.float64
        self._count = 0
        self._reconstruction_loss: Tensor | float = 0.0
        self._kl: Tensor | float = 0.0

    def add(self, out: VAEOutput) -> None:
        self._count += len(out.reconstruction_loss)
        self._reconstruction_loss = self._reconstruction_loss + out.reconstruction_loss.detach().sum(dtype=self._type)
        self._kl = self._kl + out.kl.detach().sum(0, dtype=self._type)

    def terms(self, code_variance: Sequence[float] = ()) -> Terms:
        kl = (torch.as_tensor(self._kl) / self._count).tolist()
        loss = float(self._reconstruction_loss) / self._count
        if not math.isfinite(loss + sum(kl) + sum(code_variance)):
            raise TrainingError("The loss is no number any more. Try a learning rate ten times smaller.")
        return Terms(reconstruction_loss=loss, kl=sum(kl), kl_per_dimension=kl, code_variance=tuple(code_variance))


def split(count: int, validation: float, seed: int) -> tuple[Tensor, Tensor]:
    """Indices for training and for validation: a seeded shuffle, at least one example on either side.

    Raises:
        TrainingError: if there are too few examples.
    """
    if count < FEWEST_EXAMPLES:
        raise TrainingError(
            f"The dataset has {count} example; training needs at least {FEWEST_EXAMPLES}, a good model some hundreds."
        )
    held_out = held_out_count(count, validation)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return order[held_out:], order[:held_out]


@torch.no_grad()
def measure(
    model: VAE, examples: Examples, index: Tensor, seed: int = 0, targets: Literal["grey", "binarised"] = "grey"
) -> Terms:
    """The two terms over the examples of `index`, one posterior sample each, from the same noise at every call."""
    model.eval()
    noise = torch.Generator(examples.device).manual_seed(seed)
    mean = _Mean(examples.device)
    codes = []
    for part in index.split(EVALUATION_BATCH):
        x = binarise(examples[part], noise) if targets == "binarised" else examples[part]
        out = parallel.output(model, x, noise, examples.labels(part))
        mean.add(out)
        codes.append(out.posterior.mean)
    return mean.terms(torch.cat(codes).var(0, correction=0).tolist())


def penalty_weight(settings: TrainConfig, done: float) -> float:
    """The weight of the penalty after a share of the training: a linear warm-up, begun anew in every cycle.

    Bowman et al. 2016 (https://arxiv.org/abs/1511.06349); Fu et al. 2019 (https://arxiv.org/abs/1903.10145), eq. 6.
    """
    position = done * settings.cycles % 1
    return min(position / settings.warm_up, 1) if settings.warm_up else 1


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
