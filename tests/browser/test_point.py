"""The point: what stands beside it, and every way to move it, back and forth."""

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import across, drag, open_explorer, pixels, value
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints
from vae_core.datasets import SAMPLES
from vae_core.latents.density import aggregate_posterior, trust, usual_densities


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def type_value(page: Page, name: str, number: str) -> None:
    field = page.get_by_label(f"{name}, typed", exact=True)
    field.fill(number)
    field.press("Enter")


def figures(page: Page) -> dict[str, float]:
    """What the trust meter says, by name."""
    text = page.locator(".lp-trust").inner_text().replace("−", "-")
    found = {"share": page.locator(".lp-trust meter").evaluate("(meter) => meter.value")}
    for name, pattern in [
        ("q", r"log q\(z\) (-?[\d.]+)"),
        ("p", r"log p\(z\) (-?[\d.]+)"),
        ("trip", r"\)‖ ([\d.e-]+)"),
    ]:
        if match := re.search(pattern, text):
            found[name] = float(match[1])
    return found


def test_trust_meter_says_what_the_core_says(page: Page, app: AppProcess) -> None:
    checkpoint = checkpoints.load(checkpoints.locate("digits-2d"))
    codes, vae = checkpoint.codes, checkpoint.model()
    assert codes is not None
    density = aggregate_posterior(codes)
    usual = usual_densities(density)
    open_explorer(page, app.address, "model=digits-2d")
    page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for()
    for z, kind in [(codes.mean[3].round(2), "data"), (np.array([9.0, -9.0]), "hole")]:
        for k in range(2):
            type_value(page, f"z{k + 1}", str(z[k]))
        expect(page.locator(".lp-trust")).to_have_attribute("data-trust", kind)
        page.wait_for_timeout(400)
        found = figures(page)
        log_density = density.log_prob(np.asarray(z)[None])
        assert found["share"] == pytest.approx(trust(log_density, usual)[0], abs=0.01)
        assert found["p"] == pytest.approx(-0.5 * float((np.asarray(z) ** 2).sum()) - np.log(2 * np.pi), abs=0.02)
        decoded = checkpoint.decode(np.asarray(z)[None])
        import torch

        trip = np.linalg.norm(np.asarray(z) - vae.encode(torch.from_numpy(decoded)).mean[0].detach().numpy())
        assert found["trip"] == pytest.approx(trip, rel=0.06, abs=0.005)
        if kind == "data":
            assert found["q"] == pytest.approx(log_density[0], abs=0.02)


