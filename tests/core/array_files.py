"""Files of arrays, good and hostile, as bytes; and the way they are read."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np

from tests.conftest import zip_of
from vae_core.datasets import Dataset
from vae_core.datasets.archives import open_archive
from vae_core.datasets.arrays.idx import is_idx, read_idx
from vae_core.datasets.arrays.numpy_files import Preparation, is_npy, read_npy, read_npz
from vae_core.datasets.file import File
from vae_core.datasets.reading import Reading
from vae_core.datasets.schemas import ImageSchema

IDX_TYPES = {"|u1": 8, "|i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values)
    return buffer.getvalue()


def npy_of(header: bytes | str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An NPY file with a header of any text."""
    text = header if isinstance(header, bytes) else header.encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


def header(descr: str = "'|u1'", order: str = "False", shape: str = "(2, 8, 8)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


PICKLED = npy_of(header("'|O'"), b"cos\nsystem\n(S'touch owned'\ntR.")
"""An array of objects that would write a file, were it opened."""


def npz(**arrays: np.ndarray | bytes) -> bytes:
    return zip_of({f"{key}.npy": a if isinstance(a, bytes) else npy(a) for key, a in arrays.items()})


def npz_uncompressed(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, values in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{key}.npy"), npy(values))
    return buffer.getvalue()


def idx(values: np.ndarray) -> bytes:
    big = values.astype(values.dtype.newbyteorder(">"))
    return struct.pack(f">HBB{big.ndim}I", 0, IDX_TYPES[big.dtype.str], big.ndim, *big.shape) + big.tobytes()


def read(
    content: bytes | Path, schema: Preparation | None = None, reading: Reading | None = None, name: str = "file"
) -> Dataset:
    """What the content says it is."""
    file, reading = File(name, content), reading or Reading()
    if is_npy(file.head()):
        return read_npy(file, schema, reading)
    if is_idx(file.head()):
        assert schema is None or isinstance(schema, ImageSchema)
        return read_idx(file, schema, reading)
    with open_archive(file) as archive:
        return read_npz(file, archive, schema, reading)


def noise(*shape: int, dtype: str = "u1", low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng(0).integers(low, high, shape).astype(dtype)


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
