"""Free bits: every dimension may hold some nats for nothing, so that none is given up early.

Kingma et al. 2016, "Improved Variational Inference with Inverse Autoregressive Flow"
(https://arxiv.org/abs/1606.04934), App. C.8: the KL of a dimension, averaged over the batch, counts from λ on.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class FreeBits(Objective):
    """penalty = Σ_j max(λ, mean kl_j); the mean is over the batch."""

    title: ClassVar[str] = "Free bits"
    name: Literal["free-bits"] = "free-bits"
    free: float = Field(0.5, ge=0, le=10, title="λ (nats)", description="What a dimension may hold for nothing.")

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """The same for the whole batch, [B, L]."""
        return {"max(λ, KL)": out.kl.mean(0).clamp_min(self.free).expand_as(out.kl)}
