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

NO_FOLDER = "(no folder)"
"""Label of pictures that lie beside the folders."""

NamedFile = tuple[str, bytes]
Skipped = tuple[str, str]
"""Path and reason."""


def read_images(name: str, files: Sequence[NamedFile], schema: ImageSchema | None = None) -> Dataset:
    """One dataset from many picture files; folders in their names become labels.

    Args:
        name: What to call the dataset.
        files: (path, content) pairs; the paths are text, nothing is opened by them.
        schema: Side and channels to prepare for; chosen from the pictures when None.

    Raises:
        DatasetError: if not one of the files is a picture that can be read.
    """
    sizes, broken = _read_sizes(files)
    if not sizes:
        raise DatasetError(_nothing_usable(name, broken))
    side = schema.side if schema else _choose_side(sizes.values())

    pictures: list[np.ndarray] = []
    kept: list[str] = []
    seen: set[tuple[int, int]] = set()
    for index in sizes:
        path, content = files[index]
        try:
            image = _decode(content)
            pictures.append(_prepare(image, side))
        except Exception as error:  # decoders raise anything on broken bytes
            broken.append((path, _reason(error)))
            continue
        kept.append(path)
        seen.add(image.size)
    if not pictures:
        raise DatasetError(_nothing_usable(name, broken))

    x, channels = _stack(pictures, schema.channels if schema else None)
    labels, label_names = folder_labels(kept)
    prepared = ImageSchema(side=side, channels=channels)
    notes = [*_size_notes(seen, side), *_skip_notes(broken), *_content_notes(x)]
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
    names = ["/".join(folder[shared:]) or NO_FOLDER for folder in folders]
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
    colour = "" if schema.channels == dataset.schema.channels else (" grey" if schema.channels == 1 else " colour")
    note = f"The pictures were fitted into {schema.side}×{schema.side}{colour} pixels."
    return Dataset(dataset.name, x, schema, dataset.labels, dataset.label_names, (*dataset.warnings, note))


def _read_sizes(files: Sequence[NamedFile]) -> tuple[dict[int, tuple[int, int]], list[Skipped]]:
    """Sizes of what looks like a picture, by its index, and the reason for everything else; decodes nothing."""
    sizes: dict[int, tuple[int, int]] = {}
    broken: list[Skipped] = []
    paths: set[str] = set()
    for index, (path, content) in enumerate(files):
        if path in paths:
            broken.append((path, "another file of this name was kept"))
            continue
        try:
            with _open(content) as image:
                sizes[index] = image.size
        except Exception as error:  # as above: a header can be hostile too
            broken.append((path, _reason(error)))
            continue
        paths.add(path)
    return sizes, broken


def _open(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise DatasetError(f"more than {MAX_PIXELS // 1_000_000} million pixels") from error
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
    values = np.asarray(image).astype(np.float32)
    if image.mode == "F" and not np.isfinite(values).all():
        raise DatasetError("has pixels that are not numbers (NaN or infinite)")
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    values -= low
    values *= 255 / max(high - low, 1e-12)
    return Image.fromarray(np.rint(values).astype(np.uint8))


def _prepare(image: Image.Image, side: int) -> np.ndarray:
    """Fit the whole picture into a square; the margin takes the colour most frequent on its border.

    In a line drawing of two tones, reduced by more than 2, the lines gain contrast: averaging alone would turn lines
    of one pixel into a breath of grey.
    """
    thin_lines = max(image.size) > 2 * side and image.mode == "L" and image.getcolors(2) is not None
    if image.size != (side, side):
        scale = side / max(image.size)
        filter = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), filter)
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


def list_skipped(skipped: Sequence[Skipped]) -> str:
    """Names and reasons, the first twenty, and how many more there are."""
    listed = "; ".join(f"{path[-80:]} ({reason})" for path, reason in skipped[:LISTED_NAMES])
    more = len(skipped) - LISTED_NAMES
    return listed + (f"; and {more} more" if more > 0 else "")


def _nothing_usable(name: str, broken: Sequence[Skipped]) -> str:
    found = f"{len(broken)} files, none of them a picture" if len(broken) > 1 else "no picture"
    detail = f": {list_skipped(broken[:1])}" if broken else ""
    return f"{name[:80]} holds {found}{detail}. Give PNG, JPEG, BMP, GIF, TIFF or WebP pictures, best as one ZIP."


def _size_notes(sizes: set[tuple[int, int]], side: int) -> list[str]:
    if len(sizes) > 1:
        return [f"The pictures had {len(sizes)} different sizes; all were fitted into {side}×{side} pixels."]
    [(width, height)] = sizes
    if (width, height) == (side, side):
        return []
    return [f"The pictures were {width}×{height} pixels and were fitted into {side}×{side}."]


def _skip_notes(skipped: Sequence[Skipped]) -> list[str]:
    if not skipped:
        return []
    verb = "1 file was" if len(skipped) == 1 else f"{len(skipped)} files were"
    return [f"{verb} skipped: {list_skipped(skipped)}."]


def _content_notes(x: np.ndarray) -> list[str]:
    if len(x) > 1 and (x == x[0]).all():
        return ["All pictures are identical, so there is nothing for a model to learn."]
    return []
