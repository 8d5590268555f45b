"""What is in an NPZ file (a ZIP of NPY files), and which of its arrays is what."""

import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from vae_core.datasets.archives import Archive, Member
from vae_core.datasets.arrays.npy_header import is_npy, read_header, shown_shape
from vae_core.datasets.arrays.stored import StoredArray
from vae_core.datasets.file import HEAD_BYTES, clean_name
from vae_core.datasets.limits import MAX_ARRAY_BYTES, MAX_ARRAYS
from vae_core.datasets.pictures.headers import is_picture
from vae_core.datasets.pictures.read import Skipped
from vae_core.datasets.zip_structure import TooLargeError
from vae_core.errors import DatasetError

EXAMPLES = ("x", "images", "imgs", "image", "data", "x_train", "train_images", "train_x", "train_data", "arr_0")
"""Names of the array to learn from, likely ones first; capitals make no difference."""
LABELS = ("y", "labels", "label", "targets", "target", "y_train", "train_labels", "train_y")
LABELS_OF = {"x_train": "y_train", "train_images": "train_labels", "train_x": "train_y", "arr_0": "arr_1"}
"""Where the name of the examples tells that of their labels."""
FACTORS = "latents_classes"
BESIDE = (FACTORS, "latents_values")
"""Arrays that say something about the examples."""
LOOKED_AT = 100
"""So many members of an archive tell whether it is one of arrays."""
NAMED = 5


@dataclass
class Arrays:
    """The arrays in an archive.

    Attributes:
        by_name: All that can be read.
        skipped: What else is in the archive.
    """

    by_name: dict[str, StoredArray] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def named(self, *names: str, dimensions: tuple[int, ...] = (1, 2, 3, 4)) -> str | None:
        """The array with the first of these names that is there and has so many dimensions."""
        fitting = [key for key, array in self.by_name.items() if len(array.shape) in dimensions]
        return next((key for name in names for key in fitting if key.lower() == name), None)

    def examples(self) -> str | None:
        """The array to learn from: the pictures, by name or else the largest; or a table, by name or the only one."""
        pictures = [
            key
            for key, array in self.by_name.items()
            if len(array.shape) in (3, 4) and array.dtype.kind in "buif" and key.lower() not in LABELS
        ]
        largest = max(pictures, key=lambda key: math.prod(self.by_name[key].shape), default=None)
        by_name = self.named(*EXAMPLES, dimensions=(3, 4)) or largest or self.named(*EXAMPLES, dimensions=(2,))
        return by_name or self._only_table()

    def _only_table(self) -> str | None:
        """The only array of two dimensions, whatever its name."""
        tables = [key for key, array in self.by_name.items() if len(array.shape) == 2 and array.dtype.kind in "buif"]
        alone = [key for key in tables if key.lower() not in (*LABELS, *LABELS_OF.values(), *BESIDE)]
        return alone[0] if len(alone) == 1 else None

    def labels_of(self, examples: str) -> str | None:
        """The array that labels the examples."""
        expected = LABELS_OF.get(examples.lower(), LABELS[0])
        return self.named(*(name for name in (expected, *LABELS) if name != examples.lower()))

    def drop(self, key: str, why: Exception) -> None:
        """An array turned out to be damaged."""
        del self.by_name[key]
        self.skipped.append((key, str(why)))

    def described(self, most: int) -> str:
        """Names, shapes and types of some, in no more than so many characters."""
        told = [f"{key[:20]} {shown_shape(a.shape)} {a.dtype.name}" for key, a in self.by_name.items()]
        told += [f"{key[:20]} ({why})" for key, why in self.skipped]
        while len(told) > NAMED or (len(told) > 1 and len(", ".join(told)) > most):
            told.pop()
        text = ", ".join(told)
        return text if len(text) <= most else text[: most - 1] + "…"


def holds_arrays(archive: Archive) -> bool:
    """Whether an archive is an NPZ: some of its members are arrays, and no more of them are pictures."""
    heads = [_head(archive, member) for member in archive.members[:LOOKED_AT]]
    arrays = sum(is_npy(head) for head in heads)
    return arrays > 0 and arrays >= sum(is_picture(head) for head in heads)


def _head(archive: Archive, member: Member) -> bytes:
    try:
        with archive.open(member, MAX_ARRAY_BYTES) as stream:
            return stream.read(HEAD_BYTES)
    except DatasetError:
        return b""


def find_arrays(archive: Archive) -> Arrays:
    """All arrays of an archive by their headers; pickled ones are left closed.

    Raises:
        DatasetError: if there are so many files that each must be a picture of its own.
    """
    if len(archive.members) > MAX_ARRAYS:
        raise DatasetError(
            f"{archive.file.shown} holds {len(archive.members):,} files, arrays among them. "
            "Save all pictures as one array [N, H, W]; numpy.stack makes it."
        )
    found = Arrays()
    for member in archive.members:
        key = clean_name(PurePosixPath(member.path).name).removesuffix(".npy")
        try:
            with archive.open(member, MAX_ARRAY_BYTES) as stream:
                header = read_header(stream, member.size)
            if key in found.by_name:
                raise DatasetError("another array of this name was kept")
        except TooLargeError:
            raise
        except DatasetError as error:
            found.skipped.append((key, str(error)))
            continue
        values = partial(_values_of, archive, member, header.size)
        found.by_name[key] = StoredArray(header.dtype, header.shape, values, header.fortran)
    return found


def _values_of(archive: Archive, member: Member, start: int) -> BinaryIO:
    stream = archive.open(member, MAX_ARRAY_BYTES)
    stream.read(start)
    return stream
