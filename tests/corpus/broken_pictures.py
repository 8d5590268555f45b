"""Files that begin like a picture and are none, or would cost the earth."""

import struct
import zlib
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.corpus.case import Answered, Case, Refused, one
from tests.corpus.picture_bytes import (
    COLOUR,
    GREY,
    PALETTE,
    PNG_MAGIC,
    TiffTag,
    blank_png,
    chunk,
    encoded,
    frames,
    noise,
    picture,
    png_of,
    tiff_of,
    tiff_tags,
    unfiltered,
)
from tests.corpus.pictures import FORMATS

BROKEN = Refused("(?i)broken|damaged|cut|not a picture|no picture")
TOO_LARGE = Refused("(?i)pixels")


def _cut() -> Iterator[Case]:
    for format, suffix in FORMATS.items():
        for share in (0.1, 0.5, 0.9):
            yield one(f"{suffix}_cut_at_{share}", f"cut.{suffix}", partial(_part, format, share), BROKEN)
    yield Case("all_pictures_cut", lambda: [(f"{k}.png", _part("PNG", 0.5)) for k in range(4)], BROKEN)
    yield one("png_magic_only", "a.png", lambda: PNG_MAGIC, BROKEN)
    yield one("png_header_only", "a.png", lambda: picture()[:33], BROKEN)
    yield one("jpeg_two_bytes", "a.jpg", lambda: b"\xff\xd8", Refused())
    yield one("gif_header_only", "a.gif", lambda: picture("P", "GIF")[:13], BROKEN)
    yield one("bmp_header_only", "a.bmp", lambda: picture("RGB", "BMP")[:54], BROKEN)
    yield one("webp_header_only", "a.webp", lambda: picture("RGB", "WEBP")[:20], BROKEN)
    yield one("pgm_header_only", "a.pgm", lambda: b"P5 16 16 255\n", BROKEN)


def _part(format: str, share: float) -> bytes:
    whole = encoded(Image.fromarray(noise(32)), format)
    return whole[: int(share * len(whole))]


def _large() -> Iterator[Case]:
    yield one("png_50_001_kilopixels", "a.png", partial(blank_png, 16_000, 3126, 1), TOO_LARGE)
    yield one("png_400_million_pixels", "bomb.png", partial(blank_png, 20_000, 20_000, 1), TOO_LARGE)
    yield one("png_20000x1", "long.png", partial(blank_png, 20_000, 1), TOO_LARGE)
    yield one("png_1x16385", "tall.png", partial(blank_png, 1, 16_385), TOO_LARGE)
    yield one("png_two_thousand_million_wide", "a.png", lambda: _png_size(2**31 - 1, 2**31 - 1), Refused())
    yield one("png_0x0", "a.png", lambda: _png_size(0, 0), Refused())
    yield one("jpeg_65500x65500", "a.jpg", _jpeg_size, TOO_LARGE)
    yield one("gif_screen_65535x65535", "a.gif", lambda: _patched("GIF", 6, "<HH", 65535, 65535), TOO_LARGE)
    yield one("gif_frame_beyond_its_screen", "a.gif", _gif_frame, Refused())
    yield one("bmp_100000x100000", "a.bmp", lambda: _patched("BMP", 18, "<ii", 100_000, 100_000), TOO_LARGE)
    yield one("bmp_negative_width", "a.bmp", lambda: _patched("BMP", 18, "<ii", -16, 16), Refused())
    yield one("pgm_100000x100000", "a.pgm", lambda: b"P5 100000 100000 255\n" + bytes(99), TOO_LARGE)
    yield one("pgm_digits_without_end", "a.pgm", lambda: b"P5 " + b"9" * 5000 + b" 1 255\n" + bytes(99), BROKEN)
    yield one("tiff_60000x60000", "a.tiff", lambda: tiff_of(tiff_tags(60_000), bytes(99)), TOO_LARGE)
    yield one("webp_16383x16383", "a.webp", _webp_size, TOO_LARGE)
    yield one("webp_canvas_16383x16383", "a.webp", _webp_canvas, TOO_LARGE)
    yield one("jpeg_of_1000_scans", "scans.jpg", _scans, Refused("(?i)scan|broken"))


def _png_size(width: int, height: int) -> bytes:
    return png_of((width, height), 8, GREY, bytes(100))


def _patched(format: str, place: int, layout: str, *values: int) -> bytes:
    content = bytearray(picture("RGB", format))
    struct.pack_into(layout, content, place, *values)
    return bytes(content)


def _jpeg_size() -> bytes:
    content = bytearray(picture("RGB", "JPEG"))
    frame = content.find(b"\xff\xc0")
    struct.pack_into(">HH", content, frame + 5, 65500, 65500)
    return bytes(content)


def _gif_frame() -> bytes:
    content = bytearray(encoded(Image.fromarray(noise(channels=1)), "GIF"))
    frame = content.find(b",\0\0\0\0")
    struct.pack_into("<HH", content, frame + 5, 60_000, 60_000)
    return bytes(content)


