"""The geometry that the decoder gives to latent space.

Arvanitidis, Hansen & Hauberg 2018, "Latent Space Oddity" (https://arxiv.org/abs/1710.11379): lengths are measured
where people look, in the pictures. The decoder f pulls the metric of x-space back to G(z) = J(z)ᵀ J(z), J = ∂f/∂z.

The browser reckons this for the map by finite differences; here it is exact, as the reference for the tests of that.
"""

import torch
from torch import Tensor
from torch.func import jvp

from vae_core.vae import VAE

BATCH = 256


@torch.no_grad()
def directional_derivatives(vae: VAE, z: Tensor, directions: Tensor, labels: Tensor | None = None) -> Tensor:
    """∂f/∂z along directions of latent space, [B, K, D], D the number of values of an example.

    Args:
        vae: The model.
        z: [B, L].
        directions: [K, L].
        labels: Of a conditional model, one a latent [B].
    """
    parts = [
        _along(vae, z[start : start + BATCH], directions, None if labels is None else labels[start : start + BATCH])
        for start in range(0, len(z), BATCH)
    ]
    return torch.cat(parts)


def _along(vae: VAE, z: Tensor, directions: Tensor, labels: Tensor | None) -> Tensor:
    def decode(latents: Tensor) -> Tensor:
        return vae.decode(latents, labels).flatten(1)

    return torch.stack([jvp(decode, (z,), (direction.expand_as(z),))[1] for direction in directions], 1)


def magnification(vae: VAE, z: Tensor, directions: Tensor, labels: Tensor | None = None) -> Tensor:
    """√det(DJᵀJDᵀ) [B]: how much picture there is to a unit of area (length, for one direction) of latent space.

    Bishop, Svensén & Williams 1997, "Magnification factors for the GTM algorithm".

    Args:
        vae: The model.
        z: [B, L].
        directions: Orthonormal rows [K, L] that span the plane.
        labels: As for `directional_derivatives`.
    """
    jacobian = directional_derivatives(vae, z, directions, labels).double()  # [B, K, D]
    metric = jacobian @ jacobian.mT  # [B, K, K]
    return torch.linalg.det(metric).clamp_min(0).sqrt()
