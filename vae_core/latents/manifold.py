"""The manifold: a decoded grid over prior quantiles (Kingma & Welling 2014, Fig. 4, https://arxiv.org/abs/1312.6114)."""

import torch
from torch import Tensor
from torch.distributions import Normal

from vae_core.vae import VAE

OUTERMOST = 0.02
"""The grid spans the quantiles 0.02 to 0.98 of the prior on either axis."""


@torch.no_grad()
def manifold(vae: VAE, rows: int, columns: int, label: int = 0) -> Tensor:
    """Reconstructions [R, C, *shape]: z1 grows to the right, z2 upwards, further dimensions are 0.

    Args:
        vae: The model.
        rows: R.
        columns: C.
        label: Of a conditional model: which one the decoder is told.
    """
    prior = Normal(0.0, 1.0)
    across = prior.icdf(torch.linspace(OUTERMOST, 1 - OUTERMOST, columns))
    up = prior.icdf(torch.linspace(1 - OUTERMOST, OUTERMOST, rows))
    z = torch.zeros(rows, columns, vae.config.latents)
    z[..., 0] = across
    if vae.config.latents > 1:
        z[..., 1] = up[:, None]
    labels = torch.full((rows * columns,), label) if vae.labels else None
    return vae.decode_bounded(z.flatten(0, 1), labels).unflatten(0, (rows, columns))
