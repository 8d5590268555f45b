"""The variational autoencoder: the file to read first.

    x ──encoder──► posterior q(z | x) ──sample──► z ──decoder──► p(x | z)

Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (https://arxiv.org/abs/1312.6114). The model knows its
probabilities and no objective; `vae_core.objectives` says what is minimised.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F

from vae_core.brought import NoEncoder
from vae_core.config import ModelConfig
from vae_core.errors import ConfigError
from vae_core.example import ExampleSpec
from vae_core.likelihoods import LIKELIHOODS, Likelihood
from vae_core.networks import Ends, network
from vae_core.priors import PRIORS, Prior

LEAST_LOG_VARIANCE, GREATEST_LOG_VARIANCE = -14.0, 1.0
"""With the log-variance form no variance exceeds e: a few exploding ones would ruin a quick run's KL."""
FIRST_LOG_VARIANCE = -4.0
"""Small variances at first, so that the decoder sees distinct codes at once."""
LEAST_STD = 1e-3
"""Of the softplus form."""


@dataclass(frozen=True)
class VAEOutput:
    """What the model says about a batch, in nats, nothing averaged yet.

    With K samples an example, the samples of an example stand side by side: B below is then batch · K.

    Attributes:
        posterior: q(z | x), a Normal over [B, L].
        latents: One sample of it, [B, L].
        reconstruction_loss: −log p(x | z), summed over the example, [B].
        kl: KL(q(z | x), p(z)) per dimension, [B, L]; exact for N(0, I), at the sample for learnt priors; 0 for the
            codes of a deterministic encoder, which have none.
        prior: p(z).
    """

    posterior: Normal
    latents: Tensor
    reconstruction_loss: Tensor
    kl: Tensor
    prior: Prior

    @property
    def elbo(self) -> Tensor:
        """The evidence lower bound [B] in nats, always at β = 1."""
        return -(self.reconstruction_loss + self.kl.sum(1))

    @property
    def log_weights(self) -> Tensor:
        """log p(x, z) − log q(z | x) [B] at the samples: their mean is the ELBO (Burda et al. 2016)."""
        divergence = self.posterior.log_prob(self.latents) - self.prior.log_prob(self.latents)
        return -(self.reconstruction_loss + divergence.sum(1))


