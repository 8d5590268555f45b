"""β-VAE: the KL term weighted by β.

Higgins et al. 2017, "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework"
(https://openreview.net/forum?id=Sy2fzU9gl). β = 1 is the VAE of Kingma & Welling 2014 (https://arxiv.org/abs/1312.6114):
the loss is then exactly −ELBO.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class BetaVAE(Objective):
    """penalty = β · Σ kl."""

    title: ClassVar[str] = "β-VAE"
    name: Literal["beta-vae"] = "beta-vae"
    beta: float = Field(
        1.0,
        ge=0,
        le=1000,
        title="β",
        description="Weight of the KL. 1 is the plain VAE. More presses the codes towards the prior, less "
        "reconstructs better.",
    )

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """β · KL(q(z | x), p(z)) [B, L]."""
        return {"β · KL": self.beta * out.kl}
