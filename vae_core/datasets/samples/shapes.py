"""White squares, ellipses and hearts on black, whose five generative factors are known.

Factors, their order and outlines follow dSprites (Matthey, Higgins, Hassabis, Lerchner 2017,
https://github.com/google-deepmind/dsprites-dataset); the pictures are drawn here, none of its files is used.

A pixel is white where its centre lies inside the outline. The pixel in row r and column c has its centre at
x = c + 0.5, y = r + 0.5 (y grows downwards): the middle of the 64×64 picture is then (32, 32), which is also the middle
of the range 16 … 48 of the positions. So the margins on opposite sides are equal, as they have to be. Were the centre
at (c, r), everything would lie half a pixel too far to the lower right.
"""

from functools import cache

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.samples.factors import FactorGrid
from vae_core.datasets.schemas import ImageSchema

SIDE = 64
SHAPES = ("square", "ellipse", "heart")
FACTORS = FactorGrid(("shape", "scale", "orientation", "posX", "posY"), (3, 6, 40, 32, 32))
"""737,280 combinations. Orientation 39 is a full turn and repeats orientation 0: there are 39 orientations to be seen
and 718,848 combinations that differ; a few of these still fall on the same pixels, which leaves 715,744 pictures."""

SCALES = np.linspace(0.5, 1.0, 6)
TURNS = 39
ANGLES = 2 * np.pi * np.arange(TURNS) / TURNS
"""Counter-clockwise on the screen."""
CENTRES = 16 + 32 * np.arange(32) / 31
"""Of the outline, in pixels from the left and from the upper edge."""

SQUARE_SIDE = 19.1995
ELLIPSE = (12.765, 7.2125)
"""Semi-axes, across and down."""
HEART = np.array(
    [
        [(0, -5.158), (2.071, -11.993), (9.591, -9.570), (9.591, -4.061)],
        [(9.591, -4.061), (9.591, 1.587), (1.075, 5.109), (0, 9.710)],
    ]
)
"""The right half as cubic Béziers [2, 4 points, (x, y)], from the notch to the tip; the left half mirrors it."""

ROWS = 29
"""As many rows as the largest outline, 13.58 around its centre, can meet; the first is 2 + posY."""
CROSSINGS = 4
"""A row enters a heart at most twice and leaves it as often."""
FROM_COLUMN = np.array([2**64 - 2**column for column in range(SIDE + 1)], dtype="<u8")
"""A row of 64 pixels is a number of 64 bits, pixel c the bit of value 2^c; here all pixels from a column on are set."""
CHUNK = 1024


def draw(index: np.ndarray) -> np.ndarray:
    """The pictures with these numbers [n], as uint8 [n, 64, 64] of 0 and 255.

    Raises:
        ValueError: if a number is negative or not below 737,280.
    """
    factors = FACTORS.factors_of(index)
    pictures = np.empty((len(factors), SIDE, SIDE), dtype=np.uint8)
    for start in range(0, len(factors), CHUNK):
        rows = _rows(*factors[start : start + CHUNK].T)
        pixels = np.unpackbits(rows.view(np.uint8), bitorder="little").reshape(-1, SIDE, SIDE)
        np.multiply(pixels, 255, out=pictures[start : start + CHUNK])
    return pictures


def shapes(count: int = 10_000, seed: int = 0) -> Dataset:
    """Some of the pictures, chosen at random, in the order of their numbers."""
    index = FACTORS.sample(count, seed)
    factors = FACTORS.factors_of(index)
    return Dataset(
        "Shapes (dSprites-like)",
        draw(index)[..., None],
        ImageSchema(side=SIDE, channels=1),
        labels=factors[:, 0],
        label_names=SHAPES,
        factors=factors,
        factor_names=FACTORS.names,
    )


