"""The film drawn, to take away: map, manifold and curve of every frame side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vae_core.film.aligned import AlignedFilm
from vae_core.records import EpochRecord

COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""As on the explorer's map: people with any colour vision tell them apart (Petroff 2021, https://arxiv.org/abs/2107.02270)."""
SIDE, GAP, HEAD = 320, 12, 28
"""Pixels of a panel, around it, and above it."""
DOT = 2
INK, PALE, TRAIN, VALIDATION = "#222222", "#dddddd", "#7f8ea3", "#3b6fd4"
SHOWN_QUANTILE, MARGIN = 0.005, 1.12
FILM_MILLISECONDS, LEAST_MILLISECONDS, MOST_MILLISECONDS = 6000, 60, 400


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn of a film.

    Attributes:
        film: The frames on their map.
        groups: int [n], the colour of every example of the probe set.
        sheets: uint8 [H, W, C], the manifold of every frame; empty where examples are no pictures.
        records: Of all epochs.
        loss: What its curve is called.
    """

    film: AlignedFilm
    groups: np.ndarray
    sheets: Sequence[np.ndarray]
    records: Sequence[EpochRecord]
    loss: str


def milliseconds(frames: int) -> int:
    """How long a frame is shown: about six seconds for all, whatever their number."""
    return min(max(FILM_MILLISECONDS // frames, LEAST_MILLISECONDS), MOST_MILLISECONDS)


def draw(drawn: Drawn) -> np.ndarray:
    """uint8 [F, H, W, 3]."""
    return np.stack([_frame(drawn, k) for k in range(len(drawn.film.epochs))])


def view(places: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre [2] and half a side of a square that holds nearly all of places [F, n, 2], and of the last frame's."""
    of_all, of_last = (
        np.quantile(some.reshape(-1, 2), (SHOWN_QUANTILE, 1 - SHOWN_QUANTILE), axis=0) for some in (places, places[-1])
    )
    low, high = np.minimum(of_all[0], of_last[0]), np.maximum(of_all[1], of_last[1])
    return (low + high) / 2, float((high - low).max() / 2 * MARGIN) or 1.0


def _frame(drawn: Drawn, k: int) -> np.ndarray:
    panels = 3 if drawn.sheets else 2
    image = Image.new("RGB", (panels * (SIDE + GAP) + GAP, HEAD + SIDE + GAP), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(14)
    epoch = drawn.film.epochs[k]
    _map(draw, drawn, k, (GAP, HEAD))
    heads = [f"Epoch {epoch} of {drawn.records[-1].epoch}", f"{drawn.loss} (nats)"]
    if drawn.sheets:
        sheet = drawn.sheets[k]
        picture = Image.fromarray(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet).convert("RGB")
        image.paste(picture.resize((SIDE, SIDE), Image.Resampling.BOX), (2 * GAP + SIDE, HEAD))
        heads.insert(1, "Manifold")
    _curve(draw, drawn, epoch, (image.width - SIDE - GAP, HEAD))
    for panel, text in enumerate(heads):
        draw.text((GAP + panel * (SIDE + GAP), 6), text, INK, font)
    return np.asarray(image)


def _map(draw: ImageDraw.ImageDraw, drawn: Drawn, k: int, corner: tuple[int, int]) -> None:
    centre, half = view(drawn.film.places)
    left, top = corner
    draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), outline=PALE)
    x = left + (drawn.film.places[k, :, 0] - centre[0] + half) / (2 * half) * SIDE
    y = top + (centre[1] + half - drawn.film.places[k, :, 1]) / (2 * half) * SIDE
    inside = (x > left + DOT) & (x < left + SIDE - DOT) & (y > top + DOT) & (y < top + SIDE - DOT)
    for n in np.flatnonzero(inside):
        box = (x[n] - DOT, y[n] - DOT, x[n] + DOT, y[n] + DOT)
        draw.ellipse(box, fill=COLOURS[int(drawn.groups[n]) % len(COLOURS)])


def _curve(draw: ImageDraw.ImageDraw, drawn: Drawn, epoch: int, corner: tuple[int, int]) -> None:
    left, top = corner
    draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), outline=PALE)
    lines = {part: [-getattr(record, part).elbo for record in drawn.records] for part in ("train", "validation")}
    low, high = min(map(min, lines.values())), max(map(max, lines.values()))
    span = max(drawn.records[-1].epoch - 1, 1)

    def place(at: int, value: float) -> tuple[float, float]:
        across = left + 10 + (at - 1) / span * (SIDE - 20)
        return across, top + 10 + (high - value) / (high - low or 1) * (SIDE - 20)

    for part, colour in (("train", TRAIN), ("validation", VALIDATION)):
        points = [place(record.epoch, value) for record, value in zip(drawn.records, lines[part], strict=True)]
        if len(points) > 1:
            draw.line(points, colour, 2)
    value = lines["validation"][epoch - 1]
    x, y = place(epoch, value)
    draw.line((x, top + 1, x, top + SIDE - 2), PALE, 1)
    draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=VALIDATION)
    draw.text((left + SIDE - 10, top + 10), f"{value:.1f}", INK, ImageFont.load_default(14), anchor="ra")
