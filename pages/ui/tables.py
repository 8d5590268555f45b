"""Columns of a table -> what a summary says of them. No Streamlit."""

import io
from typing import Any

import numpy as np
import pandas as pd

from vae_core.datasets import CategoricalColumn, Dataset, NumericColumn, TableSchema
from vae_core.latents.codes import Codes

BINS = 24
FORMULA = tuple("=+-@\t\r")
"""How a cell begins that a spreadsheet runs (OWASP, "CSV Injection")."""
MOST_ROWS = 50_000
"""Bars as low as a line of text show no more than so many rows, evenly taken, do."""


def column_lines(schema: TableSchema, x: np.ndarray, most: int) -> list[dict[str, Any]]:
    """Name, kind, range and histogram of the first columns of float32 [N, D]."""
    step = -(-len(x) // MOST_ROWS)
    x = np.asarray(x[::step])  # at once: the table may be on the disk, a row after the other
    lines = []
    place = 0
    for column in schema.columns[:most]:
        if isinstance(column, CategoricalColumn):
            counts = np.array(column.counts[:BINS])
        else:
            counts = _histogram(column, x[:, place])
        place += len(column.features)
        lines.append(_line(column, counts / max(counts.sum(), 1)))
    return lines


def _histogram(column: NumericColumn, x: np.ndarray) -> np.ndarray:
    """Of standardised values: bins between huge ones in original units could not be told apart."""
    if column.constant:
        return np.array([len(x)])
    ends = column.encode(np.array([column.low, column.high]))[:, 0].astype(np.float32)
    return np.histogram(x, bins=BINS, range=tuple(ends))[0]


def _line(column: NumericColumn | CategoricalColumn, shares: np.ndarray) -> dict[str, Any]:
    line: dict[str, Any] = {"column": column.name, "kind": "categories", "histogram": shares.tolist(), "lowest": ""}
    if isinstance(column, NumericColumn):
        line |= {"kind": "numbers", "lowest": _number(column.low), "mean, or categories": _number(column.mean)}
        return line | {"highest": _number(column.high), "missing": column.missing}
    names = ", ".join(column.categories[:BINS])
    return line | {"mean, or categories": names, "highest": "", "missing": column.missing}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


def as_csv(table: pd.DataFrame) -> str:
    """A table as CSV; words of strangers that a spreadsheet would take for a formula have an apostrophe before them."""
    words = table.select_dtypes(["object", "string"]).columns
    safe = table.assign(
        **{
            name: [f"'{w}" if isinstance(w, str) and w.startswith(FORMULA) else w for w in table[name]]
            for name in words
        }
    )
    buffer = io.StringIO()
    safe.to_csv(buffer, index=False)
    return buffer.getvalue()


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as Parquet."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def codes_table(codes: Codes, dataset: Dataset | None) -> pd.DataFrame:
    """A line an example: its name and label where there are any; posterior mean, std and KL of every dimension.

    Args:
        codes: What is shown.
        dataset: Their examples, where they are in the workspace.
    """
    columns: dict[str, object] = {"example": range(1, len(codes) + 1)}
    if dataset is not None and dataset.names:
        columns["name"] = list(dataset.names)
    if codes.labels is not None:
        columns["label"] = [codes.label_names[k] for k in codes.labels]
    for part, told in (("mean", "mean"), ("std", "std"), ("kl", "kl_to_normal")):
        columns |= {f"{told}_{j + 1}": values for j, values in enumerate(getattr(codes, part).T)}
    return pd.DataFrame(columns)
