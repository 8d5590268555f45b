"""Many picture files -> one dataset, one picture at a time: only what a model learns is kept."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vae_core.datasets.dataset import LISTED, Dataset, Origin
from vae_core.datasets.endings import is_misnamed
from vae_core.datasets.file import HEAD_BYTES, SHORT, File, clean_name, shown_name
from vae_core.datasets.labels import Labels
from vae_core.datasets.limits import MAX_LABEL_TABLES
from vae_core.datasets.pictures.decode import Decoded, decode, reason
from vae_core.datasets.pictures.labels import folder_labels, table_labels, text_columns
from vae_core.datasets.pictures.prepare import is_coloured, prepare, suggest
from vae_core.datasets.reading import QUIETLY, Reading, Rows
from vae_core.datasets.schemas import ImageSchema
from vae_core.datasets.tables.delimited import is_delimited
from vae_core.datasets.zip_structure import TooLargeError
from vae_core.errors import DatasetError

SAMPLES = 100
"""So many pictures, evenly chosen, are looked at before the preparation is suggested."""
PREVIEWS, PREVIEW_SIDE = 24, 512
"""So many are kept as they were, to try other preparations on."""
REDUCTION_RESERVE = 2
"""A photograph is decoded at no less than so many times the side that is wanted."""
TOLD = 5
"""So many skipped files are named in a warning."""
SHAPES_TOLD = 20

Skipped = tuple[str, str]
"""Name and reason."""


class Source(NamedTuple):
    """A file among many: its name and a way to its bytes, which may refuse with a reason."""

    name: str
    read: Callable[[], bytes]


@dataclass
class _Look:
    """Some of the pictures, and why others cannot be read, by their number; the only one whole."""

    samples: dict[int, Decoded] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    only: Decoded | None = None


@dataclass
class _Found:
    """What the pass over all files has found so far."""

    names: list[str] = field(default_factory=list)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    tables: list[File] = field(default_factory=list)
    frames: int = 0
    deep: int = 0
    misnamed: int = 0
    decoloured: int = 0


def read_pictures(
    name: str, sources: Sequence[Source], schema: ImageSchema | None = None, reading: Reading = QUIETLY
) -> Dataset:
    """One dataset from many picture files; folders in their names, or a table among them, become labels.

    Args:
        name: What to call the dataset.
        sources: The files in order.
        schema: What to prepare for; suggested from the pictures when None.
        reading: Where the examples go, and who is told.

    Raises:
        DatasetError: if not one of the files is a picture that can be read.
    """
    look = _look(name, sources, reading)
    samples = list(look.samples.values())
    suggested, advice = suggest([np.asarray(s.image) for s in samples], [s.size for s in samples])
    wanted = schema or suggested
    rows = Rows(reading.path, (wanted.side, wanted.side, wanted.channels))
    found = _read_all(sources, look, wanted, rows, reading)
    if not rows.count:
        raise nothing_usable(name, found.skipped)
    x = rows.finish()
    (labels, label_names), told = _labels(found)
    origin = Origin(
        sizes=tuple((*size, count) for size, count in found.sizes.most_common(SHAPES_TOLD)),
        skipped=tuple((shown_name(path), why) for path, why in found.skipped[:LISTED]),
        skipped_count=len(found.skipped),
        advice=advice,
    )
    return Dataset(
        clean_name(name),
        x,
        wanted,
        labels,
        label_names,
        names=tuple(found.names),
        warnings=(*told, *_notes(found, wanted)),
        origin=origin,
        previews=tuple(np.asarray(sample.image) for sample in samples[:: -(-len(samples) // PREVIEWS)]),
    )


def _look(name: str, sources: Sequence[Source], reading: Reading) -> _Look:
    """Pictures from all over the set, no larger than a preview.

    Raises:
        DatasetError: if there is no picture at all.
    """
    look = _Look()
    chosen = dict.fromkeys(np.linspace(0, len(sources) - 1, min(len(sources), SAMPLES)).astype(int).tolist())
    for k in chosen:
        _sample(sources, k, look, reading)
    for k in range(len(sources)):  # pictures may be rare among other files
        if look.samples:
            return look
        if k not in chosen:
            _sample(sources, k, look, reading)
    if look.samples:
        return look
    refused = [(sources[k].name, look.refused[k]) for k in sorted(look.refused)[: LISTED + 1]]
    raise nothing_usable(name, refused, len(sources))


def _sample(sources: Sequence[Source], k: int, look: _Look, reading: Reading) -> None:
    """Add a picture to the look, or the reason why it cannot be read."""
    if k in reading.refused:
        look.refused[k] = reading.refused[k]
        return
    reading.begin(k)
    try:
        sample = decode(sources[k].read(), PREVIEW_SIDE)
    except TooLargeError:
        raise
    except Exception as error:  # decoders raise anything on broken bytes
        look.refused[k] = reason(error)
        return
    image = sample.image
    if len(sources) == 1:
        look.only = sample  # it may be huge: once is enough
    if max(image.size) > PREVIEW_SIDE:
        image = image.reduce(-(-max(image.size) // PREVIEW_SIDE))
    look.samples[k] = sample._replace(image=image)


def _read_all(sources: Sequence[Source], look: _Look, schema: ImageSchema, rows: Rows, reading: Reading) -> _Found:
    """Every picture once, in order, into `rows`."""
    found = _Found()
    kept: set[str] = set()
    least = REDUCTION_RESERVE * schema.side
    for k, source in enumerate(sources):
        reading.begin(k)
        reading.progress(k, len(sources))
        path = clean_name(source.name)
        if k in reading.refused or path in kept:
            found.skipped.append((path, reading.refused.get(k, "another file of this name was kept")))
            continue
        content = b""
        try:
            if k in look.refused:
                content = source.read()
                raise DatasetError(look.refused[k])
            decoded = look.only or decode(content := source.read(), least)
            pixels = prepare(decoded.image, schema)
        except TooLargeError:
            raise
        except Exception as error:  # decoders raise anything on broken bytes
            if len(found.tables) < MAX_LABEL_TABLES and is_delimited(content[:HEAD_BYTES]):
                found.tables.append(File(path, content))
            else:
                found.skipped.append((path, reason(error)))
            continue
        rows.append(pixels)
        kept.add(path)
        found.names.append(path)
        found.sizes[decoded.size] += 1
        found.frames += decoded.is_one_of_many
        found.deep += decoded.had_48_bits
        found.misnamed += is_misnamed(path, decoded.format)
        found.decoloured += (
            schema.channels == 1 and decoded.image.mode == "RGB" and is_coloured(np.asarray(decoded.image))
        )
    reading.begin(-1)
    reading.progress(len(sources), len(sources))
    return found


def _labels(found: _Found) -> tuple[Labels, list[str]]:
    """By the first table that names the pictures, else by folders."""
    labels: Labels | None = None
    told: list[str] = []
    for table in found.tables:
        try:
            match = None if labels else table_labels(found.names, text_columns(table))
        except DatasetError:
            match = None
        if match:
            labels, sentence = match
            told.append(sentence)
        else:
            found.skipped.append((table.name, "not a picture"))
    return labels or folder_labels(found.names), told


def _notes(found: _Found, schema: ImageSchema) -> list[str]:
    notes = []
    target = f"{schema.side}×{schema.side}"
    [(width, height), _], *others = found.sizes.most_common()
    if others:
        notes.append(f"The pictures had {len(found.sizes):,} different sizes; all were fitted into {target} pixels.")
    elif (width, height) != (schema.side, schema.side):
        notes.append(f"The pictures were {width}×{height} pixels and were fitted into {target}.")
    if found.frames:
        notes.append(f"{_pictures(found.frames)} several frames or pages; the first was taken.")
    if found.deep:
        notes.append(f"{_pictures(found.deep)} 48-bit colours, which were reduced to 24 bits.")
    if found.misnamed:
        one = "1 picture is" if found.misnamed == 1 else f"{found.misnamed:,} pictures are"
        notes.append(f"{one} named like another format; the content decided.")
    if found.decoloured:
        notes.append(f"{_pictures(found.decoloured)} colours and became grey. Choose colour to keep them.")
    if found.skipped:
        verb = "1 file was" if len(found.skipped) == 1 else f"{len(found.skipped):,} files were"
        notes.append(f"{verb} skipped: {list_skipped(found.skipped)}.")
    return notes


def _pictures(count: int) -> str:
    return "1 picture has" if count == 1 else f"{count:,} pictures have"


def list_skipped(skipped: Sequence[Skipped]) -> str:
    """The first names and reasons, and how many more there are; `Origin.skipped` has more of them."""
    listed = "; ".join(f"{shown_name(path)} ({why})" for path, why in skipped[:TOLD])
    more = len(skipped) - TOLD
    return listed + (f"; and {more:,} more" if more > 0 else "")


def nothing_usable(name: str, skipped: Sequence[Skipped], count: int = 0) -> DatasetError:
    """The refusal of a set without a single picture."""
    count = max(count, len(skipped))
    found = f"{count:,} files, none of them a picture that can be read" if count > 1 else "no picture that can be read"
    detail = f" ({skipped[0][1]})" if skipped else ""
    return DatasetError(
        f"{shown_name(name, SHORT)} holds {found}{detail}. "
        "Give PNG, JPEG, BMP, GIF, TIFF or WebP pictures, best as one ZIP."
    )
