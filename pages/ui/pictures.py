"""Arrays of pictures -> one PNG sheet, encoded by us; nothing uploaded is ever sent back as it came."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps

SHEET_PIXELS = 900
"""Sheets are enlarged by whole factors to about this width, so that small pictures stay crisp."""
HEAT_PLACES, HEAT_COLOURS = (0.0, 0.35, 0.7, 1.0), np.array([(0, 0, 0), (178, 24, 43), (253, 190, 60), (255, 255, 255)])
SHEET_BYTES = 2**20
"""Of a sheet as PNG, at most; a larger one is reduced."""


def sheet(pictures: np.ndarray, columns: int, gap: int = 1, frame: int = 0) -> bytes:
    """A contact sheet.

    Args:
        pictures: uint8 [N, H, W, C].
        columns: Pictures a row.
        gap: Pixels between pictures, before enlarging.
        frame: Pixels around all, which show the edge of a picture that is as white as the page.
    """
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    canvas = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 128, dtype=np.uint8)
    for k, picture in enumerate(pictures):
        top, left = (k // columns) * (height + gap), (k % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = picture
    canvas = np.pad(canvas, ((frame, frame), (frame, frame), (0, 0)), constant_values=128)
    image = Image.fromarray(canvas.squeeze(-1) if channels == 1 else canvas)
    factor = max(1, round(SHEET_PIXELS / image.width))
    enlarged = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    return _bounded(enlarged)


def _bounded(image: Image.Image) -> bytes:
    """As PNG, reduced where it would be larger than SHEET_BYTES."""
    png, reduced = _png(image), image
    while len(png) > SHEET_BYTES:
        scale = min(0.95, (0.9 * SHEET_BYTES / len(png)) ** 0.5)  # a reduced picture is less smooth
        size = (max(1, int(reduced.width * scale)), max(1, int(reduced.height * scale)))
        reduced = image.resize(size, Image.Resampling.BOX)
        png = _png(reduced)
    return png


def png(pixels: np.ndarray) -> bytes:
    """Pixels uint8 [H, W, C] as they are."""
    return _png(Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def before_and_after(originals: Sequence[Image.Image], prepared: Sequence[np.ndarray], side: int) -> bytes:
    """Pictures as they were, and below each what becomes of it, all `side` pixels wide."""
    gap = 4
    canvas = Image.new("RGBA", (len(originals) * (side + gap) - gap, 2 * side + gap))
    for k, (original, pixels) in enumerate(zip(originals, prepared, strict=True)):
        whole = ImageOps.contain(original.convert("RGB"), (side, side))
        left = k * (side + gap)
        canvas.paste(whole, (left + (side - whole.width) // 2, (side - whole.height) // 2))
        after = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
        canvas.paste(after.convert("RGB").resize((side, side), Image.Resampling.NEAREST), (left, side + gap))
    return _bounded(canvas)


def inline(png: bytes) -> str:
    """A PNG as a data address: it needs no second request, and cannot be thrown away before it is fetched."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def as_bytes(x: np.ndarray) -> np.ndarray:
    """Reconstructions [..., C, H, W] in [0, 1] -> uint8 [N, H, W, C]."""
    flat = x.reshape(-1, *x.shape[-3:])
    return np.rint(np.clip(flat, 0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)


def in_colour(x: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, H, W, 1 or 3] -> [N, H, W, 3]."""
    return np.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x


def heat(values: np.ndarray) -> np.ndarray:
    """Shares [N, H, W] from 0 to 1 as colours from black over red and yellow to white, uint8 [N, H, W, 3]."""
    return np.stack([np.interp(values, HEAT_PLACES, part) for part in HEAT_COLOURS.T], axis=-1).astype(np.uint8)
