"""The palette in Chromium: anchors at the corners of a polygon, blended by dragging, kept in the link."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import open_explorer, pixels, value
from vae_core import checkpoints
from vae_core.datasets import SAMPLES

ANCHORS = np.array([[-1.5, 0.5], [1.5, -1.0], [0.5, 1.25]])


def type_point(page: Page, *z: float) -> None:
    for k, number in enumerate(z):
        field = page.get_by_label(f"z{k + 1}, typed", exact=True)
        field.fill(str(number))
        field.press("Enter")


def point(page: Page) -> tuple[float, float]:
    return value(page, "z1"), value(page, "z2")


def test_dragging_within_the_palette_blends_its_anchors(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.get_by_role("tab", name="Blend").click()
    expect(page.get_by_text("Add two or more anchors")).to_be_visible()
    for z in ANCHORS:
        type_point(page, *z)
        page.get_by_role("button", name="Add the point", exact=True).click()
    palette = page.get_by_test_id("palette")
    palette.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = palette.bounding_box()
    assert box is not None
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*centre)
    page.mouse.down()
    assert point(page) == pytest.approx(ANCHORS.mean(0), abs=0.03)
    expect(palette).to_have_attribute("aria-valuetext", "A 33 %, B 33 %, C 33 %")
    page.wait_for_timeout(200)
    middle = pixels(page)
    page.mouse.move(centre[0], box["y"] - 40, steps=6)  # beyond the top corner: the palette holds it
    assert point(page) == pytest.approx(ANCHORS[0], abs=0.01)
    page.wait_for_timeout(200)
    assert np.abs(np.array(pixels(page)) - middle).max() > 50
    page.mouse.up()
    palette.focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")  # to the middle of the side between B and C
    assert point(page) == pytest.approx((ANCHORS[1] + ANCHORS[2]) / 2, abs=0.03)
    page.wait_for_url("**view=*anchors*")
    open_explorer(page, app.address, page.url.split("?")[1])
    expect(page.get_by_role("button", name="Take anchor C away")).to_be_visible()
    page.get_by_role("button", name="Take anchor C away").click()
    expect(page.get_by_role("button", name="Take anchor C away")).to_have_count(0)


def test_own_pictures_become_anchors(page: Page, app: AppProcess) -> None:
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    files = []
    for k in (0, 11):
        file = io.BytesIO()
        Image.fromarray(SAMPLES["digits"]().x[k, ..., 0]).save(file, "PNG")
        files.append({"name": f"{k}.png", "mimeType": "image/png", "buffer": file.getvalue()})
    open_explorer(page, app.address, "model=digits-2d&view=tool:blend")
    page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for(timeout=30_000)
    page.get_by_label("Add my pictures: files").set_input_files(files)
    expect(page.get_by_role("button", name="Take anchor B away")).to_be_visible()
    page.get_by_test_id("palette").focus()
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    assert point(page) == pytest.approx(codes.mean[0], abs=0.02)
    page.get_by_label("Add my pictures: files").set_input_files([files[0] | {"buffer": b"no picture"}])
    expect(page.get_by_text("0.png was not taken: this browser cannot read it as a picture.")).to_be_visible()
