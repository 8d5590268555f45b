"""A dataset at a glance: some of its pictures, or its rows as points. No Streamlit."""

import numpy as np
from PIL import Image, ImageColor, ImageDraw
from plotly.colors import qualitative

from pages.ui import pictures
from vae_core.datasets import Dataset

COLUMNS, ROWS = 6, 4
WIDTH, HEIGHT = 480, 320
FINER = 3
"""Drawn so many times as large, so that points come out round."""
MARGIN, RADIUS = 16, 2.5
MOST_POINTS = 2_000


def card(dataset: Dataset) -> bytes:
    """A PNG three by two, with a clear ground where it is a table."""
    some = np.random.default_rng(0).permutation(len(dataset))
    if dataset.schema.kind == "image":
        return pictures.sheet(dataset.x[some[: COLUMNS * ROWS]], COLUMNS)
    some = some[:MOST_POINTS]
    labels = np.zeros(len(some), dtype=int) if dataset.labels is None else dataset.labels[some]
    return pictures.png(scatter(dataset.x[some][:, [0, -1]], labels))


def scatter(points: np.ndarray, labels: np.ndarray, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Points [n, 2], the first across and the second upwards, in a colour a label; uint8 [H, W, 4], a clear ground."""
    ends = np.quantile(points, (0.002, 0.998), axis=0)
    room = np.array([width - 2 * MARGIN, height - 2 * MARGIN])
    unit = (room / np.ptp(ends, axis=0)).min()  # the same across and upwards: a ring is round
    places = (points - ends.mean(axis=0)) * (unit, -unit) + (width / 2, height / 2)
    image = Image.new("RGBA", (width * FINER, height * FINER))
    draw = ImageDraw.Draw(image)
    for (x, y), label in zip((places * FINER).tolist(), labels.tolist(), strict=True):
        colour = ImageColor.getrgb(qualitative.D3[label % len(qualitative.D3)])
        draw.circle((x, y), FINER * RADIUS * height / HEIGHT, fill=(*colour, 255))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))
