"""`RunConfig`, everything that decides what a run computes, and the presets that people start from."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from vae_core.config import (
    Bernoulli,
    Config,
    Conv,
    Gaussian,
    Likelihood,
    Mixed,
    Mlp,
    ModelConfig,
    TrainConfig,
)
from vae_core.datasets import AnySchema
from vae_core.errors import ConfigError
from vae_core.objectives import OBJECTIVES, AnyObjective, Autoencoder, BetaVAE, PlainVAE

Settings = Mapping[str, Any]
"""Single settings by part, such as {"model": {"latents": 3}}; a choice is {"name": …} with options of its own."""
FEWEST_EXAMPLES = 2
"""Training needs one example to learn from and one to measure on."""


def held_out_count(examples: int, validation: float) -> int:
    """How many examples are kept aside to measure on: a share of them, and at least one on either side."""
    return min(max(round(examples * validation), 1), examples - 1)


class RunConfig(Config):
    """Dataset, model, objective and training of one run; JSON both ways."""

    dataset_id: str
    model: ModelConfig = Field(default_factory=ModelConfig)
    objective: AnyObjective = Field(
        default_factory=PlainVAE,
        title="Objective",
        description="What training minimises: the reconstruction loss and a penalty on the codes.",
    )
    train: TrainConfig = Field(default_factory=TrainConfig)

    @model_validator(mode="before")
    @classmethod
    def _read_old(cls, values: Any) -> Any:
        return _modern(values) if isinstance(values, dict) else values

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that two runs share only if all their settings are the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def with_settings(self, values: Settings) -> "RunConfig":
        """The same with single settings changed.

        An objective brings the kind of posterior that it needs, unless one is asked for.

        Raises:
            ConfigError: if a value is out of its range, or belongs to no part.
        """
        changed = _merged(self.model_dump(), values)
        if "posterior" not in values.get("model", {}):
            objective = OBJECTIVES.get(changed["objective"]["name"], PlainVAE)
            if objective.is_deterministic:
                changed["model"]["posterior"] = "deterministic"
            elif changed["model"]["posterior"] == "deterministic":
                changed["model"]["posterior"] = ModelConfig.model_fields["posterior"].default
        try:
            return RunConfig.model_validate(changed)
        except ValidationError as error:
            raise ConfigError(_sentence(error)) from error


def _modern(values: dict[str, Any]) -> dict[str, Any]:
    """Settings as the first version of the program wrote them, in today's form: there one width told all."""
    model = values.get("model")
    if not (isinstance(model, dict) and isinstance(model.get("architecture"), str) and "width" in model):
        return values
    width = int(model["width"])
    narrow = max(width * 2 // 3, 8)
    architecture = {
        "mlp": {"name": "mlp", "widths": (width, narrow), "decoder_widths": (narrow, narrow, width)},
        "conv": {"name": "conv", "channels": max(width // 16, 4), "width": width},
    }.get(model["architecture"], {"name": model["architecture"]})
    modern = {"architecture": architecture, "latents": model["latents"], "likelihood": {"name": model["likelihood"]}}
    return values | {"model": modern}


def _merged(present: dict[str, Any], changes: Settings) -> dict[str, Any]:
    """Changes over what is there; where a choice becomes another one, its old options are forgotten."""
    merged = dict(present)
    if "name" in changes and changes["name"] != present.get("name"):
        merged = {}
    for name, value in changes.items():
        is_part = isinstance(value, Mapping)
        merged[name] = _merged(merged.get(name) or {}, value) if is_part else value
    return merged


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = next((str(part) for part in reversed(first["loc"]) if isinstance(part, str)), "A setting")
    if first["type"] == "extra_forbidden":
        *_, part, _ = ("the settings", *first["loc"])
        return f"{part} has no setting {name}. Leave it out, or choose what has it."
    if first["type"] == "value_error":  # a sentence of ours
        return str(first["ctx"]["error"])
    return f"{name} cannot be {first['input']}: {first['msg'].lower()}. Choose a value in the range."


def check_fit(config: RunConfig, schema: AnySchema, labels: int) -> None:
    """Whether such a model can learn such data; what the network itself demands, it says when it is built.

    Args:
        config: All settings.
        schema: Of the dataset.
        labels: How many different labels there are; 0 without labels.

    Raises:
        ConfigError: if it cannot.
    """
    model = config.model
    if schema.kind == "table" and (model.architecture.name != "mlp" or model.likelihood.name not in TABLE_LIKELIHOODS):
        raise ConfigError(
            "A table needs the architecture mlp and the likelihood mixed or gaussian. Take the preset for tables."
        )
    if schema.kind == "image" and model.likelihood.name == "mixed":
        raise ConfigError("The likelihood mixed is for tables. Take bernoulli or gaussian for pictures.")
    if config.train.targets == "binarised" and not (schema.kind == "image" and model.likelihood.name == "bernoulli"):
        raise ConfigError("Only pictures can be binarised, for the likelihood bernoulli. Choose grey targets.")
    if config.objective.is_deterministic != (model.posterior == "deterministic"):
        raise ConfigError(f"{config.objective.title} does not go with a {model.posterior} posterior. Change either.")
    if config.objective.is_deterministic and model.prior.name != "standard":
        raise ConfigError("An autoencoder has no prior to learn. Choose the prior standard.")
    if model.conditional and not labels:
        raise ConfigError("A conditional model needs labels, and this dataset has none. Switch “Conditional” off.")
    if model.conditional and model.prior.name == "vamp":
        raise ConfigError("Pseudo-inputs have no labels. For a conditional model choose the prior standard or mixture.")


BETA, WEAKER_BETA = 4.0, 2.0
MANY_VALUES = 400
"""With fewer pixels there is less to win by a code: a large β leaves nothing of it."""
TABLE_LIKELIHOODS = ("gaussian", "mixed")
PLAIN = PlainVAE()


@dataclass(frozen=True)
class Preset:
    """A named starting point; the epochs follow from the size of the dataset, the likelihood from its kind."""

    title: str
    description: str
    model: ModelConfig
    learning_rate: float
    examples_a_minute: int
    """About how many small examples one core trains on in a minute; the epochs follow from it."""
    kinds: tuple[Literal["image", "table"], ...] = ("image",)
    """Of the data it is for."""
    objective: AnyObjective = PLAIN

    def run_config(self, dataset_id: str, count: int, schema: AnySchema) -> RunConfig:
        """The settings for a dataset of `count` examples: about a minute of training, 5 to 300 epochs."""
        epochs = min(max(round(self.examples_a_minute / count), 5), 300)
        train = TrainConfig(epochs=epochs, learning_rate=self.learning_rate)
        model = self.model.model_copy(update={"likelihood": natural_likelihood(schema)})
        return RunConfig(dataset_id=dataset_id, model=model, objective=self.objective, train=train)


def natural_likelihood(schema: AnySchema) -> Likelihood:
    """Grey pictures: Bernoulli. Colour and numbers: Gaussian with the optimal σ. Tables with names: mixed."""
    if schema.kind == "table":
        return Mixed() if any(column.kind == "categorical" for column in schema.columns) else Gaussian()
    return Bernoulli() if schema.channels == 1 else Gaussian()


def _plain(*widths: int, latents: int = 2, posterior: Literal["log-variance", "softplus"] = "log-variance") -> Any:
    """A network of the textbooks: dense layers, ReLU, no Fourier features."""
    architecture = Mlp(widths=widths, activation="relu", fourier=0)
    return ModelConfig(architecture=architecture, latents=latents, posterior=posterior)


PRESETS: dict[str, Preset] = {
    "grey": Preset(
        title="Grey pictures",
        description="Digits, drawings, characters: dense layers, two latents.",
        model=ModelConfig(),
        learning_rate=5e-3,
        examples_a_minute=720_000,
    ),
    "colour": Preset(
        title="Colour pictures",
        description="Photographs and sprites: convolutions, a real-valued likelihood, two latents.",
        model=ModelConfig(architecture=Conv()),
        learning_rate=1e-3,
        examples_a_minute=200_000,
    ),
    "table": Preset(
        title="Table",
        description="Columns of numbers and names: dense layers, each column scored as what it is, two latents.",
        model=ModelConfig(architecture=Mlp(widths=(128, 85))),
        learning_rate=3e-3,
        examples_a_minute=1_000_000,
        kinds=("table",),
    ),
    "table-vae": Preset(
        title="Small VAE for a table",
        description="Plain dense layers 64-32-2, for about ten columns.",
        model=_plain(64, 32),
        learning_rate=3e-3,
        examples_a_minute=2_000_000,
        kinds=("table",),
    ),
    "table-autoencoder": Preset(
        title="Small autoencoder for a table",
        description="The same without a posterior: codes lie where they like.",
        model=_plain(64, 32).model_copy(update={"posterior": "deterministic"}),
        learning_rate=3e-3,
        examples_a_minute=2_000_000,
        kinds=("table",),
        objective=Autoencoder(),
    ),
    "points": Preset(
        title="Points in the plane: MLP 128-64-2, softplus",
        description="Dense layers 128-64-2 with the standard deviation through softplus.",
        model=_plain(128, 64, posterior="softplus"),
        learning_rate=3e-3,
        examples_a_minute=1_500_000,
        kinds=("table",),
    ),
    "mlp-256-128-64": Preset(
        title="MLP 256-128-64-2",
        description="Plain dense layers, two latents.",
        model=_plain(256, 128, 64),
        learning_rate=2e-3,
        examples_a_minute=900_000,
        kinds=("image", "table"),
    ),
    "mlp-512": Preset(
        title="MLP 512, any number of latents",
        description="One plain dense layer of 512; 16 latents to begin with, choose your own.",
        model=_plain(512, latents=16),
        learning_rate=2e-3,
        examples_a_minute=600_000,
        kinds=("image", "table"),
    ),
    "mlp-256-20": Preset(
        title="MLP 256 with 20 latents",
        description="One plain dense layer of 256: sharp reconstructions, shown two dimensions at a time.",
        model=_plain(256, latents=20),
        learning_rate=2e-3,
        examples_a_minute=900_000,
        kinds=("image", "table"),
    ),
}
"""name -> preset."""


def suggested_preset(schema: AnySchema) -> str:
    """The preset that fits the data."""
    if schema.kind == "table":
        return "table"
    return "grey" if schema.channels == 1 else "colour"


def trio(dataset_id: str, count: int, schema: AnySchema) -> list[RunConfig]:
    """An autoencoder, a VAE and a β-VAE that differ in nothing else, for a dataset of `count` examples."""
    plain = PRESETS[suggested_preset(schema)].run_config(dataset_id, count, schema)
    strong = BETA if math.prod(schema.shape) >= MANY_VALUES else WEAKER_BETA
    objectives = (Autoencoder(), PlainVAE(), BetaVAE(beta=strong))
    return [plain.with_settings({"objective": objective.model_dump()}) for objective in objectives]
