"""NumPy's files: one array (NPY) or several in a ZIP (NPZ). Pickled arrays are never opened."""

from dataclasses import replace
from functools import partial
from typing import BinaryIO

import numpy as np

from vae_core.datasets.archives import Archive
from vae_core.datasets.arrays.as_pictures import read_array_pictures
from vae_core.datasets.arrays.as_table import read_array_table
from vae_core.datasets.arrays.labels import UnfitError, read_factors, read_labels
from vae_core.datasets.arrays.npy_header import is_npy, read_header, shown_shape
from vae_core.datasets.arrays.npz import FACTORS, Arrays, find_arrays, holds_arrays
from vae_core.datasets.arrays.stored import DamagedError, StoredArray
from vae_core.datasets.dataset import LISTED, Dataset
from vae_core.datasets.file import File, clean_name, shown_name
from vae_core.datasets.pictures.read import list_skipped
from vae_core.datasets.reading import Reading
from vae_core.datasets.schemas import ImageSchema, Preparation
from vae_core.errors import DatasetError

__all__ = ["holds_arrays", "is_npy", "read_npy", "read_npz"]


NOT_MISSED = ("latents_values", "names", "filenames")
"""Arrays that are left aside without a word."""
NAMED = 5
LONGEST_REFUSAL = 200


def read_npy(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    """The pictures or the table in an NPY file.

    Raises:
        DatasetError: if it holds neither, or is not what its header says.
    """
    try:
        with file.open() as stream:
            header = read_header(stream, file.size)
    except DatasetError as error:
        raise DatasetError(f"{file.shown} is {error}. Save it again as an array of numbers.") from error
    array = StoredArray(header.dtype, header.shape, partial(_values_of, file, header.size), header.fortran)
    try:
        dataset, _ = _read(file.shown, array, schema, reading)
    except DamagedError as error:
        raise DatasetError(f"{file.shown} is {error}. Copy or download it again.") from error
    return replace(dataset, name=clean_name(file.name))


def _values_of(file: File, start: int) -> BinaryIO:
    stream = file.open()
    stream.seek(start)
    return stream


def read_npz(file: File, archive: Archive, schema: Preparation | None, reading: Reading) -> Dataset:
    """The pictures or the table in an NPZ file, with the labels and known factors beside them.

    Raises:
        DatasetError: if there is no array that can be used.
    """
    arrays = find_arrays(archive)
    while key := arrays.examples():
        try:
            dataset, kept = _read(shown_name(f"{file.name}: {key}"), arrays.by_name[key], schema, reading)
        except DamagedError as error:
            arrays.drop(key, error)
            continue
        return _with_beside(replace(dataset, name=clean_name(file.name)), arrays, key, kept)
    start = f"{file.shown} has no pictures or table, but "
    end = ". Save pictures as one array [N, H, W], or a table as [N, D]."
    raise DatasetError(start + arrays.described(LONGEST_REFUSAL - len(start + end)) + end)


def _read(called: str, array: StoredArray, schema: Preparation | None, reading: Reading) -> tuple[Dataset, np.ndarray]:
    """The examples, and which of the array's they are (bool [N])."""
    if array.dtype.kind in "SU":
        raise DatasetError(f"{called} is an array of texts, neither pictures nor a table. Save it as numbers.")
    if len(array.shape) == 2:
        if isinstance(schema, ImageSchema):
            shape = shown_shape(array.shape)
            raise DatasetError(f"{called} is a table {shape}, and pictures are expected: save them as [N, H, W].")
        return read_array_table(called, array, schema, reading)
    if schema is not None and not isinstance(schema, ImageSchema):
        raise DatasetError(f"{called} holds pictures, and a table is expected. Give a table with the model's columns.")
    dataset = read_array_pictures(called, array, schema, reading)
    return dataset, np.ones(len(dataset), dtype=bool)


def _with_beside(dataset: Dataset, arrays: Arrays, examples: str, kept: np.ndarray) -> Dataset:
    """The examples with labels, factors, and what is to be told of the other arrays."""
    labels, factors = arrays.labels_of(examples), arrays.named(FACTORS)
    if labels and dataset.labels is None:  # else the user chose a column
        dataset = _with_labels(dataset, arrays, labels, kept)
    if factors:
        dataset = _with_factors(dataset, arrays, factors, kept)
    used = (examples, labels, factors)
    aside = [f"“{shown_name(key)}”" for key in arrays.by_name if key not in used and key.lower() not in NOT_MISSED]
    if aside:
        listed = ", ".join(aside[:NAMED]) + (f" and {len(aside) - NAMED:,} more" if len(aside) > NAMED else "")
        dataset = dataset.with_warnings(f"The examples are those of “{shown_name(examples)}”; left aside: {listed}.")
    if arrays.skipped:
        verb = "1 array was" if len(arrays.skipped) == 1 else f"{len(arrays.skipped):,} arrays were"
        dataset = dataset.with_warnings(f"{verb} skipped: {list_skipped(arrays.skipped)}.")
    listed_skipped = tuple((shown_name(key), why) for key, why in arrays.skipped[:LISTED])
    update = {"skipped": listed_skipped, "skipped_count": len(arrays.skipped)}
    return replace(dataset, origin=dataset.origin.model_copy(update=update))


def _with_labels(dataset: Dataset, arrays: Arrays, key: str, kept: np.ndarray) -> Dataset:
    try:
        labels, names = read_labels(arrays.by_name[key], len(kept))
    except DamagedError as error:
        arrays.drop(key, error)
        return dataset
    except UnfitError as error:
        return dataset.with_warnings(f"“{shown_name(key)}” was not used as labels: {error}.")
    return replace(dataset, labels=labels[kept], label_names=names) if len(names) > 1 else dataset


def _with_factors(dataset: Dataset, arrays: Arrays, key: str, kept: np.ndarray) -> Dataset:
    try:
        factors, names, constant = read_factors(arrays.by_name[key], len(kept))
    except DamagedError as error:
        arrays.drop(key, error)
        return dataset
    except UnfitError as error:
        return dataset.with_warnings(f"“{shown_name(key)}” was not used as known factors: {error}.")
    if names:
        dataset = replace(dataset, factors=factors[kept], factor_names=names)
    if constant:
        dataset = dataset.with_warnings(f"Left out of the known factors, being constant: {', '.join(constant)}.")
    return dataset
