"""Columns of a table -> what a summary says of them. No Streamlit."""

from typing import Any

import numpy as np

from vae_core.datasets import CategoricalColumn, NumericColumn

BINS = 24


def column_line(column: NumericColumn | CategoricalColumn, values: np.ndarray) -> dict[str, Any]:
    """Name, kind, range and histogram of a column, its values in original units."""
    if isinstance(column, NumericColumn):
        # standardised: bins between huge values cannot be told apart
        counts = np.ones(1) if column.constant else np.histogram(column.encode(values), bins=BINS)[0]
        kind, low, mean, high = "numbers", _number(column.low), _number(column.mean), _number(column.high)
    else:
        counts = np.array([(values == category).sum() for category in column.categories[:BINS]])
        kind, low, mean, high = "names", "", ", ".join(column.categories[:BINS]), ""
    return {
        "column": column.name,
        "kind": kind,
        "histogram": (counts / counts.sum()).tolist(),
        "lowest": low,
        "mean, or names": mean,
        "highest": high,
        "missing": column.missing,
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"
