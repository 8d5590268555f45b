"""MNIST's IDX format, plain or gzipped, with every type of values it knows.

Described at the end of http://yann.lecun.com/exdb/mnist/: two zeros, the type, the number of dimensions, the
dimensions and the values, big-endian throughout.
"""

import struct
import zlib
from dataclasses import replace
from functools import partial
from typing import BinaryIO

import numpy as np

from vae_core.datasets.arrays.as_pictures import read_array_pictures
from vae_core.datasets.arrays.labels import UnfitError, read_labels
from vae_core.datasets.arrays.npy_header import shown_shape
from vae_core.datasets.arrays.stored import DamagedError, StoredArray
from vae_core.datasets.dataset import Dataset
from vae_core.datasets.file import File, clean_name
from vae_core.datasets.gzip_stream import MAGIC, open_gzip
from vae_core.datasets.labels import Labels
from vae_core.datasets.limits import (
    MAX_ARRAY_BYTES,
    MAX_GZIP_IDX_BYTES,
    MAX_IDX_DIMENSIONS,
)
from vae_core.datasets.reading import Reading
from vae_core.datasets.schemas import ImageSchema
from vae_core.errors import DatasetError

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(file: File, schema: ImageSchema | None, reading: Reading) -> Dataset:
    """Pictures [N, H, W] or [N, H, W, C] from an IDX file.

    Raises:
        DatasetError: if the file is not what its header says, or holds labels instead of pictures.
    """
    try:
        array = _stored(file)
        if len(array.shape) == 1:
            raise DatasetError(
                f"{file.shown} holds {len(array):,} labels and no pictures. Upload the file of images beside it."
            )
        dataset = read_array_pictures(file.shown, array, schema, reading)
    except DamagedError as error:
        raise _sentence(file, error) from error
    return replace(dataset, name=clean_name(file.name))


def read_idx_labels(file: File, count: int) -> Labels:
    """int32 [N] and their names from an IDX file of labels; none when all are the same.

    Raises:
        DatasetError: if there are not `count` labels in it.
    """
    try:
        array = _stored(file)
        if len(array.shape) != 1:
            raise DatasetError(f"{file.shown} holds an array {shown_shape(array.shape)}, not a list of labels.")
        if len(array) != count:
            raise DatasetError(
                f"{file.shown} holds {len(array):,} labels for {count:,} pictures. Take the two files of one set."
            )
        labels, names = read_labels(array, count)
    except DamagedError as error:
        raise _sentence(file, error) from error
    except UnfitError as error:
        raise DatasetError(f"{file.shown} holds no labels: {error}. Take the two files of one set.") from error
    return (labels, names) if len(names) > 1 else (None, ())


def is_idx(head: bytes) -> bool:
    """Whether the first bytes are an IDX header, gzipped or not."""
    start = _start(head)
    return len(start) == 4 and start[:2] == b"\0\0" and start[2] in TYPES and 1 <= start[3] <= MAX_IDX_DIMENSIONS


def holds_labels(head: bytes) -> bool:
    """Whether an IDX file is a list of labels (one dimension)."""
    return is_idx(head) and _start(head)[3] == 1


def _start(head: bytes) -> bytes:
    """The first four bytes, out of gzip if need be; fewer where there are none."""
    if head[:2] != MAGIC:
        return head[:4]
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 4)
    except zlib.error:
        return b""


def _stored(file: File) -> StoredArray:
    """What the header announces; of a file that is not packed also that it is there."""
    with _opened(file, 0) as stream:
        start = stream.read(4)
        dimensions = stream.read(4 * start[3]) if is_idx(start) else b""
    shape = struct.unpack(f">{len(dimensions) // 4}I", dimensions) if len(dimensions) == 4 * start[3] else ()
    if not shape or 0 in shape:
        raise DatasetError(f"{file.shown} has a damaged header or holds nothing. Copy or download it again.")
    offset = len(start + dimensions)
    array = StoredArray(np.dtype(TYPES[start[2]]), shape, partial(_opened, file, offset))
    announced = len(array) * array.row_bytes
    packed = file.head(2) == MAGIC
    if announced > (MAX_GZIP_IDX_BYTES if packed else MAX_ARRAY_BYTES):
        raise DatasetError(
            f"{file.shown} announces an array {shown_shape(shape)}, which is too large. Take a part of it."
        )
    if not packed and announced != file.size - offset:
        raise _sentence(
            file, DamagedError(f"damaged: it announces {announced:,} bytes and holds {file.size - offset:,}")
        )
    return array


def _sentence(file: File, reason: DamagedError) -> DatasetError:
    return DatasetError(f"{file.shown} is {reason}. Copy or download it again.")


def _opened(file: File, start: int) -> BinaryIO:
    """The file from a place on, out of gzip if need be."""
    stream: BinaryIO = open_gzip(file, MAX_GZIP_IDX_BYTES) if file.head(2) == MAGIC else file.open()
    stream.read(start)
    return stream
