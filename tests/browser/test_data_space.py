"""Data space beside latent space, on a real model of points in the plane."""

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import across, drag, value
from tests.browser.table_page import Stored, open_table, row, type_point
from tests.conftest import trained
from tests.small import small
from vae_core.datasets import SAMPLES, TableSchema

HANDLE = """() => {
  const { view } = document.querySelector(".latent-pad").pad.table.space.plot;
  const box = document.querySelector("[data-testid=decoded-handle]").getBoundingClientRect();
  const area = document.querySelector(".lp-space-area").getBoundingClientRect();
  return view.back(box.x + box.width / 2 - area.x - view.left, box.y + box.height / 2 - area.y - view.top);
}"""
PLACE = """([x, y]) => {
  const { view } = document.querySelector(".latent-pad").pad.table.space.plot;
  const area = document.querySelector(".lp-space-area").getBoundingClientRect();
  return [area.x + view.left + view.x(x), area.y + view.top + view.y(y)];
}"""


@pytest.fixture(scope="module")
def toy() -> Stored:
    dataset = SAMPLES["moons"]()
    return dataset, trained(dataset, small(likelihood="gaussian", latents=2), epochs=15, name="moons")


def open_toy(page: Page, app: AppProcess, toy: Stored, query: str = "") -> None:
    open_table(page, app, toy, query)
    page.locator(".lp-space-area[data-ready=true]").wait_for(timeout=10_000)


def test_point_at_a_samples_code_puts_the_handle_at_its_reconstruction(
    page: Page, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    codes = toy[1].codes
    assert codes is not None
    open_toy(page, app, toy)
    expect(page.locator(".lp-space .lp-note")).to_contain_text("2,000 points")
    for n in (3, 500, 1700):
        z = codes.mean[n].tolist()
        type_point(page, *z)
        expected = row(toy, *z)
        assert page.evaluate(HANDLE) == pytest.approx([expected["x"], expected["y"]], abs=0.01)


def test_data_space_follows_live_while_the_map_is_dragged(
    page: Page, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    open_toy(page, app, toy)
    page.evaluate(
        """() => {
          window.painted = new Set();
          const handle = document.querySelector("[data-testid=decoded-handle]");
          new MutationObserver(() => window.painted.add(handle.style.transform)).observe(handle, { attributes: true });
        }"""
    )
    times, different, requested = drag(page, across(page.locator(".lp-map"), 0.3, 0.6))
    assert len(times) >= 55
    assert different >= 50
    assert requested == []
    page.wait_for_timeout(300)
    expected = row(toy, value(page, "z1"), value(page, "z2"))
    assert page.evaluate(HANDLE) == pytest.approx([expected["x"], expected["y"]], abs=0.05)


def test_dragging_in_data_space_moves_the_point_to_the_code_of_what_is_under_the_pointer(
    page: Page, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    dataset, checkpoint = toy
    open_toy(page, app, toy)
    page.evaluate("() => { window.painted = new Set(); }")
    times, _, requested = drag(page, across(page.locator(".lp-space-area"), 0.4, 0.5))
    assert len(times) >= 55
    assert requested == []
    target = [1.0, 0.25]
    assert isinstance(dataset.schema, TableSchema)
    x = dataset.schema.to_x({"x": np.array([target[0]]), "y": np.array([target[1]])})
    with torch.no_grad():
        expected = checkpoint.model().encode(torch.from_numpy(x)).mean[0].tolist()
    page.mouse.move(5, 5)
    page.mouse.move(*page.evaluate(PLACE, target))
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(400)
    assert [value(page, "z1"), value(page, "z2")] == pytest.approx(expected, abs=0.02)
    decoded = row(toy, *expected)
    assert page.evaluate(HANDLE) == pytest.approx([decoded["x"], decoded["y"]], abs=0.03)
    expect(page.locator(".lp-space .lp-note")).to_contain_text("is reconstructed as")
    page.wait_for_url("**z=*", timeout=5000)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_timeout(300)
    assert [value(page, "z1"), value(page, "z2")] != pytest.approx(expected, abs=0.02)


def test_hovering_over_data_space_only_looks(page: Page, app: AppProcess, app_workspace: Path, toy: Stored) -> None:
    open_toy(page, app, toy, "&z=0.3,0.2")
    page.wait_for_timeout(300)
    rest = page.evaluate(HANDLE)
    page.mouse.move(*page.evaluate(PLACE, [-0.9, 0.4]), steps=4)
    expect(page.locator(".lp-decoded figcaption")).to_have_text("Decoded at the pointer")
    page.wait_for_timeout(200)
    assert page.evaluate(HANDLE) != pytest.approx(rest, abs=0.05)
    assert (value(page, "z1"), value(page, "z2")) == (0.3, 0.2)
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    assert page.evaluate(HANDLE) == pytest.approx(rest, abs=0.01)
    expect(page.locator(".lp-space-probe")).to_be_hidden()


def test_arrow_keys_move_an_example_through_data_space(
    page: Page, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    open_toy(page, app, toy)
    before = [value(page, "z1"), value(page, "z2")]
    page.locator(".lp-space-area").focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
        page.wait_for_timeout(50)
    page.wait_for_timeout(700)
    assert [value(page, "z1"), value(page, "z2")] != before
    expect(page.locator(".lp-space .lp-note")).to_contain_text("is reconstructed as")
    page.wait_for_url("**z=*", timeout=5000)


def test_grid_of_the_map_is_bent_as_the_decoder_bends_it(
    page: Page, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    dataset, checkpoint = toy
    open_toy(page, app, toy)
    page.get_by_role("button", name="Grid", exact=True).click()
    expect(page.get_by_text("Grid: the same lines in latent and in data space")).to_be_visible(timeout=15_000)
    straight, bent = page.evaluate(
        """() => {
          const { pad } = document.querySelector(".latent-pad");
          const { lines } = pad.layers.shown.get("grid").layer;
          return [lines.map(({ places }) => places), pad.table.space.grid.map(({ points }) => points)];
        }"""
    )
    assert len(straight) == len(bent) >= 12
    assert isinstance(dataset.schema, TableSchema)
    with torch.no_grad():
        x = checkpoint.model().decode(torch.tensor(straight).flatten(0, 1)).numpy()
    expected = np.column_stack(list(dataset.schema.to_original(x).values()))
    np.testing.assert_allclose(np.reshape(bent, (-1, 2)), expected, atol=1e-3)
    ink = """(canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
      .filter((_, k) => k % 4 === 3).filter(Boolean).length"""
    assert page.locator("canvas[data-layer=warped]").evaluate(ink) > 1000
    page.get_by_role("button", name="Grid", exact=True).click()
    assert page.locator("canvas[data-layer=warped]").evaluate(ink) == 0


def test_both_spaces_and_the_profile_fit_a_phone(
    browser: Browser, app: AppProcess, app_workspace: Path, toy: Stored
) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844})
    page = phone.new_page()
    open_toy(page, app, toy, "&view=tool:sensitivity")
    for part in (".lp-map", ".lp-space-area", ".lp-decoded", ".lp-heat-box"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    upper, lower = (page.locator(part).bounding_box() for part in (".lp-map", ".lp-space-area"))
    assert upper is not None
    assert lower is not None
    assert lower["y"] + lower["height"] - upper["y"] < 844
    phone.close()
