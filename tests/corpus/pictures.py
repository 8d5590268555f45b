"""Pictures that are read, however unusual: every format, mode, size, name and number of frames."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.corpus.case import Case, Read, one
from tests.corpus.picture_bytes import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    blank_png,
    chunk,
    encoded,
    flat,
    frames,
    noise,
    picture,
    png_of,
    tiff_of,
    tiff_tags,
    unfiltered,
)
from tests.corpus.zip_bytes import zipped

FORMATS = {"PNG": "png", "JPEG": "jpg", "BMP": "bmp", "GIF": "gif", "TIFF": "tiff", "WEBP": "webp", "PPM": "ppm"}
MODES = {
    "PNG": ("1", "L", "P", "LA", "RGB", "RGBA", "I;16"),
    "TIFF": ("1", "L", "P", "PA", "LA", "RGB", "RGBA", "RGBX", "I;16", "I;16B", "I", "F", "CMYK", "YCbCr"),
    "JPEG": ("L", "RGB", "CMYK", "YCbCr"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("L", "P"),
    "WEBP": ("L", "RGB", "RGBA"),
    "PPM": ("1", "L", "I", "F", "RGB"),
}


def _formats() -> Iterator[Case]:
    for format, suffix in FORMATS.items():
        yield one(f"{suffix}_by_its_name", f"picture.{suffix}", partial(picture, format=format), Read(1))
        yield one(f"{suffix}_without_extension", "picture", partial(picture, format=format), Read(1))
        yield one(f"{suffix}_named_dat", "picture.dat", partial(picture, format=format), Read(1))
    told = Read(1, warns="(?i)named|extension|ending")
    yield one("png_named_jpg_is_told", "photo.jpg", picture, told)
    yield one("jpeg_named_png_is_told", "photo.png", partial(picture, format="JPEG"), told)


def _modes() -> Iterator[Case]:
    for format, modes in MODES.items():
        for mode in modes:
            name = f"{FORMATS[format]}_mode_{mode.replace(';', '_')}"
            yield one(name, "picture", partial(_in_mode, mode, format), Read(1))
    told = Read(1, warns="48")
    yield one("png_48_bits", "deep.png", partial(_deep, COLOUR), told)
    yield one("png_64_bits", "deep.png", partial(_deep, COLOUR_ALPHA), told)
    yield one("png_palette_transparency", "p.png", lambda: picture("P", transparency=b"\0\x80\xff"), Read(1))
    yield one("gif_transparency", "p.gif", lambda: picture("P", "GIF", transparency=3), Read(1))
    for kind in (b"P1", b"P2", b"P3"):
        yield one(f"ascii_{kind.decode()}", "picture.pnm", partial(_ascii, kind), Read(1))
    yield one("pgm_16_bits", "deep.pgm", lambda: b"P5 16 16 65535\n" + noise(channels=2).tobytes(), Read(1))
    yield one("pgm_with_comments", "c.pgm", lambda: b"P5\n# drawn\n16 16\n# by hand\n255\n" + bytes(256), Read(1))
    yield one("tiff_signed_16_bits", "s.tiff", _signed_tiff, Read(1))


def _in_mode(mode: str, format: str) -> bytes:
    values = noise(channels=1)
    if mode.startswith("I;16"):
        order = ">u2" if mode.endswith("B") else "<u2"
        deep = (values.astype(np.uint16) * 257).astype(order)
        return encoded(Image.frombytes(mode, (16, 16), deep.tobytes()), format)
    if mode == "I":
        return encoded(Image.fromarray(values.astype(np.int32) * 200), format)
    if mode == "F":
        return encoded(Image.fromarray(values.astype(np.float32) / 255), format)
    if mode in ("PA", "LA"):
        half = Image.merge("LA", (Image.fromarray(values), Image.new("L", (16, 16), 128)))
        return encoded(half.convert(mode), format)
    return picture(mode, format)


def _deep(colour: int) -> bytes:
    channels = 3 if colour == COLOUR else 4
    return png_of((16, 16), 16, colour, unfiltered(noise(channels=channels).astype(np.uint16) * 257))


def _ascii(kind: bytes) -> bytes:
    limit = {b"P1": 2, b"P2": 256, b"P3": 256}[kind]
    values = noise(channels=3 if kind == b"P3" else 1).astype(int) % limit
    header = kind + b" 16 16\n" + (b"" if kind == b"P1" else b"255\n")
    return header + b" ".join(b"%d" % value for value in values.ravel())


def _signed_tiff() -> bytes:
    values = noise(channels=1).astype("<i2") - 100
    return tiff_of(tiff_tags(bits=(258, 3, 1, 16), lengths=(279, 4, 1, 512), format=(339, 3, 1, 2)), values.tobytes())


def _frames() -> Iterator[Case]:
    told = Read(1, warns="frames|pages")
    for format in ("GIF", "WEBP", "PNG", "TIFF"):
        suffix = FORMATS[format]
        yield one(f"{suffix}_several_frames", f"moving.{suffix}", partial(frames, format), told)
    yield one("jpeg_several_pictures", "phone.jpg", partial(frames, "MPO"), Read(1))
    yield one("tiff_100000_pages", "pages.tiff", _many_pages, told)
    for value in (*range(1, 9), 0, 9, 65535):
        yield one(f"jpeg_orientation_{value}", "photo.jpg", partial(_turned, "JPEG", value), Read(1))
    yield one("png_orientation_6", "photo.png", partial(_turned, "PNG", 6), Read(1))
    yield one(
        "jpeg_exif_garbage", "photo.jpg", lambda: picture("RGB", "JPEG", exif=b"Exif\0\0" + b"\xff" * 50), Read(1)
    )


def _turned(format: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture("RGB", format, exif=exif)


def _many_pages(count: int = 100_000) -> bytes:
    first = tiff_of(tiff_tags(), noise(channels=1).tobytes(), following=378)
    pages = (struct.pack("<HHHIII", 1, 256, 3, 1, 16, 378 + 18 * k) for k in range(1, count))
    return first + b"".join(pages) + struct.pack("<HHHIII", 1, 256, 3, 1, 16, 0)


def _sizes() -> Iterator[Case]:
    for width, height in ((1, 1), (8, 8), (1, 10_000), (10_000, 1), (2, 3), (16_384, 1)):
        yield one(f"png_{width}x{height}", "size.png", partial(blank_png, width, height), Read(1))
    yield one("png_49_million_pixels", "large.png", partial(blank_png, 7000, 7000), Read(1))
    yield one("png_49_million_16_bits", "large.png", partial(blank_png, 7000, 7000, 16), Read(1))
    yield one("png_49_million_with_alpha", "large.png", partial(blank_png, 7000, 7000, 8, COLOUR_ALPHA), Read(1))
    yield one("jpeg_12_million_pixels", "photo.jpg", _photograph, Read(1))
    yield one("bmp_from_the_top", "down.bmp", _bmp_from_the_top, Read(1))


def _photograph() -> bytes:
    return encoded(Image.fromarray(noise(40)).resize((4000, 3000)), "JPEG")


def _bmp_from_the_top() -> bytes:
    content = bytearray(picture("RGB", "BMP"))
    content[22:26] = struct.pack("<i", -16)
    return bytes(content)


def _additions() -> Iterator[Case]:
    """What stands behind the end, or beside the pixels, is nobody's business."""
    endings: dict[str, Callable[[], bytes]] = {
        "garbage": lambda: noise(30).tobytes(),
        "zeros": lambda: bytes(1000),
        "a_zip": lambda: zipped({"x.png": flat(9)}),
        "html": lambda: b"<html><script>alert(1)</script></html>",
    }
    for ending, make in endings.items():
        for format in ("PNG", "JPEG", "GIF"):
            suffix = FORMATS[format]
            yield one(f"{suffix}_and_{ending}", f"a.{suffix}", partial(_followed, format, make), Read(1))
    yield one("png_without_its_end", "open.png", lambda: picture()[:-12], Read(1))
    yield one("png_100000_small_chunks", "a.png", lambda: blank_png(16, 16, before=chunk(b"tIME") * 100_000), Read(1))
    yield one("png_exif_cut", "e.png", _cut_exif, Read(1))
    yield one("bmp_in_runs", "r.bmp", _in_runs, Read(1))
    yield one("png_interlaced", "i.png", _interlaced, Read(1))
    yield one("tiff_pages_in_a_ring", "ring.tiff", lambda: tiff_of(tiff_tags(), bytes(256), following=264), Read(1))
    yield one("jpeg_progressive", "p.jpg", lambda: picture("RGB", "JPEG", progressive=True), Read(1))
    yield one("png_palette_too_short", "p.png", _short_palette, Read(1))
    yield one("png_in_its_own_colours", "gamma.png", _with_profile, Read(1))


