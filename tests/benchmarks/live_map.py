"""A map of 50,000 points: how soon it can be dragged on, and at how many frames a second. Run by `live`."""

import itertools
import math
import statistics
import time

from playwright.sync_api import Browser, Page

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import MEASURE, WATCH_PAINTS

DRAG_SECONDS = 5
VISITS = ("first", "second")
"""At the first the server has not opened the model yet; either comes with an empty cache."""
INTERACTIVE = "[data-testid=latent-pad][data-decoder] [data-testid=handle]:visible"
"""The last pictures of nearest samples, 11 MB of them, may still be on their way."""
COUNT_FRAMES = """() => {
  const frames = window.drawnFrames = [];
  const note = (at) => { frames.push(at); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


def measure(browser: Browser, app: AppProcess, model: str) -> None:
    print("| map of 50,000 points, visit | navigation to map and decoder s | to a drag that changes the picture s |")
    print("|---|---|---|")
    for visit in VISITS:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        began = time.perf_counter()
        page.goto(f"{app.address}/explore?model={model}")
        page.locator(INTERACTIVE).wait_for(timeout=60_000)
        ready = time.perf_counter() - began
        page.evaluate(WATCH_PAINTS)
        x, y, reach = plot_of(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + reach / 2, y)
        page.wait_for_function("() => window.painted.size > 0")
        print(f"| {visit} | {ready:.2f} | {time.perf_counter() - began:.2f} |", flush=True)
        page.mouse.up()
        if visit == VISITS[-1]:
            page.wait_for_timeout(3000)
            measure_frames(page)
        context.close()


def plot_of(page: Page) -> tuple[float, float, float]:
    """The middle of the plot, and how far one can go from there."""
    box = page.locator(".lp-plot .nsewdrag").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.4 * min(box["width"], box["height"])


def measure_frames(page: Page) -> None:
    """One drag of several seconds round and round on the map."""
    requested: list[str] = []
    x, y, reach = plot_of(page)
    page.mouse.move(x + reach, y)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.on("request", lambda request: requested.append(request.url))
    page.evaluate(f"() => {{ performance.clearMeasures('{MEASURE}'); window.painted.clear(); }}")
    page.evaluate(COUNT_FRAMES)
    began, moves = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < DRAG_SECONDS:
        shrunk = reach * (1 - 0.5 * passed / DRAG_SECONDS)
        page.mouse.move(x + shrunk * math.cos(3 * passed), y + shrunk * math.sin(3 * passed))
        moves += 1
        page.wait_for_timeout(8)
    frames = page.evaluate("() => window.drawnFrames")
    times = page.evaluate(f"() => performance.getEntriesByName('{MEASURE}').map((entry) => entry.duration)")
    different = page.evaluate("() => window.painted.size")
    asked = list(requested)
    page.mouse.up()
    gaps = sorted(b - a for a, b in itertools.pairwise(frames))
    rate = 1000 * len(gaps) / sum(gaps)
    print()
    print(
        f"dragging on it for {DRAG_SECONDS} s: {rate:.0f} frames a second (longest {gaps[-1]:.0f} ms), "
        f"{different} different pictures of {moves} positions, event to picture "
        f"{statistics.median(times):.1f} ms p50 and "
        f"{sorted(times)[int(0.95 * len(times))]:.1f} ms p95, {len(asked)} requests"
    )
