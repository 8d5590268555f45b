"""Small models of every kind, for tests that build them in milliseconds."""

from typing import Any

from vae_core.config import (
    Bernoulli,
    Burgess,
    Config,
    ContinuousBernoulli,
    Conv,
    Gaussian,
    Mixed,
    MixturePrior,
    Mlp,
    ModelConfig,
    Resnet,
    StandardNormal,
    VampPrior,
)
from vae_core.example import ExampleSpec

ARCHITECTURES: dict[str, Config] = {
    "mlp": Mlp(widths=(32, 21)),
    "conv": Conv(channels=4, width=32),
    "burgess": Burgess(),
    "resnet": Resnet(channels=8, width=16),
}
LIKELIHOODS: dict[str, Config] = {
    "bernoulli": Bernoulli(),
    "continuous-bernoulli": ContinuousBernoulli(),
    "gaussian": Gaussian(),
    "mixed": Mixed(),
}
PRIORS: dict[str, Config] = {
    "standard": StandardNormal(),
    "mixture": MixturePrior(components=3),
    "vamp": VampPrior(components=4),
}
PICTURE = ExampleSpec((1, 8, 8), labels=2)
PICTURE_64 = ExampleSpec((1, 64, 64), labels=2)
ROW = ExampleSpec((7,), labels=2, names=((1, 3), (4, 7)))
"""A number, a column of two names, a number, a column of three."""


def small(
    architecture: str = "mlp", likelihood: str = "bernoulli", prior: str = "standard", **more: Any
) -> ModelConfig:
    """A small model's settings."""
    return ModelConfig(
        architecture=ARCHITECTURES[architecture], likelihood=LIKELIHOODS[likelihood], prior=PRIORS[prior], **more
    )


def spec_for(architecture: str, likelihood: str) -> ExampleSpec:
    """Examples that such a model is for."""
    if likelihood == "mixed":
        return ROW
    return PICTURE_64 if architecture == "burgess" else PICTURE
