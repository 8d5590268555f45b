"""What training minimises: loss = mean(reconstruction_loss + penalty). One paper, one file."""

from typing import Annotated

from pydantic import Field

from vae_core.objectives.autoencoder import Autoencoder
from vae_core.objectives.beta_tcvae import BetaTCVAE
from vae_core.objectives.beta_vae import BetaVAE
from vae_core.objectives.capacity import CapacityVAE
from vae_core.objectives.denoising import DenoisingAutoencoder
from vae_core.objectives.dip_vae import DIPVAE
from vae_core.objectives.free_bits import FreeBits
from vae_core.objectives.info_vae import InfoVAE
from vae_core.objectives.iwae import IWAE
from vae_core.objectives.objective import Objective, Step
from vae_core.objectives.vae import PlainVAE

__all__ = [
    "DIPVAE",
    "IWAE",
    "OBJECTIVES",
    "AnyObjective",
    "Autoencoder",
    "BetaTCVAE",
    "BetaVAE",
    "CapacityVAE",
    "DenoisingAutoencoder",
    "FreeBits",
    "InfoVAE",
    "Objective",
    "PlainVAE",
    "Step",
]

AnyObjective = Annotated[
    PlainVAE
    | BetaVAE
    | CapacityVAE
    | BetaTCVAE
    | DIPVAE
    | InfoVAE
    | IWAE
    | FreeBits
    | Autoencoder
    | DenoisingAutoencoder,
    Field(discriminator="name"),
]
"""The union of the objectives' options."""

OBJECTIVES: dict[str, type[Objective]] = {
    "vae": PlainVAE,
    "beta-vae": BetaVAE,
    "capacity": CapacityVAE,
    "beta-tcvae": BetaTCVAE,
    "dip-vae": DIPVAE,
    "info-vae": InfoVAE,
    "iwae": IWAE,
    "free-bits": FreeBits,
    "autoencoder": Autoencoder,
    "denoising": DenoisingAutoencoder,
}
"""name -> options; the name is the `name` field of the JSON."""
