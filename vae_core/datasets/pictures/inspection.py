"""What is worth knowing of a set of pictures before a model is trained on it."""

import hashlib
from dataclasses import dataclass

import numpy as np

BLANK_RANGE = 13
"""A picture whose pixels lie within 5 % of the whole range shows next to nothing."""
CHUNK = 4096
BINS = 32


@dataclass(frozen=True, eq=False)
class Inspection:
    """Facts of uint8 pictures [N, H, W, C].

    Attributes:
        duplicates: Groups of indices of pictures with the same pixels, largest first.
        blanks: Indices of pictures with (nearly) one colour.
        mean: Of all pixels, a channel, 0 to 255.
        std: Of all pixels, a channel.
        histogram: Pixels in 32 equal bins of 0 to 255, [C, 32].
    """

    duplicates: tuple[tuple[int, ...], ...]
    blanks: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    histogram: np.ndarray


def inspect_pictures(x: np.ndarray) -> Inspection:
    """Look at every picture once; `x` may be memory-mapped."""
    groups: dict[bytes, list[int]] = {}
    blanks: list[int] = []
    channels = x.shape[-1]
    counts = np.zeros((channels, 256), dtype=np.int64)
    for start in range(0, len(x), CHUNK):
        part = np.ascontiguousarray(x[start : start + CHUNK])
        flat = part.reshape(len(part), -1)
        for k, row in enumerate(flat, start):
            groups.setdefault(hashlib.blake2b(row.data, digest_size=16).digest(), []).append(k)
        spread = np.ptp(part.reshape(len(part), -1, channels), axis=1).max(axis=1)
        blanks += (start + np.flatnonzero(spread < BLANK_RANGE)).tolist()
        for channel in range(channels):
            counts[channel] += np.bincount(part[..., channel].reshape(-1), minlength=256)
    levels = np.arange(256)
    mean = counts @ levels / counts.sum(1)
    std = np.sqrt(np.maximum(counts @ levels**2 / counts.sum(1) - mean**2, 0))
    return Inspection(
        tuple(sorted((tuple(group) for group in groups.values() if len(group) > 1), key=len, reverse=True)),
        tuple(blanks),
        tuple(mean.tolist()),
        tuple(std.tolist()),
        counts.reshape(channels, BINS, -1).sum(2),
    )
