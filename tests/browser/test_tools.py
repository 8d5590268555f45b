"""The layers of the map and the tools under it, each on a real model, by what a person would see."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from torch.distributions import Normal

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import open_explorer, pixels, value
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints
from vae_core.datasets import SAMPLES
from vae_core.latents.geometry import magnification
from vae_core.latents.manifold import manifold

THREE = [(0.3, 0.25), (0.45, 0.15), (0.6, 0.2), (0.62, 0.35), (0.5, 0.45), (0.42, 0.47), (0.55, 0.5), (0.66, 0.62),
         (0.6, 0.8), (0.42, 0.85), (0.28, 0.76)]  # fmt: skip
INK = """(canvas) => { const d = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let n = 0; for (let k = 3; k < d.length; k += 4) n += d[k] > 0; return n / (d.length / 4); }"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def type_point(page: Page, *z: float) -> None:
    for k, number in enumerate(z):
        field = page.get_by_label(f"z{k + 1}, typed", exact=True)
        field.fill(str(number))
        field.press("Enter")


def open_with_encoder(page: Page, address: str, model: str) -> None:
    open_explorer(page, address, f"model={model}")
    page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for(timeout=30_000)


def covered(page: Page, layer: str) -> float:
    """The share of a layer's canvas that is painted."""
    return page.locator(f"canvas[data-layer={layer}]").evaluate(INK)


