"""One picture file -> its first frame, upright, 8 bits, grey or RGB: whatever it was made of."""

import io
import warnings
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from vae_core.datasets.file import HEAD_BYTES
from vae_core.datasets.limits import MAX_PIXELS, MAX_SIDE
from vae_core.datasets.pictures.headers import check_header, is_picture, pnm_maximum
from vae_core.errors import DatasetError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
STRIP_PIXELS = 2_000_000
"""Large pictures are changed in strips, or the steps in between would take many times their memory."""
ALPHA_MODES = ("LA", "PA", "RGBA", "RGBa", "La")
ORIENTATION_KEYS = {"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"}
BITS_PER_SAMPLE = 258
"""The TIFF tag."""

Image.MAX_IMAGE_PIXELS = None  # Pillow only warns, and of more than we allow: `_open` has the limit


class Decoded(NamedTuple):
    """A picture and what was lost on the way.

    Attributes:
        image: Mode L or RGB.
        size: (width, height) as stored and turned upright; a photograph may have been decoded smaller.
        format: Pillow's name of the format.
        is_one_of_many: Whether there are more frames or pages.
        had_48_bits: Whether its colours were reduced from 16 bits each.
    """

    image: Image.Image
    size: tuple[int, int]
    format: str
    is_one_of_many: bool = False
    had_48_bits: bool = False


def decode(content: bytes, least: int | None = None) -> Decoded:
    """The picture in a file.

    Args:
        content: The whole file.
        least: A photograph, or a large picture with transparency, may come at a fraction of its size that leaves both
            sides at least so long.

    Raises:
        Exception: decoders raise nearly anything on broken bytes; `reason` says it in words.
    """
    check_header(content)
    if content[:2] not in (b"II", b"MM"):
        return _decode(content, least)
    with warnings.catch_warnings():  # Pillow warns of what is odd in a TIFF; what it cannot read it refuses
        warnings.simplefilter("ignore")
        return _decode(content, least)


def _decode(content: bytes, least: int | None) -> Decoded:
    image = _open(content)
    stored, kind = image.size, str(image.format)
    many = bool(getattr(image, "is_animated", False))
    deep = _has_48_bits(image, content)
    if least and kind == "JPEG" and min(stored) > least:
        share = least / min(stored)
        image.draft(None, (round(stored[0] * share), round(stored[1] * share)))
    image.load()
    if kind != "TIFF" and ORIENTATION_KEYS.isdisjoint(image.info):
        return Decoded(_to_8_bits(image, least), stored, kind, many, deep)
    upright: Image.Image = image
    with suppress(Exception):  # damaged metadata, which raise nearly anything, take nothing from the pixels
        upright = ImageOps.exif_transpose(image)
    turned = (upright.width > upright.height) != (image.width > image.height)
    return Decoded(_to_8_bits(upright, least), stored[::-1] if turned else stored, kind, many, deep)


def _open(content: bytes) -> ImageFile.ImageFile:
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        if is_picture(content[:HEAD_BYTES]):
            raise DatasetError("broken picture") from error
        raise
    if image.width * image.height > MAX_PIXELS:
        raise DatasetError(f"{image.width}×{image.height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    if max(image.size) > MAX_SIDE:
        raise DatasetError(f"{image.width}×{image.height} pixels, a side longer than {MAX_SIDE:,}")
    return image


def _has_48_bits(image: Image.Image, content: bytes) -> bool:
    """Pillow keeps the upper half of such colours and says nothing."""
    if image.format == "PNG":
        return image.mode.startswith("RGB") and content[24:25] == b"\x10"  # bit depth in IHDR
    if image.format == "PPM":
        return image.mode == "RGB" and pnm_maximum(content) > 255
    if image.format == "TIFF":
        return image.mode.startswith("RGB") and 16 in getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, ())
    return False


def _to_8_bits(image: Image.Image, least: int | None) -> Image.Image:
    """Mode L or RGB; transparency lies on white."""
    mode = image.mode
    if mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if mode.startswith("I") or mode == "F":
        return _by_range(image)
    if mode in ALPHA_MODES or "transparency" in image.info:
        return _on_white(image, "L" if mode in ("L", "LA", "La", "1") else "RGB", least)
    if mode == "LAB":
        raise DatasetError("in the colour space LAB, which is not read")
    return image.convert("L" if mode == "1" else "RGB")


def _on_white(image: Image.Image, mode: str, least: int | None) -> Image.Image:
    """Strip by strip; of a large picture each is reduced at once."""
    is_large = least is not None and image.width * image.height > STRIP_PIXELS
    factor = max(min(image.size) // (least or 1), 1) if is_large else 1
    result = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    rows = factor * max(STRIP_PIXELS // (image.width * factor), 1)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        result.paste(Image.alpha_composite(white, strip).convert(mode).reduce(factor), (0, top // factor))
    return result


def _by_range(image: Image.Image) -> Image.Image:
    """16-bit grey by its full range, 32-bit and float by the picture's own range."""
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())  # NaN if there is one
    if not np.isfinite((low, high)).all():
        raise DatasetError("has pixels that are not numbers (NaN or infinite)")
    if image.mode.startswith("I;16") or (
        image.mode == "I" and (image.format == "PPM" or (255 < high <= 65535 and low >= 0))
    ):
        low, high = 0.0, 65535.0
    elif image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scale = 255 / ((high - low) or 1.0)
    result = np.empty(values.shape, dtype=np.uint8)
    rows = max(STRIP_PIXELS // image.width, 1)
    for top in range(0, image.height, rows):
        strip = values[top : top + rows].astype(np.float64)
        result[top : top + rows] = np.rint((strip - low) * scale)
    return Image.fromarray(result)


def reason(error: Exception) -> str:
    """Why a picture was not read, in a few words."""
    if isinstance(error, DatasetError):
        return str(error)
    if isinstance(error, MemoryError):
        return "needs more memory than it may"
    return "not a picture" if isinstance(error, UnidentifiedImageError) else "broken picture"
