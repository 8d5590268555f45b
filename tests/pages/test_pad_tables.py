"""What the explorer computes of tables in JavaScript is what the core computes in Python."""

import numpy as np
import pytest

from tests.pages.test_pad_maths import node
from vae_core.datasets import TableSchema


def schema() -> TableSchema:
    """Numbers in very different units, one of them constant, and a column of names between them."""
    random = np.random.default_rng(0)
    return TableSchema.fit(
        {
            "price": random.normal(300_000, 80_000, 200),
            "colour": np.array(["red", "green", "blue"], dtype=object)[random.integers(0, 3, 200)],
            "weight": random.normal(0.002, 0.0004, 200),
            "always": np.full(200, 7.0),
        }
    )


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def described(rows: np.ndarray, reference: np.ndarray) -> list[list[dict[str, object]]]:
    """What `read` and `compare` say of every column of every row."""
    found: list[list[dict[str, object]]] = node(
        """
        const { compare, fieldsOf, original, read } = await from("table/fields.js");
        const fields = fieldsOf(given.columns, true);
        const one = (field, row) => ({ ...read(field, row), value: field.isNumeric ? original(field, row) : null,
          change: compare(field, row, given.reference) });
        console.log(JSON.stringify(given.rows.map((row) => fields.map((field) => one(field, row)))));
        """,
        {"columns": schema().model_dump(mode="json")["columns"], "rows": rows.tolist()}
        | {"reference": reference.tolist()},
    )
    return found


def test_profile_reads_a_row_as_the_schema_does() -> None:
    rows = np.random.default_rng(1).normal(size=(40, 6))
    found = described(rows, rows[0])
    expected = schema().to_original(rows)
    for n, told in enumerate(found):
        for name, column, field in zip(expected, schema().columns, told, strict=True):
            if column.kind == "categorical":
                assert str(field["text"]).startswith(f"{expected[name][n]} ")
                continue
            assert field["value"] == pytest.approx(expected[name][n], rel=1e-12)
            assert number(str(field["text"])) == pytest.approx(expected[name][n], abs=column.scale / 30)


def test_profile_tells_the_difference_against_the_reference() -> None:
    rows = np.random.default_rng(2).normal(size=(30, 6))
    expected = schema().to_original(rows)
    for n, told in enumerate(described(rows, rows[0])):
        for name, column, field in zip(expected, schema().columns, told, strict=True):
            change = field["change"]
            assert isinstance(change, dict)
            if column.kind == "categorical":
                was, now = expected[name][[0, n]]
                assert change["text"] == ("" if was == now else f"was {was}")
                assert change["isNotable"] == (was != now)
                continue
            difference = expected[name][n] - expected[name][0]
            told_difference = number(change["text"]) if change["text"] else 0.0
            assert told_difference == pytest.approx(difference, abs=column.scale / 30)
            assert change["isNotable"] == (abs(difference) >= 0.1 * column.scale)


def test_only_values_outside_the_data_are_flagged() -> None:
    columns = schema().columns
    rows = np.zeros((61, 6))
    rows[:] = np.linspace(-6, 6, 61)[:, None]
    expected = schema().to_original(rows)
    for n, told in enumerate(described(rows, rows[0])):
        for column, field in zip(columns, told, strict=True):
            if column.kind == "categorical":
                assert field["flag"] == ""
                continue
            value = expected[column.name][n]
            if column.low <= value <= column.high:
                assert field["flag"] == ""
            elif value > column.high + column.scale / 10:
                assert str(field["flag"]).startswith("▲ above the data's ")
                assert number(str(field["flag"]).split()[-1]) == pytest.approx(column.high, abs=column.scale / 30)
            elif value < column.low - column.scale / 10:
                assert str(field["flag"]).startswith("▼ below the data's ")


