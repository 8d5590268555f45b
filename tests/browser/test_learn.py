"""The page Learn as a student goes through it: predict, look, drag, answer wrong and right."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.ui.lessons import LESSONS, collapse, epsilon, tug
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.browser.lesson_page import (
    SCENE,
    check,
    codes_of,
    expect_repainted,
    loaded,
    nothing_fetched,
    open_lesson,
    paint,
    predict,
)


def test_overview_leads_to_every_lesson_and_each_to_the_next(page: Page, app: AppProcess) -> None:
    page.goto(f"{app.address}/learn")
    settle(page)
    links = page.get_by_role("button", name="Open the lesson")
    expect(links).to_have_count(len(LESSONS))
    links.first.click()
    for lesson, following in zip(LESSONS, (*LESSONS[1:], None), strict=True):
        expect(page).to_have_url(re.compile(f"/learn\\?lesson={lesson.name}$"))
        expect(page.get_by_role("heading", name=f". {lesson.title}")).to_be_visible()
        if following:
            settle(page)
            page.get_by_role("button", name=f"Next: {following.title}").click()


def test_teacher_has_a_link_to_the_lesson(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "epsilon")
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_text(f"{app.address}/learn?lesson=epsilon&lang=en")).to_be_visible()


@pytest.mark.slow
def test_reparameterisation_is_rolled_and_reckoned(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "epsilon")
    expect(page.get_by_text("μ1 +", exact=True)).to_be_hidden()
    predict(page, "By 0.1 times σ", "By 0.1, whatever")
    expect(page.get_by_text("μ1 +", exact=True)).to_be_visible()

    with nothing_fetched(page):
        before = paint(page, "decoded")
        page.get_by_role("slider", name="ε1").fill("-1.5")
        codes = codes_of(epsilon.MODEL)
        z = codes.mean[epsilon.EXAMPLE, 0] + codes.std[epsilon.EXAMPLE, 0] * epsilon.EPSILON
        expect(page.get_by_test_id("numbers")).to_contain_text(f"= {z:.3f}")
        expect_repainted(page, "decoded", before)
        page.get_by_role("slider", name="μ1 +").fill("0.1")
        expect(page.get_by_test_id("numbers")).to_contain_text(f"= {z + 0.1:.3f}")

    page.get_by_role("spinbutton").fill(f"{z + 0.05:.3f}")
    page.keyboard.press("Enter")
    check(page, "Not yet.")
    page.get_by_role("spinbutton").fill(f"{z:.3f}")
    page.keyboard.press("Enter")
    check(page, "Right: μ1 + σ1")


def test_rolls_lie_about_the_mean_as_wide_as_the_posterior(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "epsilon")
    page.get_by_role("button", name="Roll it 200 times").click()
    rolled = np.array(page.evaluate(f"{SCENE}.rolled"))
    codes = codes_of(epsilon.MODEL)
    mean, std = codes.mean[epsilon.EXAMPLE], codes.std[epsilon.EXAMPLE]
    assert rolled.shape == (200, 2)
    assert np.abs(rolled.mean(0) - mean).max() < 5 * std.max() / 200**0.5
    assert (rolled.std(0) / std).tolist() == pytest.approx([1, 1], abs=0.3)


@pytest.mark.slow
def test_tug_of_war_is_dragged_over_trained_models(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "tug")
    slider = page.get_by_role("slider", name="β")
    expect(slider).to_be_hidden()
    predict(page, "Both get smaller", "The KL gets smaller")

    check(page, "Not there.")  # nothing was let go yet
    with nothing_fetched(page):
        slider.focus()
        before = paint(page, "sheet")
        for k, (beta, id) in enumerate(tug.MODELS.items()):
            slider.fill(str(k))
            terms = loaded(id).measured.validation
            loss = terms.reconstruction_loss + beta * terms.kl
            expect(page.get_by_test_id("numbers")).to_contain_text(f"= {-terms.elbo:.2f} nats")
            expect(page.get_by_test_id("numbers")).to_contain_text(f"= {loss:.2f}")
        expect_repainted(page, "sheet", before)
    check(page, "Not there.")
    slider.fill(str(list(tug.MODELS).index(1.0)))
    slider.dispatch_event("change")
    settle(page)
    check(page, "Right. It is the one")


def test_handle_decodes_while_it_is_dragged_as_torch_does(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "tug")
    cloud = page.get_by_test_id("codes")
    cloud.hover(position={"x": 100, "y": 100})
    with nothing_fetched(page):
        page.mouse.down()
        for k in range(20):
            page.mouse.move(*(400 + 4 * k, 600 + 2 * k))
        page.mouse.up()
        z = page.evaluate(f"{SCENE}.place")
        shown = page.evaluate(f"(async () => [...await {SCENE}.model.decode({z})])()")
        assert shown == pytest.approx(
            loaded(tug.MODELS[tug.BEGIN]).decode(np.array([z], np.float32)).ravel().tolist(), abs=1e-4
        )
        expect(page.get_by_text(f"Decoded at the handle, ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−"))).to_be_visible()


@pytest.mark.slow
def test_collapsed_latents_move_nothing(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "collapse")
    sliders = page.locator(".lesson input[type=range]")
    expect(sliders).to_have_count(8)
    expect(sliders.first).to_be_hidden()
    predict(page, "All eight", "Five")
    for id, name in collapse.MODELS.items():
        page.get_by_role("radio", name=name, exact=True).first.click()
        codes, terms = loaded(id).codes, loaded(id).measured.validation
        assert codes is not None
        active = int((codes.mean.var(0) > 0.01).sum())
        expect(page.get_by_test_id("numbers")).to_contain_text(f"{active} of 8")
        expect(page.get_by_test_id("numbers")).to_contain_text(f"= {-terms.elbo:.2f} nats")
        assert page.locator(".le-slider.le-off").count() == 8 - active
    page.get_by_role("radio", name="β = 1", exact=True).first.click()
    moved = page.evaluate(
        f"""async () => {{
          const {{ model }} = {SCENE};
          const z = model.code(5);
          const at = async (i, value) => [...await model.decode(z.with(i, value))];
          const most = (a, b) => Math.max(...a.map((value, k) => Math.abs(value - b[k])));
          return Promise.all(z.map(async (_, i) => most(await at(i, -2), await at(i, 2))));
        }}"""
    )
    codes = codes_of(collapse.PLAIN)
    is_active = codes.mean.var(0) > 0.01
    assert min(np.array(moved)[is_active]) > 3 * max(np.array(moved)[~is_active])

    predicted = page.get_by_test_id("stRadioOption")
    predicted.filter(has_text="free bits").click()
    check(page, "Not this one.")
    predicted.filter(has_text=re.compile("^β = 1$")).click()
    check(page, "Right: with five active latents")


def test_name_that_is_no_lesson_shows_all_of_them(page: Page, app: AppProcess) -> None:
    page.goto(f"{app.address}/learn?lesson=no-such-lesson")
    settle(page)
    expect(page.get_by_role("button", name="Open the lesson")).to_have_count(len(LESSONS))
