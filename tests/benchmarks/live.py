"""How live the explorer is: `python -m tests.benchmarks.live`.

Measured inside the page, from the pointer event to the painted canvas, over a drag of 60 positions; side by side the
bundled models decoding in the browser, and the first of them decoding on the server over the WebSocket.
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from pages.ui import browser_runtime
from tests.browser.app_process import AppProcess, launch
from tests.browser.explorer_page import WATCH_PAINTS, across, drag, open_explorer
from vae_core import checkpoints

ROUNDS = 5


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(browser: Browser, app: AppProcess, model: str, on_server: bool) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    if on_server:
        page.route("**/studio/runtime/**", lambda route: route.abort())
    open_explorer(page, app.address, f"model={model}")
    page.evaluate(WATCH_PAINTS)
    points = page.locator(".lp-note").inner_text().split(" ")[0]
    slider, latent_map = page.get_by_role("slider", name="z1", exact=True), page.locator(".lp-map")
    for name, target, ends in (("slider", slider, (0.5, 0.5)), ("map", latent_map, (0.2, 0.7))):
        times: list[float] = []
        fewest, requests = 10**6, 0
        for _ in range(ROUNDS):
            measured, different, requested = drag(page, across(target, *ends))
            times += measured
            fewest, requests = min(fewest, different), requests + len(requested)
            page.wait_for_timeout(1500)  # let the commit of the release pass
        where = "server" if on_server else "browser"
        print(
            f"| {model} | {points} | {where} | {name} | {fewest} of 60 | {statistics.median(times):.1f} | "
            f"{percentile(times, 0.95):.1f} | {requests} |"
        )
    page.close()


def main() -> None:
    assert browser_runtime.install()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = AppProcess(Path(folder))
        browser = launch(playwright)
        print("| model | points | decoder in | dragged | different pictures | median ms | p95 ms | requests |")
        print("|---|---|---|---|---|---|---|---|")
        try:
            for model in checkpoints.bundled():
                measure(browser, app, model, on_server=False)
            measure(browser, app, checkpoints.bundled()[-1], on_server=True)
        finally:
            browser.close()
            app.stop()


if __name__ == "__main__":
    main()
