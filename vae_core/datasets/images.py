"""Pictures of every common kind -> square uint8 arrays of one size and colour."""

import io
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vae_core.datasets.dataset import SIDES, Dataset, ImageSchema
from vae_core.errors import DatasetError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MAX_PIXELS = 50_000_000
KEPT_SIDE = 32
"""Pictures up to this side stay as they are."""
REDUCED_SIDE = 28
"""Larger ones are reduced to this side: a model of them trains in a minute, and strokes stay visible."""
LINE_GAIN = 1.6
"""Contrast that thin lines gain when a line drawing is reduced."""
LISTED_NAMES = 20
"""How many skipped files a warning names; the rest are counted."""

NamedFile = tuple[str, bytes]


def read_images(name: str, files: Sequence[NamedFile], schema: ImageSchema | None = None) -> Dataset:
    """One dataset from many picture files; folders in their names become labels.

    Args:
        name: What to call the dataset.
        files: (path, content) pairs; the paths are text, nothing is opened by them.
        schema: Side and channels to prepare for; chosen from the pictures when None.

    Raises:
        DatasetError: if not one of the files is a picture that can be read.
    """
    headers, broken = _read_headers(files)
    if not headers:
        raise DatasetError(_nothing_usable(name, broken))
    side = schema.side if schema else _choose_side(headers.values())

    pictures: list[np.ndarray] = []
    kept: list[str] = []
    for path, content in files:
        if path not in headers:
            continue
        try:
            pictures.append(_prepare(_decode(content), side))
            kept.append(path)
        except (OSError, ValueError, SyntaxError, DatasetError) as error:
            broken[path] = _reason(error)
        del headers[path]  # a second file of the same name is a duplicate
    if not pictures:
        raise DatasetError(_nothing_usable(name, broken))

    x, channels = _stack(pictures, schema.channels if schema else None)
    labels, label_names = folder_labels(kept)
    prepared = ImageSchema(side=side, channels=channels)
    notes = [*_preparation_notes(files, kept, broken, side), *_content_notes(x)]
    return Dataset(name, x, prepared, labels, label_names, tuple(notes))


