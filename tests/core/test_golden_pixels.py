"""Every mode of every format comes out as the exact pixels that arithmetic says, not as a decoder happens to give them.

All pictures are 16×16, so that nothing is resized. Expectations are numpy; no expected pixel has gone through Pillow.
"""

import struct
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tests.corpus.picture_bytes import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    PALETTE,
    chunk,
    encoded,
    noise,
    png_of,
    tiff_of,
    tiff_tags,
    unfiltered,
)
from vae_core import datasets
from vae_core.datasets import Dataset

SIDE = 16
TONES = noise(channels=1)
COLOURS = noise()
DEEP = np.random.default_rng(1).integers(0, 65536, (SIDE, SIDE), dtype=np.uint16)
DEEP_COLOURS = np.random.default_rng(2).integers(0, 65536, (SIDE, SIDE, 3), dtype=np.uint16)
ALPHA = noise(channels=1, seed=3)
PALETTE_COLOURS = noise(seed=4).reshape(256, 3)
Golden = tuple[bytes, np.ndarray]


def read(content: bytes) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return datasets.read("picture", content)


def eighth(values: np.ndarray, top: float) -> np.ndarray:
    """0…top -> 0…255, rounded to nearest."""
    return np.rint(values * 255.0 / top).astype(np.uint8)


