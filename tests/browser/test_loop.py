"""The whole loop as a visitor goes it: upload, train, leave, come back, explore."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pages.ui.gallery import GALLERY
from pages.ui.models import BUNDLED_TITLES
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import png, strokes, zip_of
from vae_core import runs

Wait = Callable[[Callable[[], bool], float], None]


def upload(page: Page, app: AppProcess, archive: Path) -> None:
    page.goto(app.address + "/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_role("combobox", name="Dataset")).to_have_value(archive.name, timeout=30_000)
    settle(page)
    page.get_by_role("button", name="Train a model on this").click()


def archive(folder: Path, count: int, name: str) -> Path:
    x = strokes(count, 16)
    path = folder / name
    path.write_bytes(zip_of({f"{'-|'[k % 2]}/{k}.png": png(x[k, ..., 0]) for k in range(count)}))
    return path


@pytest.fixture(autouse=True)
def no_run_is_left(app_workspace: Path) -> Iterator[None]:
    """A test that fails must not leave a run in the others' way: one trains at a time."""
    yield
    for run in runs.list_runs():
        if run.is_live:
            runs.cancel(run.id)


@pytest.mark.slow
def test_from_upload_to_dragging_with_everything_at_its_defaults(page: Page, app: AppProcess, tmp_path: Path) -> None:
    upload(page, app, archive(tmp_path, 60, "strokes.zip"))
    expect(page.get_by_role("combobox", name="Preset")).to_have_value("Grey pictures (suggested)")
    settle(page)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile("Epoch .* of .* left"))).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(4, timeout=30_000)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    page.get_by_role("button", name="Explore").first.click()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    assert "60 codes · decoding in this browser" in page.locator(".lp-note").inner_text()
    assert "Nearest samples: " in page.locator(".lp-nearest").inner_text()
    expect(page.get_by_text("WebGL is not supported")).to_have_count(0)  # by Streamlit's own plotly.js, there by now


@pytest.mark.slow
def test_training_survives_a_closed_tab_and_a_restarted_server(
    context: BrowserContext, app: AppProcess, app_workspace: Path, tmp_path: Path
) -> None:
    page = context.new_page()
    upload(page, app, archive(tmp_path, 61, "long.zip"))
    settle(page)
    page.get_by_role("spinbutton", name="Epochs").fill("10000")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    settle(page)
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(4, timeout=30_000)
    address = page.url
    page.close()
    [run] = [run for run in runs.list_runs() if run.name == "long.zip"]
    epochs = len(run.directory.read_epochs())

    app.stop(signal.SIGKILL)
    app.start()
    started = time.monotonic()
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text("running").first).to_be_visible(timeout=30_000)
    assert time.monotonic() - started < 5
    assert len(run.directory.read_epochs()) > epochs

    settle(page)  # a server that has just started still loads torch; the five seconds are those of cancelling
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. The last finished epoch is kept.")).to_be_visible(timeout=5000)
    assert runs.get(run.id).has_model
    page.close()


@pytest.mark.slow
def test_killed_training_goes_on_by_itself_and_cancelled_training_when_asked(
    page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path, wait_for: Wait
) -> None:
    upload(page, app, archive(tmp_path, 62, "killed.zip"))
    settle(page)
    page.get_by_role("spinbutton", name="Epochs").fill("10000")
    page.get_by_role("spinbutton", name="Epochs").press("Enter")
    settle(page)
    page.get_by_role("button", name="Start training").dblclick()
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(4, timeout=30_000)
    [run] = [run for run in runs.list_runs() if run.name == "killed.zip"]  # one, though it was a double click

    killed = runs.get(run.id).status.pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: runs.get(run.id).status.pid not in (None, killed), 30)  # it goes on unasked
    expect(page.get_by_text(re.compile("Epoch .* of 10000"))).to_be_visible(timeout=30_000)

    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. The last finished epoch is kept.")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Go on").dblclick()
    expect(page.get_by_text(re.compile("Epoch .* of 10000"))).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)
    kept = len(run.directory.read_epochs())
    wait_for(lambda: len(run.directory.read_epochs()) > kept, 30)
    told = [record.epoch for record in run.directory.read_epochs()]
    assert told == list(range(1, len(told) + 1))


def test_home_offers_the_bundled_models_with_pictures(page: Page, app: AppProcess) -> None:
    page.goto(app.address)
    for exhibit in GALLERY:
        expect(page.get_by_text(exhibit.title or BUNDLED_TITLES[exhibit.name])).to_be_visible(timeout=30_000)
    settle(page)
    loaded = "() => [...document.querySelectorAll('[data-testid=stMain] img')].filter(i => i.naturalWidth > 0).length"
    page.wait_for_function(f"() => ({loaded})() === {len(GALLERY)}")
    page.get_by_role("button", name="Explore").nth(1).click()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    assert "model=mnist-2d" in page.url
    page.goto(app.address)
    settle(page)
    page.get_by_role("button", name="Explore").nth(4).click()
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    assert "model=shapes-tcvae" in page.url
    expect(page.locator(".lp-trust-verdict")).to_contain_text("On the data")  # the prior's mean decodes to nothing


@pytest.mark.parametrize("path", ["", "data", "train", "explore"])
def test_page_fits_a_phone_in_either_theme(page: Page, app: AppProcess, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{app.address}/{path}")
    page.get_by_role("button").locator("visible=true").nth(1).wait_for(timeout=30_000)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(500)
        wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= 390, scheme
