"""What training minimises: loss = mean(reconstruction_loss + penalty). One paper, one file."""

from typing import TYPE_CHECKING, Protocol

from vae_core.objectives.beta_vae import BetaVAE

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.vae import VAEOutput

__all__ = ["OBJECTIVES", "BetaVAE", "Objective"]


class Objective(Protocol):
    """A frozen pydantic model of the options, with the penalty they define."""

    def penalty(self, out: "VAEOutput", dataset_size: int, step: int) -> "Tensor":
        """What is added to the reconstruction loss, [B] in nats."""
        ...


OBJECTIVES: dict[str, type[BetaVAE]] = {"beta-vae": BetaVAE}
"""name -> options; the name is the `name` field of the JSON."""
