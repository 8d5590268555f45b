"""The film of a small real run: everything moves together, without the server, and decodes as that epoch did."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import stroke_dataset
from tests.small import small
from tests.stored import store_film
from vae_core import checkpoints
from vae_core.datasets import SAMPLES
from vae_core.film import AlignedFilm, Reel, align
from vae_core.film.aligned import decoder_of
from vae_core.runs.directory import RunDirectory

EPOCHS = 5
DRAWN = "(name) => document.querySelector(`[data-testid=${name}]`).toDataURL()"
TOGETHER = ("film-map", "film-manifold", "film-kl", "film-curves")
PIXELS = """(name) => { const c = document.querySelector(`[data-testid=${name}]`);
  return [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]; }"""


@pytest.fixture
def filmed(app_workspace: Path) -> RunDirectory:
    return store_film(stroke_dataset(count=120, side=12), small(latents=3), EPOCHS)


def open_film(page: Page, app: AppProcess, run: RunDirectory) -> None:
    page.goto(f"{app.address}/film?run={run.path.name}")
    page.locator(f"[data-testid=film][data-loaded=true][data-decoder='{EPOCHS}']").wait_for(timeout=60_000)
    settle(page)  # whatever Streamlit still draws may take the focus


def wait_for_decoder(page: Page, epoch: int) -> None:
    page.locator(f"[data-testid=film][data-decoder='{epoch}']").wait_for(timeout=10_000)


def shown(page: Page) -> dict[str, str]:
    """What the canvases that move together show, each in one word, once the page has painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return {name: page.evaluate(DRAWN, name) for name in TOGETHER}


def scrubber(page: Page) -> Any:
    return page.get_by_role("slider", name="Epoch")


def test_scrubbing_moves_map_manifold_kl_and_curves_together_and_asks_the_server_nothing(
    page: Page, app: AppProcess, filmed: RunDirectory
) -> None:
    open_film(page, app, filmed)
    scrubber(page).focus()
    page.keyboard.press("Home")
    page.locator("[data-testid=film][data-decoders=all]").wait_for(timeout=10_000)
    wait_for_decoder(page, 1)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    frames = []
    for epoch in range(1, EPOCHS + 1):
        expect(scrubber(page)).to_have_attribute("aria-valuetext", f"Epoch {epoch} of {EPOCHS}")
        wait_for_decoder(page, epoch)
        frames.append(shown(page))
        page.keyboard.press("ArrowRight")
    for name in TOGETHER:
        assert len({frame[name] for frame in frames}) == EPOCHS, name
    page.keyboard.press("Home")
    wait_for_decoder(page, 1)
    assert shown(page) == frames[0]
    assert requests == []


def picture(page: Page) -> np.ndarray:
    return np.array(page.evaluate(PIXELS, "film-decoded"))[::4] / 255


def expected(film: AlignedFilm, run: RunDirectory, frame: int, place: list[float]) -> np.ndarray:
    """What PyTorch makes of a place of the map with that frame's decoder."""
    epoch = film.epochs[frame]
    z = torch.from_numpy(film.latents(frame, np.array([place], dtype=np.float32)))
    vae = decoder_of(checkpoints.load(run.checkpoint), Reel(run.film).read(epoch))
    with torch.no_grad():
        return vae.decode_bounded(z)[0, 0].numpy().ravel()


def test_cursor_decodes_with_the_decoder_of_the_epoch_that_is_shown(
    page: Page, app: AppProcess, filmed: RunDirectory
) -> None:
    film = align(Reel(filmed.film).read_all(EPOCHS), is_normal=True)
    open_film(page, app, filmed)
    box = page.get_by_test_id("film-map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    place = page.evaluate("() => document.querySelector('.film').shown.map.cursor")
    scrubber(page).focus()
    seen = []
    for key, frame in (("End", EPOCHS - 1), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        wait_for_decoder(page, frame + 1)
        expect(page.get_by_test_id("film-decoded")).to_have_attribute(
            "aria-label", f"Decoded at the cursor, epoch {frame + 1}"
        )
        seen.append(picture(page))
        np.testing.assert_allclose(seen[-1], expected(film, filmed, frame, place), atol=1e-2)
    assert np.abs(seen[0] - seen[1]).max() > 0.05
    page.get_by_role("application", name="Map of the latent space").focus()
    page.keyboard.press("ArrowUp")
    moved = page.evaluate("() => document.querySelector('.film').shown.map.cursor")
    assert moved[1] > place[1]
    page.wait_for_timeout(200)
    np.testing.assert_allclose(picture(page), expected(film, filmed, 1, moved), atol=1e-2)


def test_film_plays_to_its_end_and_stops_where_it_is_told(page: Page, app: AppProcess, filmed: RunDirectory) -> None:
    open_film(page, app, filmed)
    page.get_by_role("combobox", name="frames a second").select_option("2")
    scrubber(page).focus()
    page.keyboard.press("Space")  # from the end it begins anew
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(scrubber(page)).to_have_value("1", timeout=5000)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    stopped = scrubber(page).input_value()
    page.wait_for_timeout(500)
    assert scrubber(page).input_value() == stopped != str(EPOCHS - 1)
    page.get_by_role("combobox", name="frames a second").select_option("30")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=5000)
    expect(scrubber(page)).to_have_value(str(EPOCHS - 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_film_fits_a_phone_and_tells_every_picture_in_words(
    page: Page, app: AppProcess, filmed: RunDirectory, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 800})
    open_film(page, app, filmed)
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    box = page.get_by_test_id("film-map").bounding_box()
    assert box is not None
    assert box["width"] > 300
    for name in (*TOGETHER, "film-decoded"):
        canvas = page.get_by_test_id(name)
        assert canvas.get_attribute("role") == "img"
        assert str(EPOCHS) in str(canvas.get_attribute("aria-label"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as GIF").click()
    assert download.value.path().read_bytes()[:6] == b"GIF89a"


def test_film_of_a_table_is_a_map_with_its_curves(page: Page, app: AppProcess, app_workspace: Path) -> None:
    run = store_film(SAMPLES["moons"](), small("mlp", "gaussian"), epochs=2)
    page.goto(f"{app.address}/film?run={run.path.name}")
    page.locator("[data-testid=film][data-loaded=true]").wait_for(timeout=60_000)
    assert page.get_by_test_id("film-manifold").count() == 0
    expect(page.get_by_text("Rows of a table are no pictures")).to_be_visible()
    expect(page.get_by_test_id("film-curves")).to_be_visible()
