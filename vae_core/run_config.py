"""`RunConfig`, everything that decides what a run computes, and the presets that people start from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, ValidationError

from vae_core.config import Config, ModelConfig, TrainConfig
from vae_core.datasets import AnySchema
from vae_core.errors import ConfigError
from vae_core.objectives import BetaVAE

AnyObjective = BetaVAE
"""The union of the objectives' options."""


class RunConfig(Config):
    """Dataset, model, objective and training of one run; JSON both ways."""

    dataset_id: str
    model: ModelConfig = Field(default_factory=ModelConfig)
    objective: AnyObjective = Field(default_factory=BetaVAE)
    train: TrainConfig = Field(default_factory=TrainConfig)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that two runs share only if all their settings are the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def with_settings(self, values: Mapping[str, Any]) -> "RunConfig":
        """The same with single settings changed; a name belongs to whichever part has it.

        Raises:
            ConfigError: if a value is out of its range.
        """
        parts: dict[str, Config] = {"model": self.model, "objective": self.objective, "train": self.train}
        try:
            changed = {
                part: type(settings).model_validate(
                    settings.model_dump() | {k: v for k, v in values.items() if k in type(settings).model_fields}
                )
                for part, settings in parts.items()
            }
        except ValidationError as error:
            first = error.errors()[0]
            message = (
                f"{first['loc'][0]} cannot be {first['input']}: {first['msg'].lower()}. Choose a value in the range."
            )
            raise ConfigError(message) from error
        return self.model_copy(update=changed)


@dataclass(frozen=True)
class Preset:
    """A named starting point; the epochs follow from the size of the dataset."""

    title: str
    description: str
    model: ModelConfig
    learning_rate: float
    examples_a_minute: int
    """About how many small examples one core trains on in a minute; the epochs follow from it."""
    kind: Literal["image", "table"] = "image"
    """Of the data it is for."""

    def run_config(self, dataset_id: str, count: int) -> RunConfig:
        """The settings for a dataset of `count` examples: about a minute of training, 5 to 300 epochs."""
        epochs = min(max(round(self.examples_a_minute / count), 5), 300)
        train = TrainConfig(epochs=epochs, learning_rate=self.learning_rate)
        return RunConfig(dataset_id=dataset_id, model=self.model, train=train)


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
        model=ModelConfig(architecture="conv", likelihood="gaussian"),
        learning_rate=1e-3,
        examples_a_minute=200_000,
    ),
    "table": Preset(
        title="Table",
        description="Columns of numbers and names: dense layers, a real-valued likelihood, two latents.",
        model=ModelConfig(width=128, likelihood="gaussian"),
        learning_rate=3e-3,
        examples_a_minute=1_000_000,
        kind="table",
    ),
}
"""name -> preset."""

FEWEST_EXAMPLES = 2
"""Training needs one picture to learn from and one to measure on."""


def suggested_preset(schema: AnySchema) -> str:
    """The preset that fits the data."""
    if schema.kind == "table":
        return "table"
    return "grey" if schema.channels == 1 else "colour"


def check_fit(model: ModelConfig, schema: AnySchema) -> None:
    """Whether a model can learn such data.

    Raises:
        ConfigError: if it cannot.
    """
    if schema.kind == "table" and (model.architecture != "mlp" or model.likelihood != "gaussian"):
        raise ConfigError("A table needs the architecture mlp and the likelihood gaussian. Take the preset for tables.")
