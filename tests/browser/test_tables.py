"""Tables in Explore, on real models: the profile against a reference, and the sensitivity."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect
from torch.func import jacrev

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import value
from tests.browser.table_page import Stored, open_table, row, type_point
from tests.conftest import trained
from tests.small import small
from vae_core.datasets import SAMPLES, Dataset, TableSchema

PAINT_MS = 2.0
SPY = """() => {
  window.written = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    if (this.canvas.dataset.testid === "decoded") window.written.push(text);
    return write.call(this, text, ...rest);
  };
}"""


@pytest.fixture(scope="module")
def town() -> Stored:
    dataset = SAMPLES["houses"]()
    return dataset, trained(dataset, small(likelihood="mixed", latents=3), epochs=3, name="town")


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def spoken(page: Page) -> str:
    return str(page.get_by_test_id("decoded").get_attribute("aria-label"))


def test_profile_tells_what_changed_against_the_kept_reference(
    page: Page, app: AppProcess, app_workspace: Path, town: Stored
) -> None:
    a, b = (-1.2, 0.4, 0.8), (1.5, -1.0, -0.6)
    open_table(page, app, town)
    page.evaluate(SPY)
    type_point(page, *a)
    page.get_by_role("button", name="Keep this as reference").click()
    page.wait_for_timeout(400)
    assert "No notable change against the reference." in spoken(page)
    type_point(page, *b)
    before, after = row(town, *a), row(town, *b)
    told = spoken(page)
    written = page.evaluate("() => { const all = window.written; window.written = []; return all; }")[-60:]
    for column in town[0].schema.columns:  # type: ignore[union-attr]
        now, was = after[column.name], before[column.name]
        if column.kind == "categorical":
            assert f"{column.name} {now}" in told
            assert (f"was {was}" in written) == (was != now)
            continue
        shown = re.search(re.escape(column.name) + r" ([−\d.,]*\d)[;.]", told.split("All columns:")[1])
        assert shown is not None
        assert number(shown[1]) == pytest.approx(now, abs=column.scale / 20)
        differences = [number(text) for text in written if re.fullmatch(r"[+−][\d.,]+", text)]
        assert min(abs(difference - (now - was)) for difference in differences) < column.scale / 20
    page.wait_for_url("**ref*", timeout=5000)
    page.wait_for_timeout(500)
    page.reload()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    assert spoken(page) == told


def test_values_outside_the_data_are_flagged_with_a_mark_and_words(
    page: Page, app: AppProcess, app_workspace: Path, town: Stored
) -> None:
    open_table(page, app, town)
    page.evaluate(SPY)
    type_point(page, 40, -40, 40)
    decoded = row(town, 40, -40, 40)
    written = page.evaluate("() => window.written")
    told = spoken(page)
    outside = 0
    for column in town[0].schema.columns:  # type: ignore[union-attr]
        if column.kind == "numeric" and not column.low <= decoded[column.name] <= column.high:
            outside += 1
            side, limit = ("above", column.high) if decoded[column.name] > column.high else ("below", column.low)
            mark = "▲" if side == "above" else "▼"
            flags = [number(text.split()[-1]) for text in written if text.startswith(f"{mark} {side} the data's ")]
            assert min(abs(flag - limit) for flag in flags) < column.scale / 20
    assert outside >= 2
    assert "Outside the data's range: " in told
    type_point(page, 0, 0, 0)
    assert "Outside" not in spoken(page)


@pytest.fixture(scope="module")
def wide() -> Stored:
    """Forty columns of three causes."""
    random = np.random.default_rng(0)
    values = random.normal(size=(400, 3)) @ random.normal(size=(3, 40)) + 0.1 * random.normal(size=(400, 40))
    columns = {f"column {k + 1}": values[:, k] for k in range(40)}
    schema = TableSchema.fit(columns)
    dataset = Dataset("wide", schema.to_x(columns), schema, None, ())
    return dataset, trained(dataset, small(likelihood="gaussian", latents=3), epochs=10, name="wide")


def test_every_one_of_many_columns_is_reached(page: Page, app: AppProcess, app_workspace: Path, wide: Stored) -> None:
    open_table(page, app, wide)
    page.evaluate(SPY)
    expect(page.get_by_text("40 columns: scroll for the others")).to_be_visible()
    box = page.locator(".lp-decoded .lp-rows")
    seen = set()
    for top in (*range(1200, 0, -400), 0):
        box.evaluate("(box, top) => { box.scrollTop = top; }", top)
        page.wait_for_timeout(60)
        seen |= set(page.evaluate("() => window.written"))
    assert {f"column {k + 1}" for k in range(40)} <= seen
    type_point(page, 1.5, -1, 1)
    page.get_by_role("button", name="Changed most first").click()
    box.evaluate("(box) => { box.scrollTop = 0; }")
    page.wait_for_timeout(200)
    page.evaluate("() => { window.written = []; }")
    type_point(page, 1.6, -1, 1)
    names = [text for text in page.evaluate("() => window.written") if text.startswith("column ")][-12:]
    start, now = row(wide, 0, 0, 0), row(wide, 1.6, -1, 1)
    schema = wide[0].schema
    assert isinstance(schema, TableSchema)
    change = {c.name: abs(now[c.name] - start[c.name]) / c.scale for c in schema.columns if c.kind == "numeric"}
    assert names == sorted(change, key=lambda name: -change[name])[:12]


def test_profile_is_painted_in_less_than_two_milliseconds(
    page: Page, app: AppProcess, app_workspace: Path, wide: Stored
) -> None:
    open_table(page, app, wide)
    type_point(page, 2, -1, 1)
    times = page.evaluate(
        """async () => {
          const { pad } = document.querySelector(".latent-pad");
          const [values, other] = [await pad.decode([2, -1, 1]), await pad.decode([1, 1, -2])];
          const times = [];
          for (let k = 0; k < 300; k += 1) {
            const start = performance.now();
            pad.table.paint(pad.output.canvas, k % 2 ? values : other);
            times.push(performance.now() - start);
            if (k % 10 === 9) await new Promise(requestAnimationFrame);
          }
          return times;
        }"""
    )
    assert np.median(times) < PAINT_MS


def test_sensitivity_by_the_browsers_decoder_is_autograds(
    page: Page, app: AppProcess, app_workspace: Path, town: Stored
) -> None:
    """Central differences in float32, as a person reads them, beside reverse-mode derivatives in the core."""
    dataset, checkpoint = town
    vae = checkpoint.model().double()
    open_table(page, app, town, "&view=tool:sensitivity")
    for z in [(0.0, 0.0, 0.0), (0.7, -0.4, 1.1), (-1.2, 0.9, -0.3)]:
        type_point(page, *z)
        told = ", ".join(f"{value:.2f}" for value in z)
        expect(page.locator(".lp-heat caption")).to_have_text(f"Sensitivity ∂column/∂z at z = ({told})")
        point = torch.tensor([z], dtype=torch.float64)
        jacobian = jacrev(lambda latent: vae.decode(latent)[0])(point)[:, 0].detach().numpy()  # [D, L]
        values = vae.decode(point)[0].detach().numpy()
        heads = page.locator(".lp-heat thead th").all_inner_texts()[1:]
        order = [int(head[1:]) - 1 for head in heads]
        start = 0
        for k, column in enumerate(dataset.schema.columns):  # type: ignore[union-attr]
            stop = start + len(column.features)
            best = start + int(values[start:stop].argmax())
            line = page.locator(".lp-heat tbody tr").nth(k)
            if column.kind == "categorical":
                expect(line.locator("th")).to_have_text(f"{column.name} = {column.categories[best - start]}")
            cells = [number(text) for text in line.locator("td").all_inner_texts()]
            np.testing.assert_allclose(cells, jacobian[best][order], atol=0.0075)  # two decimals
            start = stop
    found = page.evaluate(
        """async (z) => {
          const { pad } = document.querySelector(".latent-pad");
          const module = new URL(pad.data.modules + "table/sensitivity.js", location.origin).href;
          const columns = await (await import(module)).jacobian(pad.decode, z, pad.data.ranges);
          return columns.map((column) => [...column]);
        }""",
        list(z),
    )
    np.testing.assert_allclose(np.transpose(found), jacobian, rtol=0.01, atol=5e-4)


def test_cell_of_the_heat_map_moves_along_its_latent(
    page: Page, app: AppProcess, app_workspace: Path, town: Stored
) -> None:
    open_table(page, app, town, "&view=tool:sensitivity")
    cell = page.locator(".lp-heat tbody td[data-latent='1']").first
    expect(cell).to_have_text(re.compile(r"[+−][\d.]+"))
    before = row(town, 0, 0, 0)["distance to centre (km)"]
    cell.click()
    page.wait_for_timeout(300)
    z = [value(page, f"z{k}") for k in (1, 2, 3)]
    assert z[1] != 0
    assert z[0] == z[2] == 0
    assert row(town, *z)["distance to centre (km)"] > before
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")
