"""t-SNE as a map: chosen, computed, waited for, and gone over from sample to sample."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import WATCH_PAINTS, across, drag, open_explorer, pixels, settle, value
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints, projections
from vae_core.checkpoints import Checkpoint
from vae_core.latents import projection

LATENTS = 5
SECONDS = 90_000
OFF = ["Density", "Holes", "Manifold", "Magnification", "Ellipses"]


def a_model() -> tuple[str, Checkpoint]:
    """A model with five latents, whose strokes across and down lie apart."""
    dataset = stroke_dataset(count=400, side=12)
    checkpoint = trained(dataset, small(latents=LATENTS), epochs=8, name="strokes")
    assert checkpoint.codes is not None
    return store_model(dataset, checkpoint), checkpoint


@pytest.fixture
def model(app_workspace: object) -> tuple[str, Checkpoint]:
    """In the app's workspace."""
    return a_model()


@pytest.fixture(scope="module")
def mapped(app: AppProcess, wait_for: Callable) -> tuple[str, Checkpoint, np.ndarray]:
    """The same with its map computed, for tests that only look: id, checkpoint, places [N, 2]."""
    torch.manual_seed(2014)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
        id, checkpoint = a_model()
        version = checkpoints.version(id)
        projections.start(id, version, checkpoint.codes.mean)
        wait_for(lambda: projections.status(id, version).state == "done", SECONDS / 1000)
        return id, checkpoint, np.fromfile(projections.result(id, version), "<f4").reshape(-1, 2)


def choose(page: Page, kind: str) -> None:
    page.get_by_label("Map", exact=True).select_option(kind)


def dots(page: Page) -> np.ndarray:
    """Places of all dots on the map, in no order [N, 2]; the last trace is the handle's."""
    found = page.evaluate(
        """() => document.querySelector(".lp-plot").data.slice(0, -1)
        .flatMap((trace) => Array.from(trace.x, (x, k) => [x, trace.y[k]]))"""
    )
    return np.array(found)


def in_order(places: np.ndarray) -> np.ndarray:
    return places[np.lexsort(places.T)]


def titles(page: Page) -> list[str]:
    return page.locator(".lp-plot .xtitle, .lp-plot .ytitle").all_text_contents()


def on_page(page: Page, place: np.ndarray) -> tuple[float, float]:
    """Where on the page a place of the map is."""
    x, y = page.evaluate(
        """([u, v]) => { const plot = document.querySelector(".lp-plot"), box = plot.getBoundingClientRect();
        const { xaxis, yaxis } = plot._fullLayout;
        return [box.left + xaxis._offset + xaxis.l2p(u), box.top + yaxis._offset + yaxis.l2p(v)]; }""",
        [float(c) for c in place],
    )
    return x, y


def handle(page: Page) -> np.ndarray:
    box = page.get_by_test_id("handle").bounding_box()
    assert box is not None
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


def point(page: Page) -> np.ndarray:
    return np.array([value(page, f"z{k + 1}") for k in range(LATENTS)])


def caption(page: Page) -> str:
    return page.locator(".lp-decoded figcaption").inner_text()


def set_value(page: Page, name: str, number: float) -> None:
    page.get_by_label(f"{name}, typed", exact=True).fill(str(number))
    page.get_by_label(f"{name}, typed", exact=True).press("Enter")