def test_layers_are_switched_on_and_off(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d")
    for name, layer, least, most in [
        ("Density", "density", 0.02, 0.8),
        ("Holes", "holes", 0.0001, 0.5),
        ("Manifold", "manifold", 0.7, 1.0),
        ("Magnification", "magnification", 0.3, 1.0),
        ("Ellipses", "ellipses", 0.002, 0.7),
        ("Pictures", "thumbnails", 0.02, 0.9),
    ]:
        press(page, name)
        expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
        page.wait_for_function(
            f"([least, ink]) => (eval(ink))(document.querySelector('canvas[data-layer={layer}]')) >= least",
            arg=[least, INK],
            timeout=15_000,
        )
        assert covered(page, layer) <= most
        press(page, name)
        expect(page.locator(f"canvas[data-layer={layer}]")).to_have_count(0)


def test_pictures_lie_under_the_lines_of_tools_and_leave_the_legend_as_it_is(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&view=tool:paths")
    legend = page.locator(".lp-plot .legendpoints path").first
    before = legend.evaluate("(path) => getComputedStyle(path).opacity")
    press(page, "A: a sample")
    expect(page.locator("canvas[data-layer=routes]")).to_have_count(1)
    press(page, "Pictures")
    canvases = page.locator("canvas.lp-layer").evaluate_all("(all) => all.map((one) => one.dataset.layer)")
    assert canvases == ["thumbnails", "routes"]
    assert page.locator(".lp-plot .gl-container").evaluate("(dots) => getComputedStyle(dots).opacity") == "0.17"
    assert legend.evaluate("(path) => getComputedStyle(path).opacity") == before


def test_magnification_by_the_browsers_decoder_is_autograds(page: Page, app: AppProcess) -> None:
    """Finite differences of float32 pictures, in the browser, beside forward-mode derivatives in the core."""
    z = [[0.0, 0.0], [0.7, -0.4], [-1.2, 0.9], [1.5, 1.5]]
    vae = checkpoints.load(checkpoints.locate("digits-2d")).model()
    expected = magnification(vae, torch.tensor(z), torch.eye(2)).numpy()
    open_explorer(page, app.address, "model=digits-2d")
    found = page.evaluate(
        """async (points) => {
          const { pad } = document.querySelector(".latent-pad");
          const module = new URL(pad.data.modules + "layers/magnification_layer.js", location.origin).href;
          const { magnificationAt } = await import(module);
          const found = [];
          for (const z of points) found.push(await magnificationAt(pad.decode, pad.plane, z, 1e-3 * 8));
          return found;
        }""",
        z,
    )
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_posterior_ellipses_are_drawn_to_scale_at_any_zoom(page: Page, app: AppProcess) -> None:
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    page.add_init_script(
        """window.ellipses = [];
        const draw = CanvasRenderingContext2D.prototype.ellipse;
        CanvasRenderingContext2D.prototype.ellipse = function (...given) {
          window.ellipses.push(given.slice(0, 5));
          return draw.apply(this, given);
        };"""
    )
    open_explorer(page, app.address, "model=digits-2d")
    press(page, "Ellipses")
    scales = []
    for _ in range(2):
        page.wait_for_timeout(600)
        page.evaluate("() => { window.ellipses = []; }")
        page.locator(".lp-plot .modebar-btn[data-title='Zoom in']").click()
        page.wait_for_timeout(1000)
        drawn = np.array(page.evaluate("() => window.ellipses"))
        axis = page.evaluate(
            "() => { const { xaxis } = document.querySelector('.lp-plot')._fullLayout;"
            "return [...xaxis.range, xaxis._length]; }"
        )
        scale = axis[2] / (axis[1] - axis[0])
        scales.append(scale)
        u = drawn[:, 0] / scale + axis[0]
        nearest = np.abs(codes.mean[:, 0][None] - u[:, None]).argmin(1)
        expected = np.sort(codes.std[nearest], axis=1)[:, ::-1]
        assert np.median(np.abs(drawn[:, 2:4] / scale - expected) / expected) < 0.01
    assert scales[1] > 1.5 * scales[0]


def test_four_ways_from_a_to_b_are_walked_and_taken_away(page: Page, app: AppProcess, tmp_path: Path) -> None:
    open_explorer(page, app.address, "model=digits-2d")
    page.get_by_role("tab", name="Paths").click()
    expect(page.get_by_text("Set A and B")).to_be_visible()
    type_point(page, -1.5, 0.5)
    press(page, "A here")
    start = pixels(page)
    type_point(page, 1.5, -1)
    page.wait_for_timeout(200)
    end = pixels(page)
    press(page, "B here")
    expect(page.locator(".lp-way")).to_have_count(4, timeout=30_000)
    type_point(page, 0, 0)
    for title in ("Straight line", "Sphere (slerp)", "Through the data", "Geodesic"):
        slider = page.get_by_role("slider", name=f"Along: {title}")
        slider.focus()
        page.keyboard.press("End")
        assert (value(page, "z1"), value(page, "z2")) == pytest.approx((1.5, -1), abs=0.01)
        page.wait_for_timeout(200)
        assert np.abs(np.array(pixels(page)) - end).max() <= 2
        page.keyboard.press("Home")
        assert (value(page, "z1"), value(page, "z2")) == pytest.approx((-1.5, 0.5), abs=0.01)
    page.wait_for_timeout(200)
    assert np.abs(np.array(pixels(page)) - start).max() <= 2
    lengths = [float(text.split()[1].strip(",")) for text in page.locator(".lp-way-head span").all_inner_texts()]
    assert lengths[3] <= lengths[0]
    with page.expect_download() as download:
        page.locator("[data-way=geodesic] a", has_text="GIF").click()
    with Image.open(download.value.path()) as movie:
        assert (movie.format, movie.n_frames > 40, movie.width) == ("GIF", True, 256)
    with page.expect_download(timeout=30_000) as download:
        page.locator("[data-way=linear]").get_by_role("button", name="MP4").click()
    film = download.value.path().read_bytes()
    assert (download.value.suggested_filename, film[4:8], len(film) > 5000) == ("path-linear.mp4", b"ftyp", True)
    with page.expect_download() as download:
        page.locator("[data-way=linear] a", has_text="PNG").click()
    with Image.open(download.value.path()) as strip:
        assert strip.width > 12 * 100


def test_same_point_twice_is_a_sentence_and_no_four_flat_ways(page: Page, app: AppProcess) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:paths")
    press(page, "A here")
    press(page, "B here")
    expect(page.locator(".lp-paths .lp-status")).to_contain_text("A and B are the same point")
    assert not any("/paths?" in url for url in asked)


def test_number_that_is_being_typed_is_left_alone_while_the_point_walks(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:paths")
    type_point(page, -1, 0.5)
    press(page, "A here")
    type_point(page, 1, -0.5)
    press(page, "B here")
    expect(page.locator(".lp-way")).to_have_count(4, timeout=30_000)
    page.locator(".lp-way").first.get_by_role("button", name="Play").click()
    typed = page.get_by_label("z1, typed", exact=True)
    typed.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("0.77")
    before = value(page, "z2")
    page.wait_for_function(f"() => Number(document.querySelector('[aria-label=\"z2, typed\"]').value) !== {before}")
    assert typed.input_value() == "0.77"
    page.keyboard.press("Enter")
    expect(typed).to_have_value("0.77")


def test_paths_of_rows_have_no_strips_and_long_labels_fit_a_phone(
    browser: Browser, app: AppProcess, app_workspace: object
) -> None:
    houses = SAMPLES["houses"]()
    houses = replace(houses, label_names=tuple(f"{name} " + "and so on " * 12 for name in houses.label_names))
    id = store_model(houses, trained(houses, small(likelihood="mixed"), epochs=1))
    phone = browser.new_context(viewport={"width": 390, "height": 844})
    page = phone.new_page()
    open_explorer(page, app.address, f"model={id}")
    page.get_by_role("tab", name="Paths").click()
    press(page, "A: a sample")
    press(page, "B: a sample")
    expect(page.locator(".lp-way")).to_have_count(4, timeout=30_000)
    assert page.locator(".lp-way canvas").count() == 0
    page.get_by_role("tab", name="Selection").click()
    edge = page.locator(".lp-selection").evaluate(
        "(panel) => Math.max(...[...panel.querySelectorAll('*')].map((one) => one.getBoundingClientRect().right))"
    )
    assert edge <= 390
    phone.close()


def test_traversals_show_every_dimension_and_a_click_goes_there(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.get_by_role("tab", name="Traversals").click()
    rows = page.locator(".lp-grid-row")
    expect(rows).to_have_count(2)
    name = rows.first.locator("span").inner_text()
    canvas = rows.first.locator("canvas")
    page.wait_for_function("(c) => c.width === 88", arg=canvas.element_handle(), timeout=5000)
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] - 4, "y": box["height"] / 2})
    assert value(page, name) > 1
    expect(page.locator(".lp-tools canvas").first).to_be_visible()


def test_prior_grid_is_the_manifold_and_a_click_goes_there(page: Page, app: AppProcess) -> None:
    vae = checkpoints.load(checkpoints.locate("digits-2d")).model()
    expected = manifold(vae, 20, 20).numpy()  # [R, C, 1, 8, 8]
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.get_by_role("tab", name="Prior grid").click()
    expect(page.locator(".lp-grid .lp-status")).to_have_text(re.compile("Even quantiles of the prior.*goes there.$"))
    canvas = page.get_by_test_id("prior-grid")
    shown = canvas.evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
    )
    whole = 255 * expected[:, :, 0].transpose(0, 2, 1, 3).reshape(160, 160)
    np.testing.assert_allclose(np.array(shown).reshape(160, 160), whole, atol=2)
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] - 3, "y": 3})
    corner = Normal(0.0, 1.0).icdf(torch.tensor(0.98)).item()
    assert (value(page, "z1"), value(page, "z2")) == pytest.approx((corner, corner), abs=0.01)


