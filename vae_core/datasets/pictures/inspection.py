"""What is worth knowing of a set of pictures before a model is trained on it."""

import hashlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from vae_core.config import Config

BLANK_RANGE = 13
"""A picture whose pixels lie within 5 % of the whole range shows next to nothing."""
CHUNK_BYTES = 2**23
BINS = 32
MOST_GROUPS, MOST_COPIES, MOST_BLANKS = 8, 10, 40
"""So many are named; the rest are counted, so that what is said of a set is small however large the set is."""


class Repeats(Config):
    """Pictures with the same pixels.

    Attributes:
        count: How many there are.
        first: The indices of the first of them, at most 10.
    """

    count: int
    first: tuple[int, ...]


class Inspection(Config):
    """Facts of uint8 pictures [N, H, W, C].

    Attributes:
        duplicates: Groups of pictures with the same pixels, the largest first, at most 8.
        duplicate_groups: How many such groups there are in all.
        repeats: How many pictures repeat another one.
        blanks: Indices of pictures of (nearly) one colour, at most 40.
        blank_count: How many of these there are in all.
        mean: Of all pixels, a channel, 0 to 255.
        std: Of all pixels, a channel.
        histogram: Pixels in 32 equal bins of 0 to 255, a channel.
    """

    duplicates: tuple[Repeats, ...]
    duplicate_groups: int
    repeats: int
    blanks: tuple[int, ...]
    blank_count: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    histogram: tuple[tuple[int, ...], ...]


def inspect_pictures(x: np.ndarray, still_here: Callable[[], None] = lambda: None) -> Inspection:
    """Look at every picture once.

    Args:
        x: uint8 [N, H, W, C]; may be memory-mapped, and larger than memory.
        still_here: Called again and again, for whoever watches that this goes on.
    """
    count, height, width, channels = x.shape
    digests = np.zeros(count, dtype="<u8")
    spread = np.zeros(count, dtype=np.uint8)
    levels = np.zeros((channels, 256), dtype=np.int64)
    chunk = max(1, CHUNK_BYTES // (height * width * channels))
    for start in range(0, count, chunk):
        still_here()
        part = np.ascontiguousarray(x[start : start + chunk])
        rows = slice(start, start + len(part))
        digests[rows] = np.frombuffer(b"".join(_digest(picture) for picture in part), dtype="<u8")
        spread[rows] = _spread(part)
        levels += _levels(part)
    still_here()
    duplicates, groups, repeats = _duplicates(digests)
    blanks = np.flatnonzero(spread < BLANK_RANGE)
    mean = levels @ np.arange(256) / levels.sum(1)
    std = np.sqrt(np.maximum(levels @ np.arange(256) ** 2 / levels.sum(1) - mean**2, 0))
    return Inspection(
        duplicates=duplicates,
        duplicate_groups=groups,
        repeats=repeats,
        blanks=tuple(blanks[:MOST_BLANKS].tolist()),
        blank_count=len(blanks),
        mean=tuple(mean.tolist()),
        std=tuple(std.tolist()),
        histogram=tuple(tuple(row) for row in levels.reshape(channels, BINS, -1).sum(2).tolist()),
    )


def _digest(picture: np.ndarray) -> bytes:
    """64 bits: among a million different pictures two share them once in 37 million sets."""
    return hashlib.blake2b(picture.data, digest_size=8).digest()


def _spread(part: np.ndarray) -> np.ndarray:
    """Of every picture [n, H, W, C], the largest range of a channel; rows first, where the pixels lie side by side."""
    count, height, width, channels = part.shape
    rows = part.reshape(count, height, width * channels)
    highest, lowest = (end.reshape(count, width, channels) for end in (rows.max(axis=1), rows.min(axis=1)))
    return (highest.max(axis=1) - lowest.min(axis=1)).max(axis=1)


def _levels(part: np.ndarray) -> np.ndarray:
    """How often every value occurs, [C, 256]; Pillow counts bytes where NumPy would make eight of each."""
    count, height, width, channels = part.shape
    pixels = part.reshape(count * height, width) if channels == 1 else part.reshape(count * height, width, channels)
    return np.array(Image.fromarray(pixels).histogram(), dtype=np.int64).reshape(channels, 256)


def _duplicates(digests: np.ndarray) -> tuple[tuple[Repeats, ...], int, int]:
    """The largest groups of equal digests, the number of all groups, and of all pictures that repeat another."""
    order = np.argsort(digests, kind="stable")
    begins = np.flatnonzero(np.diff(digests[order], prepend=digests[order[:1]] + np.uint64(1)))
    sizes = np.diff(begins, append=len(order))
    begins, sizes = begins[sizes > 1], sizes[sizes > 1]
    largest = np.lexsort((order[begins], -sizes))[:MOST_GROUPS]
    groups = (
        Repeats(count=size, first=tuple(order[begin : begin + min(size, MOST_COPIES)].tolist()))
        for begin, size in zip(begins[largest].tolist(), sizes[largest].tolist(), strict=True)
    )
    return tuple(groups), len(begins), int(sizes.sum() - len(begins))