def _webp_size() -> bytes:
    content = bytearray(picture("RGB", "WEBP", lossless=True))
    place = content.find(b"VP8L") + 9
    struct.pack_into("<I", content, place, 16_382 | 16_382 << 14)
    return bytes(content)


def _webp_canvas() -> bytes:
    content = bytearray(frames("WEBP"))
    place = content.find(b"VP8X") + 12
    content[place : place + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(content)


def _scans() -> bytes:
    """Each scan of 75 bytes walks over 48 million pixels (libjpeg-turbo's report LJT-01-004)."""
    whole = encoded(Image.new("L", (6900, 6900), 128), "JPEG", progressive=True)
    last = whole.rfind(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * 1000 + whole[-2:]


def _png() -> Iterator[Case]:
    yield one("png_checksum_of_its_header", "a.png", lambda: _bad_sum(b"IHDR"), BROKEN)
    yield one("png_checksum_of_its_pixels", "a.png", lambda: _bad_sum(b"IDAT"), Answered())
    yield one("png_pixels_altered", "a.png", _altered, BROKEN)
    yield one("png_huge_profile", "a.png", lambda: _with(b"iCCP", b"p\0\0", 64), BROKEN)
    yield one("png_huge_text", "a.png", lambda: _with(b"zTXt", b"k\0\0", 64), BROKEN)
    yield one("png_huge_international_text", "a.png", lambda: _with(b"iTXt", b"k\0\1\0\0\0", 64), BROKEN)
    yield one("png_unknown_depth", "a.png", lambda: png_of((16, 16), 5, GREY, bytes(272)), BROKEN)
    yield one("png_unknown_colour", "a.png", lambda: png_of((16, 16), 8, 7, bytes(272)), BROKEN)
    yield one("png_unknown_filter", "a.png", lambda: png_of((16, 16), 8, GREY, b"\x09" * 272), BROKEN)
    yield one("png_pixels_not_zlib", "a.png", _no_zlib, BROKEN)
    yield one("png_too_few_rows", "a.png", lambda: png_of((16, 16), 8, GREY, bytes(17 * 8)), Answered())
    yield one("png_chunk_longer_than_the_file", "a.png", _long_chunk, BROKEN)
    yield one("png_rubbish_chunk", "a.png", lambda: blank_png(16, 16, before=chunk(b"\0\1\2\3", b"x")), BROKEN)
    yield one("png_palette_of_5_bytes", "a.png", _odd_palette, Refused())


def _bad_sum(kind: bytes) -> bytes:
    content = bytearray(picture())
    place = content.find(kind)
    (length,) = struct.unpack_from(">I", content, place - 4)
    content[place + 4 + length] ^= 0xFF
    return bytes(content)


def _altered() -> bytes:
    """One bit of a pixel, with the chunk's checksum right: zlib has one of its own."""
    rows = bytearray(zlib.compress(unfiltered(noise(channels=1)), 0))
    rows[150] ^= 1
    header = struct.pack(">IIBBBBB", 16, 16, 8, GREY, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(rows)) + chunk(b"IEND")


def _with(kind: bytes, head: bytes, megabytes: int) -> bytes:
    return blank_png(16, 16, before=chunk(kind, head + zlib.compress(bytes(megabytes * 2**20), 1)))


def _no_zlib() -> bytes:
    header = struct.pack(">IIBBBBB", 16, 16, 8, GREY, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + chunk(b"IDAT", noise().tobytes()) + chunk(b"IEND")


def _long_chunk() -> bytes:
    header = struct.pack(">IIBBBBB", 16, 16, 8, COLOUR, 0, 0, 0)
    return PNG_MAGIC + chunk(b"IHDR", header) + struct.pack(">I", 2**31 - 1) + b"IDAT" + bytes(100)


def _odd_palette() -> bytes:
    rows = unfiltered(np.zeros((16, 16), dtype=np.uint8))
    return png_of((16, 16), 8, PALETTE, rows[:40], before=chunk(b"PLTE", b"abcde"))


def _tiff() -> Iterator[Case]:
    lies: dict[str, dict[str, TiffTag]] = {
        "pixels_beyond_the_file": {"strips": (273, 4, 1, 2**31)},
        "four_thousand_million_strips": {"strips": (273, 4, 2**32 - 1, 8), "lengths": (279, 4, 2**32 - 1, 8)},
        "no_width": {"width": (256, 3, 1, 0)},
        "unknown_compression": {"compression": (259, 3, 1, 4242)},
        "255_bits": {"bits": (258, 3, 1, 255)},
        "60000_samples": {"samples": (277, 3, 1, 60_000)},
        "pixels_not_packed": {"compression": (259, 3, 1, 8)},
    }
    for name, changed in lies.items():
        make = partial(tiff_of, tiff_tags(**changed), noise(channels=1).tobytes())
        yield one(f"tiff_{name}", "a.tiff", make, Refused())
    missing = {"lengths": (279, 4, 1, 2**32 - 1), "height": (257, 4, 1, 10_000)}
    yield one("tiff_most_rows_missing", "a.tiff", partial(tiff_of, tiff_tags(**missing), bytes(256)), Answered())
    yield one("tiff_announces_65535_tags", "a.tiff", lambda: tiff_of(tiff_tags()[:3], announced=65535), BROKEN)
    yield one("tiff_directory_beyond_the_file", "a.tiff", lambda: b"II*\0" + struct.pack("<I", 2**31), BROKEN)
    yield one("tiff_directory_is_the_header", "a.tiff", lambda: b"II*\0" + bytes(4) + bytes(100), BROKEN)
    yield one("bigtiff_announces_everything", "a.tiff", lambda: b"II+\0\x08\0\0\0\x10" + b"\xff" * 60, BROKEN)
    nan = np.full((16, 16), np.nan, dtype=np.float32)
    yield one("tiff_not_a_number", "a.tiff", lambda: encoded(Image.fromarray(nan), "TIFF"), Refused("(?i)nan|number"))
    lab = Refused("LAB")
    yield one("tiff_mode_LAB", "a.tiff", lambda: encoded(Image.new("LAB", (16, 16)), "TIFF"), lab)


def _costly() -> Iterator[Case]:
    """Small files over which a decoder may sit for long, or for which it takes much memory."""
    comments = b"P2 1000 1000 255\n" + b"#\n" * 1_000_000
    yield one("pgm_of_a_million_comments", "a.pgm", partial(bytes, comments), Refused())
    yield one("bmp_of_49_million_pixels_in_runs", "a.bmp", _runs, Refused("(?i)runs"))
    moves = partial(_runs, 2000, b"\0\2\0\0" * 10**7)
    yield one("bmp_of_10_million_moves", "a.bmp", moves, Refused("(?i)runs"))
    yield one("tiff_of_a_million_strips", "a.tiff", _strips, Answered())
    yield one("bigtiff_of_a_million_strips", "a.tiff", _large_strips, Answered())
    yield one("tiff_of_60000_tags", "a.tiff", partial(_tags, 60_000), Answered())
    yield one("tiff_tile_larger_than_its_picture", "a.tiff", _tile, Answered())
    yield one("jpeg_of_a_million_fill_bytes", "a.jpg", lambda: picture(format="JPEG")[:-2] + b"\xff" * 10**6, BROKEN)
    frame_count = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    yield one("png_announces_2_billion_frames", "a.png", partial(blank_png, 16, 16, before=frame_count), Answered())


def _runs(side: int = 7000, before: bytes = b"") -> bytes:
    """A BMP of short runs: 49 million pixels in 1.8 MB, and long for who unpacks them one by one."""
    head = struct.pack("<IHHI", 0, 0, 0, 54 + 1024)
    about = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 0, 0, 0, 256, 0)
    return b"BM" + head + about + bytes(1024) + before + (b"\x38\x01" * (side // 56) + b"\0\0") * side


def _strips(count: int = 1_000_000) -> bytes:
    place = 8 + 256
    changed = {"strips": (273, 4, count, place), "lengths": (279, 4, count, place), "rows": (278, 3, 1, 1)}
    return tiff_of(tiff_tags(**changed), noise(channels=1).tobytes() + struct.pack("<I", 8) * count)


def _tags(count: int) -> bytes:
    """Each with all of 100 KB, the same."""
    size = 100_000
    tags = {f"tag {number}": (number, 1, size, 8) for number in range(1000, 1000 + count)}
    return tiff_of(tiff_tags(**tags), bytes(size))


def _large_strips(count: int = 1_000_000) -> bytes:
    """The same as a BigTIFF, whose numbers have 64 bits."""
    place = 16 + 256
    plain = ((256, 16), (257, 16), (258, 8), (259, 1), (262, 1), (277, 1), (278, 1))
    tags = sorted([(number, 3, 1, value) for number, value in plain] + [(k, 16, count, place) for k in (273, 279)])
    directory = struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", *tag) for tag in tags) + bytes(8)
    body = noise(channels=1).tobytes() + struct.pack("<Q", 16) * count
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16 + len(body)) + body + directory


def _tile(side: int = 32_768) -> bytes:
    """A picture of 16×16 in one corner of a tile of a gigabyte, packed 1,000 to 1."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">I", side * side % 65_521 << 16 | 1)  # Adler-32 of nothing but zeros
    pixels = b"\x78\x9c" + megabyte * (side * side // 2**20) + b"\3\0" + checksum
    plain = [(number, 3, 1, value) for number, value in ((256, 16), (257, 16), (258, 8), (259, 8), (262, 1), (277, 1))]
    tile = [(322, 4, 1, side), (323, 4, 1, side), (324, 4, 1, 8), (325, 4, 1, len(pixels))]
    return tiff_of([*plain, *tile], pixels)


CASES = (*_cut(), *_large(), *_png(), *_tiff(), *_costly())
