"""p(x | z): what a decoder's output means, and −log p(x | z) in nats, summed over the example.

A decoder gives real numbers [B, *shape]; a likelihood turns them into the reconstruction, the mean
of p(x | z), and scores x under it. Sums over pixels or columns, never means: a mean would silently
multiply β by the number of pixels.
"""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_core import config, parallel
from vae_core.errors import ConfigError
from vae_core.example import ExampleSpec

LEAST_LOG_SIGMA = -6.0
LEAST_FREQUENCY = 1e-3
"""Of a name, for the decoder's first output."""


class Likelihood(nn.Module, ABC):
    """What all of them can do; made of their options and the examples' form."""

    def __init__(self, options: config.Config, spec: ExampleSpec) -> None:
        super().__init__()

    @abstractmethod
    def reconstruction(self, output: Tensor) -> Tensor:
        """The mean of p(x | z), of the shape of the output."""

    @abstractmethod
    def loss_map(self, x: Tensor, output: Tensor) -> Tensor:
        """What every pixel or column adds to −log p(x | z), [B, *shape] in nats; of a density it can be negative."""

    def loss(self, x: Tensor, output: Tensor) -> Tensor:
        """−log p(x | z) [B] in nats."""
        return self.loss_map(x, output).flatten(1).sum(1)

    @abstractmethod
    def initial_output(self, mean: Tensor) -> Tensor:
        """The output that reconstructs the mean example [*shape], for the decoder's last bias."""

    def start_from(self, deviations: Tensor) -> None:
        """Begin where all that is known of the examples is their mean: deviations from it, [n, *shape]."""


class Bernoulli(Likelihood):
    """Each pixel is on with probability sigmoid(output).

    Kingma & Welling 2014, App. C.1 (https://arxiv.org/abs/1312.6114). On grey targets this is a cross-entropy
    rather than a likelihood: its least value is the targets' own entropy.
    """

    def reconstruction(self, output: Tensor) -> Tensor:
        """The probability of every pixel."""
        return torch.sigmoid(output)

    def loss_map(self, x: Tensor, output: Tensor) -> Tensor:
        """Cross-entropy of every pixel."""
        return F.binary_cross_entropy_with_logits(output, x, reduction="none")

    def initial_output(self, mean: Tensor) -> Tensor:
        """The logit."""
        return torch.logit(mean.clamp(0.01, 0.99))


class ContinuousBernoulli(Likelihood):
    """Each pixel has the density exp(η x − A(η)) on [0, 1], η = output, A(η) = log((e^η − 1) / η).

    Loaiza-Ganem & Cunningham 2019, "The continuous Bernoulli: fixing a pervasive error in variational autoencoders"
    (https://arxiv.org/abs/1907.06845), as an exponential family: its mean is A′(η), and no case needs care but η = 0.
    """

    def reconstruction(self, output: Tensor) -> Tensor:
        """A′(η) = 1 / (1 − e^−η) − 1 / η = ½ (1 + coth(η/2) − 2/η)."""
        half = 0.5 * output
        small = half.abs() < 0.05
        safe = torch.where(small, torch.ones_like(half), half)
        exact = 0.5 * (1 / torch.tanh(safe) - 1 / safe)
        return 0.5 + torch.where(small, half / 6 - half**3 / 90, exact)

    def loss_map(self, x: Tensor, output: Tensor) -> Tensor:
        """A(η) − η x."""
        return _log_normaliser(output) - output * x

    def initial_output(self, mean: Tensor) -> Tensor:
        """The η of this mean, by bisection: A′ grows."""
        target = mean.clamp(0.02, 0.98)
        low, high = torch.full_like(target, -60.0), torch.full_like(target, 60.0)
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = self.reconstruction(middle) > target
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        return 0.5 * (low + high)


def _log_normaliser(output: Tensor) -> Tensor:
    """log((e^η − 1) / η) = η/2 + log(sinh(u) / u), u = |η|/2."""
    u = 0.5 * output.abs()
    small = u < 0.05
    safe = torch.where(small, torch.ones_like(u), u)
    exact = safe + torch.log1p(-torch.exp(-2 * safe)) - torch.log(2 * safe)
    return 0.5 * output + torch.where(small, u**2 / 6 - u**4 / 180, exact)


