"""The variational autoencoder: the file to read first.

    x ──encoder──► posterior q(z | x) ──sample──► z ──decoder──► p(x | z)

Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (https://arxiv.org/abs/1312.6114). The model knows its
probabilities and no objective; `vae_core.objectives` says what is minimised.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F

from vae_core.config import ModelConfig
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES, Shape

LEAST_LOG_VARIANCE, GREATEST_LOG_VARIANCE = -14.0, 1.0
"""A posterior is never wider than e times the prior: a few exploding variances would ruin a quick run's KL."""


@dataclass(frozen=True)
class VAEOutput:
    """What the model says about a batch, in nats, nothing averaged yet.

    Attributes:
        posterior: q(z | x), a Normal over [B, L].
        latents: One sample of it, [B, L].
        reconstruction_loss: −log p(x | z), summed over the example, [B].
        kl: KL(q(z | x), N(0, 1)) per dimension, [B, L].
    """

    posterior: Normal
    latents: Tensor
    reconstruction_loss: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """The evidence lower bound [B] in nats, always at β = 1."""
        return -(self.reconstruction_loss + self.kl.sum(1))


class VAE(nn.Module):
    """Encoder, decoder and likelihood.

    Args:
        config: The architecture, latent dimensions and likelihood.
        shape: Of one example: (C, H, W) of a picture, (D,) of a row of a table.
        seed: Of the initial weights; the global generator is left as it was.
    """

    mean: Tensor

    def __init__(self, config: ModelConfig, shape: Shape, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder, self.decoder = ARCHITECTURES[config.architecture](config, shape)
        self.likelihood = LIKELIHOODS[config.likelihood]()
        self.register_buffer("mean", torch.zeros(shape))

    def encode(self, x: Tensor) -> Normal:
        """q(z | x), a Normal over [B, L], for x [B, *shape]."""
        mean, log_variance = self.encoder(x - self.mean).chunk(2, dim=1)
        # bounded softly from above: beyond a hard bound the KL could no longer pull it back
        bounded = GREATEST_LOG_VARIANCE - F.softplus(GREATEST_LOG_VARIANCE - log_variance)
        return Normal(mean, torch.exp(0.5 * bounded.clamp_min(LEAST_LOG_VARIANCE)), validate_args=False)

    def decode(self, latents: Tensor) -> Tensor:
        """The reconstruction, mean of p(x | z), [B, *shape], for latents [B, L]."""
        return self.likelihood.reconstruction(self.decoder(latents))

    def decode_bounded(self, latents: Tensor) -> Tensor:
        """The reconstruction as it is shown: pixels within [0, 1], values of a table as they are."""
        reconstruction = self.decode(latents)
        return reconstruction.clamp(0, 1) if len(self.shape) == 3 else reconstruction

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> VAEOutput:
        """Posterior, one sample of it, and the two terms of the ELBO.

        Args:
            x: [B, *shape], pictures in [0, 1].
            generator: Source of the noise, on the device of x.
        """
        posterior = self.encode(x)
        noise = torch.randn(posterior.mean.shape, generator=generator, device=x.device, dtype=x.dtype)
        latents = posterior.mean + posterior.stddev * noise  # [B, L], the reparameterisation trick
        return VAEOutput(posterior, latents, self.likelihood.loss(x, self.decoder(latents)), kl_to_prior(posterior))

    @torch.no_grad()
    def start_from_mean(self, mean: Tensor) -> None:
        """Begin at the mean example [*shape] instead of at grey.

        The encoder sees deviations from it, so that dark ink on white learns as well as white on dark, and the
        untrained decoder gives about the mean itself.
        """
        self.mean.copy_(mean)
        output = self.likelihood.initial_output(mean)
        last = [m for m in self.decoder.modules() if isinstance(m, nn.Linear | nn.ConvTranspose2d | nn.Conv2d)][-1]
        if last.bias is not None:
            last.bias.copy_(output.flatten() if isinstance(last, nn.Linear) else output.mean((1, 2)))


def kl_to_prior(posterior: Normal) -> Tensor:
    """KL(q, N(0, 1)) per dimension [B, L] in nats (Kingma & Welling 2014, App. B): ½ (μ² + σ² − 1 − log σ²)."""
    return 0.5 * (posterior.mean.square() + posterior.variance - 1) - posterior.stddev.log()