def folder_labels(paths: Sequence[str]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels from the folders of the paths, less what all of them share.

    Returns:
        (int32 [N], names), or (None, ()) when all files lie in one folder.
    """
    folders = [PurePosixPath(path.replace("\\", "/")).parent.parts for path in paths]
    shared = 0
    while all(len(f) > shared and f[shared] == folders[0][shared] for f in folders):
        shared += 1
    names = ["/".join(folder[shared:]) for folder in folders]
    label_names = tuple(sorted(set(names)))
    if len(label_names) < 2:
        return None, ()
    index = {label: i for i, label in enumerate(label_names)}
    return np.array([index[n] for n in names], dtype=np.int32), label_names


def to_schema(dataset: Dataset, schema: ImageSchema) -> Dataset:
    """The dataset resized and recoloured to what a model was trained on."""
    if dataset.schema == schema:
        return dataset
    pictures = [_prepare(Image.fromarray(x.squeeze(-1) if x.shape[-1] == 1 else x), schema.side) for x in dataset.x]
    x, _ = _stack(pictures, schema.channels)
    note = (
        f"The pictures were {dataset.schema.side}×{dataset.schema.side} with {dataset.schema.channels} channel(s) "
        f"and were brought to the model's {schema.side}×{schema.side} with {schema.channels}."
    )
    return Dataset(dataset.name, x, schema, dataset.labels, dataset.label_names, (*dataset.warnings, note))


def _read_headers(files: Iterable[NamedFile]) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Sizes of what looks like a picture, and the reason for everything else; decodes nothing."""
    sizes: dict[str, tuple[int, int]] = {}
    broken: dict[str, str] = {}
    for path, content in files:
        try:
            with _open(content) as image:
                sizes.setdefault(path, image.size)
        except (OSError, ValueError, SyntaxError, DatasetError) as error:
            broken[path] = _reason(error)
    return sizes, broken


def _open(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise DatasetError(f"{image.width}×{image.height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    return image


def _decode(content: bytes) -> Image.Image:
    """First frame, upright, 8 bits, mode L (grey) or RGB; alpha lies on white."""
    with _open(content) as image:
        upright = ImageOps.exif_transpose(image)
        mode = upright.mode
        if mode.startswith("I") or mode == "F":
            return _scale_to_8_bits(upright)
        if mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in upright.info:
            rgba = upright.convert("RGBA")
            white = Image.new("RGBA", rgba.size, "white")
            return Image.alpha_composite(white, rgba).convert("L" if mode in ("LA", "La") else "RGB")
        return upright.convert("L" if mode in ("1", "L") else "RGB")


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """16-bit grey by its full range, 32-bit and float by the picture's own range."""
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise DatasetError("has pixels that are not numbers (NaN or infinite)")
    if image.mode.startswith("I;16") or (image.mode == "I" and values.min() >= 0 and 255 < values.max() <= 65535):
        low, high = 0.0, 65535.0
    elif image.mode == "F" and values.min() >= 0 and values.max() <= 1:
        low, high = 0.0, 1.0
    elif values.min() >= 0 and values.max() <= 255:
        low, high = 0.0, 255.0
    else:
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) / max(high - low, 1e-12) * 255
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _prepare(image: Image.Image, side: int) -> np.ndarray:
    """Fit the whole picture into a square; the margin takes the colour most frequent on its border.

    In a line drawing of two tones, reduced by more than 2, the lines gain contrast: averaging alone would turn lines
    of one pixel into a breath of grey.
    """
    thin_lines = max(image.size) > 2 * side and image.mode == "L" and image.getcolors(2) is not None
    if image.size != (side, side):
        image = ImageOps.contain(
            image, (side, side), Image.Resampling.BOX if max(image.size) > side else Image.Resampling.BICUBIC
        )
        if image.size != (side, side):
            canvas = Image.new(image.mode, (side, side), _border_colour(image))
            canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
            image = canvas
    pixels = np.asarray(image)
    if thin_lines:
        paper = float(np.median(pixels))
        pixels = np.clip(np.rint(paper + LINE_GAIN * (pixels - paper)), 0, 255).astype(np.uint8)
    return pixels


def _border_colour(image: Image.Image) -> int | tuple[int, ...]:
    pixels = np.asarray(image)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = Counter(tuple(np.atleast_1d(p).tolist()) for p in border).most_common(1)[0][0]
    return colour[0] if image.mode == "L" else colour


def _stack(pictures: list[np.ndarray], channels: int | None) -> tuple[np.ndarray, int]:
    """[N, H, W, C] and C; grey unless a picture has a pixel of colour."""
    if channels is None:
        coloured = any(p.ndim == 3 and (np.ptp(p, axis=-1) > 8).any() for p in pictures)
        channels = 3 if coloured else 1
    mode = "L" if channels == 1 else "RGB"
    wanted = [p if (p.ndim == 2) == (channels == 1) else np.asarray(Image.fromarray(p).convert(mode)) for p in pictures]
    x = np.stack(wanted)
    return x.reshape(*x.shape[:3], channels), channels


def _choose_side(sizes: Iterable[tuple[int, int]]) -> int:
    largest = int(np.median([max(size) for size in sizes]))
    return max(SIDES[0], largest) if largest <= KEPT_SIDE else REDUCED_SIDE


def _reason(error: Exception) -> str:
    if isinstance(error, DatasetError):
        return str(error)
    return "not a picture" if isinstance(error, UnidentifiedImageError) else "broken picture"


def _list_names(broken: dict[str, str]) -> str:
    listed = "; ".join(f"{path[-80:]} ({reason})" for path, reason in list(broken.items())[:LISTED_NAMES])
    more = len(broken) - LISTED_NAMES
    return listed + (f"; and {more} more" if more > 0 else "")


def _nothing_usable(name: str, broken: dict[str, str]) -> str:
    found = f"{len(broken)} files, none of them a picture" if len(broken) > 1 else "no picture"
    detail = f": {_list_names(dict(list(broken.items())[:1]))}" if broken else ""
    return f"{name[:80]} holds {found}{detail}. Give PNG, JPEG, BMP, GIF, TIFF or WebP pictures, best as one ZIP."


def _preparation_notes(files: Sequence[NamedFile], kept: list[str], broken: dict[str, str], side: int) -> list[str]:
    notes = []
    content = dict(files)
    sizes = set()
    for path in kept:
        with _open(content[path]) as image:
            sizes.add(image.size)
    if len(sizes) > 1:
        notes.append(f"The pictures had {len(sizes)} different sizes; all were fitted into {side}×{side} pixels.")
    elif sizes != {(side, side)}:
        width, height = sizes.pop()
        notes.append(f"The pictures were {width}×{height} pixels and were fitted into {side}×{side}.")
    if broken:
        verb = "1 file was" if len(broken) == 1 else f"{len(broken)} files were"
        notes.append(f"{verb} skipped: {_list_names(broken)}.")
    duplicates = len(files) - len(content)
    if duplicates:
        notes.append(f"{duplicates} files had the name of another one; the first of each name was kept.")
    return notes


def _content_notes(x: np.ndarray) -> list[str]:
    if len(x) > 1 and (x == x[0]).all():
        return ["All pictures are identical, so there is nothing for a model to learn."]
    return []