class Gaussian(Likelihood):
    """Normal with one σ for all pixels or columns.

    With σ "optimal" it is in training the best one for the batch, σ² = mean squared error: Rybkin, Daniilidis &
    Levine 2021, "Simple and effective VAE training with calibrated decoders" (https://arxiv.org/abs/2006.13202). For
    scoring after training σ is the running estimate kept here. "learned": a parameter. "fixed": a number.
    """

    MEMORY = 50
    """The running estimate remembers about so many batches, fewer at the beginning."""
    log_sigma: Tensor
    batches: Tensor

    def __init__(self, options: config.Gaussian, spec: ExampleSpec) -> None:
        super().__init__(options, spec)
        self.kind = options.sigma
        if self.kind == "learned":
            self.log_sigma = nn.Parameter(torch.zeros(()))
        else:
            self.register_buffer("log_sigma", torch.tensor(math.log(options.fixed_sigma)))
        if self.kind == "optimal":
            self.register_buffer("batches", torch.zeros(()))

    def reconstruction(self, output: Tensor) -> Tensor:
        """The output itself."""
        return output

    def loss_map(self, x: Tensor, output: Tensor) -> Tensor:
        """½ (x − output)² / σ² + log σ + ½ log 2π."""
        squared_error = (x - output).square()
        log_sigma = self.log_sigma
        if self.kind == "optimal" and self.training:
            log_sigma = self._best(squared_error)
        elif self.kind == "learned":
            log_sigma = log_sigma.clamp_min(LEAST_LOG_SIGMA)
        return 0.5 * squared_error * torch.exp(-2 * log_sigma) + log_sigma + 0.5 * math.log(2 * math.pi)

    def _best(self, squared_error: Tensor) -> Tensor:
        """log σ of this batch, remembered."""
        log_sigma = 0.5 * parallel.mean(squared_error).clamp_min(math.exp(2 * LEAST_LOG_SIGMA)).log()
        self.batches.add_(1).clamp_(max=self.MEMORY)
        self.log_sigma.lerp_(log_sigma.detach().to(self.log_sigma.dtype), 1 / self.batches)
        return log_sigma

    def initial_output(self, mean: Tensor) -> Tensor:
        """The mean itself."""
        return mean

    @torch.no_grad()
    def start_from(self, deviations: Tensor) -> None:
        """A learned σ begins at the standard deviation of the examples."""
        if self.kind == "learned":
            self.log_sigma.copy_(0.5 * deviations.square().mean().clamp_min(math.exp(2 * LEAST_LOG_SIGMA)).log())


class Mixed(Likelihood):
    """A row's numbers are normal with one σ (the optimal one), its columns of names categorical.

    Nazabal et al. 2020, "Handling incomplete heterogeneous data using VAEs" (https://arxiv.org/abs/1807.03653), §2.2.
    """

    def __init__(self, options: config.Mixed, spec: ExampleSpec) -> None:
        super().__init__(options, spec)
        if len(spec.shape) != 1:
            raise ConfigError("The likelihood mixed is for tables, and these are pictures. Choose gaussian.")
        self.names = spec.names
        edges = [0, *(edge for span in spec.names for edge in span), spec.shape[0]]
        self.numbers = [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]
        self.gaussian = Gaussian(config.Gaussian(), spec)

    def reconstruction(self, output: Tensor) -> Tensor:
        """Numbers as they are, names as probabilities."""
        parts, done = [], 0
        for start, stop in self.names:
            parts += [output[:, done:start], torch.softmax(output[:, start:stop], dim=1)]
            done = stop
        return torch.cat([*parts, output[:, done:]], dim=1)

    def loss_map(self, x: Tensor, output: Tensor) -> Tensor:
        """−log p of every number, and of the name at its own column."""
        parts = {(a, b): -x[:, a:b] * F.log_softmax(output[:, a:b], dim=1) for a, b in self.names}
        if self.numbers:
            nats = self.gaussian.loss_map(self._numbers_of(x), self._numbers_of(output))
            widths = [stop - start for start, stop in self.numbers]
            parts |= dict(zip(self.numbers, nats.split(widths, dim=1), strict=True))
        return torch.cat([part for _, part in sorted(parts.items(), key=lambda item: item[0])], dim=1)

    def _numbers_of(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, start:stop] for start, stop in self.numbers], dim=1)

    def initial_output(self, mean: Tensor) -> Tensor:
        """Numbers as they are, names as the logarithm of their frequency."""
        output = mean.clone()
        for start, stop in self.names:
            output[start:stop] = mean[start:stop].clamp_min(LEAST_FREQUENCY).log()
        return output


LIKELIHOODS: dict[str, type] = {
    "bernoulli": Bernoulli,
    "continuous-bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "mixed": Mixed,
}
"""name -> p(x | z), made of its options and the examples' form."""
