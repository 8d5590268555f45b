"""From a picture of handwriting back to the strokes of the pen, and onto the drawing pad with the mouse."""

import numpy as np
from PIL import Image
from playwright.sync_api import Page

FINER = 4
"""Thinned at so many times the size: the lines are smoother."""
EVERY = 8
"""Of the pixels of a line so many are one point."""
SHORTEST = 5
"""Pixels: shorter branches are burrs of the thinning."""
AROUND = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
"""Neighbours clockwise from the north: P2 to P9 of the paper."""

Place = tuple[float, float]

READ = """async () => {
  const { tool } = document.querySelector(".latent-pad").pad.tools.made.get("input");
  while (tool.working || !tool.code) await new Promise(requestAnimationFrame);
  const { data } = tool.seen.getContext("2d").getImageData(0, 0, tool.side, tool.side);
  return [[...tool.code.mean], [...data].filter((_, n) => n % 4 === 0)];
}"""


def thin(ink: np.ndarray) -> np.ndarray:
    """The skeleton of bool [H, W]: lines of one pixel.

    Zhang & Suen 1984, "A fast parallel algorithm for thinning digital patterns"
    (https://doi.org/10.1145/357994.358023).
    """
    skeleton = np.pad(ink, 1)
    while True:
        before = skeleton.sum()
        for first in (True, False):
            p = np.stack([np.roll(skeleton, (-dy, -dx), (0, 1)) for dy, dx in AROUND])  # P2 … P9
            inside = (p.sum(0) >= 2) & (p.sum(0) <= 6)
            crossings = (~p & np.roll(p, -1, 0)).sum(0)
            north, east, south, west = p[0], p[2], p[4], p[6]
            if first:
                edge = ~(north & east & south) & ~(east & south & west)
            else:
                edge = ~(north & east & west) & ~(north & south & west)
            skeleton = skeleton & ~(inside & (crossings == 1) & edge)
        if skeleton.sum() == before:
            return skeleton[1:-1, 1:-1]


def strokes(picture: np.ndarray) -> list[list[Place]]:
    """Lines [(x, y), …] through the ink of a picture uint8 [H, W], in its pixels."""
    height, width = picture.shape
    finer = Image.fromarray(picture).resize((width * FINER, height * FINER), Image.Resampling.BICUBIC)
    left = {(int(y), int(x)) for y, x in np.argwhere(thin(np.asarray(finer) > 127))}
    all_pixels = frozenset(left)
    lines = []
    while left:
        ends = [pixel for pixel in left if len(_next(pixel, left)) <= 1]
        line = [min(ends or left)]
        left.discard(line[0])
        while ways := _next(line[-1], left):
            line.append(_straightest(line, ways))
            left.discard(line[-1])
        if len(line) < SHORTEST and lines:
            continue
        line = [*_next(line[0], all_pixels - {*line})[:1], *line, *_next(line[-1], all_pixels - {*line})[:1]]
        points = [*line[:-1:EVERY], line[-1]]
        lines.append([((x + 0.5) / FINER, (y + 0.5) / FINER) for y, x in points])
    return lines


def _next(pixel: tuple[int, int], among: set[tuple[int, int]] | frozenset[tuple[int, int]]) -> list[tuple[int, int]]:
    y, x = pixel
    return [(y + dy, x + dx) for dy, dx in AROUND if (y + dy, x + dx) in among]


def _straightest(line: list[tuple[int, int]], ways: list[tuple[int, int]]) -> tuple[int, int]:
    """A pen goes on where it was going."""
    (y, x), (y0, x0) = line[-1], line[max(len(line) - 6, 0)]
    return max(
        ways, key=lambda way: (way[0] - y) * (y - y0) + (way[1] - x) * (x - x0) - 0.1 * (way[0] != y and way[1] != x)
    )


def replay(
    page: Page, lines: list[list[Place]], side: int, scale: float, shift: Place
) -> tuple[list[float], np.ndarray]:
    """Draw lines given in pixels of a picture of that side on the open pad, and let it be encoded.

    Args:
        page: With the tool "Own picture" open and the pad in sight.
        lines: As from `strokes`.
        side: Of the picture that they are from.
        scale: Of the picture beside the pad, below 1.
        shift: Where its corner lies, in shares of the room that is left.

    Returns:
        The code, and what the model saw: uint8 [side, side].
    """
    page.get_by_role("button", name="Clear", exact=True).click()
    box = page.locator(".lp-draw").bounding_box()
    assert box is not None
    left, top = (box[axis] + share * (1 - scale) * box["width"] for axis, share in zip("xy", shift, strict=True))
    unit = scale * box["width"] / side
    for line in lines:
        places = [(left + x * unit, top + y * unit) for x, y in line]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    code, seen = page.evaluate(READ)
    return code, np.array(seen, dtype=np.uint8).reshape(side, side)
