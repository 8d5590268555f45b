"""Little faces in colour whose seven generative factors are known, all of them drawn here.

A face is a pile of layers, each a colour seen through a stencil. Stencils are cut out of ovals and strokes at eight
times the resolution and then averaged, which makes their edges smooth.
"""

import colorsys
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.samples.factors import FactorGrid
from vae_core.datasets.schemas import ImageSchema

SIDE, FINER = 32, 8
CHUNK = 256

EXPRESSIONS = ("laughing", "smiling", "calm", "sad", "surprised")
SKINS = {
    "porcelain": (255, 226, 204),
    "peach": (247, 202, 168),
    "honey": (226, 170, 124),
    "caramel": (190, 128, 84),
    "chestnut": (140, 88, 56),
    "cocoa": (96, 60, 42),
}
HAIRSTYLES = ("short", "curly", "long", "bun", "mohawk")
HAIR_COLOURS = {
    "black": (34, 30, 38),
    "brown": (104, 62, 34),
    "copper": (196, 88, 32),
    "blond": (240, 200, 92),
    "silver": (206, 210, 218),
    "violet": (126, 72, 178),
}
EYE_SIZES = (1.3, 1.65, 2.0, 2.35)
"""Half the width of an eye, in pixels."""
GLASSES = ("none", "round", "square")
BACKGROUNDS = [[255 * part for part in colorsys.hls_to_rgb(hue / 8, 0.78, 0.62)] for hue in range(8)]
"""Eight pale colours around the colour wheel, from red."""
PAINTS = {"white": (255, 255, 255), "ink": (44, 34, 44), "red": (206, 44, 62), "blue": (70, 88, 140)}
"""The colours that all faces share."""

CLASSES = {
    "expression": EXPRESSIONS,
    "skin": SKINS,
    "hairstyle": HAIRSTYLES,
    "hair colour": HAIR_COLOURS,
    "eye size": EYE_SIZES,
    "glasses": GLASSES,
    "background": BACKGROUNDS,
}
FACTORS = FactorGrid(tuple(CLASSES), tuple(len(classes) for classes in CLASSES.values()))
"""86,400 faces."""

X = (np.arange(SIDE * FINER) + 0.5) / FINER
Y = X[:, None]
"""The points at which stencils are cut, in pixels from the left and from the upper edge."""


def draw(index: np.ndarray) -> np.ndarray:
    """The faces with these numbers [n], as uint8 [n, 32, 32, 3].

    Raises:
        ValueError: if a number is negative or not below 86,400.
    """
    factors = FACTORS.factors_of(index)
    pictures = np.empty((len(factors), SIDE, SIDE, 3), dtype=np.uint8)
    for start in range(0, len(factors), CHUNK):
        pictures[start : start + CHUNK] = _paint(factors[start : start + CHUNK])
    return pictures


def faces(count: int = 4_000, seed: int = 0) -> Dataset:
    """Some of the faces, chosen at random, in the order of their numbers."""
    index = FACTORS.sample(count, seed)
    factors = FACTORS.factors_of(index)
    return Dataset(
        "Faces 32×32",
        draw(index),
        ImageSchema(side=SIDE, channels=3),
        labels=factors[:, 0],
        label_names=EXPRESSIONS,
        factors=factors,
        factor_names=FACTORS.names,
    )


def _paint(factors: np.ndarray) -> np.ndarray:
    """Faces float32 [n, 32, 32, 3] from the classes of their factors [n, 7]."""
    classes = dict(zip(FACTORS.names, factors.T, strict=True))
    skin = _palette(SKINS.values())[classes["skin"]]
    hair = _palette(HAIR_COLOURS.values())[classes["hair colour"]]
    colours = {
        "skin": skin,
        "skin in the shade": 0.88 * skin,
        "blush": 0.72 * skin + 0.28 * _palette([PAINTS["red"]]),
        "hair": hair,
        "hair in the shade": 0.78 * hair,
    } | {name: _palette([colour]) for name, colour in PAINTS.items()}
    picture = np.tile(_palette(BACKGROUNDS)[classes["background"]], (1, SIDE, SIDE, 1))
    for colour, factor, stencils in _layers():
        seen = stencils[classes[factor]] if factor else stencils
        picture += seen * (colours[colour] - picture)
    return np.rint(picture)


def _palette(colours: Iterable[Sequence[float]]) -> np.ndarray:
    """Colours float32 [n, 1, 1, 3]."""
    return np.array(list(colours), dtype=np.float32)[:, None, None]


@cache
def _layers() -> tuple[tuple[str, str | None, np.ndarray], ...]:
    """From back to front: a colour, the factor that chooses among the stencils, and those, float32 [n, 32, 32, 1]."""
    hair_behind, hair = _hair()
    mouths, teeth = _mouths()
    eyes = [_pair(4, 17.2, size, 1.12 * size) for size in EYE_SIZES]
    pupils = [_pair(3.9, 17.3, 0.66 * size, 0.8 * size) for size in EYE_SIZES]
    glints = [_oval(12.6, 16.6, r, r) | _oval(20.4, 16.6, r, r) for r in (0.27 * size for size in EYE_SIZES)]
    layers = (
        ("hair in the shade", "hairstyle", hair_behind),
        ("skin in the shade", None, [_box(16, 26.5, 3, 2.5)]),  # neck
        ("blue", None, [_oval(16, 33.5, 11, 6.5)]),  # shoulders
        ("skin in the shade", None, [_pair(9.1, 18, 1.9, 2.4)]),  # ears
        ("skin", None, [_oval(16, 17.6, 9.1, 9.8)]),
        ("blush", None, [_pair(6, 21.2, 1.9, 1.3)]),
        ("white", "eye size", eyes),
        ("ink", "eye size", pupils),
        ("white", "eye size", glints),
        ("red", "expression", mouths),
        ("white", "expression", teeth),
        ("hair", "hairstyle", hair),
        ("hair in the shade", "expression", _brows()),
        ("ink", "glasses", _glasses()),
    )
    return tuple((colour, factor, _averaged(stencils)) for colour, factor, stencils in layers)


