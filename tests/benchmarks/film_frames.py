"""How fast a film scrubs: `python -m tests.benchmarks.film_frames FOLDER_OF_MNIST`.

The film of a 20-epoch MNIST run in Chromium drawing in software. Every step of the scrubber shows another epoch: map,
manifold, KL bars and curves. Driven by the mouse, by the scrubber's own event before every picture of the screen, which
is the most that the page can do, and by playing. With VAE_STUDIO_WORKSPACE set to where `tests.benchmarks.film` left
its run, that one is taken.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from pages.ui import browser_runtime
from tests.benchmarks.film import EPOCHS, mnist, trained
from tests.benchmarks.live import percentile, row
from tests.browser.app_process import AppProcess, launch
from vae_core import runs
from vae_core.film import Reel

MEASURE = "film:paint"
SWEEPS = 16
SECONDS = 5
BY_EVENTS = """(seconds) => new Promise((resolve) => {
  const range = document.querySelector(".fm-range");
  const last = Number(range.max), until = performance.now() + 1000 * seconds;
  let step = 0;
  const next = () => {
    if (performance.now() > until) return resolve(step);
    step += 1;
    range.value = Math.abs((step % (2 * last)) - last);
    range.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
BY_PLAYING = """(seconds) => new Promise((resolve) => {
  const map = document.querySelector("[data-testid=film-map]");
  const draw = CanvasRenderingContext2D.prototype.clearRect;
  let painted = 0;
  CanvasRenderingContext2D.prototype.clearRect = function (...place) {
    painted += this.canvas === map;
    return draw.apply(this, place);
  };
  const play = document.querySelector(".fm-play"), started = performance.now();
  const until = started + 1000 * seconds;
  const again = () => {
    if (play.textContent === "Play") play.click();
    if (performance.now() < until) return setTimeout(again, 5);
    play.click();
    CanvasRenderingContext2D.prototype.clearRect = draw;
    resolve((1000 * painted) / (performance.now() - started));
  };
  again();
})"""


def times(page: Page) -> list[float]:
    """Milliseconds from event to painted canvases, since the last look."""
    found = page.evaluate(f"() => performance.getEntriesByName('{MEASURE}').map((entry) => entry.duration)")
    page.evaluate(f"() => performance.clearMeasures('{MEASURE}')")
    return list(found)


def by_mouse(page: Page) -> float:
    """Drag the scrubber to and fro, another epoch at every move; returns seconds."""
    box = page.get_by_role("slider", name="Epoch").bounding_box()
    assert box is not None
    middle, inner = box["y"] + box["height"] / 2, box["width"] - 16
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    started = time.perf_counter()
    for sweep in range(SWEEPS):
        page.mouse.move(box["x"] + 8 + inner * (sweep % 2 == 0), middle, steps=EPOCHS - 1)
    seconds = time.perf_counter() - started
    page.mouse.up()
    return seconds


def measure(page: Page) -> None:
    """Print a line for every way to scrub."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    times(page)
    seconds = by_mouse(page)
    painted = times(page)
    told = f"{statistics.median(painted):.1f}", f"{percentile(painted, 0.95):.1f}", len(requests)
    row(f"mouse, {SWEEPS * (EPOCHS - 1) / seconds:.0f} moves a second", f"{len(painted) / seconds:.0f}", *told)
    page.wait_for_timeout(1500)
    requests.clear()
    times(page)
    steps = page.evaluate(BY_EVENTS, SECONDS)
    painted = times(page)
    told = f"{statistics.median(painted):.1f}", f"{percentile(painted, 0.95):.1f}", len(requests)
    row("an event a picture of the screen", f"{steps / SECONDS:.0f}", *told)
    page.wait_for_timeout(1500)
    requests.clear()
    row("playing", f"{page.evaluate(BY_PLAYING, SECONDS):.0f}", "–", "–", len(requests))


def film_run(folder: Path) -> str:
    """The id of a 20-epoch MNIST run with a film: one that is there, or a new one."""
    for run in runs.list_runs():
        if len(Reel(run.directory.film).epochs()) == EPOCHS and run.name.startswith("MNIST"):
            return run.id
    return trained(mnist(folder), EPOCHS, "MNIST with a film").path.name


def main() -> None:
    assert browser_runtime.install()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        os.environ.setdefault("VAE_STUDIO_WORKSPACE", temporary)
        id = film_run(Path(sys.argv[1]))
        app = AppProcess(Path(os.environ["VAE_STUDIO_WORKSPACE"]))
        browser = launch(playwright)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            started = time.perf_counter()
            page.goto(f"{app.address}/film?run={id}")
            page.locator("[data-testid=film][data-loaded=true]").wait_for(timeout=120_000)
            print(f"every frame can be shown after {time.perf_counter() - started:.1f} s")
            page.locator("[data-testid=film][data-decoders=all]").wait_for(timeout=120_000)
            print(f"the cursor decodes in every frame after {time.perf_counter() - started:.1f} s\n")
            page.wait_for_timeout(1000)
            row("driven by", "frames a second", "p50 ms", "p95 ms", "requests")
            row(*["---"] * 5)
            measure(page)
            print(f"\nload of the machine meanwhile: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        finally:
            browser.close()
            app.stop()


if __name__ == "__main__":
    main()
