"""Live: every move decodes at once, in the browser, without a request."""

import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from pages.ui import browser_runtime
from pages.ui.gallery import GALLERY
from pages.ui.models import BUNDLED_TITLES
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import MEASURE, WATCH_PAINTS, across, drag, open_explorer, pick, pixels, value
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import runs, stored_datasets
from vae_core.config import TrainConfig
from vae_core.datasets import SAMPLES
from vae_core.run_config import RunConfig

BUNDLED = ["digits-2d", "mnist-2d"]
OPENED = [exhibit.name for exhibit in GALLERY if exhibit.name in BUNDLED_TITLES]


@pytest.mark.parametrize("model", BUNDLED)
def test_slider_decodes_while_it_is_dragged(page: Page, app: AppProcess, model: str) -> None:
    open_explorer(page, app.address, f"model={model}")
    assert page.get_by_test_id("latent-pad").get_attribute("data-decoder") == "browser"
    page.evaluate(WATCH_PAINTS)
    slider = page.get_by_role("slider", name="z1", exact=True)
    times, different, requested = drag(page, across(slider, 0.5, 0.5))
    assert different >= 55
    assert len(times) >= 55
    assert requested == []


@pytest.mark.parametrize("model", sorted(set(OPENED) - set(BUNDLED)))
def test_every_model_of_the_gallery_opens_live(page: Page, app: AppProcess, model: str) -> None:
    open_explorer(page, app.address, f"model={model}")
    assert page.get_by_test_id("latent-pad").get_attribute("data-decoder") == "browser"
    page.evaluate(WATCH_PAINTS)
    times, different, requested = drag(page, across(page.get_by_role("slider").first, 0.5, 0.5))
    assert len(times) >= 55
    assert different >= 50
    assert requested == []


@pytest.mark.parametrize("model", BUNDLED)
def test_map_decodes_while_the_handle_is_dragged(page: Page, app: AppProcess, model: str) -> None:
    open_explorer(page, app.address, f"model={model}")
    page.evaluate(WATCH_PAINTS)
    times, different, requested = drag(page, across(page.locator(".lp-map"), 0.2, 0.7))
    assert different >= 55
    assert len(times) >= 55
    assert requested == []


def test_row_of_a_table_is_decoded_live(page: Page, app: AppProcess, app_workspace: object) -> None:
    dataset = SAMPLES["houses"]()
    id = store_model(dataset, trained(dataset, small(likelihood="mixed"), epochs=1, name="town"))
    open_explorer(page, app.address, f"model={id}")
    page.evaluate(WATCH_PAINTS)
    slider = page.get_by_role("slider", name="z1", exact=True)
    times, different, requested = drag(page, across(slider, 0.5, 0.5))
    assert len(times) >= 55
    assert different >= 55
    assert requested == []
    assert "Nearest code, reconstructed" in page.locator(".lp-nearest").inner_text()


def conditional(name: str = "told") -> str:
    dataset = stroke_dataset(count=200, side=16)
    return store_model(dataset, trained(dataset, small(conditional=True), epochs=20, name=name))


def test_conditional_model_redecodes_at_once_when_the_label_changes(
    page: Page, app: AppProcess, app_workspace: object
) -> None:
    open_explorer(page, app.address, f"model={conditional()}&z=0.5,0.5")
    page.evaluate(WATCH_PAINTS)
    chooser = page.get_by_role("combobox", name="Label", exact=True)
    across_bar = pixels(page)
    expect(page.locator(".lp-decoded figcaption")).to_have_text("Decoded at the handle as “-”")
    chooser.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".lp-decoded figcaption")).to_have_text("Decoded at the handle as “|”")
    assert pixels(page) != across_bar
    expect(page.locator(".lp-nearest figcaption")).to_contain_text("Nearest samples: |")
    page.wait_for_url("**label=1*", timeout=5000)

    times, different, requested = drag(page, across(page.locator(".lp-map"), 0.2, 0.7))
    assert different >= 55
    assert len(times) >= 55
    assert requested == []
    page.wait_for_timeout(1000)
    upright = pixels(page)
    page.reload()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    expect(chooser).to_have_value("|")
    page.mouse.move(5, 5)
    assert max(abs(a - b) for a, b in zip(pixels(page), upright, strict=True)) <= 2
    page.keyboard.press("Escape")
    chooser.select_option("-")
    page.wait_for_url("**label=0*", timeout=5000)
    page.go_back()
    expect(chooser).to_have_value("|", timeout=5000)


