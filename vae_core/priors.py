"""p(z): where the codes are to lie, as distribution objects, and the modules that learn one.

Per dimension means by the chain rule, log p(z) = Σ_j log p(z_j | z_<j): it sums to the whole for every prior, and for
N(0, I) each term stands for itself.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from vae_core import config
from vae_core.example import Shape

FIRST_SPREAD = 1.0
"""Standard deviation of a learnt mixture's first means."""


class Prior(Protocol):
    """p(z) over L dimensions."""

    def log_prob(self, latents: Tensor) -> Tensor:
        """log p(z_j | z_<j) [B, L] of z [B, L], in nats."""
        ...

    def kl(self, posterior: Normal, latents: Tensor) -> Tensor:
        """KL(q(z | x), p(z)) [B, L] in nats; exact, or estimated at the sample `latents` of the posterior."""
        ...

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """z [count, L]."""
        ...


@dataclass(frozen=True, eq=False)
class StandardNormal:
    """N(0, I) over so many latents on a device."""

    latents: int
    device: torch.device

    def log_prob(self, latents: Tensor) -> Tensor:
        """log p(z_j) [B, L]."""
        return -0.5 * (latents.square() + math.log(2 * math.pi))

    def kl(self, posterior: Normal, latents: Tensor) -> Tensor:
        """Exact, [B, L]."""
        return kl_to_standard(posterior)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """z [count, L]."""
        return torch.randn(count, self.latents, generator=generator, device=self.device)


@dataclass(frozen=True, eq=False)
class DiagonalMixture:
    """Σ_k π_k N(mean_k, diag std_k²), K components over L dimensions.

    Attributes:
        logits: log π_k [K], up to a constant.
        mean: [K, L].
        std: [K, L].
    """

    logits: Tensor
    mean: Tensor
    std: Tensor

    def log_prob(self, latents: Tensor) -> Tensor:
        """log p(z_j | z_<j) [B, L]: differences of the log-density of ever longer beginnings of z."""
        each = Normal(self.mean, self.std, validate_args=False).log_prob(latents[:, None])  # [B, K, L]
        beginnings = torch.logsumexp(self.logits.log_softmax(0)[:, None] + each.cumsum(2), dim=1)  # [B, L]
        return torch.diff(beginnings, dim=1, prepend=torch.zeros_like(beginnings[:, :1]))

    def kl(self, posterior: Normal, latents: Tensor) -> Tensor:
        """Estimated at the sample, [B, L]: unbiased, and may be negative."""
        return posterior.log_prob(latents) - self.log_prob(latents)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """z [count, L], in no order of components."""
        chosen = torch.multinomial(self.logits.softmax(0), count, replacement=True, generator=generator)
        noise = torch.randn(count, self.mean.shape[1], generator=generator, device=self.mean.device)
        return self.mean[chosen] + self.std[chosen] * noise


def kl_to_standard(posterior: Normal) -> Tensor:
    """KL(q, N(0, 1)) per dimension [B, L] in nats (Kingma & Welling 2014, App. B): ½ (μ² + σ² − 1 − log σ²)."""
    return 0.5 * (posterior.mean.square() + posterior.variance - 1) - posterior.stddev.log()


Encode = Callable[[Tensor], Normal]


class Standard(nn.Module):
    """Nothing to learn."""

    def __init__(self, options: config.StandardNormal, latents: int, shape: Shape) -> None:
        super().__init__()
        self.latents = latents

    def forward(self, encode: Encode, device: torch.device) -> Prior:
        """N(0, I)."""
        return StandardNormal(self.latents, device)

    def start_from(self, examples: Tensor) -> None:
        """Nothing to begin with."""


class LearntMixture(nn.Module):
    """A mixture of normals, all of whose numbers are learnt with the model.

    Dilokthanakul et al. 2016, "Deep Unsupervised Clustering with Gaussian Mixture VAEs"
    (https://arxiv.org/abs/1611.02648), is the richer relative; this is the MoG prior of Tomczak & Welling 2018 (§5).
    """

    def __init__(self, options: config.MixturePrior, latents: int, shape: Shape) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(options.components))
        self.mean = nn.Parameter(torch.randn(options.components, latents, device="cpu") * FIRST_SPREAD)
        self.log_std = nn.Parameter(torch.zeros(options.components, latents))

    def forward(self, encode: Encode, device: torch.device) -> Prior:
        """The mixture as it stands."""
        return DiagonalMixture(self.logits, self.mean, self.log_std.exp())

    def start_from(self, examples: Tensor) -> None:
        """It begins where the prior would be, whatever the data."""


class Vamp(nn.Module):
    """The mixture of the posteriors of K learnt pseudo-inputs.

    Tomczak & Welling 2018, "VAE with a VampPrior" (https://arxiv.org/abs/1705.07120). The weights are equal; the
    pseudo-inputs of pictures are kept within [0, 1].
    """

    def __init__(self, options: config.VampPrior, latents: int, shape: Shape) -> None:
        super().__init__()
        self.pseudo_inputs = nn.Parameter(torch.rand(options.components, *shape))

    def forward(self, encode: Encode, device: torch.device) -> Prior:
        """The mixture as it stands."""
        inputs = self.pseudo_inputs
        posterior = encode(inputs.clamp(0, 1) if inputs.ndim == 4 else inputs)
        return DiagonalMixture(torch.zeros(len(inputs), device=device), posterior.mean, posterior.stddev)

    @torch.no_grad()
    def start_from(self, examples: Tensor) -> None:
        """Begin with some of the examples [n, *shape]."""
        count = len(self.pseudo_inputs)
        self.pseudo_inputs.copy_(examples[torch.arange(count, device=examples.device) % len(examples)])


PRIORS: dict[str, type] = {
    "standard": Standard,
    "mixture": LearntMixture,
    "vamp": Vamp,
}
"""name -> module that gives the prior; made of its options, the number of latents and the shape of an example."""