def test_lasso_and_label_choose_samples_whose_codes_are_taken_away(page: Page, app: AppProcess) -> None:
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    assert codes.labels is not None
    open_explorer(page, app.address, "model=digits-2d&z=0,0")
    page.get_by_role("tab", name="Selection").click()
    page.get_by_role("combobox", name="All of a label").select_option("3")
    threes = np.flatnonzero(codes.labels == 3)
    expect(page.locator(".lp-selection .lp-status")).to_have_text(f"{len(threes)} of 1,797 samples · 3: {len(threes)}")
    expect(page.locator(".lp-chosen button")).to_have_count(60)
    with page.expect_download() as download:
        press(page, "Codes as CSV")
    rows = Path(download.value.path()).read_text().splitlines()
    assert rows[0] == "sample,label,z1,z2"
    told = np.array([[float(part) for part in row.replace('"', "").split(",")] for row in rows[1:]])
    np.testing.assert_array_equal(told[:, 0], threes + 1)
    np.testing.assert_allclose(told[:, 2:], codes.mean[threes], rtol=1e-6)

    page.wait_for_url("**view=*label*")
    open_explorer(page, app.address, page.url.split("?")[1])
    expect(page.locator(".lp-chosen button")).to_have_count(60)
    press(page, "Lasso")
    box = page.locator(".lp-plot .nsewdrag").bounding_box()
    corners = [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99)]
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    expect(page.locator(".lp-selection .lp-status")).to_contain_text("1,797 of 1,797 samples")
    lasso = page.get_by_role("button", name="Lasso", exact=True)
    expect(lasso).to_have_attribute("aria-pressed", "false")  # one lasso, then dragging moves the point again
    lasso.click()
    page.keyboard.press("Escape")
    expect(lasso).to_have_attribute("aria-pressed", "false")
    assert (value(page, "z1"), value(page, "z2")) == (0, 0)  # the point stayed
    page.locator(".lp-chosen button").first.click()
    assert (value(page, "z1"), value(page, "z2")) != (0, 0)
    page.get_by_role("tab", name="Paths").click()
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert abs(value(page, "z1")) < 1  # dragging moves the point again