class VAE(nn.Module):
    """Encoder, decoder, likelihood and prior.

    Args:
        config: The settings of all four.
        spec: The form of the examples.
        seed: Of the initial weights; the global generator is left as it was.

    Raises:
        ConfigError: if such a model cannot be built for such examples.
    """

    mean: Tensor

    def __init__(self, config: ModelConfig, spec: ExampleSpec, seed: int = 0) -> None:
        super().__init__()
        if config.conditional and not spec.labels:
            raise ConfigError("A conditional model needs labels, and this dataset has none. Switch “Conditional” off.")
        self.config = config
        self.shape = spec.shape
        self.labels = spec.labels if config.conditional else 0
        self.spec = replace(spec, labels=self.labels)
        self.is_deterministic = config.posterior == "deterministic"
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed bears no ONNX export in another thread
            self.encoder, self.decoder = network(config.architecture, self._ends())
            self.likelihood: Likelihood = LIKELIHOODS[config.likelihood.name](config.likelihood, spec)
            self.prior = PRIORS[config.prior.name](config.prior, config.latents, spec.shape)
            if self.labels and len(spec.shape) == 3:
                self.label_plane = nn.Linear(self.labels, spec.shape[1] * spec.shape[2], bias=False)
        self.is_brought = config.architecture.name == "brought"
        self.has_encoder = not isinstance(self.encoder, NoEncoder)
        if not self.is_deterministic and not self.is_brought:
            self._start_with_small_variances()
        self.register_buffer("mean", torch.zeros(spec.shape))

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Normal:
        """q(z | x), a Normal over [B, L].

        Args:
            x: [B, *shape].
            labels: Of a conditional model, int64 [B] or weights [B, K].
        """
        output = self.encoder(self._with_label(x - self.mean, labels)).float()
        if self.is_deterministic:
            return Normal(output, torch.zeros_like(output), validate_args=False)
        mean, scale = output.chunk(2, dim=1)
        if self.is_brought:  # which says the standard deviation itself
            return Normal(mean, scale, validate_args=False)
        if self.config.posterior == "softplus":
            return Normal(mean, F.softplus(scale) + LEAST_STD, validate_args=False)
        # bounded softly from above: beyond a hard bound the KL could no longer pull it back
        bounded = GREATEST_LOG_VARIANCE - F.softplus(GREATEST_LOG_VARIANCE - scale)
        return Normal(mean, torch.exp(0.5 * bounded.clamp_min(LEAST_LOG_VARIANCE)), validate_args=False)

    def decode(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """The reconstruction, mean of p(x | z), [B, *shape], for latents [B, L] (and labels as for `encode`)."""
        return self.likelihood.reconstruction(self._decoder_output(latents, labels))

    def decode_bounded(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """The reconstruction as it is shown: pixels within [0, 1], values of a table as they are."""
        reconstruction = self.decode(latents, labels)
        return reconstruction.clamp(0, 1) if len(self.shape) == 3 else reconstruction

    def present_prior(self) -> Prior:
        """p(z) as it stands."""
        return self.prior(self.encode, self.mean.device)

    def forward(
        self,
        x: Tensor,
        noise: torch.Generator | Tensor | None = None,
        labels: Tensor | None = None,
        samples: int = 1,
        seen: Tensor | None = None,
    ) -> VAEOutput:
        """Posterior, samples of it, and the two terms of the ELBO.

        Args:
            x: [B, *shape], pictures in [0, 1].
            noise: Standard normal, [B · K, L]; or its source, on the device of x.
            labels: Of a conditional model, int64 [B].
            samples: How many an example.
            seen: What the encoder sees instead of x.
        """
        posterior = self.encode(x if seen is None else seen, labels)
        if samples > 1:
            mean, std = (part.repeat_interleave(samples, 0) for part in (posterior.mean, posterior.stddev))
            posterior = Normal(mean, std, validate_args=False)
            x = x.repeat_interleave(samples, 0)
            labels = labels.repeat_interleave(samples, 0) if labels is not None else None
        latents = posterior.mean
        if not self.is_deterministic:
            if not isinstance(noise, Tensor):
                noise = torch.randn(latents.shape, generator=noise, device=x.device, dtype=latents.dtype)
            latents = latents + posterior.stddev * noise  # [B, L], the reparameterisation trick
        prior = self.present_prior()
        kl = torch.zeros_like(latents) if self.is_deterministic else prior.kl(posterior, latents)
        loss = self.likelihood.loss(x, self._decoder_output(latents, labels).float())
        return VAEOutput(posterior, latents, loss, kl, prior)

    def loss_map(self, x: Tensor, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """What every pixel or column adds to the reconstruction loss at latents [B, L], [B, *shape] in nats."""
        return self.likelihood.loss_map(x, self._decoder_output(latents, labels).float())

    @torch.no_grad()
    def start_from(self, examples: Tensor) -> None:
        """Begin at the mean of examples [n, *shape] instead of at grey.

        The encoder sees deviations from it, so that dark ink on white learns as well as white on dark, and the
        untrained decoder gives about the mean itself.
        """
        self.mean.copy_(examples.mean(0))
        output = self.likelihood.initial_output(self.mean)
        last = [m for m in self.decoder.modules() if isinstance(m, nn.Linear | nn.ConvTranspose2d | nn.Conv2d)][-1]
        if last.bias is not None:
            last.bias.copy_(output.flatten() if isinstance(last, nn.Linear) else output.mean((1, 2)))
        self.likelihood.start_from(examples - self.mean)
        self.prior.start_from(examples)

    def one_hot(self, labels: Tensor | None) -> Tensor:
        """Labels int64 [B] as weights [B, K]; weights as they are.

        Raises:
            ConfigError: if there are none.
        """
        if labels is None:
            raise ConfigError("This model is conditional: it needs a label for every example. Give data with labels.")
        return labels if labels.is_floating_point() else F.one_hot(labels, self.labels).float()

    def _ends(self) -> Ends:
        seen = self.shape
        if self.labels:
            seen = (seen[0] + (1 if len(seen) == 3 else self.labels), *seen[1:])
        outputs = self.config.latents * (1 if self.is_deterministic else 2)
        return Ends(seen, outputs, self.config.latents, self.labels, self.shape)

    def _with_label(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """x with the label as one more channel, or as more columns."""
        if not self.labels:
            return x
        weights = self.one_hot(labels)
        told = self.label_plane(weights).unflatten(1, (1, *self.shape[1:])) if len(self.shape) == 3 else weights
        return torch.cat([x, told], dim=1)

    def _decoder_output(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        return self.decoder(torch.cat([latents, self.one_hot(labels)], 1) if self.labels else latents)

    def _start_with_small_variances(self) -> None:
        last = [m for m in self.encoder.modules() if isinstance(m, nn.Linear)][-1]
        std = math.exp(0.5 * FIRST_LOG_VARIANCE)
        first = math.log(math.expm1(std)) if self.config.posterior == "softplus" else FIRST_LOG_VARIANCE
        with torch.no_grad():
            last.bias[self.config.latents :] = first
