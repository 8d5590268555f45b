"""The variational autoencoder: the loss is −ELBO.

Kingma & Welling 2014, "Auto-Encoding Variational Bayes" (https://arxiv.org/abs/1312.6114), eq. 3.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class PlainVAE(Objective):
    """penalty = Σ kl."""

    title: ClassVar[str] = "VAE"
    name: Literal["vae"] = "vae"

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """KL(q(z | x), p(z)) [B, L]."""
        return {"KL": out.kl}
