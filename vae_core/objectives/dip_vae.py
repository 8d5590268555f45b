"""DIP-VAE: the covariance of the codes is led to the identity.

Kumar, Sattigeri & Balakrishnan 2018, "Variational Inference of Disentangled Latent Concepts from Unlabeled
Observations" (https://arxiv.org/abs/1711.00848). I: the covariance of the posterior means. II: that of the aggregate
posterior, Cov[μ] + E[Σ].
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class DIPVAE(Objective):
    """penalty = Σ kl + off-diagonal · Σ_{i≠j} C_ij² + diagonal · Σ_i (C_ii − 1)²."""

    title: ClassVar[str] = "DIP-VAE"
    name: Literal["dip-vae"] = "dip-vae"
    variant: Literal["I", "II"] = Field(
        "II", title="Variant", description="I: covariance of the means. II: of the sampled codes."
    )
    off_diagonal: float = Field(
        10.0, ge=0, le=10_000, title="λ off the diagonal", description="Weight of the covariances."
    )
    diagonal: float = Field(
        10.0, ge=0, le=10_000, title="λ on the diagonal", description="Weight of the variances' distance from 1."
    )

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """KL [B, L], and two parts of the covariance that are the same for the whole batch, [B]."""
        covariance = self.covariance(out)
        diagonal = covariance.diagonal()
        off = covariance.square().sum() - diagonal.square().sum()
        variances = (diagonal - 1).square().sum()
        count = len(out.kl)
        return {
            "KL": out.kl,
            "λ · covariances²": (self.off_diagonal * off).expand(count),
            "λ · (variances − 1)²": (self.diagonal * variances).expand(count),
        }

    def covariance(self, out: "VAEOutput") -> "Tensor":
        """C [L, L] of the batch, divided by B."""
        import torch

        mean = out.posterior.mean
        deviations = mean - mean.mean(0)
        covariance = deviations.T @ deviations / len(mean)
        return covariance if self.variant == "I" else covariance + torch.diag(out.posterior.variance.mean(0))
