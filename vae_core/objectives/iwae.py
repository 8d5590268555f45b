"""IWAE: a tighter bound from several samples of the posterior.

Burda, Grosse & Salakhutdinov 2016, "Importance Weighted Autoencoders" (https://arxiv.org/abs/1509.00519), eq. 8:

    L_K = E log (1/K) Σ_k p(x, z_k) / q(z_k | x)

K = 1 is the ELBO.
"""

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class IWAE(Objective):
    """reconstruction_loss + penalty = −L_K."""

    title: ClassVar[str] = "IWAE"
    name: Literal["iwae"] = "iwae"
    samples: int = Field(
        5, ge=1, le=100, title="K (samples)", description="Posterior samples an example; training takes as much longer."
    )

    @property
    def draws(self) -> int:
        """K."""
        return self.samples

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """What turns each sample's reconstruction loss into −L_K of its example, [B · K]."""
        bound = importance_bound(out.log_weights, self.samples).repeat_interleave(self.samples)
        return {"−L_K − reconstruction loss": -bound - out.reconstruction_loss}


def importance_bound(log_weights: "Tensor", samples: int) -> "Tensor":
    """L_K [B] of log-weights [B · K], the samples of an example side by side."""
    return log_weights.unflatten(0, (-1, samples)).logsumexp(1) - math.log(samples)
