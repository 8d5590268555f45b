"""A decoded picture of any size -> the square that a model learns; and which `ImageSchema` to suggest."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vae_core.datasets.schemas import SIDES, ImageSchema

KEPT_SIDE = 32
"""Pictures up to this side stay as they are."""
REDUCED_SIDE = 28
"""Larger ones are reduced to this side: a model of them trains in a minute, and strokes stay visible."""
LINE_GAIN = 1.6
"""Contrast that thin lines gain when a line drawing is reduced."""
COLOUR_SPREAD = 8
"""A pixel is coloured when its channels differ by more than this: JPEG makes grey pictures slightly coloured."""
LIGHT_PAPER = 200
"""A border as light as this is paper."""


def prepare(image: Image.Image, schema: ImageSchema) -> np.ndarray:
    """uint8 [side, side, C] of a picture in mode L or RGB.

    In a line drawing of two tones, reduced by more than 2, the lines gain contrast: averaging alone would turn lines
    of one pixel into a breath of grey.
    """
    side, mode = schema.side, "L" if schema.channels == 1 else "RGB"
    thin_lines = max(image.size) > 2 * side and image.mode == "L" and image.getcolors(2) is not None
    if image.size != (side, side):
        image = _resize(image, schema)
    if image.mode != mode:
        image = image.convert(mode)
    pixels = np.asarray(image)
    if thin_lines:
        paper = float(np.median(pixels))
        pixels = np.clip(np.rint(paper + LINE_GAIN * (pixels - paper)), 0, 255).astype(np.uint8)
    if schema.invert:
        pixels = 255 - pixels
    return pixels.reshape(side, side, schema.channels)


def prepare_array(pixels: np.ndarray, schema: ImageSchema) -> np.ndarray:
    """The same for uint8 [H, W, C], C 1 or 3."""
    return prepare(Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels), schema)


def _resize(image: Image.Image, schema: ImageSchema) -> Image.Image:
    side = schema.side
    if schema.fit == "crop":
        edge = min(image.size)
        left, top = (image.width - edge) // 2, (image.height - edge) // 2
        image = image.crop((left, top, left + edge, top + edge))
    if schema.fit == "stretch":
        size = (side, side)
    else:
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.size != size:
        shrinks = size[0] <= image.width and size[1] <= image.height
        image = image.resize(size, Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
    if image.size != (side, side):
        canvas = Image.new(image.mode, (side, side), _border_colour(image))
        canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        image = canvas
    return image


def _border_colour(image: Image.Image) -> int | tuple[int, ...]:
    """The colour most frequent on the border."""
    colour = Counter(tuple(p) for p in border(np.asarray(image)).tolist()).most_common(1)[0][0]
    return colour[0] if image.mode == "L" else colour


def border(pixels: np.ndarray) -> np.ndarray:
    """The outermost pixels of [H, W] or [H, W, C], as [n, C]."""
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def is_coloured(pixels: np.ndarray) -> bool:
    """Whether any pixel of [..., H, W] or [..., H, W, 3] shows a colour."""
    return pixels.shape[-1] == 3 and bool((np.ptp(pixels, axis=-1) > COLOUR_SPREAD).any())


def suggest(samples: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> tuple[ImageSchema, tuple[str, ...]]:
    """The preparation that a first try should begin with, and the reasons.

    Args:
        samples: Some of the pictures, uint8 [H, W] or [H, W, 3].
        sizes: (width, height) of these or more of them.
    """
    largest = int(np.median([max(size) for size in sizes]))
    side = max(SIDES[0], largest) if largest <= KEPT_SIDE else REDUCED_SIDE
    width, height = Counter(sizes).most_common(1)[0][0]
    if largest > KEPT_SIDE:
        why = f"{side}×{side}: most pictures are {width}×{height}, and at this side a model trains in a minute or two."
    else:
        why = f"{side}×{side}: about the pictures' own size ({width}×{height})."
    coloured = sum(is_coloured(sample) for sample in samples)
    channels = 3 if coloured else 1
    reasons = [why, _on_colour(coloured, len(samples))]
    if channels == 1 and _is_ink_on_paper(samples):
        reasons.append("Dark strokes on light paper: with “Invert” ink becomes light on dark, as in MNIST.")
    return ImageSchema(side=side, channels=channels), tuple(reasons)


def _on_colour(coloured: int, count: int) -> str:
    shown = "Colour" if coloured else "Grey"
    if count == 1:
        return f"{shown}: the picture has {'' if coloured else 'no '}colours."
    return f"{shown}: {coloured or 'none'} of the {count} pictures looked at have colours."


def _is_ink_on_paper(samples: Sequence[np.ndarray]) -> bool:
    light = [float(np.median(border(sample))) >= LIGHT_PAPER and float(sample.mean()) > 128 for sample in samples]
    return sum(light) > len(light) / 2