def _averaged(stencils: list[np.ndarray]) -> np.ndarray:
    """The share of each pixel that a stencil leaves open."""
    fine = np.stack(stencils).reshape(-1, SIDE, FINER, SIDE, FINER)
    return fine.mean(axis=(2, 4), dtype=np.float32)[..., None]


def _hair() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What of every hairstyle lies behind the head, and before it."""
    crown = _oval(16, 15.2, 10.1, 10.3)
    combed_back = crown & ~_oval(16, 21.5, 8.6, 10.2)
    angles = np.linspace(-1.75, 1.75, 9)
    curls = [_oval(16 + 9.2 * np.sin(angle), 15.2 - 9.2 * np.cos(angle), 3.3, 3.3) for angle in angles]
    before = {
        "short": crown & ~_oval(17.5, 22.2, 9.4, 11.2) & (Y < 19),
        "curly": np.any(curls, axis=0) | (combed_back & (Y < 12)),
        "long": crown & ~_oval(16, 20.5, 7.4, 10.6),
        "bun": _oval(16, 3.6, 3.9, 3.4) | (combed_back & (Y < 15)),
        "mohawk": _oval(16, 5.6, 2.5, 5.2),
    }
    behind = {"long": _oval(16, 15.4, 11.3, 11.3) | _box(16, 21.5, 11.3, 6.1)}
    nothing = np.zeros_like(crown)
    return [behind.get(style, nothing) for style in HAIRSTYLES], [before[style] for style in HAIRSTYLES]


def _mouths() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The mouth and the teeth of every expression."""
    mouths = {
        "laughing": _oval(16, 21.2, 4.2, 4.7) & (Y > 21.2),
        "smiling": _curve(22.1, 3.6, 2.0),
        "calm": _curve(23.1, 2.8, 0),
        "sad": _curve(24.3, 3.2, -2.0),
        "surprised": _oval(16, 23.6, 1.8, 2.2),
    }
    teeth = {"laughing": _oval(16, 21.2, 3.5, 4.0) & (abs(Y - 22.5) < 0.6)}
    nothing = np.zeros_like(mouths["calm"])
    return [mouths[kind] for kind in EXPRESSIONS], [teeth.get(kind, nothing) for kind in EXPRESSIONS]


def _brows() -> list[np.ndarray]:
    """For every expression two lines, whose inner ends are higher where the slope is positive."""
    places = {
        "laughing": (13.4, 0.15),
        "smiling": (13.8, 0),
        "calm": (14, 0),
        "sad": (13.7, 0.75),
        "surprised": (12.5, 0.2),
    }
    left = [_line(9.8, y + slope, 13.1, y - slope) for y, slope in (places[kind] for kind in EXPRESSIONS)]
    return [brow | brow[:, ::-1] for brow in left]


def _glasses() -> list[np.ndarray]:
    """The frames; the eyes are seen through them."""
    rims = {
        "round": _pair(4, 17.2, 3.5, 3.5) & ~_pair(4, 17.2, 2.7, 2.7),
        "square": (_box(12, 17.2, 3.4, 2.9) | _box(20, 17.2, 3.4, 2.9))
        & ~(_box(12, 17.2, 2.65, 2.15) | _box(20, 17.2, 2.65, 2.15)),
    }
    bridge_and_temples = _box(16, 16.8, 9.2, 0.4) & ~_box(16, 16.8, 7.2, 0.4) | _box(16, 16.8, 0.8, 0.4)
    nothing = np.zeros_like(bridge_and_temples)
    return [rims[kind] | bridge_and_temples if kind in rims else nothing for kind in GLASSES]


def _oval(x: float, y: float, across: float, down: float) -> np.ndarray:
    """What lies in an oval, bool [256, 256], given its middle and its semi-axes in pixels."""
    return ((X - x) / across) ** 2 + ((Y - y) / down) ** 2 <= 1


def _pair(apart: float, y: float, across: float, down: float) -> np.ndarray:
    """Two ovals, as far to the left as to the right of the middle."""
    return _oval(16 - apart, y, across, down) | _oval(16 + apart, y, across, down)


def _box(x: float, y: float, across: float, down: float) -> np.ndarray:
    """What lies in a rectangle, given its middle and half its sides."""
    return (abs(X - x) <= across) & (abs(Y - y) <= down)


def _line(x: float, y: float, end_x: float, end_y: float, width: float = 0.9) -> np.ndarray:
    """What lies no further than half the width from a line; its ends are round."""
    across, down = end_x - x, end_y - y
    along = (((X - x) * across + (Y - y) * down) / (across**2 + down**2)).clip(0, 1)
    return np.hypot(X - x - along * across, Y - y - along * down) <= width / 2


def _curve(y: float, half: float, depth: float) -> np.ndarray:
    """A line whose middle hangs lower than its ends; where the depth is negative, it stands higher."""
    points = [(16 + half * u, y + depth * (1 - u * u)) for u in np.linspace(-1, 1, 13)]
    return np.any([_line(*a, *b, width=1.0) for a, b in pairwise(points)], axis=0)