def test_columns_that_changed_most_come_first_and_are_told_in_words() -> None:
    reference = np.array([0, 1, 0, 0, 0, 0.0])
    row = np.array([0.5, 0, 1, 0, -20, 0.0])
    order, words = node(
        """
        const { byChange, describeRow, fieldsOf } = await from("table/fields.js");
        const fields = fieldsOf(given.columns, true);
        console.log(JSON.stringify([byChange, describeRow].map((one) => one(fields, given.row, given.reference))));
        """,
        {"columns": schema().model_dump(mode="json")["columns"], "row": row.tolist(), "reference": reference.tolist()},
    )
    assert order == [2, 1, 0, 3]
    assert words.index("weight −") < words.index("colour was ") < words.index("price +")
    assert "always" not in words
    assert "Outside the data's range: weight" in words


def test_sensitivity_is_the_derivative_along_every_latent() -> None:
    """f(z) = (sin z1, z1 z2, exp z2), of which the second and third are scores of names."""
    z = np.array([0.4, -0.7])
    expected = np.array([[np.cos(z[0]), 0], [z[1], z[0]], [0, np.exp(z[1])]])
    columns = [
        {"kind": "numeric", "name": "a", "mean": 0, "scale": 1, "low": -1, "high": 1},
        {"kind": "categorical", "name": "b", "categories": ["p", "q"]},
    ]
    found = node(
        """
        const { jacobian, sensitivities } = await from("table/sensitivity.js");
        const { fieldsOf } = await from("table/fields.js");
        const f = async ([a, b]) => [Math.sin(a), a * b, Math.exp(b)];
        const derivatives = await jacobian(f, given.z, [[-3, 3], [-2, 2]]);
        const stale = await jacobian(f, given.z, [[-3, 3], [-2, 2]], () => true);
        const rows = sensitivities(fieldsOf(given.columns, true), await f(given.z), derivatives);
        console.log(JSON.stringify([rows.map(({ name, slopes }) => [name, slopes]), stale]));
        """,
        {"z": z.tolist(), "columns": columns},
    )
    (_, first), (name, second) = found[0]
    np.testing.assert_allclose(first, expected[0], atol=1e-4)
    assert name == 1
    np.testing.assert_allclose(second, expected[2], atol=1e-4)
    assert found[1] is None


@pytest.mark.parametrize(("tall", "alike"), [(2.0, True), (5000.0, False)])
def test_data_space_has_equal_scales_unless_a_column_would_be_a_line(tall: float, alike: bool) -> None:
    found = node(
        """
        const { viewOf } = await from("table/plane_plot.js");
        const view = viewOf([{ low: -1, high: 3 }, { low: 10, high: 10 + given }], 400, 300);
        const corners = [[-1, 10], [3, 10 + given]].map(([x, y]) => [view.x(x), view.y(y)]);
        console.log(JSON.stringify({ corners, back: view.back(...corners[1]), ranges: [view.xRange, view.yRange] }));
        """,
        tall,
    )
    (left, bottom), (right, top) = found["corners"]
    assert 0 < left < right < 400
    assert 0 < top < bottom < 300
    assert found["back"] == pytest.approx([3, 10 + tall])
    assert (right - left) / 4 == pytest.approx((bottom - top) / tall) if alike else bottom - top > 200
    low, high = found["ranges"][0]
    assert (right - left) / 400 == pytest.approx(4 / (high - low))


def test_lines_of_the_grid_are_straight_and_evenly_apart() -> None:
    lines = node(
        """
        const { gridLines } = await from("layers/grid_layer.js");
        console.log(JSON.stringify([2, 1].map((latents) => gridLines({ u: [-2.3, 3.1], v: [-1, 1] }, latents))));
        """,
        None,
    )
    for kind, fixed in (("up", 0), ("across", 1)):
        places = np.array([line["places"] for line in lines[0] if line["kind"] == kind])
        assert np.ptp(places[..., fixed], axis=1).max() == 0
        np.testing.assert_allclose(np.diff(places[:, 0, fixed]), 0.5)
    [axis] = lines[1]
    assert [*axis["places"][0], *axis["places"][-1]] == pytest.approx([-2.3, 0, 3.1, 0])
