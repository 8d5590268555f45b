"""MNIST's IDX format (http://yann.lecun.com/exdb/mnist/), plain or gzipped."""

import gzip
import io
import math
import struct
import zlib

import numpy as np

from vae_core.datasets.dataset import SIDES, Dataset, ImageSchema
from vae_core.datasets.images import to_schema
from vae_core.errors import DatasetError

MAX_BYTES = 2 * 2**30
UNSIGNED_BYTE = 8
GZIP = b"\x1f\x8b"


def read_idx(name: str, content: bytes, schema: ImageSchema | None = None) -> Dataset:
    """Pictures [N, H, W] from an IDX file of unsigned bytes.

    Raises:
        DatasetError: if the file is not what its header says, or holds labels instead of pictures.
    """
    values = _parse(name, content)
    if values.ndim == 1:
        raise DatasetError(
            f"{name[:80]} holds {len(values):,} labels and no pictures. Upload the file of images beside it."
        )
    if values.ndim != 3 or min(values.shape) == 0:
        raise DatasetError(
            f"{name[:80]} has the shape {values.shape}; pictures need three numbers: count, height, width."
        )
    x = values[..., None]
    side = max(x.shape[1:3])
    if x.shape[1] == x.shape[2] and SIDES[0] <= side <= SIDES[1]:
        dataset = Dataset(name, x, ImageSchema(side=side, channels=1))
        return to_schema(dataset, schema) if schema else dataset
    fitted = ImageSchema(side=min(max(side, SIDES[0]), SIDES[1]), channels=1)
    return to_schema(Dataset(name, x, fitted.model_copy(update={"side": side})), schema or fitted)


def read_idx_labels(name: str, content: bytes, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """int32 [N] and their names from an IDX file of labels.

    Raises:
        DatasetError: if there are not `count` labels in it.
    """
    values = _parse(name, content)
    if values.ndim != 1:
        raise DatasetError(f"{name[:80]} holds an array of shape {values.shape}, not a list of labels.")
    if len(values) != count:
        raise DatasetError(
            f"{name[:80]} holds {len(values):,} labels for {count:,} pictures. Take the two files of one set."
        )
    classes, labels = np.unique(values, return_inverse=True)
    return labels.astype(np.int32), tuple(str(c) for c in classes)


def is_idx(content: bytes) -> bool:
    """Whether the first bytes are an IDX header of unsigned bytes, gzipped or not."""
    head = _head(content)
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] == UNSIGNED_BYTE and head[3] in (1, 3)


def holds_labels(content: bytes) -> bool:
    """Whether an IDX file is a list of labels (one dimension)."""
    return is_idx(content) and _head(content)[3] == 1


def _head(content: bytes) -> bytes:
    """The first four bytes, out of gzip if need be; fewer where there are none."""
    if content[:2] != GZIP:
        return content[:4]
    try:
        return zlib.decompressobj(wbits=31).decompress(content[:512], 4)
    except zlib.error:
        return b""


def _parse(name: str, content: bytes) -> np.ndarray:
    data = _unzip(name, content) if content[:2] == GZIP else content
    dimensions = data[3]
    offset = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", data[4:offset]) if len(data) >= offset else ()
    if not shape or math.prod(shape) != len(data) - offset:
        found = max(len(data) - offset, 0)
        raise DatasetError(f"{name[:80]} announces {shape} values but holds {found:,}. It is damaged; copy it again.")
    return np.frombuffer(data, dtype=np.uint8, offset=offset).reshape(shape)


def _unzip(name: str, content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{name[:80]} is a damaged gzip file. Download or copy it again.") from error
    if len(data) > MAX_BYTES:
        raise DatasetError(f"{name[:80]} unpacks to more than 2 GB. Upload a part of it.")
    return data