def test_codes_are_taken_away_with_the_names_that_files_had(page: Page, app: AppProcess, app_workspace: object) -> None:
    strokes = replace(stroke_dataset(8), names=("a.png", "=1+1", *"cdefgh"))
    id = store_model(strokes, trained(strokes, epochs=1))
    open_explorer(page, app.address, f"model={id}&view=tool:selection")
    page.get_by_role("combobox", name="All of a label").select_option("|")
    with page.expect_download() as download:
        press(page, "Codes as CSV")
    rows = Path(download.value.path()).read_text().splitlines()
    assert rows[0] == "sample,name,label,z1,z2"
    assert rows[1].startswith('2,"\'=1+1","|",')  # no formula for a spreadsheet


def test_drawn_three_lies_among_the_threes(page: Page, app: AppProcess) -> None:
    open_with_encoder(page, app.address, "mnist-2d")
    page.get_by_role("tab", name="Own picture").click()
    pad = page.locator(".lp-draw")
    pad.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = pad.bounding_box()
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in THREE]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    expect(page.locator(".lp-input .lp-status")).to_contain_text("nearest sample: 3", timeout=10_000)
    press(page, "Go there")
    told = page.locator(".lp-input .lp-status").inner_text()
    assert f"{value(page, 'z1'):.2f}" in told
    press(page, "Clear")
    expect(page.get_by_role("button", name="Go there")).to_have_attribute("aria-disabled", "true")


def test_two_own_pictures_become_a_path(page: Page, app: AppProcess, tmp_path: Path) -> None:
    digits = SAMPLES["digits"]()
    model = checkpoints.load(checkpoints.locate("digits-2d"))
    open_with_encoder(page, app.address, "digits-2d")
    for k, end in [(0, "As A"), (11, "As B")]:
        file = io.BytesIO()
        Image.fromarray(digits.x[k, ..., 0]).save(file, "PNG")
        page.get_by_role("tab", name="Own picture").click()
        given = {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
        page.get_by_label("Picture file", exact=True).set_input_files([given])
        expected = model.codes.mean[k]
        expect(page.locator(".lp-input .lp-status")).to_contain_text(f"{expected[0]:.2f} ±", timeout=10_000)
        press(page, end)
    expect(page.locator(".lp-way")).to_have_count(4, timeout=30_000)


def test_morph_between_two_own_pictures_is_a_gif_four_actions_from_home(page: Page, app: AppProcess) -> None:
    digits = SAMPLES["digits"]()
    files = []
    for k in (0, 11):
        file = io.BytesIO()
        Image.fromarray(digits.x[k, ..., 0]).save(file, "PNG")
        files.append({"name": f"{k}.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.goto(app.address)
    page.get_by_role("button", name="Explore").first.click()  # 1
    page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for(timeout=60_000)
    page.get_by_role("tab", name="Paths").click()  # 2
    with page.expect_file_chooser() as chooser:
        press(page, "A: my picture")  # 3, both in one dialog
    chooser.value.set_files(files)
    expect(page.locator(".lp-way")).to_have_count(4, timeout=30_000)
    with page.expect_download() as download:
        page.locator("[data-way=linear] a", has_text="GIF").click()  # 4
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    told = [page.locator(".lp-end canvas").nth(k).get_attribute("aria-label") for k in range(2)]
    for k, text in zip((0, 11), told, strict=True):
        assert ", ".join(f"{value:.2f}" for value in codes.mean[k]) in str(text)
    with Image.open(download.value.path()) as movie:
        assert movie.n_frames > 40


def test_file_that_is_no_picture_is_a_sentence(page: Page, app: AppProcess) -> None:
    open_with_encoder(page, app.address, "digits-2d")
    page.get_by_role("tab", name="Own picture").click()
    given = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.get_by_label("Picture file", exact=True).set_input_files([given])
    expect(page.get_by_text("notes.png was not taken: this browser cannot read it as a picture.")).to_be_visible()