def test_sliders_reach_the_codes_of_an_autoencoder_wherever_they_lie(
    page: Page, app: AppProcess, app_workspace: object
) -> None:
    dataset = stroke_dataset()
    checkpoint = trained(dataset, small(posterior="deterministic"), epochs=2, name="far")
    codes = checkpoint.codes
    assert codes is not None
    far = replace(codes, mean=codes.mean * 100 / np.abs(codes.mean).max() + 500)
    id = store_model(dataset, replace(checkpoint, codes=far))
    open_explorer(page, app.address, f"model={id}")
    for number in range(2):
        slider = page.get_by_role("slider", name=f"z{number + 1}", exact=True)
        low, high = (float(slider.get_attribute(end) or "nan") for end in ("min", "max"))
        assert low < far.mean[:, number].min() < value(page, f"z{number + 1}") < far.mean[:, number].max() < high
        assert high < 700
    page.evaluate(WATCH_PAINTS)
    _, _, requested = drag(page, across(page.locator(".lp-map"), 0.3, 0.6))
    assert requested == []
    page.wait_for_url("**z=*", timeout=5000)
    z1 = value(page, "z1")
    page.reload()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    assert value(page, "z1") == pytest.approx(z1, abs=1)


KINDS = {
    "mixture": (stroke_dataset, {"prior": "mixture"}),
    "vamp": (stroke_dataset, {"prior": "vamp"}),
    "one latent": (stroke_dataset, {"latents": 1}),
    "20 latents": (stroke_dataset, {"latents": 20}),
    "conditional table": (SAMPLES["houses"], {"likelihood": "mixed", "conditional": True}),
    "residual colour": (
        lambda: stroke_dataset(side=64, channels=3),
        {"architecture": "resnet", "likelihood": "gaussian"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_opens_and_drags(page: Page, app: AppProcess, app_workspace: object, kind: str) -> None:
    dataset, options = KINDS[kind]
    checkpoint = trained(dataset(), small(**options), epochs=2, name=kind)  # type: ignore[arg-type]
    open_explorer(page, app.address, f"model={store_model(dataset(), checkpoint)}")
    assert page.locator(".lp-slider").count() == checkpoint.config.model.latents
    page.evaluate(WATCH_PAINTS)
    slider = page.get_by_role("slider").first
    _, different, requested = drag(page, across(slider, 0.5, 0.5))
    assert different >= 20
    assert requested == []
    assert page.locator(".lp-note").inner_text().endswith("decoding in this browser")


def test_hovering_looks_and_leaving_comes_back(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0.5,0.5")
    before = pixels(page)
    box = page.locator(".lp-map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4)
    page.wait_for_timeout(200)
    assert pixels(page) != before
    assert value(page, "z1") == pytest.approx(0.5, abs=0.02)
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] - 60)
    page.wait_for_timeout(200)
    assert pixels(page) == before


def test_arrow_keys_move_the_point_and_are_committed(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.locator(".lp-map").focus()
    before = pixels(page)
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert value(page, "z1") > 0.1
    assert value(page, "z2") > 0.05
    page.wait_for_timeout(200)
    assert pixels(page) != before
    assert page.evaluate(f"() => performance.getEntriesByName('{MEASURE}').length") >= 9
    page.wait_for_url("**z=0.*", timeout=5000)


def test_touch_drags_the_point(browser: Browser, app: AppProcess) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.locator(".lp-map").scroll_into_view_if_needed()
    box = page.locator(".lp-map").bounding_box()
    assert box is not None
    session = phone.new_cdp_session(page)

    def touch(kind: str, share: float) -> None:
        point = {"x": box["x"] + box["width"] * share, "y": box["y"] + box["height"] * 0.4}
        points = [] if kind == "touchEnd" else [point]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.3)
    left = value(page, "z1")
    for step in range(10):
        touch("touchMove", 0.3 + 0.04 * step)
        page.wait_for_timeout(20)
    assert value(page, "z1") > left + 0.5
    touch("touchEnd", 0)
    page.wait_for_url("**z=*", timeout=5000)

    rested = value(page, "z1"), value(page, "z2")  # two fingers are no drag
    top = box["y"] + box["height"] * 0.3
    fingers = [{"x": box["x"] + box["width"] * 0.2 * id, "y": top, "id": id} for id in (2, 3)]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers[:1]})
    assert (value(page, "z1"), value(page, "z2")) != rested
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers})
    for finger in fingers:
        finger["y"] += 40
    session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert (value(page, "z1"), value(page, "z2")) == rested
    phone.close()


