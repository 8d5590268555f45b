"""An array of pictures, in whatever order of axes and range of values -> a dataset; in bounded memory.

Two passes: the first finds the range of the values and looks at samples, the second writes what a model learns.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from vae_core.datasets.arrays.levels import Extent, Levels, choose_levels
from vae_core.datasets.arrays.npy_header import shown_shape
from vae_core.datasets.arrays.stored import StoredArray, in_c_order
from vae_core.datasets.dataset import Dataset, Origin
from vae_core.datasets.file import clean_name
from vae_core.datasets.limits import MAX_EXAMPLES_BYTES, MAX_PICTURE_BYTES, MAX_PICTURES, MAX_PIXELS, MAX_SIDE
from vae_core.datasets.pictures.prepare import COLOUR_SPREAD, prepare_array, suggest
from vae_core.datasets.pictures.read import PREVIEW_SIDE, PREVIEWS
from vae_core.datasets.reading import Reading, Rows
from vae_core.datasets.schemas import ImageSchema
from vae_core.errors import DatasetError

SAMPLES, SAMPLE_BYTES = 200, 64 * 2**20
"""So many pictures, evenly chosen, are looked at before the preparation is suggested; fewer if they are large."""
BAND = 64
"""So many lines of a picture are laid on white at a time."""
CHANNELS = (1, 2, 3, 4)
"""Grey, grey with transparency, colour, colour with transparency."""


class Layout(NamedTuple):
    """How one picture lies in an array.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1 to 4.
        channels_first: Whether the channels come before height and width.
    """

    height: int
    width: int
    channels: int
    channels_first: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one picture with its channels."""
        size = (self.height, self.width)
        return (self.channels, *size) if self.channels_first else (*size, self.channels)

    @property
    def step(self) -> int:
        """Between the pixels of a preview."""
        return -(-max(self.height, self.width) // PREVIEW_SIDE)

    @property
    def thinned(self) -> "Layout":
        """Of a preview: every `step`-th pixel."""
        step = self.step
        return self._replace(height=-(-self.height // step), width=-(-self.width // step))

    def thin(self, example: np.ndarray) -> np.ndarray:
        """One picture as a preview, its axes in the same order; a copy."""
        pixels = slice(None, None, self.step)
        return example.reshape(self.shape)[(..., pixels, pixels) if self.channels_first else (pixels, pixels)].copy()

    def to_pictures(self, x: np.ndarray) -> np.ndarray:
        """uint8 [n, H, W, 1 or 3] of uint8 [n, ...]; what is transparent lies on white."""
        x = x.reshape(len(x), *self.shape)
        pictures = np.moveaxis(x, 1, -1) if self.channels_first else x
        if self.channels in (1, 3):
            return pictures
        on_white = np.empty((*pictures.shape[:-1], self.channels - 1), dtype=np.uint8)
        for top in range(0, self.height, BAND):
            band = pictures[:, top : top + BAND]
            alpha = band[..., -1:].astype(np.uint16)
            on_white[:, top : top + BAND] = (band[..., :-1] * alpha + 255 * (255 - alpha) + 127) // 255
        return on_white


def read_array_pictures(called: str, array: StoredArray, schema: ImageSchema | None, reading: Reading) -> Dataset:
    """The pictures in an array [N, H, W], [N, H, W, C] or [N, C, H, W].

    Args:
        called: What sentences call the array; also the dataset's name.
        array: Of numbers.
        schema: What to prepare for; suggested from the pictures when None.
        reading: Where the examples go, and who is told.

    Raises:
        DatasetError: if these are no pictures, or too large, or have values that are not numbers.
        DamagedError: if the values cannot be read.
    """
    shape, layout = find_layout(called, array.shape)
    _check_size(called, replace(array, shape=shape), layout)
    folder = reading.path.parent if reading.path else None
    with in_c_order(replace(array, shape=shape), folder) as pictures:
        levels, samples = _survey(called, pictures, layout)
        suggested, advice = suggest(samples, [(layout.width, layout.height)] * len(samples))
        wanted = schema or suggested
        _check_room(called, len(pictures), wanted)
        x, decoloured = _convert(pictures, layout, levels, wanted, reading)
    read_as_one = (
        f"The array {shown_shape(array.shape)} was read as one colour picture." if shape != array.shape else ""
    )
    return Dataset(
        clean_name(called),
        x,
        wanted,
        warnings=tuple(filter(None, (read_as_one, *_notes(layout, levels, wanted, decoloured)))),
        origin=Origin(
            sizes=((layout.width, layout.height, len(x)),), advice=tuple(filter(None, (*advice, levels.advice)))
        ),
        previews=tuple(samples[:: -(-len(samples) // PREVIEWS)]),
    )


def find_layout(called: str, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Layout]:
    """The shape with the count first, and how each picture lies in it.

    Where both axes could be the channels ([N, 3, 4, 4], [N, 3, 64, 3]), square pictures are more likely than others,
    then channels last. [H, W, 3] is one colour picture rather than many pictures three pixels wide.

    Raises:
        DatasetError: if these cannot be pictures.
    """
    if len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) > 4:
        shape = (1, *shape)
    found = [Layout(*shape[1:], channels=1)] if len(shape) == 3 else []
    if len(shape) == 4 and shape[3] in CHANNELS:
        found.append(Layout(*shape[1:]))
    if len(shape) == 4 and shape[1] in CHANNELS:
        found.append(Layout(*shape[2:], channels=shape[1], channels_first=True))
    if not found:
        raise DatasetError(
            f"{called} has the shape {shown_shape(shape)[:36]}. Save pictures as [N, H, W] or [N, H, W, C] with C "
            "1, 3 or 4, or a table as [N, D]."
        )
    return shape, min(found, key=lambda layout: layout.height != layout.width)


def _check_size(called: str, array: StoredArray, layout: Layout) -> None:
    size = f"{layout.width}×{layout.height} pixels"
    if layout.width * layout.height > MAX_PIXELS or array.row_bytes > MAX_PICTURE_BYTES:
        raise DatasetError(
            f"{called} holds pictures of {size}, more than {MAX_PIXELS // 10**6} million or "
            f"{MAX_PICTURE_BYTES // 2**20} MB. Reduce them."
        )
    if max(layout.width, layout.height) > MAX_SIDE:
        raise DatasetError(f"{called} holds pictures of {size}, a side longer than {MAX_SIDE:,}. Reduce them.")
    if len(array) > MAX_PICTURES:
        raise DatasetError(
            f"{called} holds {len(array):,} pictures; at most {MAX_PICTURES:,} are read. Take a part of it."
        )


def _check_room(called: str, count: int, schema: ImageSchema) -> None:
    if count * schema.side**2 * schema.channels > MAX_EXAMPLES_BYTES:
        raise DatasetError(
            f"{called} holds {count:,} pictures, which need more than {MAX_EXAMPLES_BYTES // 2**30} GB at a side of "
            f"{schema.side}. Choose a smaller side, or upload a part."
        )


def _survey(called: str, array: StoredArray, layout: Layout) -> tuple[Levels, list[np.ndarray]]:
    """The range of all values; and some pictures, uint8 [H, W] or [H, W, 3], no larger than previews."""
    thinned = layout.thinned
    most = max(SAMPLE_BYTES // (math.prod(thinned.shape) * array.dtype.itemsize), 1)
    chosen = np.linspace(0, len(array) - 1, min(len(array), SAMPLES, most)).astype(int)
    extent, raw = Extent(), []
    for chunk in array.chunks():
        here = chosen[(chosen >= extent.examples) & (chosen < extent.examples + len(chunk))] - extent.examples
        raw += [layout.thin(chunk[k]) for k in here]
        extent.add(chunk)
    if extent.faulty:
        raise DatasetError(
            f"{called} has values that are not numbers (NaN or infinite) in {extent.faulty_count:,} of its pictures: "
            f"{extent.faults} (from 0). Replace them."
        )
    levels = choose_levels(array.dtype, extent.low, extent.high)
    pictures = thinned.to_pictures(levels.to_8_bits(np.stack(raw)))
    return levels, [picture.squeeze(-1) if picture.shape[-1] == 1 else picture for picture in pictures]


def _convert(
    array: StoredArray, layout: Layout, levels: Levels, schema: ImageSchema, reading: Reading
) -> tuple[np.ndarray, int]:
    """uint8 [N, side, side, C], and how many pictures lost their colours."""
    rows = Rows(reading.path, (schema.side, schema.side, schema.channels))
    decoloured = 0
    for chunk in array.chunks():
        pictures = layout.to_pictures(levels.to_8_bits(chunk))
        if pictures.shape[1:] == rows.shape:  # nothing to resize or recolour
            rows.append(255 - pictures if schema.invert else pictures)
        else:
            for picture in pictures:
                rows.append(prepare_array(picture, schema))
        if pictures.shape[-1] > schema.channels:
            decoloured += _count_coloured(pictures)
        reading.progress(rows.count, len(array))
    return rows.finish(), decoloured


def _count_coloured(pictures: np.ndarray) -> int:
    """`is_coloured` of many pictures [n, H, W, 3] at once."""
    red, green, blue = np.moveaxis(pictures, -1, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return int((spread.max(axis=(1, 2)) > COLOUR_SPREAD).sum())


def _notes(layout: Layout, levels: Levels, schema: ImageSchema, decoloured: int) -> list[str]:
    notes = [levels.told]
    if layout.channels in (2, 4):
        notes.append("The last channel was taken for transparency; the pictures lie on white.")
    if (layout.width, layout.height) != (schema.side, schema.side):
        notes.append(
            f"The pictures were {layout.width}×{layout.height} pixels and were fitted into {schema.side}×{schema.side}."
        )
    if decoloured:
        verb = "1 picture has" if decoloured == 1 else f"{decoloured:,} pictures have"
        notes.append(f"{verb} colours and became grey. Choose colour to keep them.")
    return notes