def _rows(shape: np.ndarray, scale: np.ndarray, turn: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The rows of pictures as bits, uint64 [n, 64]: walking to the right, a pixel flips at every crossing passed."""
    crossings = _crossings()[shape, scale, turn % TURNS, y]  # [n, ROWS, CROSSINGS]
    columns = np.ceil(crossings + (CENTRES[x] - 0.5)[:, None, None])  # the first with its centre behind the crossing
    inside = np.bitwise_xor.reduce(FROM_COLUMN[np.minimum(columns, SIDE).astype(np.intp)], axis=-1)
    rows = np.zeros((len(y), SIDE), dtype=FROM_COLUMN.dtype)
    np.put_along_axis(rows, 2 + y[:, None] + np.arange(ROWS), inside, axis=1)
    return rows


@cache
def _crossings() -> np.ndarray:
    """Where the rows cross the outlines, [3, 6 scales, 39 turns, 32 posY, ROWS, CROSSINGS]; 20 MB, made in a second.

    In pixels to the right of the outline's centre; infinite where there are fewer than CROSSINGS.
    """
    row_centres = 2.5 + np.arange(32)[:, None] + np.arange(ROWS)  # [posY, ROWS]
    below = (row_centres - CENTRES[:, None]) / SCALES[:, None, None]  # from the outline's centre, for scale 1
    lines = below[:, None]  # [6, 1, 32, ROWS]: the same for every turn
    table = np.full((len(SHAPES), len(SCALES), TURNS, *row_centres.shape, CROSSINGS), np.inf)
    table[0] = _bezier_crossings(_square(), lines)
    table[1, ..., :2] = _ellipse_crossings(lines)
    table[2] = _bezier_crossings(np.concatenate([HEART, HEART * (-1, 1)]), lines)
    return table * SCALES[:, None, None, None, None]


def _square() -> np.ndarray:
    """Its sides as Béziers [4, 4 points, (x, y)]."""
    corners = SQUARE_SIDE / 2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    along = np.linspace(0, 1, 4)[:, None]
    return corners[:, None] * (1 - along) + np.roll(corners, -1, axis=0)[:, None] * along


def _ellipse_crossings(lines: np.ndarray) -> np.ndarray:
    """The two solutions x of the turned ellipse's equation a·x² + 2·b·x·y + c·y² = 1 for every y."""
    cosine, sine = np.cos(ANGLES)[:, None, None], np.sin(ANGLES)[:, None, None]
    across, down = 1 / np.square(ELLIPSE)
    a = across * cosine**2 + down * sine**2
    b = (down - across) * cosine * sine
    c = across * sine**2 + down * cosine**2
    under_root = a - (a * c - b**2) * lines**2
    root = np.sqrt(np.maximum(under_root, 0))
    ends = np.stack([-b * lines - root, -b * lines + root], axis=-1) / a[..., None]
    return np.where(under_root[..., None] > 0, ends, np.inf)


def _bezier_crossings(curves: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Where the rows cross a closed outline of Béziers [C, 4 points, (x, y)], turned by every angle.

    Every curve is cut where it is highest and lowest; between two cuts it crosses a row once or not at all. Neighbours
    share their end points to the last bit, so that every row crosses the outline an even number of times.
    """
    cosine, sine = np.cos(ANGLES)[:, None, None], np.sin(ANGLES)[:, None, None]
    x = curves[..., 0] * cosine + curves[..., 1] * sine  # [39, C, 4 points]
    y = curves[..., 1] * cosine - curves[..., 0] * sine
    cuts = _cuts(y)  # [39, C, 4 times]
    heights = _bezier(y[..., None, :], cuts)[:, None, None]  # [39, 1, 1, C, 4]
    above = heights < lines[..., None, None]  # [6, 39, 32, ROWS, C, 4]
    crossed = above[..., :-1] != above[..., 1:]
    scale, turn, position, row, curve, part = np.nonzero(crossed)
    start, end = cuts[turn, curve, part], cuts[turn, curve, part + 1]
    times = _solve(y[turn, curve], lines[scale, 0, position, row], start, end)
    found = np.full(crossed.shape, np.inf)
    found[crossed] = _bezier(x[turn, curve], times)
    return np.sort(found.reshape(*crossed.shape[:-2], -1))[..., :CROSSINGS]


def _bezier(points: np.ndarray, times: np.ndarray) -> np.ndarray:
    """One coordinate of Béziers [..., 4 points]; at the times 0 and 1 just that of the first and last point."""
    rest = 1 - times
    inner = 3 * times * rest * (points[..., 1] * rest + points[..., 2] * times)
    return points[..., 0] * rest**3 + inner + points[..., 3] * times**3


def _cuts(points: np.ndarray) -> np.ndarray:
    """The times [..., 4], 0 and 1 among them, between which a coordinate of Béziers only grows or only falls."""
    first, second, third = np.moveaxis(np.diff(points), -1, 0)
    a, b, c = first - 2 * second + third, second - first, first  # the derivative is 3·(a·t² + 2·b·t + c)
    with np.errstate(divide="ignore", invalid="ignore"):  # where it is constant, or never zero
        stable = -b - np.copysign(np.sqrt(b**2 - a * c), b)
        turns = np.nan_to_num(np.stack([stable / a, c / stable], axis=-1)).clip(0, 1)
    ends = np.broadcast_to([0.0, 1.0], turns.shape)
    return np.sort(np.concatenate([ends, turns], axis=-1), axis=-1)


def _solve(points: np.ndarray, height: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The times at which a coordinate of Béziers [n, 4 points] reaches a height [n], by bisection."""
    rises = _bezier(points, start) < height
    for _ in range(52):  # a double has no more digits
        middle = (start + end) / 2
        early = (_bezier(points, middle) < height) == rises
        start, end = np.where(early, middle, start), np.where(early, end, middle)
    return end