def test_picture_stays_in_sight_on_a_phone(browser: Browser, app: AppProcess) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    for part in (".lp-map", ".lp-sliders"):
        page.locator(part).evaluate("(part) => part.scrollIntoView({ block: 'end' })")
        expect(page.locator(part)).to_be_in_viewport(ratio=0.99)
        expect(page.get_by_test_id("decoded")).to_be_in_viewport(ratio=0.99)
        over = (
            "(c) => { const b = c.getBoundingClientRect(); return document.elementFromPoint(b.x + 9, b.y + 9) === c; }"
        )
        assert page.get_by_test_id("decoded").evaluate(over), "nothing lies over it"
    phone.close()


@pytest.mark.slow
def test_newest_epoch_of_a_model_in_training_is_offered(page: Page, app: AppProcess, app_workspace: object) -> None:
    dataset = stroke_dataset(400)
    stored_datasets.save(dataset)
    train = TrainConfig(epochs=5000, batch_size=4)
    run = runs.start("in training", RunConfig(dataset_id=dataset.id, model=small(), train=train))
    try:
        deadline = time.monotonic() + 60
        while not runs.get(run.id).has_model:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        open_explorer(page, app.address, f"model={run.id}")
        version = page.evaluate("() => document.querySelector('[data-testid=latent-pad]').pad.data.version")
        page.get_by_role("button", name="show its newest epoch").click(timeout=60_000)
        page.wait_for_function(
            "(old) => document.querySelector('[data-testid=latent-pad]')?.pad?.data.version > old", arg=version
        )
    finally:
        runs.cancel(run.id)


def test_released_point_is_in_the_address_and_comes_back_in_another_browser(
    page: Page, app: AppProcess, browser: Browser
) -> None:
    open_explorer(page, app.address, "model=mnist-2d")
    page.evaluate(WATCH_PAINTS)
    drag(page, across(page.locator(".lp-map"), 0.3, 0.5))
    page.wait_for_url("**z=*", timeout=5000)
    z1 = value(page, "z1")
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    elsewhere = browser.new_context(viewport={"width": 1280, "height": 900})
    cold = elsewhere.new_page()
    cold.goto(page.url)
    cold.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    assert cold.get_by_role("link", name="Home").count() == 1  # the frame is there
    expect(cold.get_by_role("combobox", name="Model")).to_have_value("MNIST, two latents")
    assert value(cold, "z1") == pytest.approx(z1, abs=0.02)
    difference = [abs(a - b) for a, b in zip(pixels(cold), pixels(page), strict=True)]
    assert max(difference) <= 2
    elsewhere.close()


def test_point_stays_where_it_was_released_and_back_goes_to_the_one_before(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d")
    box = page.locator(".lp-plot .nsewdrag").bounding_box()
    assert box is not None
    released = []
    for share in (0.3, 0.6, 0.45, 0.7):
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.4, steps=5)
        page.mouse.up()
        page.wait_for_timeout(1200)
        released.append(value(page, "z1"))
        told = float(parse_qs(urlsplit(page.url).query)["z"][0].split(",")[0])
        assert released[-1] == pytest.approx(told, abs=0.02)
    assert len(set(released)) == 4
    page.go_back()
    page.wait_for_timeout(1500)
    assert value(page, "z1") == pytest.approx(released[-2], abs=0.02)


