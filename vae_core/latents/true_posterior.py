"""The true posterior of one example under a model with two latents, beside the encoder's guess.

    p(z | x) = p(x | z) p(z) / p(x)

by decoding a grid of the plane. The gap between log p(x) and the ELBO is KL(q(z | x), p(z | x)): Kingma & Welling 2014
(https://arxiv.org/abs/1312.6114), eq. 1; how much of it is the encoder's fault: Cremer, Li & Duvenaud 2018, "Inference
Suboptimality in Variational Autoencoders" (https://arxiv.org/abs/1801.03558).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vae_core.errors import ConfigError
from vae_core.vae import VAE

CELLS = 81
REACH = 6.0
"""Prior standard deviations, either way, in which it is looked for."""
DEPTH = 14.0
"""Nats below the peak at which there is nothing worth showing: a millionth of its density."""
MARGIN = 4.0
"""Standard deviations of q(z | x) that are shown in any case."""
DECODED_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class TruePosterior:
    """Densities at the middles of a grid's cells.

    Attributes:
        u: Places along z1 [cells].
        v: Places along z2 [cells].
        log_density: log p(z | x) [cells of v, cells of u] in nats.
        log_guess: log q(z | x) there.
        log_evidence: log p(x) in nats, by the sum over the grid.
    """

    u: np.ndarray
    v: np.ndarray
    log_density: np.ndarray
    log_guess: np.ndarray
    log_evidence: float

    @property
    def gap(self) -> float:
        """KL(q(z | x), p(z | x)) in nats, by the sum over the grid."""
        area = (self.u[1] - self.u[0]) * (self.v[1] - self.v[0])
        guess = np.exp(self.log_guess)
        return float((guess * (self.log_guess - self.log_density)).sum() * area)


@torch.no_grad()
def true_posterior(model: VAE, x: Tensor, label: Tensor | None = None, cells: int = CELLS) -> TruePosterior:
    """On a grid that holds the true posterior and the guess; a coarse one finds where it lies.

    Args:
        model: With two latents and a prior, in evaluation mode.
        x: One example [1, *shape].
        label: Of a conditional model, int64 [1].
        cells: Either way.

    Raises:
        ConfigError: if the model has no posterior, or no two latents.
    """
    if model.is_deterministic or model.config.latents != 2:
        raise ConfigError("The true posterior is drawn for models with a posterior and two latents only.")
    guess = model.encode(x, label)
    mean, std = guess.mean[0], guess.stddev[0]
    near = torch.stack([mean - MARGIN * std, mean + MARGIN * std])  # [2, 2]
    low, high = near.min(0).values.clamp_max(-REACH), near.max(0).values.clamp_min(REACH)
    for _ in range(2):  # once more where it lies, as that may be a few cells of the first
        u, v, joint = _joint(model, x, label, low, high, cells)
        seen = joint > joint.max() - DEPTH
        step = torch.stack([u[1] - u[0], v[1] - v[0]])
        across, up = u[seen.any(0)], v[seen.any(1)]
        low = torch.minimum(torch.stack([across.min(), up.min()]) - step, near[0])
        high = torch.maximum(torch.stack([across.max(), up.max()]) + step, near[1])
    u, v, joint = _joint(model, x, label, low, high, cells)
    area = (u[1] - u[0]) * (v[1] - v[0])
    evidence = joint.flatten().logsumexp(0) + area.log()
    places = torch.stack(torch.meshgrid(u, v, indexing="xy"), -1)
    return TruePosterior(
        u.double().numpy(),
        v.double().numpy(),
        (joint - evidence).double().numpy(),
        guess.log_prob(places).sum(-1).double().numpy(),
        float(evidence),
    )


def _joint(
    model: VAE, x: Tensor, label: Tensor | None, low: Tensor, high: Tensor, cells: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Middles of the cells between two corners, and log p(x, z) there, [cells of v, cells of u]."""
    shares = (torch.arange(cells) + 0.5) / cells
    u, v = (low[k] + shares * (high[k] - low[k]) for k in range(2))
    z = torch.stack(torch.meshgrid(u, v, indexing="xy"), -1).flatten(0, 1)
    prior = model.present_prior()
    parts = []
    for part in z.split(DECODED_AT_ONCE):
        labels = label.expand(len(part)) if label is not None else None
        loss = model.loss_map(x.expand(len(part), *x.shape[1:]), part, labels).flatten(1).sum(1)
        parts.append(prior.log_prob(part).sum(1) - loss)
    return u, v, torch.cat(parts).unflatten(0, (cells, cells))
