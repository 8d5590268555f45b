"""Concepts in Chromium: made of labels or a lasso, added to the point, kept with the model."""

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import open_explorer, value
from vae_core import checkpoints
from vae_core.latents.codes import Codes


@pytest.fixture
def codes() -> Codes:
    found = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert found is not None
    return found


def make(page: Page, having: str, lacking: str | None = None) -> Locator:
    """The concept that leads to one label from another, or from all others."""
    page.get_by_role("combobox", name="With: samples", exact=True).select_option(having)
    if lacking:
        page.get_by_role("combobox", name="Without: samples", exact=True).select_option(lacking)
    page.get_by_role("button", name="Make the concept").click()
    made = page.locator(f"[data-concept='{f'{having} rather than {lacking}' if lacking else having}']")
    expect(made).to_have_count(1)
    return made


def point(page: Page) -> tuple[float, float]:
    return value(page, "z1"), value(page, "z2")


def test_concepts_of_labels_add_up_and_stay_with_the_model(page: Page, app: AppProcess, codes: Codes) -> None:
    assert codes.labels is not None
    mean = [codes.mean[codes.labels == k].mean(0) for k in range(10)]
    to_three = mean[3] - codes.mean[codes.labels != 3].mean(0)
    to_one = mean[1] - mean[0]
    open_explorer(page, app.address, "model=digits-2d&z=0.5,0.25")
    page.get_by_role("tab", name="Concepts").click()
    expect(page.get_by_text("Choose the samples that have something")).to_be_visible()
    three = make(page, "3")
    expect(three).to_contain_text(f"{(codes.labels == 3).sum()} with, {(codes.labels != 3).sum():,} without")
    expect(page.get_by_role("slider", name="Add 3", exact=True)).to_be_focused()
    page.keyboard.press("End")
    assert point(page) == pytest.approx(np.array([0.5, 0.25]) + 2 * to_three, abs=0.02)
    one = make(page, "1", "0")
    cosine = to_one @ to_three / np.linalg.norm(to_one) / np.linalg.norm(to_three)
    expect(one).to_contain_text(f"cos {'−' if cosine < 0 else '+'}{abs(cosine):.2f} with “3”")
    page.keyboard.press("Home")
    assert point(page) == pytest.approx(np.array([0.5, 0.25]) + 2 * to_three - 2 * to_one, abs=0.03)

    page.get_by_role("button", name="Reset", exact=True).click()  # another base: the sliders stand at nothing again
    expect(page.get_by_role("slider", name="Add 3", exact=True)).to_have_value("0")
    page.get_by_role("slider", name="Add 3", exact=True).focus()
    page.keyboard.press("Home")
    assert point(page) == pytest.approx(-2 * to_three, abs=0.02)

    open_explorer(page, app.address, "model=digits-2d&view=tool:concepts")
    expect(page.locator("[data-concept]")).to_have_count(2)
    for name in ("3", "1 rather than 0"):
        page.get_by_role("button", name=f"Delete {name}", exact=True).click()
    expect(page.locator("[data-concept]")).to_have_count(0)


def test_what_is_no_concept_is_said_without_asking_the_server(page: Page, app: AppProcess) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    open_explorer(page, app.address, "model=digits-2d&view=tool:concepts")
    say, name = page.locator(".lp-concepts .lp-status"), page.get_by_label("Name", exact=True)
    button = page.get_by_role("button", name="Make the concept")
    button.click(force=True)  # greyed, but it says why
    expect(say).to_contain_text("Choose samples for both groups first")
    for group in ("With", "Without"):
        page.get_by_role("combobox", name=f"{group}: samples", exact=True).select_option("3")
    button.click()
    expect(say).to_contain_text("Both groups are the same samples")
    page.get_by_role("combobox", name="Without: samples", exact=True).select_option("5")
    name.fill(" ")
    button.click()
    expect(say).to_contain_text("Give the concept a name first")
    assert sent == []
    name.fill("lower bow")
    button.click()
    expect(page.locator("[data-concept]")).to_have_count(1)
    name.fill("lower bow")
    button.click()
    expect(say).to_contain_text("There is a concept of this name already")
    assert len(sent) == 1
    page.get_by_role("button", name="Delete lower bow", exact=True).click()
    expect(page.locator("[data-concept]")).to_have_count(0)


def test_small_groups_of_the_lasso_are_warned_of(page: Page, app: AppProcess, codes: Codes) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:concepts")
    page.get_by_role("button", name="With: lasso", exact=True).click()
    place = page.evaluate(
        """() => { const { map } = document.querySelector(".latent-pad").pad;
        const box = map.area.getBoundingClientRect();
        return [box.left + map.view.left + map.view.x(0), box.top + map.view.top + map.view.y(0)]; }"""
    )
    corners = [(-9, -9), (9, -9), (9, 9), (-9, 9)]
    page.mouse.move(place[0] - 9, place[1] - 9)
    page.mouse.down()
    for right, down in corners[1:]:
        page.mouse.move(place[0] + right, place[1] + down, steps=3)
    page.mouse.up()
    within = page.get_by_role("group", name="With", exact=True).locator("small")
    expect(within).to_contain_text("samples")
    count = int(within.inner_text().split()[0])
    assert 2 <= count < 20
    page.get_by_placeholder("what the groups differ in").fill("the middle")
    page.get_by_role("button", name="Make the concept").click()
    made = page.locator("[data-concept='the middle']")
    expect(made).to_contain_text(f"Groups of {count} and {len(codes) - count} are small")
    assert point(page) == (0, 0)  # the lasso did not move it
    page.get_by_role("button", name="Delete the middle", exact=True).click()
    expect(made).to_have_count(0)
