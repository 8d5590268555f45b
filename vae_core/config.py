"""Settings of a model and of its training: one `Field` is the one place for default, range and help.

Forms, the command line and the loader of checkpoints all read these fields. Where a setting is a choice of several
things, each with options of its own (an architecture, a likelihood, a prior), every choice is a small model of these
options, told apart by its `name`.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from vae_core.plans import Plan, Shape


class Config(BaseModel):
    """Frozen, strict about unknown keys, JSON both ways."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    is_offered: ClassVar[bool] = True
    """Whether one may choose it for a training."""


MOST_EPOCHS = 10_000
Widths = Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(max_length=8)]
"""Units of dense layers, in order."""
FOURIER = Field(
    64,
    ge=0,
    le=1024,
    title="Fourier features",
    description="Sines of the latents beside the latents themselves, so that a decoder of few latents can bend sharply "
    "(Tancik et al. 2020, https://arxiv.org/abs/2006.10739). 0 is the plain network of the textbooks.",
)


class Mlp(Config):
    """Dense layers: quick on small pictures, and the only choice for tables."""

    name: Literal["mlp"] = "mlp"
    widths: Widths = Field(
        (384, 256), title="Widths", description="Units of the encoder's dense layers, from the example to the code."
    )
    decoder_widths: Widths = Field(
        (),
        title="Widths of the decoder",
        description="Units of the decoder's dense layers, from the code to the example; left empty, those of the "
        "encoder backwards.",
    )
    activation: Literal["silu", "relu", "tanh"] = Field(
        "silu", title="Activation", description="silu is smooth and learns fastest here; relu and tanh are classics."
    )
    fourier: int = FOURIER


class Conv(Config):
    """Strided convolutions and one dense layer: for large or colour pictures."""

    name: Literal["conv"] = "conv"
    channels: int = Field(24, ge=4, le=256, title="Channels", description="Of the first convolution; later ones more.")
    width: int = Field(384, ge=16, le=4096, title="Width", description="Units of the dense layer.")
    fourier: int = FOURIER


class Burgess(Config):
    """The 64×64 network of the disentanglement literature: four convolutions of 32 channels, two dense layers of 256.

    Burgess et al. 2018 (https://arxiv.org/abs/1804.03599).
    """

    name: Literal["burgess"] = "burgess"


class Resnet(Config):
    """Residual convolutions with group normalisation: for colour pictures up to 128×128, slower and sharper."""

    name: Literal["resnet"] = "resnet"
    channels: int = Field(16, ge=8, le=128, multiple_of=8, title="Channels", description="At full size; deeper, more.")
    width: int = Field(256, ge=16, le=4096, title="Width", description="Units of the dense layer.")


class Brought(Config):
    """Networks that were trained elsewhere and came as ONNX files.

    A pixel p within [0, 1] is scale · p + shift to them, for all channels or for each.
    """

    is_offered: ClassVar[bool] = False

    name: Literal["brought"] = "brought"
    decoder: Plan
    encoder: Plan | None = None
    seen: Shape = ()
    """Of one example, as the encoder takes it."""
    layout: Literal["channels-first", "channels-last"] = "channels-first"
    scale: Annotated[tuple[Annotated[float, Field(ge=1e-6, le=1e6)], ...], Field(min_length=1, max_length=3)] = (1.0,)
    shift: Annotated[tuple[Annotated[float, Field(ge=-1e6, le=1e6)], ...], Field(min_length=1, max_length=3)] = (0.0,)
    gives: Literal["pixels", "logits"] = "pixels"
    """What the decoder gives; of logits a pixel is the sigmoid."""
    spread: Literal["log-variance", "std", "none"] = "none"
    """What the encoder gives beside the mean."""


class Bernoulli(Config):
    """Ink or no ink, for drawings and digits; with grey pixels a score rather than a likelihood."""

    name: Literal["bernoulli"] = "bernoulli"


class ContinuousBernoulli(Config):
    """A proper likelihood of grey values within [0, 1]."""

    name: Literal["continuous-bernoulli"] = "continuous-bernoulli"


class Gaussian(Config):
    """Real values with one σ for all pixels or columns: photographs, colour, measurements."""

    name: Literal["gaussian"] = "gaussian"
    sigma: Literal["optimal", "learned", "fixed"] = Field(
        "optimal",
        title="σ",
        description="optimal: the best one for every batch, with nothing to tune. learned: a parameter. fixed: as "
        "given below.",
    )
    fixed_sigma: float = Field(1.0, ge=1e-3, le=100, title="Fixed σ", description="Used when σ is fixed.")


class Mixed(Config):
    """A table's columns as they are: numbers normal with one σ, names categorical."""

    name: Literal["mixed"] = "mixed"