def on_white(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """round((c·a + 255·(255 − a)) / 255): no tie, as twice the sum is even and 255 odd."""
    wide = values.astype(np.int64)
    opaque = alpha.astype(np.int64).reshape(*alpha.shape, *[1] * (wide.ndim - alpha.ndim))
    return ((2 * (wide * opaque + 255 * (255 - opaque)) + 255) // 510).astype(np.uint8)


def packed(values: np.ndarray, bits: int) -> bytes:
    """Rows of samples of 1, 2 or 4 bits, unfiltered."""
    planes = np.unpackbits(values.astype(np.uint8)[..., None], axis=-1)[..., -bits:]
    return b"".join(b"\0" + row.tobytes() for row in np.packbits(planes.reshape(SIDE, -1), axis=-1))


def png(depth: int, colour: int, pixels: np.ndarray, before: bytes = b"") -> bytes:
    rows = unfiltered(pixels) if depth >= 8 else packed(pixels, depth)
    return png_of((SIDE, SIDE), depth, colour, rows, before)


def interlaced(pixels: np.ndarray) -> bytes:
    """Adam7: (first row, first column, step down, step across) of the seven passes."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(unfiltered(pixels[top::down, left::across]) for top, left, down, across in passes)
    return png_of((SIDE, SIDE), 8, GREY if pixels.ndim == 2 else COLOUR, rows, interlaced=True)


def tiff(image: np.ndarray, mode: str | None = None, **options: object) -> bytes:
    return encoded(
        Image.fromarray(image) if mode is None else Image.frombytes(mode, (SIDE, SIDE), image.tobytes()),
        "TIFF",
        **options,
    )


def by_own_range(values: np.ndarray) -> np.ndarray:
    wide = values.astype(np.float64)
    return np.rint((wide - wide.min()) * (255 / (wide.max() - wide.min()))).astype(np.uint8)


def from_cmyk(inks: np.ndarray) -> np.ndarray:
    """Without a profile: light that paper leaves, (255 − k) less its share c of ink, rounded to nearest."""
    ink, paper = inks[..., :3].astype(np.int64), 255 - inks[..., 3:].astype(np.int64)
    return (paper - (2 * ink * paper + 255) // 510).astype(np.uint8)


def greys() -> dict[str, Golden]:
    bits = TONES % 2
    thresholds = {depth: TONES % 2**depth for depth in (1, 2, 4)}
    return {
        **{f"png {d} bits": (png(d, GREY, v), v * (255 // (2**d - 1))) for d, v in thresholds.items()},
        "png 8 bits": (png(8, GREY, TONES), TONES),
        "png 16 bits": (png(16, GREY, DEEP), eighth(DEEP, 65535)),
        "png 16 bits, dark": (png(16, GREY, DEEP % 256), eighth(DEEP % 256, 65535)),
        "png interlaced": (interlaced(TONES), TONES),
        "png grey and alpha": (png(8, GREY_ALPHA, np.dstack([TONES, ALPHA])), on_white(TONES, ALPHA)),
        "png grey and a transparent tone": (
            png(8, GREY, TONES % 4, before=chunk(b"tRNS", struct.pack(">H", 2))),
            np.where(TONES % 4 == 2, 255, TONES % 4).astype(np.uint8),
        ),
        "bmp": (encoded(Image.fromarray(TONES), "BMP"), TONES),
        "gif": (encoded(Image.fromarray(TONES), "GIF"), TONES),
        "tiff": (tiff(TONES), TONES),
        "tiff bilevel": (tiff(np.packbits(bits, axis=1), "1"), bits * 255),
        "tiff packed": (tiff(TONES, compression="tiff_lzw"), TONES),
        "tiff 16 bits": (tiff(DEEP.astype("<u2"), "I;16"), eighth(DEEP, 65535)),
        "tiff 16 bits, big-endian": (tiff(DEEP.astype(">u2"), "I;16B"), eighth(DEEP, 65535)),
        "tiff 32 bits": (tiff(DEEP.astype(np.int32) * 9 - 70_000), by_own_range(DEEP.astype(np.int64))),
        "tiff float of 0 to 1": (tiff((TONES / 255).astype(np.float32)), TONES),
        "tiff float of any range": (tiff(DEEP.astype(np.float32) * 2 - 9), by_own_range(DEEP)),
        "tiff white is zero": (tiff_of(tiff_tags(photometric=(262, 3, 1, 0)), TONES.tobytes()), 255 - TONES),
        "pbm": (b"P4 16 16\n" + np.packbits(bits, axis=1).tobytes(), (1 - bits) * 255),
        "pgm": (b"P5 16 16 255\n" + TONES.tobytes(), TONES),
        "pgm of 0 to 100": (b"P5 16 16 100\n" + (TONES % 101).tobytes(), eighth(TONES % 101, 100)),
        "pgm of 0 to 65535": (b"P5 16 16 65535\n" + DEEP.astype(">u2").tobytes(), eighth(DEEP, 65535)),
        "pgm of 0 to 65535, dark": (
            b"P5 16 16 65535\n" + (DEEP % 256).astype(">u2").tobytes(),
            eighth(DEEP % 256, 65535),
        ),
        "pgm in digits": (b"P2 16 16 255\n" + b" ".join(b"%d" % v for v in TONES.ravel()), TONES),
    }


def coloured_pngs() -> dict[str, Golden]:
    plte, by_palette = chunk(b"PLTE", PALETTE_COLOURS.tobytes()), PALETTE_COLOURS[TONES]
    key = COLOURS[3, 3]
    is_key = (key == COLOURS).all(axis=-1, keepdims=True)
    high, high_alpha = (DEEP_COLOURS >> 8).astype(np.uint8), (DEEP >> 8).astype(np.uint8)
    return {
        "png 24 bits": (png(8, COLOUR, COLOURS), COLOURS),
        "png 32 bits": (png(8, COLOUR_ALPHA, np.dstack([COLOURS, ALPHA])), on_white(COLOURS, ALPHA)),
        "png 48 bits": (png(16, COLOUR, DEEP_COLOURS), high),
        "png 64 bits": (png(16, COLOUR_ALPHA, np.dstack([DEEP_COLOURS, DEEP])), on_white(high, high_alpha)),
        "png interlaced": (interlaced(COLOURS), COLOURS),
        "png palette": (png(8, PALETTE, TONES, before=plte), by_palette),
        "png palette of 16": (png(4, PALETTE, TONES % 16, before=plte), PALETTE_COLOURS[TONES % 16]),
        "png palette and alpha": (
            png(8, PALETTE, TONES, before=plte + chunk(b"tRNS", ALPHA.tobytes())),
            on_white(by_palette, ALPHA.reshape(256)[TONES]),
        ),
        "png and a transparent colour": (
            png(8, COLOUR, COLOURS, before=chunk(b"tRNS", struct.pack(">3H", *key))),
            np.where(is_key, 255, COLOURS).astype(np.uint8),
        ),
    }


def colours() -> dict[str, Golden]:
    by_palette = PALETTE_COLOURS[TONES]
    see_through = np.where((TONES == 7)[..., None], 255, by_palette).astype(np.uint8)
    inks = noise(channels=4, seed=5)
    with_alpha = np.dstack([COLOURS, ALPHA])
    return {
        **coloured_pngs(),
        "bmp": (encoded(Image.fromarray(COLOURS), "BMP"), COLOURS),
        "bmp by hand": (bmp(COLOURS[..., ::-1]), COLOURS),
        "gif": (gif(TONES), by_palette),
        "gif and a transparent colour": (gif(TONES, transparency=7), see_through),
        "tiff": (tiff(COLOURS), COLOURS),
        "tiff palette": (encoded(palette_picture(TONES), "TIFF"), by_palette),
        "tiff of inks": (tiff(inks, "CMYK"), from_cmyk(inks)),
        "tiff and alpha": (tiff(with_alpha, "RGBA"), on_white(COLOURS, ALPHA)),
        "tiff 48 bits": (deep_tiff(), (DEEP_COLOURS >> 8).astype(np.uint8)),
        "webp without loss": (encoded(Image.fromarray(COLOURS), "WEBP", lossless=True), COLOURS),
        "webp and alpha": (
            encoded(Image.fromarray(with_alpha), "WEBP", lossless=True, exact=True),
            on_white(COLOURS, ALPHA),
        ),
        "ppm": (b"P6 16 16 255\n" + COLOURS.tobytes(), COLOURS),
        "ppm of 0 to 65535": (b"P6 16 16 65535\n" + DEEP_COLOURS.astype(">u2").tobytes(), eighth(DEEP_COLOURS, 65535)),
    }


def palette_picture(indices: np.ndarray) -> Image.Image:
    image = Image.frombytes("P", (SIDE, SIDE), indices.tobytes())
    image.putpalette(PALETTE_COLOURS.tobytes())
    return image


def gif(indices: np.ndarray, **options: object) -> bytes:
    return encoded(palette_picture(indices), "GIF", optimize=False, **options)


def bmp(pixels: np.ndarray) -> bytes:
    """24 bits, blue first, from the bottom up; rows of 48 bytes need no padding."""
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + 768, 0, 0, 54, 40, SIDE, SIDE, 1, 24, 0, 768, 0, 0, 0, 0)
    return header + pixels[::-1].tobytes()


def deep_tiff() -> bytes:
    """The three sizes of a sample do not fit into their tag: they stand behind the pixels."""
    pixels = DEEP_COLOURS.astype("<u2").tobytes()
    tags = tiff_tags(
        bits=(258, 3, 3, 8 + len(pixels)),
        photometric=(262, 3, 1, 2),
        samples=(277, 3, 1, 3),
        lengths=(279, 4, 1, len(pixels)),
    )
    return tiff_of(tags, pixels + struct.pack("<3H", 16, 16, 16))


@pytest.mark.parametrize("kind", greys())
def test_grey(kind: str) -> None:
    content, expected = greys()[kind]
    x = read(content).x
    assert x.shape == (1, SIDE, SIDE, 1)
    np.testing.assert_array_equal(x[0, ..., 0], expected)


@pytest.mark.parametrize("kind", colours())
def test_colour(kind: str) -> None:
    content, expected = colours()[kind]
    x = read(content).x
    assert x.shape == (1, SIDE, SIDE, 3)
    np.testing.assert_array_equal(x[0], expected)


@pytest.mark.parametrize("kind", ["png 48 bits", "png 64 bits", "tiff 48 bits", "ppm of 0 to 65535"])
def test_colours_of_48_bits_are_told(kind: str) -> None:
    assert any("48" in sentence for sentence in read(colours()[kind][0]).warnings)


def smooth(channels: int) -> np.ndarray:
    """Slow gradients, which JPEG keeps well."""
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    planes = [across * 15, down * 15, 255 - across * 8 - down * 7, 40 + across]
    return np.dstack(planes[:channels]).astype(np.uint8)


JPEGS: dict[str, Callable[[], Golden]] = {
    "grey": lambda: (encoded(Image.fromarray(smooth(1)[..., 0]), "JPEG", quality=98), smooth(1)),
    "colour": lambda: (encoded(Image.fromarray(smooth(3)), "JPEG", quality=98, subsampling=0), smooth(3)),
    "progressive": lambda: (
        encoded(Image.fromarray(smooth(3)), "JPEG", quality=98, subsampling=0, progressive=True),
        smooth(3),
    ),
    "inks, inverted as Adobe does": lambda: (
        encoded(Image.frombytes("CMYK", (SIDE, SIDE), smooth(4).tobytes()), "JPEG", quality=98, subsampling=0),
        from_cmyk(smooth(4)),
    ),
}


@pytest.mark.parametrize("kind", JPEGS)
def test_jpeg_is_near(kind: str) -> None:
    content, expected = JPEGS[kind]()
    x = read(content).x[0].astype(int)
    assert x.shape == expected.shape
    assert np.abs(x - expected).max() <= 6
    assert np.abs(x - expected).mean() <= 1.5


STORED_AS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright.swapaxes(0, 1)[::-1],
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],
}
"""Exif's orientation -> how a picture with it lies in the file (Exif 2.3, 4.6.4: where row 0 and column 0 are seen)."""


def upright_picture() -> np.ndarray:
    """3 × 2 fields of 8 pixels, no two alike: [16, 24]."""
    return np.kron(np.array([[10, 60, 110], [160, 210, 250]], dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize(("format", "tolerance"), [("PNG", 0), ("TIFF", 0), ("WEBP", 0), ("JPEG", 2)])
def test_pictures_are_turned_upright(orientation: int, format: str, tolerance: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED_AS[orientation](upright_picture()))
    options = {"lossless": True} if format == "WEBP" else {}
    dataset = read(encoded(Image.fromarray(stored), format, exif=exif, **options))
    assert dataset.origin.sizes == ((24, 16, 1),)
    assert dataset.x.shape[1:3] == (24, 24)
    shown = dataset.x[0, 4:20, :, 0].astype(int)  # below and above are margins
    assert np.abs(shown - upright_picture()).max() <= tolerance
