"""Labels and known factors that come as arrays beside the examples."""

import math
import sys

import numpy as np

from vae_core.datasets.arrays.npy_header import shown_shape
from vae_core.datasets.arrays.stored import StoredArray, in_c_order
from vae_core.datasets.file import clean_name
from vae_core.datasets.labels import NO_LABEL, number_labels
from vae_core.datasets.limits import MAX_CLASSES, MAX_FACTOR_CELLS, MAX_FACTORS
from vae_core.errors import DatasetError

DSPRITES = {"color": 1, "shape": 3, "scale": 6, "orientation": 40, "posX": 32, "posY": 32}
"""The factors of dSprites in the order of its columns, with how many classes each has (Matthey et al. 2017,
https://github.com/google-deepmind/dsprites-dataset)."""

Value = int | str | bytes


class UnfitError(DatasetError):
    """These are no labels or factors of the examples; the message is a reason, not a sentence."""


class Classes:
    """Every value that was met, with a number."""

    def __init__(self) -> None:
        self._codes: dict[Value, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """int32 [n]: the number of each value, in the order in which they were met.

        Raises:
            UnfitError: if there are more different values than classes may be, or no characters.
        """
        different, places = np.unique(values, return_inverse=True)
        if values.dtype.kind == "U" and different.view(np.uint32).max() > sys.maxunicode:
            raise UnfitError("damaged text")
        codes = [self._codes.setdefault(value, len(self._codes)) for value in different.tolist()]
        if len(self._codes) > MAX_CLASSES:
            raise UnfitError(f"more than {MAX_CLASSES:,} different values")
        return np.array(codes, dtype=np.int32)[places]

    def sort(self, codes: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        """The same numbers by the order of the values' names, and these."""
        ranks, names = number_labels([_name(value) for value in self._codes])
        return ranks[codes], names


def _name(value: Value) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return clean_name(text) or NO_LABEL


def read_labels(array: StoredArray, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """int32 [N] and their names, of [N], [N, 1] or one-hot [N, K]: whole numbers, booleans or texts.

    Raises:
        UnfitError: if they are not the labels of `count` examples.
        DamagedError: if they cannot be read.
    """
    if len(array) != count:
        raise UnfitError(f"{len(array):,} labels for {count:,} examples")
    if len(array.shape) > 2 or array.shape[1:] > (MAX_CLASSES if array.dtype.kind in "buif" else 1,):
        raise UnfitError(f"{shown_shape(array.shape)}, not a list of labels")
    classes = Classes()
    with in_c_order(array) as rows:
        codes = np.concatenate([classes.encode(_one_each(chunk)) for chunk in rows.chunks()])
    return classes.sort(codes)


def _one_each(chunk: np.ndarray) -> np.ndarray:
    """[n] whole numbers, booleans or texts, of [n], [n, 1] or one-hot [n, K]."""
    if chunk.ndim == 2 and chunk.shape[1] == 1:
        chunk = chunk[:, 0]
    if chunk.ndim == 2:
        if not ((chunk == 0) | (chunk == 1)).all() or (chunk.sum(axis=1) != 1).any():
            raise UnfitError("several values for each example, not one-hot")
        return chunk.argmax(axis=1)
    return _whole(chunk) if chunk.dtype.kind == "f" else chunk


def _whole(values: np.ndarray) -> np.ndarray:
    whole = np.isfinite(values).all() and (values == np.rint(values)).all()
    if not whole or np.abs(values.astype(np.float64)).max() > 2**53:
        raise UnfitError("decimal numbers, not classes")
    return values.astype(np.int64)


def read_factors(array: StoredArray, count: int) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The class of each known factor, from 0, of whole numbers [N, F].

    Returns:
        int32 [N, F] without the constant columns, the names of these factors, and of the constant ones.

    Raises:
        UnfitError: if they are not the factors of `count` examples.
        DamagedError: if they cannot be read.
    """
    is_table = len(array.shape) == 2 and array.shape[1] <= MAX_FACTORS and array.dtype.kind in "iuf"
    if not is_table or math.prod(array.shape) > MAX_FACTOR_CELLS:
        raise UnfitError(f"{shown_shape(array.shape)} {array.dtype.name}, not a table of classes")
    if len(array) != count:
        raise UnfitError(f"{len(array):,} rows for {count:,} examples")
    columns = [Classes() for _ in range(array.shape[1])]
    parts = []
    with in_c_order(array) as rows:
        for chunk in rows.chunks():
            values = _whole(chunk) if chunk.dtype.kind == "f" else chunk
            parts.append(np.stack([column.encode(values[:, k]) for k, column in enumerate(columns)], axis=1))
    codes = np.concatenate(parts)
    sizes = [len(column) for column in columns]
    names = _factor_names(sizes)
    varied = [k for k, size in enumerate(sizes) if size > 1]
    factors = np.stack([columns[k].sort(codes[:, k])[0] for k in varied], axis=1) if varied else codes[:, :0]
    constant = tuple(name for name, size in zip(names, sizes, strict=True) if size < 2)
    return factors, tuple(names[k] for k in varied), constant


def _factor_names(sizes: list[int]) -> list[str]:
    if len(sizes) == len(DSPRITES) and all(n <= most for n, most in zip(sizes, DSPRITES.values(), strict=True)):
        return list(DSPRITES)
    return [f"factor {k + 1}" for k in range(len(sizes))]