def test_map_is_chosen_before_it_is_computed_and_waited_for(
    page: Page, app: AppProcess, model: tuple[str, Checkpoint]
) -> None:
    id, checkpoint = model
    random = np.random.default_rng(0)
    centres = 3 * random.normal(size=(4, LATENTS))
    many = (centres[np.arange(3000) % 4] + random.normal(size=(3000, LATENTS))).astype(np.float32)
    ones, kl = np.ones_like(many), np.zeros_like(many)
    labels = (np.arange(3000) % 2).astype(np.int32)
    codes = replace(checkpoint.codes, mean=many, std=ones * 0.3, kl=kl, labels=labels)
    checkpoints.save(replace(checkpoint, codes=codes), checkpoints.locate(id))
    open_explorer(page, app.address, f"model={id}")
    before = dots(page)
    choose(page, "t-SNE")
    row = page.locator(".lp-tsne")
    expect(row).to_contain_text(re.compile(r"It takes about \d+ seconds, once for everybody"))
    np.testing.assert_array_equal(dots(page), before)
    expect(page.locator(".lp-no-inverse")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert projections.status(id, checkpoints.version(id)).state == "absent"  # choosing alone costs nothing

    row.get_by_role("button", name="Compute t-SNE").click()
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(row.get_by_role("button")).to_be_hidden()
    expect(row).to_contain_text(re.compile(r"[1-9]\d? %.*left"), timeout=SECONDS)
    page.wait_for_url("**view=map%3Atsne*")
    settle(page)
    page.reload()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    expect(row.get_by_role("progressbar")).to_be_visible()
    expect(row).to_contain_text(re.compile(r"[1-9]\d? %"))
    assert float(row.get_by_role("progressbar").get_attribute("value") or 0) > 0

    expect(row).to_be_hidden(timeout=SECONDS)
    assert titles(page) == ["t-SNE 1", "t-SNE 2"]
    places = np.fromfile(projections.result(id, checkpoints.version(id)), "<f4").reshape(-1, 2)
    assert len(places) == 3000
    np.testing.assert_array_equal(in_order(dots(page)), in_order(places))


def test_computed_map_is_there_at_once_for_the_next_visitor_and_by_link(
    context: BrowserContext, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, _, places = mapped
    page = context.new_page()
    open_explorer(page, app.address, f"model={id}")
    choose(page, "t-SNE")
    expect(page.locator(".lp-plot .xtitle")).to_have_text("t-SNE 1", timeout=3000)
    page.wait_for_url("**view=map%3Atsne*")
    other = context.new_page()
    other.goto(page.url)
    other.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    expect(other.locator(".lp-plot .xtitle")).to_have_text("t-SNE 1", timeout=3000)
    expect(other.get_by_label("Map", exact=True)).to_have_value("t-SNE")
    expect(other.locator(".lp-tsne")).to_be_hidden()
    np.testing.assert_array_equal(in_order(dots(other)), in_order(places))
    assert other.locator(".lp-plot .xtick").count() == 0  # a number would look like a unit


def test_pointer_goes_from_sample_to_sample(
    page: Page, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, checkpoint, places = mapped
    mean = checkpoint.codes.mean
    open_explorer(page, app.address, f"model={id}&view=map%3Atsne")
    expect(page.locator(".lp-no-inverse")).to_contain_text("t-SNE has no inverse: between samples")
    centre = np.abs(places).max(0)
    apart = np.linalg.norm(places[:, None] - places, axis=2) + np.diag(np.full(len(places), np.inf))
    alone = apart.min(1).argsort()[-3:].tolist()  # of two that share a pixel the pointer cannot tell which is meant
    for n in alone:
        page.mouse.move(*on_page(page, places[n]))
        page.wait_for_timeout(300)
        assert caption(page).startswith(f"Decoded sample {n + 1} (")
        assert caption(page).endswith("nearest to the pointer")
        expected = np.round(255 * checkpoint.decode(mean[n][None])[0, 0]).ravel()
        np.testing.assert_allclose(pixels(page), expected, atol=1.5)
    page.mouse.move(*on_page(page, places[alone[0]] + centre * [1e-3, -1e-3]))
    page.mouse.down()
    page.mouse.up()
    np.testing.assert_allclose(point(page), mean[alone[0]], atol=1e-3)
    np.testing.assert_allclose(handle(page), on_page(page, places[alone[0]]), atol=1)

    # far from all of them it is still the nearest that is shown
    page.evaluate(WATCH_PAINTS)
    times, different, requested = drag(page, across(page.locator(".lp-map .nsewdrag").first, 0.05, 0.95))
    assert different > 10
    assert requested == []
    assert np.median(times) < 50
    page.wait_for_timeout(300)
    here = point(page)
    assert np.abs(mean - here).max(1).min() < 1e-3
    n = int(np.abs(mean - here).max(1).argmin())
    np.testing.assert_allclose(handle(page), on_page(page, places[n]), atol=1)


def test_arrow_keys_go_to_the_next_sample(
    page: Page, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, checkpoint, places = mapped
    start = int(places[:, 0].argmin())  # the leftmost
    z = ",".join(str(round(float(c), 4)) for c in checkpoint.codes.mean[start])
    open_explorer(page, app.address, f"model={id}&z={z}&view=map%3Atsne")
    expect(page.locator(".lp-plot .xtitle")).to_have_text("t-SNE 1", timeout=3000)
    page.locator(".lp-map").focus()
    seen = [handle(page)[0]]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(handle(page)[0])
    assert seen == sorted(seen)
    assert len(set(seen)) == 5
    assert np.abs(checkpoint.codes.mean - point(page)).max(1).min() < 1e-3


def test_sliders_leave_the_samples_and_the_handle_stays_at_the_nearest(
    page: Page, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, checkpoint, places = mapped
    mean = checkpoint.codes.mean
    open_explorer(page, app.address, f"model={id}&view=map%3Atsne&z=" + ",".join(["0"] * LATENTS))
    expect(page.locator(".lp-plot .xtitle")).to_have_text("t-SNE 1", timeout=3000)
    set_value(page, "z1", 0.77)
    set_value(page, "z3", -0.55)
    page.wait_for_timeout(300)
    z = point(page)
    assert (z[0], z[2]) == (0.77, -0.55)
    away = np.linalg.norm(mean - z, axis=1)
    nearest = int(away.argmin())
    np.testing.assert_allclose(handle(page), on_page(page, places[nearest]), atol=1)
    said = re.search(r"beside the handle, which stands at the nearest sample (\d+) .*, ([\d.]+) away", caption(page))
    assert said
    assert int(said[1]) == nearest + 1
    assert float(said[2]) == pytest.approx(away[nearest], rel=0.06)
    expected = np.round(255 * checkpoint.decode(z[None].astype("f4"))[0, 0]).ravel()
    np.testing.assert_allclose(pixels(page), expected, atol=1.5)


def test_layers_that_need_an_inverse_rest_and_the_others_work(
    page: Page, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, _, _ = mapped
    open_explorer(page, app.address, f"model={id}")
    density = page.get_by_role("button", name="Density", exact=True)
    density.click()
    expect(page.locator("canvas[data-layer=density]")).to_be_visible()
    choose(page, "t-SNE")
    expect(page.locator("canvas[data-layer=density]")).to_have_count(0)
    for name in OFF:
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", re.compile("no inverse"))
        button.click(force=True)
        expect(button).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Pictures", exact=True).click()
    expect(page.locator(".lp-layer-status")).to_contain_text("of the 400 pictures in view")
    choose(page, "principal plane (PCA)")
    expect(density).to_have_attribute("aria-pressed", "true")
    expect(page.locator("canvas[data-layer=density]")).to_be_visible()
    expect(page.locator(".lp-no-inverse")).to_be_hidden()
    assert titles(page) == ["first principal direction", "second principal direction"]
    assert page.locator(".lp-plot .xtick").count() > 0


def test_lasso_takes_what_it_goes_round(
    page: Page, app: AppProcess, mapped: tuple[str, Checkpoint, np.ndarray]
) -> None:
    id, _, places = mapped
    open_explorer(page, app.address, f"model={id}&view=map%3Atsne~tool%3Aselection")
    expect(page.locator(".lp-plot .xtitle")).to_have_text("t-SNE 1", timeout=3000)
    page.get_by_role("button", name="Lasso", exact=True).click()
    page.locator(".lp-map").scroll_into_view_if_needed()
    middle = np.median(places[:, 0])
    low, high = places.min(0) - 1, places.max(0) + 1
    corners = [(low[0], low[1]), (middle, low[1]), (middle, high[1]), (low[0], high[1]), (low[0], low[1])]
    spots = [on_page(page, np.array(corner)) for corner in corners]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots[1:]:
        page.mouse.move(*spot, steps=10)
    page.mouse.up()
    told = page.locator(".lp-selection .lp-status").inner_text()
    inside = int((places[:, 0] < middle).sum())
    assert abs(int(told.split(" of ")[0]) - inside) <= 4


def test_what_has_no_map_says_so(page: Page, app: AppProcess, app_workspace: object) -> None:
    dataset = stroke_dataset(count=projection.LEAST_CODES - 1, side=12)
    id = store_model(dataset, trained(dataset, small(latents=3), name="few"))
    open_explorer(page, app.address, f"model={id}&view=map%3Atsne")
    expect(page.locator(".lp-tsne")).to_contain_text("at least 10 codes; there are 9")
    expect(page.get_by_role("button", name="Compute t-SNE")).to_be_hidden()
    assert titles(page) == ["first principal direction", "second principal direction"]
