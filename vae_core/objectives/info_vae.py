"""InfoVAE with MMD: the aggregate posterior as a whole is led to the prior, each single posterior less so.

Zhao, Song & Ermon 2019, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders"
(https://arxiv.org/abs/1706.02262), eq. 6 with MMD. The inverse multiquadratic kernel is that of the Wasserstein
autoencoder (Tolstikhin et al. 2018, https://arxiv.org/abs/1711.01558, §4), whose regulariser this is at α = 1.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class InfoVAE(Objective):
    """penalty = (1 − α) Σ kl + (α + λ − 1) MMD(q(z), p(z))."""

    title: ClassVar[str] = "InfoVAE (MMD)"
    name: Literal["info-vae"] = "info-vae"
    alpha: float = Field(
        0.5, ge=-10, le=1, title="α", description="How much of the KL is given up: 0 keeps it, 1 drops it."
    )
    weight: float = Field(
        100.0, ge=1, le=100_000, title="λ", description="Weight of the distance between codes and prior."
    )
    kernel: Literal["imq", "rbf"] = Field(
        "imq", title="Kernel", description="imq: inverse multiquadratics, with long tails. rbf: Gaussians."
    )

    @model_validator(mode="after")
    def _leads_to_the_prior(self) -> Self:
        if self.alpha + self.weight < 1:
            raise ValueError("α + λ is below 1, which drives codes away from the prior. Make λ larger.")
        return self

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """(1 − α) · KL [B, L], and the MMD, which is the same for the whole batch, [B]."""
        prior = out.prior.sample(len(out.latents), step.generator)
        distance = mmd(out.latents, prior, self.kernel)
        weight = self.alpha + self.weight - 1
        return {
            "(1 − α) · KL": (1 - self.alpha) * out.kl,
            "(α + λ − 1) · MMD": (weight * distance).expand(len(out.kl)),
        }


def mmd(a: "Tensor", b: "Tensor", kernel: Literal["imq", "rbf"] = "imq") -> "Tensor":
    """Squared maximum mean discrepancy of samples [n, L] and [m, L]; the unbiased estimate, so it may be below 0.

    Gretton et al. 2012, "A Kernel Two-Sample Test" (https://jmlr.org/papers/v13/gretton12a.html), Lemma 6. The kernels
    are means over scales of C / (C + d²) or exp(−d² / C), C = 2 L · scale.
    """
    n, m = len(a), len(b)
    if min(n, m) < 2:
        return 0 * (a.sum() + b.sum())  # it takes two to tell how samples spread
    within_a, within_b = _kernel(a, a, kernel), _kernel(b, b, kernel)
    within = (within_a.sum() - within_a.trace()) / (n * (n - 1)) + (within_b.sum() - within_b.trace()) / (m * (m - 1))
    return within - 2 * _kernel(a, b, kernel).mean()


def _kernel(a: "Tensor", b: "Tensor", kernel: str) -> "Tensor":
    """[n, m]."""
    import torch

    # without the square root of cdist, whose gradient at 0 is none
    squared = (a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T).clamp_min(0)
    parts = []
    for scale in SCALES:
        size = 2 * a.shape[1] * scale
        parts.append(size / (size + squared) if kernel == "imq" else torch.exp(-squared / size))
    return torch.stack(parts).mean(0)
