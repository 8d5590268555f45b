"""Denoising autoencoder: the code of a damaged example must reconstruct the whole one.

Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders"
(https://doi.org/10.1145/1390156.1390294).
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from vae_core.vae import VAEOutput


class DenoisingAutoencoder(Objective):
    """penalty = 0; the encoder sees x with normal noise added and some entries put to zero."""

    title: ClassVar[str] = "Denoising autoencoder"
    is_deterministic: ClassVar[bool] = True
    name: Literal["denoising"] = "denoising"
    noise: float = Field(0.1, ge=0, le=10, title="Noise", description="Standard deviation of what is added to x.")
    masked: float = Field(0.25, ge=0, le=0.95, title="Masked", description="Share of the entries put to zero.")

    def corrupt(self, x: "Tensor", generator: "torch.Generator | None") -> "Tensor":
        """x [B, *shape], damaged."""
        import torch

        kept = torch.rand(x.shape, generator=generator, device=x.device) >= self.masked
        return (x + self.noise * torch.randn(x.shape, generator=generator, device=x.device)) * kept

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """None."""
        return {}