def _followed(format: str, make: Callable[[], bytes]) -> bytes:
    return picture(format=format) + make()


def _cut_exif() -> bytes:
    """Metadata that end too early, in a picture that is whole."""
    rows = unfiltered(noise(channels=1))
    return png_of((16, 16), 8, GREY, rows, chunk(b"eXIf", b"II*\0"))


def _in_runs(side: int = 16) -> bytes:
    head = b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024)
    about = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    return head + about + bytes(range(256)) * 4 + (b"\x10\x07\0\0") * side + b"\0\1"


def _interlaced() -> bytes:
    """Adam7 of an 8×8 picture: 1, 1, 2, 4, 8, 16 and 32 pixels."""
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes(width)) * height for width, height in passes)
    return png_of((8, 8), 8, GREY, rows, interlaced=True)


def _short_palette() -> bytes:
    rows = unfiltered(np.arange(256, dtype=np.uint8).reshape(16, 16))
    return png_of((16, 16), 8, 3, rows, before=chunk(b"PLTE", b"\x20\x40\x60" * 4))


def _with_profile() -> bytes:
    gamma = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"cHRM", struct.pack(">8I", *[31270] * 8))
    return png_of((16, 16), 8, COLOUR, unfiltered(noise()), before=gamma)


def _sets() -> Iterator[Case]:
    several = [(f"{k}.png", k) for k in range(5)]
    yield Case("five_pictures", lambda: [(name, picture(seed=k)) for name, k in several], Read(5, labels=0))
    yield Case("formats_mixed", _formats_mixed, Read(7, labels=0))
    yield Case("sizes_mixed", lambda: [(f"{s}.png", flat(s, s)) for s in (8, 16, 20, 30)], Read(4, warns="sizes"))
    same = Read(3, warns="(?i)identical")
    yield Case("identical_pictures", lambda: [(f"{k}.png", flat(7)) for k in range(3)], same)
    yield Case("one_broken_two_good", _one_broken, Read(2, skipped=1, warns=r"b\.png"))
    empty = Read(1, skipped=1, warns=r"empty\.png")
    yield Case("an_empty_file_and_a_picture", lambda: [("empty.png", b""), ("a.png", flat(1))], empty)
    yield one("one_picture", "only.png", picture, Read(1, labels=0))


def _formats_mixed() -> list[tuple[str, bytes]]:
    return [(f"{k}.{suffix}", picture(format=format, seed=k)) for k, (format, suffix) in enumerate(FORMATS.items())]


def _one_broken() -> list[tuple[str, bytes]]:
    whole = picture(seed=1)
    return [("a.png", picture()), ("b.png", whole[: len(whole) // 2]), ("c.png", whole)]


CASES = (*_formats(), *_modes(), *_frames(), *_sizes(), *_additions(), *_sets())
