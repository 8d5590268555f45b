"""What the explorer fetches of a model and its dataset, as bytes. No Streamlit."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from vae_core.datasets import Dataset
from vae_core.latents.codes import Codes
from vae_core.latents.density import AggregatePosterior

THUMBNAIL_BYTES = 12 * 2**20
"""Pictures for "nearest sample" that the browser loads beforehand, so that dragging asks the server for nothing."""
THUMBNAIL_SIDES = (64, 48, 32)


def codes(codes: Codes, density: AggregatePosterior) -> bytes:
    """Means and stds, float32 [N, L] each, then int32 [N] labels, all little-endian."""
    labels = np.zeros(len(codes)) if codes.labels is None else codes.labels
    content = b"".join(part.astype("<f4").tobytes() for part in (codes.mean, density.std))
    return content + bytes(labels.astype("<i4").tobytes())


def points(dataset: Dataset) -> bytes:
    """x of a table of two numbers, float32 [N, 2], standardised."""
    return bytes(dataset.x.astype("<f4").tobytes())


@dataclass(frozen=True)
class ThumbnailPlan:
    """At what side, and of how many evenly chosen pictures, thumbnails are sent."""

    side: int
    count: int


def thumbnail_plan(count: int, side: int, channels: int) -> ThumbnailPlan:
    """The largest thumbnails that leave room for all pictures, else as many small ones as fit."""
    for candidate in (side, *THUMBNAIL_SIDES):
        if candidate <= side and count * candidate**2 * channels <= THUMBNAIL_BYTES:
            return ThumbnailPlan(candidate, count)
    small = min(side, THUMBNAIL_SIDES[-1])
    return ThumbnailPlan(small, min(count, THUMBNAIL_BYTES // (small**2 * channels)))


def thumbnails(dataset: Dataset) -> np.ndarray:
    """uint8 [n, side, side, C]; picture k of n is number floor(k · N / n) of the dataset."""
    _, side, _, channels = dataset.x.shape
    plan = thumbnail_plan(len(dataset), side, channels)
    chosen = dataset.x[np.arange(plan.count, dtype=np.int64) * len(dataset) // plan.count]
    if plan.side == side:
        return chosen
    small = [
        np.asarray(Image.fromarray(x.squeeze()).resize((plan.side, plan.side), Image.Resampling.BOX)) for x in chosen
    ]
    return np.stack(small).reshape(plan.count, plan.side, plan.side, channels)