class StandardNormal(Config):
    """N(0, I)."""

    name: Literal["standard"] = "standard"


class MixturePrior(Config):
    """A mixture of normals that is learnt with the model."""

    name: Literal["mixture"] = "mixture"
    components: int = Field(20, ge=2, le=500, title="Components", description="Of the mixture.")


class VampPrior(Config):
    """The mixture of the posteriors of learnt pseudo-inputs."""

    name: Literal["vamp"] = "vamp"
    components: int = Field(50, ge=2, le=500, title="Components", description="Pseudo-inputs that are learnt.")


Architecture = Annotated[Mlp | Conv | Burgess | Resnet | Brought, Field(discriminator="name")]
Likelihood = Annotated[Bernoulli | ContinuousBernoulli | Gaussian | Mixed, Field(discriminator="name")]
Prior = Annotated[StandardNormal | MixturePrior | VampPrior, Field(discriminator="name")]


class ModelConfig(Config):
    """What the network is."""

    architecture: Architecture = Field(
        default_factory=Mlp,
        title="Architecture",
        description="mlp: dense layers, quick on small pictures, and for tables. conv: convolutions, for large or "
        "colour pictures. resnet: residual convolutions, slower and sharper. burgess: the 64×64 network of the "
        "disentanglement literature.",
    )
    latents: int = Field(
        2,
        ge=1,
        le=512,
        title="Latent dimensions",
        description="2 give a map to look at directly; more reconstruct better and are shown two at a time.",
    )
    posterior: Literal["log-variance", "softplus", "deterministic"] = Field(
        "log-variance",
        title="Posterior",
        description="How the encoder says how sure it is: by the logarithm of the variance, or by a standard deviation "
        "through softplus. deterministic: not at all, as autoencoders do.",
    )
    likelihood: Likelihood = Field(
        default_factory=Bernoulli,
        title="Likelihood",
        description="bernoulli: ink or no ink, for drawings and digits (with grey pixels a score, not a likelihood). "
        "continuous-bernoulli: grey values within [0, 1]. gaussian: real values with one shared σ, for photographs "
        "and colour. mixed: a table's numbers and names.",
    )
    prior: Prior = Field(
        default_factory=StandardNormal,
        title="Prior",
        description="standard: N(0, I). mixture: a mixture of normals, learnt. vamp: the posteriors of learnt "
        "pseudo-inputs.",
    )
    conditional: bool = Field(
        False,
        title="Conditional",
        description="Encoder and decoder are told the label, so that the latents hold what the label does not say "
        "(Sohn et al. 2015). Needs labels.",
    )


class TrainConfig(Config):
    """How it is trained."""

    epochs: int = Field(20, ge=1, le=MOST_EPOCHS, title="Epochs", description="How often every example is seen.")
    batch_size: int = Field(128, ge=1, le=8192, title="Batch size", description="Examples a step.")
    learning_rate: float = Field(1e-3, ge=1e-6, le=1, title="Learning rate", description="Of Adam; its peak.")
    schedule: Literal["one-cycle", "constant"] = Field(
        "one-cycle",
        title="Schedule",
        description="one-cycle: the learning rate rises shortly and falls long (Smith & Topin 2018, "
        "https://arxiv.org/abs/1708.07120). constant: it stays.",
    )
    warm_up: float = Field(
        0.1,
        ge=0,
        le=1,
        title="KL warm-up",
        description="Share of the steps (of a cycle) in which the penalty grows from 0 to its full weight, so that the "
        "codes spread before they are pressed together (Bowman et al. 2016, https://arxiv.org/abs/1511.06349).",
    )
    cycles: int = Field(
        1,
        ge=1,
        le=100,
        title="Cycles",
        description="How often the warm-up begins anew (Fu et al. 2019, https://arxiv.org/abs/1903.10145).",
    )
    targets: Literal["grey", "binarised"] = Field(
        "grey",
        title="Targets",
        description="binarised: at every step each pixel is drawn, on with the probability of its grey value, and "
        "what is measured is a likelihood. grey: pixels as they are.",
    )
    validation: float = Field(
        0.1, ge=0.01, le=0.9, title="Validation share", description="Share of the examples kept aside to measure on."
    )
    patience: int = Field(
        0,
        ge=0,
        le=10_000,
        title="Patience",
        description="Stop when the validation −ELBO has not improved for so many epochs, and keep the best. 0: never.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        title="Precision",
        description="auto takes float32: bfloat16 needs less memory, but with networks of this size it was slower on "
        "every device tried.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="auto takes CUDA, then Apple's GPU, then the CPU."
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="The same seed gives the same model again, on the same machine's CPU to the last bit.",
    )
