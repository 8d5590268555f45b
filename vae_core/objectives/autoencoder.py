"""Autoencoder: a code and its reconstruction, nothing else.

Hinton & Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks"
(https://doi.org/10.1126/science.1127647). There is no posterior and no penalty, so the codes lie where they like; a
mixture fitted to them afterwards makes it a sampler (Ghosh et al. 2020, https://arxiv.org/abs/1903.12436).
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from vae_core.objectives.objective import Objective, Step

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput


class Autoencoder(Objective):
    """penalty = 0."""

    title: ClassVar[str] = "Autoencoder"
    is_deterministic: ClassVar[bool] = True
    name: Literal["autoencoder"] = "autoencoder"

    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """None."""
        return {}
