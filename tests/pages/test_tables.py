"""What a summary says of a table's columns."""

import numpy as np
import pytest

from pages.ui import tables
from vae_core.datasets import TableSchema


def test_bars_of_a_long_table_show_what_all_its_rows_would(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    columns = {"even": random.uniform(0, 10, 40_000), "steep": random.exponential(3, 40_000)}
    schema = TableSchema.fit(columns)
    x = schema.to_x(columns)
    whole = tables.column_lines(schema, x, 2)
    looked_at = []
    monkeypatch.setattr(tables, "MOST_ROWS", 10_000)
    count = np.histogram
    monkeypatch.setattr(np, "histogram", lambda x, **rest: looked_at.append(len(x)) or count(x, **rest))
    part = tables.column_lines(schema, x, 2)
    assert looked_at == [10_000, 10_000]
    for one, other in zip(whole, part, strict=True):
        assert sum(other["histogram"]) == pytest.approx(1)
        np.testing.assert_allclose(one["histogram"], other["histogram"], atol=0.01)
        assert (one["lowest"], one["highest"]) == (other["lowest"], other["highest"])


def test_every_row_of_a_short_table_is_in_its_bars() -> None:
    columns = {"x": np.arange(24.0), "name": np.array(list("ab") * 12)}
    schema = TableSchema.fit(columns)
    number, name = tables.column_lines(schema, schema.to_x(columns), 2)
    np.testing.assert_allclose(number["histogram"], np.full(24, 1 / 24))
    assert name["histogram"] == [0.5, 0.5]
