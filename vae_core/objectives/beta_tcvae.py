"""β-TCVAE: of the KL's three parts, only the total correlation of the codes is weighted by β.

Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders"
(https://arxiv.org/abs/1802.04942):

    E KL(q(z | x), p(z)) = I(x; z) + KL(q(z), Π q(z_j)) + Σ KL(q(z_j), p(z_j))

The loss is −ELBO + (β − 1) · TC, as in disentanglement_lib (Locatello et al. 2019): at β = 1 exactly −ELBO.
"""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class BetaTCVAE(Objective):
    """penalty = Σ kl + (β − 1) · total correlation."""

    title: ClassVar[str] = "β-TCVAE"
    name: Literal["beta-tcvae"] = "beta-tcvae"
    beta: float = Field(
        6.0,
        ge=0,
        le=1000,
        title="β",
        description="Weight of the total correlation: what the dimensions know of one another. 1 is the plain VAE.",
    )

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """KL [B, L] and, estimated on the batch, the total correlation [B]."""
        if self.beta == 1:
            return {"KL": out.kl}
        joint, each = log_aggregate_posterior(out, step.dataset_size)
        return {"KL": out.kl, "(β − 1) · TC": (self.beta - 1) * (joint - each.sum(1))}


def log_aggregate_posterior(out: "VAEOutput", dataset_size: int) -> tuple["Tensor", "Tensor"]:
    """log q(z) [B] and log q(z_j) [B, L] at the batch's latents, q(z) = mean over the dataset of q(z | x_n).

    Minibatch stratified sampling (Chen et al. 2018, App. C.2) with the last weight shared among all other examples of
    the batch: q(z | x) of the example's own has the weight 1 / N, each of the B − 1 others (N − 1) / (N (B − 1)). Over
    random batches the estimate of q(z) is unbiased; with the whole dataset as the batch it is exact.
    """
    import torch

    count = len(out.latents)
    size = max(dataset_size, count)
    each = torch.distributions.Normal(out.posterior.mean, out.posterior.stddev, validate_args=False).log_prob(
        out.latents[:, None]
    )  # [B, B, L]: log q(z_j of i | x of k)
    if count == 1:
        return each.sum(2)[:, 0], each[:, 0]
    others = math.log((size - 1) / (size * (count - 1)))
    weights = torch.full((count, count), others, device=each.device)
    weights.fill_diagonal_(-math.log(size))
    return torch.logsumexp(weights + each.sum(2), 1), torch.logsumexp(weights[..., None] + each, 1)
