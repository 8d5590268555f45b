"""Compare in a browser: AE, VAE and β-VAE one click from Home, and a lasso in one map that lights up in all."""

import base64
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints
from vae_core.latents.codes import Codes

TRIO = ("digits-ae", "digits-2d", "digits-beta")
MARGIN = 0.06
Place = tuple[float, float]


def codes_of(id: str) -> Codes:
    codes = checkpoints.load(checkpoints.locate(id)).codes
    assert codes is not None
    return codes


def places(codes: Codes, side: float) -> np.ndarray:
    """Where the codes lie on a map of that side, [N, 2] CSS pixels from its upper left corner."""
    low, high = codes.mean.min(0), codes.mean.max(0)
    span = (high - low).max() * (1 + 2 * MARGIN)
    across, up = ((codes.mean - ((low + high) - span) / 2) / span).T
    return np.stack([across * side, (1 - up) * side], 1)


@pytest.fixture
def trio(page: Page, app: AppProcess) -> Page:
    page.goto(app.address)
    settle(page)
    page.get_by_role("button", name="Compare").last.click()
    page.locator("[data-testid=linked-maps][data-ready=true]").wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    return page


def lasso(page: Page, map: int, corners: list[Place]) -> None:
    page.get_by_role("button", name="Lasso").click()
    box = page.get_by_test_id(f"linked-map-{map}").bounding_box()
    assert box
    for k, (x, y) in enumerate([*corners, corners[0]]):
        page.mouse.move(box["x"] + x, box["y"] + y)
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="Lasso").click()


def pixels(page: Page, map: int) -> np.ndarray:
    """What is drawn, uint8 [side, side, 4]."""
    width, drawn = page.get_by_test_id(f"linked-map-{map}").evaluate(
        """c => [c.width, btoa(Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data,
        (byte) => String.fromCharCode(byte)).join(""))]"""  # as a list of numbers it would take seconds to hand over
    )
    return np.frombuffer(base64.b64decode(drawn), np.uint8).reshape(-1, width, 4)


def test_lasso_in_one_map_lights_the_same_examples_in_all(trio: Page) -> None:
    box = trio.get_by_test_id("linked-map-0").bounding_box()
    assert box
    side = box["width"] - 2  # without its border
    first = places(codes_of(TRIO[0]), side)
    corners = [(0.2 * side, 0.2 * side), (0.5 * side, 0.2 * side), (0.5 * side, 0.6 * side), (0.2 * side, 0.6 * side)]
    low, high = 0.2 * side, np.array([0.5, 0.6]) * side
    inside, nearly = (((first > low + m) & (first < high - m)).all(1) for m in (1, -1))  # a code may lie on the line
    lasso(trio, 0, [(x + 1, y + 1) for x, y in corners])
    count = int(trio.get_by_test_id("linked-maps").get_attribute("data-selected") or 0)
    assert inside.sum() <= count <= nearly.sum()
    expect(trio.get_by_text(f"{count:,} examples lit in every map")).to_be_visible()
    for k in (1, 2):
        drawn = pixels(trio, k)[..., 3]
        where = places(codes_of(TRIO[k]), drawn.shape[0]).round().astype(int).clip(0, drawn.shape[0] - 1)
        strength = drawn[where[:, 1], where[:, 0]]
        assert np.median(strength[inside]) == 255
        assert np.median(strength[~nearly]) < 128
    trio.get_by_role("button", name="Clear", exact=True).click()
    assert trio.get_by_test_id("linked-maps").get_attribute("data-selected") == "0"


def test_pointer_in_one_map_rings_its_nearest_example_in_all_and_each_decodes(trio: Page) -> None:
    asked: list[str] = []
    trio.on("request", lambda request: asked.append(request.url))
    box = trio.get_by_test_id("linked-map-1").bounding_box()
    assert box
    side = box["width"] - 2
    codes = codes_of(TRIO[1])
    target = places(codes, side)[700]
    trio.mouse.move(box["x"] + 1 + float(target[0]), box["y"] + 1 + float(target[1]))
    nearest = int(((places(codes, side) - target) ** 2).sum(1).argmin())
    expect(trio.get_by_text(f"nearest: example {nearest + 1},")).to_be_visible()
    for k, id in enumerate(TRIO):
        lit = trio.get_by_test_id(f"linked-map-{k}").get_attribute("data-lit") or ""
        expected = places(codes_of(id), side)[nearest]
        assert [float(part) for part in lit.split(",")] == pytest.approx(expected.tolist(), abs=1.5)
    expect(trio.get_by_text(f"Decoded: the code of example {nearest + 1}")).to_have_count(2)
    assert asked == []
    shown = (
        trio.get_by_test_id("linked-decoded")
        .nth(2)
        .evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    )
    beta = checkpoints.load(checkpoints.locate(TRIO[2]))
    expected_picture = beta.decode(codes_of(TRIO[2]).mean[nearest : nearest + 1])[0, 0] * 255
    assert np.abs(np.array(shown).reshape(8, 8, 4)[..., 0] - expected_picture).max() <= 1


def test_maps_are_used_by_keyboard_alone(trio: Page) -> None:
    map = trio.get_by_test_id("linked-map-0")
    map.focus()
    map.press("ArrowRight")
    expect(trio.get_by_text("Decoded: at the pointer")).to_be_visible()
    map.press("Enter")
    expect(trio.get_by_text("50 examples lit in every map")).to_be_visible()


def test_models_of_different_data_are_not_compared(page: Page, app: AppProcess, app_workspace: Path) -> None:
    dataset = stroke_dataset(60)
    own = store_model(dataset, trained(dataset, small()))
    page.goto(f"{app.address}/compare?models={own},digits-2d")
    expect(page.get_by_text("trained on different datasets")).to_be_visible(timeout=30_000)
    page.goto(f"{app.address}/compare?models=digits-2d,{'b' * 26}")
    expect(page.get_by_text("There is no model")).to_be_visible(timeout=30_000)
