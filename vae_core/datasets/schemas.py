"""How what the user gave becomes `x`, and back: a schema goes with every dataset and into every checkpoint."""

from typing import Annotated, Literal

from pydantic import Field

from vae_core.config import Config
from vae_core.datasets.tables.schema import TableChoices, TableSchema

SIDES = (8, 128)
"""Smallest and largest image side a model is built for, in pixels."""


class ImageSchema(Config):
    """Pictures become square, `side` pixels, 1 (grey) or 3 (colour) channels, uint8."""

    kind: Literal["image"] = "image"
    side: int = Field(28, ge=SIDES[0], le=SIDES[1], title="Side", description="Width and height in pixels.")
    channels: Literal[1, 3] = Field(1, title="Colour", description="1 for grey, 3 for colour.")
    fit: Literal["pad", "crop", "stretch"] = Field(
        "pad",
        title="Fit",
        description="pad: the whole picture, with margins in the colour of its border. crop: the largest square from "
        "its middle. stretch: the whole picture, its proportions changed.",
    )
    invert: bool = Field(False, title="Invert", description="Light becomes dark: for dark strokes on light paper.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one example for the model: (C, H, W)."""
        return (self.channels, self.side, self.side)


Preparation = ImageSchema | TableSchema | TableChoices
"""A model's schema, or what the user chose."""
AnySchema = Annotated[ImageSchema | TableSchema, Field(discriminator="kind")]
