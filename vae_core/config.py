"""Settings of a model and of its training: one `Field` is the one place for default, range and help.

Forms, the command line and the loader of checkpoints all read these fields.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Frozen, strict about unknown keys, JSON both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelConfig(Config):
    """What the network is."""

    architecture: Literal["mlp", "conv"] = Field(
        "mlp",
        title="Architecture",
        description="mlp: dense layers, quick on small pictures. conv: convolutions, for large or colour pictures.",
    )
    latents: int = Field(
        2,
        ge=1,
        le=512,
        title="Latent dimensions",
        description="2 give a map to look at directly; more reconstruct better and are shown two at a time.",
    )
    width: int = Field(
        384,
        ge=16,
        le=4096,
        title="Width",
        description="Units of the widest dense layer; conv uses width / 16 channels at full size.",
    )
    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "bernoulli",
        title="Likelihood",
        description="bernoulli: ink or no ink, for drawings and digits (with grey pixels a score, not a likelihood). "
        "gaussian: real-valued pixels with one shared sigma, for photographs and colour.",
    )


class TrainConfig(Config):
    """How it is trained."""

    epochs: int = Field(20, ge=1, le=10_000, title="Epochs", description="How often every picture is seen.")
    batch_size: int = Field(128, ge=1, le=8192, title="Batch size", description="Pictures a step.")
    learning_rate: float = Field(
        1e-3, ge=1e-6, le=1, title="Learning rate", description="Peak of the one-cycle schedule of Adam."
    )
    warm_up: float = Field(
        0.1,
        ge=0,
        le=1,
        title="KL warm-up",
        description="Share of the steps in which the penalty grows from 0 to its full weight, so that the codes spread "
        "before they are pressed together (Bowman et al. 2016, https://arxiv.org/abs/1511.06349).",
    )
    validation: float = Field(
        0.1, ge=0.01, le=0.9, title="Validation share", description="Share of the pictures kept aside to measure on."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="auto takes CUDA, then Apple's GPU, then the CPU."
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, title="Seed", description="The same seed on the same machine gives the same model."
    )
