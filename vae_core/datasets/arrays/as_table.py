"""An array [N, D] -> a table of D columns, which have numbers for names."""

import numpy as np

from vae_core.datasets.arrays.stored import StoredArray, in_c_order
from vae_core.datasets.dataset import Dataset
from vae_core.datasets.file import File
from vae_core.datasets.reading import Reading
from vae_core.datasets.tables.columns import INFINITE, RawTable, check_size
from vae_core.datasets.tables.encode import encode_table
from vae_core.datasets.tables.schema import TableChoices, TableSchema


def read_array_table(
    called: str, array: StoredArray, schema: TableSchema | TableChoices | None, reading: Reading
) -> tuple[Dataset, np.ndarray]:
    """The rows of an array of numbers [N, D], its columns called “column 1” and so on.

    Args:
        called: What sentences call the array; also the dataset's name.
        array: Of numbers.
        schema: A model's, or the user's choices, or None.
        reading: Where the examples go.

    Returns:
        The table, and which rows of the array it holds (bool [N]).

    Raises:
        DatasetError: if the array is too large, or nothing is left of it.
        DamagedError: if the values cannot be read.
    """
    file = File(called, b"")
    check_size(file, *array.shape)
    columns = {f"column {k}": values for k, values in enumerate(_values(array, reading).T, start=1)}
    return encode_table(file, RawTable(columns, frozenset(columns)), schema or TableChoices(), reading)


def _values(array: StoredArray, reading: Reading) -> np.ndarray:
    """float64 [N, D]; what is not finite, or so large that it stands for infinity, is infinite or NaN."""
    values = np.empty(array.shape, dtype=np.float64)
    start = 0
    with in_c_order(array, reading.path.parent if reading.path else None) as rows:
        for chunk in rows.chunks():
            with np.errstate(invalid="ignore"):  # signalling NaN
                part = chunk.astype(np.float64)
            values[start : start + len(chunk)] = np.where(np.abs(part) >= INFINITE, np.inf, part)
            start += len(chunk)
    return values