def test_typed_value_slider_and_handle_stay_in_step_and_are_undone(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    before, handle = pixels(page), page.get_by_test_id("handle").bounding_box()
    type_value(page, "z1", "1.25")
    assert page.get_by_role("slider", name="z1", exact=True).evaluate("(s) => s.valueAsNumber") == pytest.approx(
        1.25, abs=0.05
    )
    assert page.get_by_test_id("handle").bounding_box()["x"] > handle["x"] + 20
    page.wait_for_timeout(200)
    assert pixels(page) != before
    drag(page, across(page.locator(".lp-map"), 0.3, 0.6)) if page.evaluate(
        "() => { window.painted = new Set(); return true; }"
    ) else None
    moved = value(page, "z1")
    button(page, "Undo").click()
    assert value(page, "z1") == 1.25
    page.keyboard.press("Control+z")
    assert (value(page, "z1"), value(page, "z2")) == (0, 0)
    expect(button(page, "Undo")).to_be_disabled()
    page.wait_for_timeout(200)
    assert pixels(page) == before
    page.keyboard.press("Control+Shift+z")
    button(page, "Redo").click()
    assert value(page, "z1") == pytest.approx(moved, abs=0.01)
    expect(button(page, "Redo")).to_be_disabled()
    page.wait_for_url("**z=*", timeout=5000)
    button(page, "Reset").click()
    assert (value(page, "z1"), value(page, "z2")) == (0, 0)


def test_latent_beyond_what_a_link_holds_is_brought_back_within_it_and_undone(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    type_value(page, "z1", "1")
    page.wait_for_url("**z=1%2C0*")
    type_value(page, "z1", "99999999")
    page.wait_for_url("**z=1000000%2C0*")
    assert value(page, "z1") == 1e6
    button(page, "Undo").click()
    page.wait_for_url("**z=1%2C0*")
    assert value(page, "z1") == 1


def test_letters_typed_for_a_value_change_nothing(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0.5,0.5")
    field = page.get_by_label("z1, typed", exact=True)
    field.fill("")
    field.press("Enter")
    field.blur()
    assert value(page, "z1") == 0.5


def test_locked_dimension_keeps_its_value_whatever_moves_the_point(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0.5,0.5")
    button(page, "Lock z2").click()
    expect(button(page, "Lock z2")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="z2", exact=True)).to_be_disabled()
    seen = set()
    for _ in range(5):
        button(page, "Random").click()
        seen.add(page.evaluate("() => document.querySelector('.latent-pad').pad.point.z[0]"))
        assert value(page, "z2") == 0.5
    assert len(seen) == 5
    button(page, "Lock z2").click()
    button(page, "A sample").click()
    assert value(page, "z2") != 0.5
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    here = [value(page, "z1"), value(page, "z2")]
    assert np.abs(codes.mean - here).max(1).min() < 0.01


def test_every_slider_shows_what_it_changes_and_dead_ones_are_folded_away(
    page: Page, app: AppProcess, app_workspace: object
) -> None:
    dataset = stroke_dataset(count=200, side=16)
    checkpoint = trained(dataset, small(latents=6), epochs=10, name="many")
    assert checkpoint.codes is not None
    collapsed = [1, 4]
    flat = np.isin(np.arange(6), collapsed)
    codes = replace(
        checkpoint.codes,
        mean=np.where(flat, checkpoint.codes.mean * 1e-3, checkpoint.codes.mean),
        kl=np.where(flat, 0, checkpoint.codes.kl),
    )
    checkpoint = replace(checkpoint, codes=codes)
    open_explorer(page, app.address, f"model={store_model(dataset, checkpoint)}")
    names = page.locator(".lp-slider > span").all_text_contents()
    kl = codes.kl.mean(0)
    shown = [int(name[1:]) - 1 for name in names if int(name[1:]) - 1 not in collapsed]
    assert shown == sorted(shown, key=lambda k: -kl[k])
    assert page.get_by_role("slider").count() == 6 - len(collapsed)
    page.get_by_text(re.compile(r"collapsed dimensions?")).click()
    assert page.get_by_role("slider").count() == 6
    expect(page.get_by_text("Every example's code is about the same there")).to_be_visible()
    strip = page.locator(".lp-slider canvas").first
    page.wait_for_function("(c) => c.width > 100", arg=strip.element_handle(), timeout=5000)
    cells = strip.evaluate(
        """(c) => { const w = c.width / 9, d = c.getContext("2d");
        return Array.from({ length: 9 }, (_, k) => d.getImageData(k * w, 0, w, c.height).data.join()); }"""
    )
    assert len(set(cells)) > 5


def test_link_opens_the_view_that_was_shared(context: BrowserContext, app: AppProcess) -> None:
    page = context.new_page()
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.get_by_role("button", name="Density", exact=True).click()
    page.get_by_role("tab", name="Paths").click()
    for end, z in [("A", "-1.5"), ("B", "1.25")]:
        page.get_by_label("z1, typed", exact=True).fill(z)
        page.get_by_label("z1, typed", exact=True).press("Enter")
        page.get_by_role("button", name=f"{end} here", exact=True).click()
    button(page, "Lock z2").click()
    page.locator(".lp-plot .modebar-btn[data-title='Zoom in']").click()
    page.wait_for_url("**view=*zoom*")
    zoom = "() => document.querySelector('.latent-pad').pad.map.zoom.split(',').map(Number)"
    sight = page.evaluate(zoom)
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".lp-way")).to_have_count(4, timeout=60_000)
    expect(other.get_by_role("button", name="Density", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_role("tab", name="Paths")).to_have_attribute("aria-selected", "true")
    expect(button(other, "Lock z2")).to_have_attribute("aria-pressed", "true")
    assert other.evaluate(zoom) == pytest.approx(sight, abs=0.05)  # one scale on both axes, in whatever room there is
    told = [other.locator(".lp-end canvas").nth(k).get_attribute("aria-label") for k in range(2)]
    assert ("-1.5" in str(told[0])) and ("1.25" in str(told[1]))


def test_card_beside_the_pointer_shows_the_sample_under_it(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    lonely = int(np.abs(codes.mean).sum(1).argmax())
    place = page.evaluate(
        """(n) => { const { pad } = document.querySelector(".latent-pad");
        const [u, v] = pad.samples.onPlane(n, pad.plane).mean;
        const box = pad.area.getBoundingClientRect();
        return [box.left + pad.map.view.left + pad.map.view.x(u), box.top + pad.map.view.top + pad.map.view.y(v)]; }""",
        lonely,
    )
    page.mouse.move(place[0] + 3, place[1])
    card = page.locator(".lp-card")
    assert codes.labels is not None
    expect(card).to_have_text(f"{codes.labels[lonely]} · sample {lonely + 1:,}")
    shown = card.locator("canvas").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, 8, 8).data].filter((_, i) => i % 4 === 0)"
    )
    np.testing.assert_array_equal(shown, SAMPLES["digits"]().x[lonely].ravel())
    page.mouse.down()
    expect(card).to_be_hidden()  # while dragging one watches the picture
    page.mouse.up()


def test_point_is_announced_and_pictures_are_told_in_words(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    spoken = page.locator(".lp-spoken")
    expect(spoken).to_contain_text("z2 0.00, z1 0.00.")
    page.locator(".lp-map").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(spoken).to_contain_text(f"z1 {value(page, 'z1'):.2f}")
    expect(spoken).to_contain_text(re.compile(r"(On the data|Sparse|A hole).*Nearest sample: \d"))
    told = page.get_by_test_id("decoded").get_attribute("aria-label")
    assert told == f"Decoded at {spoken.inner_text()}"
    assert "away" in str(page.get_by_test_id("nearest").get_attribute("aria-label"))
    assert (
        page.get_by_role("slider", name="z1", exact=True).get_attribute("aria-valuetext") == f"{value(page, 'z1'):.2f}"
    )
