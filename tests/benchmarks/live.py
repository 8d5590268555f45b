"""How live the explorer is: `python -m tests.benchmarks.live`.

Measured inside the page, in Chromium drawing in software, from the pointer event to the picture having changed, over
drags of 60 positions: every architecture and the models of the gallery decoding in the browser, beside each
architecture the same decoder behind stock `st.slider` (`tests/benchmarks/stock.py` says how that is measured), one
model in the explorer as one file from the disk, and one decoding on the server over the WebSocket. Then how soon a map
of 50,000 points can be dragged on, and at how many frames a second.
"""

import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page, sync_playwright

from pages.ui import browser_runtime
from tests.benchmarks import live_map, live_models, stock
from tests.browser.app_process import ROOT, AppProcess, launch
from tests.browser.explorer_page import POSITIONS, WATCH_PAINTS, across, drag, open_explorer
from vae_core import checkpoints

ROUNDS = 3
HEAD = (
    "model",
    "points",
    "driven by",
    "decoder in",
    f"different of {POSITIONS}",
    "p50 ms",
    "p95 ms",
    "requests",
    "frames",
)
WATCH_FRAMES = """(() => {
  let sent = 0;
  window.framesWhilePressed = 0;
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    sent += 1;
    return send.call(this, data);
  };
  addEventListener("pointerdown", () => { sent = 0; }, { capture: true });
  addEventListener("pointerup", () => { window.framesWhilePressed += sent; }, { capture: true });
})()"""
"""Frames on any WebSocket of the page, from press to release."""


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(*cells: object) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


def measure(browser: Browser, app: AppProcess, model: str, name: str, on_server: bool = False) -> None:
    """Drag on slider and map of the explorer."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH_FRAMES)
    if on_server:
        page.route("**/studio/runtime/**/ort*", lambda route: route.abort())
    open_explorer(page, app.address, f"model={model}")
    measure_page(page, name, "explorer")
    page.close()


def measure_file(browser: Browser, app: AppProcess, model: str, folder: Path) -> None:
    """The same in the explorer as one file, from the disk and with the network off."""
    online = browser.new_page()
    open_explorer(online, app.address, f"model={model}")
    address = online.evaluate("document.querySelector('.latent-pad').pad.data.share.page")
    path = folder / "explorer.html"
    path.write_bytes(online.request.get(app.address + address).body())
    online.close()
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    context.add_init_script(WATCH_FRAMES)
    page = context.new_page()
    page.goto(path.as_uri())
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    measure_page(page, model, f"one file of {path.stat().st_size / 1e6:.1f} MB")
    context.close()


def measure_page(page: Page, name: str, driven_in: str) -> None:
    page.evaluate(WATCH_PAINTS)
    page.wait_for_timeout(1500)  # the encoder arrives last
    points = page.locator(".lp-note").inner_text().split(" ")[0]
    slider, latent_map = page.get_by_role("slider", name="z1", exact=True), page.locator(".lp-map")
    for driven, target, ends in (("slider", slider, (0.5, 0.5)), ("map", latent_map, (0.2, 0.7))):
        times: list[float] = []
        fewest, requests = 10**6, 0
        page.evaluate("() => { window.framesWhilePressed = 0; }")
        for _ in range(ROUNDS):
            measured, different, requested = drag(page, across(target, *ends))
            times += measured
            fewest, requests = min(fewest, different), requests + len(requested)
            page.wait_for_timeout(1000)  # let the commit of the release pass
        frames = page.evaluate("() => window.framesWhilePressed")
        p50, p95 = statistics.median(times), percentile(times, 0.95)
        where = page.get_by_test_id("latent-pad").get_attribute("data-decoder")
        row(name, points, f"{driven_in}: {driven}", where, fewest, f"{p50:.1f}", f"{p95:.1f}", requests, frames)


def measure_stock(browser: Browser, model: str, name: str) -> None:
    """Drag on `st.slider`: pictures, requests and frames while pressed, times from the release."""
    with tempfile.TemporaryDirectory() as folder, stock.stock_app(Path(folder), checkpoints.locate(model)) as app:
        page = stock.open_stock(browser, app.address)
        found = stock.drag_stock(page)
        page.close()
    p50, p95 = statistics.median(found.times), percentile(found.times, 0.95)
    told = (f"{p50:.1f} from release", f"{p95:.1f} from release", found.requests, found.frames)
    row(name, "–", "st.slider", "server", found.different, *told)


def main() -> None:
    assert browser_runtime.install()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ["VAE_STUDIO_WORKSPACE"] = folder
        os.environ["PYTHONPATH"] = str(ROOT)  # for the script that lies elsewhere
        models = {name: live_models.make(name) for name in live_models.KINDS}
        many = live_models.make("MLP 28×28", live_models.MANY)
        app = AppProcess(Path(folder))
        browser = launch(playwright)
        time.sleep(20)  # the app prepares what is built in
        row(*HEAD)
        row(*["---"] * len(HEAD))
        try:
            for name, id in models.items():
                measure(browser, app, id, name)
                measure_stock(browser, id, name)
            for id in (id for id in checkpoints.bundled() if not id.startswith("lesson-")):
                measure(browser, app, id, id)
            measure_file(browser, app, "mnist-2d", Path(folder))
            measure(browser, app, "mnist-2d", "mnist-2d", on_server=True)
            print(f"\nload of the machine meanwhile: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores\n")
            live_map.measure(browser, app, many)
        finally:
            browser.close()
            app.stop()


if __name__ == "__main__":
    main()
