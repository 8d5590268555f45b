"""Pictures as bytes: by Pillow where it can write them, by hand where it cannot or would not."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
"""Colour types of PNG."""


def noise(side: int = 16, channels: int = 3, seed: int = 0) -> np.ndarray:
    """uint8 [side, side, channels], or [side, side] for one channel."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, channels), dtype=np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """What Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def picture(mode: str = "RGB", format: str = "PNG", seed: int = 0, **options: object) -> bytes:
    """16×16 pixels of noise in a mode of Pillow."""
    return encoded(Image.fromarray(noise(seed=seed)).convert(mode), format, **options)


def flat(value: int, side: int = 16, format: str = "PNG") -> bytes:
    """A grey picture of one tone, small."""
    return encoded(Image.new("L", (side, side), value), format)


def frames(format: str, count: int = 3, **options: object) -> bytes:
    """Several pictures in one file."""
    first, *others = (Image.fromarray(noise(seed=k)) for k in range(count))
    return encoded(first, format, save_all=True, append_images=others, **options)


def chunk(kind: bytes, data: bytes = b"", crc: int | None = None) -> bytes:
    """A chunk of a PNG, with its checksum or another."""
    checksum = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png_of(
    size: tuple[int, int], depth: int, colour: int, rows: bytes, before: bytes = b"", interlaced: bool = False
) -> bytes:
    """A PNG by hand.

    Args:
        size: Width and height.
        depth: Bits per sample.
        colour: Colour type.
        rows: The rows, each behind the byte of its filter.
        before: Chunks between header and rows.
        interlaced: Whether the rows are those of Adam7.
    """
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    return PNG_MAGIC + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def unfiltered(pixels: np.ndarray) -> bytes:
    """Rows of a PNG of 8 or 16 bits a sample, [H, W] or [H, W, C], unfiltered."""
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big_endian)


def blank_png(width: int, height: int, depth: int = 8, colour: int = GREY, before: bytes = b"") -> bytes:
    """A true PNG all of zeros: as large as one likes for next to nothing."""
    samples = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}[colour]
    packer = zlib.compressobj(1)
    row = bytes(1 + (width * samples * depth + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + before + chunk(b"IDAT", packed) + chunk(b"IEND")


TiffTag = tuple[int, int, int, int]
"""Number, type (3 for 16 bits, 4 for 32), count, value or where it is."""


def tiff_tags(side: int = 16, /, **changed: TiffTag) -> list[TiffTag]:
    """The directory of a grey picture whose bytes begin at 8."""
    tags = {
        "width": (256, 3, 1, side),
        "height": (257, 3, 1, side),
        "bits": (258, 3, 1, 8),
        "compression": (259, 3, 1, 1),
        "photometric": (262, 3, 1, 1),
        "strips": (273, 4, 1, 8),
        "samples": (277, 3, 1, 1),
        "rows": (278, 3, 1, side),
        "lengths": (279, 4, 1, side * side),
    }
    return sorted((tags | changed).values())


def tiff_of(tags: Sequence[TiffTag], pixels: bytes = b"", following: int = 0, announced: int | None = None) -> bytes:
    """A TIFF by hand: header, pixels, one directory, and where the next is said to be."""
    count = len(tags) if announced is None else announced
    directory = struct.pack("<H", count) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHI", b"II", 42, 8 + len(pixels)) + pixels + directory + struct.pack("<I", following)
