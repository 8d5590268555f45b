"""What is built in: data that is there without an upload or a download."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.samples import digits, faces, houses, shapes, toys


@dataclass(frozen=True)
class Sample:
    """A dataset that is made when it is called for, the same every time.

    Attributes:
        title: The dataset's name.
        description: What there is to see in it, in one sentence.
        kind: As in its schema.
        make: Makes it.
    """

    title: str
    description: str
    kind: Literal["image", "table"]
    make: Callable[[], Dataset]

    def __call__(self) -> Dataset:
        """The dataset."""
        return self.make()


SAMPLES = {
    "digits": Sample("Digits 8×8", "1,797 real handwritten digits: trained on in seconds.", "image", digits.digits),
    "shapes": Sample(
        "Shapes (dSprites-like)",
        "10,000 squares, ellipses and hearts of known size, turn and place: does a model find these by itself?",
        "image",
        shapes.shapes,
    ),
    "faces": Sample(
        "Faces 32×32",
        "4,000 little faces in colour, from laughing to sad, with and without glasses.",
        "image",
        faces.faces,
    ),
    "moons": Sample(
        "Two moons", "2,000 points in the plane, on two crescents that reach into each other.", "table", toys.moons
    ),
    "rings": Sample("Two rings", "2,000 points in the plane, on a ring around a ring.", "table", toys.rings),
    "roll": Sample(
        "Swiss roll", "2,000 points in the plane, along a spiral that one number could unroll.", "table", toys.roll
    ),
    "blobs": Sample("Five blobs", "2,000 points in the plane, in five clouds, tight and loose.", "table", toys.blobs),
    "houses": Sample(
        "Houses",
        "5,000 homes of an invented town: place, size, age, heating, price and what ties them.",
        "table",
        houses.houses,
    ),
}
"""key -> what is built in."""