def test_every_choice_of_a_model_is_followed(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d")
    for title, id in [("MNIST, two latents", "mnist-2d"), ("Digits 8×8, two latents", "digits-2d")] * 2:
        pick(page, "Model", title)
        page.wait_for_url(f"**model={id}*", timeout=10_000)
        expect(page.get_by_role("combobox", name="Model")).to_have_value(title)
        count = "10,000" if id == "mnist-2d" else "1,797"
        expect(page.locator(".lp-note", has_text=f"{count} codes")).to_be_visible(timeout=30_000)
    page.go_back()
    expect(page.get_by_role("combobox", name="Model")).to_have_value("MNIST, two latents", timeout=10_000)


def test_removed_model_and_wrong_link_are_a_sentence_with_the_list(
    page: Page, app: AppProcess, app_workspace: object
) -> None:
    page.goto(f"{app.address}/explore?model=nonsense&z=abc")
    expect(page.get_by_text("This model is not here")).to_be_visible(timeout=30_000)
    pick(page, "Model", "MNIST, two latents")
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)

    dataset = stroke_dataset()
    id = store_model(dataset, trained(dataset))
    open_explorer(page, app.address, f"model={id}")
    runs.delete(id)
    drag_map(page)
    page.wait_for_timeout(1500)
    assert page.get_by_text("encountered an error").count() == 0
    page.reload()
    expect(page.get_by_text("This model is not here")).to_be_visible(timeout=30_000)


def test_handle_is_in_sight_even_far_from_the_codes(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=50,50")
    box, handle = page.locator(".lp-map").bounding_box(), page.get_by_test_id("handle").bounding_box()
    assert box is not None
    assert handle is not None
    assert box["x"] < handle["x"] < box["x"] + box["width"]
    assert box["y"] < handle["y"] < box["y"] + box["height"]
    assert value(page, "z1") == pytest.approx(50, abs=0.3)


def test_legend_filters_the_map_and_many_latents_have_planes_and_sliders(
    page: Page, app: AppProcess, app_workspace: object
) -> None:
    dataset = stroke_dataset()
    id = store_model(dataset, trained(dataset, small(latents=6), epochs=5))
    open_explorer(page, app.address, f"model={id}")
    assert page.locator(".lp-slider").count() == 6
    before = pixels(page)
    times, *_ = drag_map(page)
    assert len(times) > 30
    assert pixels(page) != before
    page.get_by_role("combobox", name="Map", exact=True).select_option("two dimensions")
    page.get_by_role("combobox", name="across", exact=True).select_option("z3")
    page.get_by_role("combobox", name="up", exact=True).select_option("z5")
    unmoved = value(page, "z1")
    moved = value(page, "z3")
    drag_map(page)
    assert value(page, "z1") == unmoved
    assert value(page, "z3") != moved
    traces = (
        "() => document.querySelector('.lp-plot').data"
        ".filter((t) => t.showlegend !== false && t.visible !== 'legendonly').length"
    )
    assert page.evaluate(traces) == 2
    page.locator(".lp-plot .legendtoggle").first.click()
    page.wait_for_function(f"() => ({traces})() === 1")  # text alone would be evaluated, which the policy forbids


def drag_map(page: Page) -> tuple[list[float], int, list[str]]:
    page.evaluate("() => { window.painted ??= new Set(); }")
    return drag(page, across(page.locator(".lp-map"), 0.3, 0.6))


def test_what_every_explorer_needs_does_not_wait_for_the_model(page: Page, app: AppProcess) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/pad.js", hold)
    with page.expect_request(f"**/{browser_runtime.PLOTLY}"), page.expect_request("**/*.wasm"):
        page.goto(f"{app.address}/explore?model=digits-2d")
    assert page.locator(".latent-pad-ahead").bounding_box() is None, "it takes no room"
    for route in held:
        route.continue_()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
