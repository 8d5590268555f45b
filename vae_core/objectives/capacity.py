"""Capacity-annealed β-VAE: the KL is held at a capacity that grows during training.

Burgess et al. 2018, "Understanding disentangling in β-VAE" (https://arxiv.org/abs/1804.03599), eq. 8.
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class CapacityVAE(Objective):
    """penalty = γ · |mean Σ kl − C|, C growing from 0 to `capacity`; the mean is over the batch."""

    title: ClassVar[str] = "Capacity-annealed β-VAE"
    name: Literal["capacity"] = "capacity"
    gamma: float = Field(30.0, ge=0, le=10_000, title="γ", description="How firmly the KL is held at the capacity.")
    capacity: float = Field(
        25.0, ge=0, le=1000, title="Capacity (nats)", description="What the KL is led to: how much the code may hold."
    )
    growth: float = Field(
        0.8, ge=0.01, le=1, title="Growth", description="Share of the training in which the capacity grows."
    )

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """The same for the whole batch, [B]."""
        present = self.capacity * min(step.done / self.growth, 1)
        kl = out.kl.sum(1)
        return {"γ · |KL − C|": self.gamma * (kl.mean() - present).abs().expand_as(kl)}
