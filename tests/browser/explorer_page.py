"""What tests and the benchmark do with Explore."""

from collections.abc import Iterable

from playwright.sync_api import Locator, Page

POSITIONS = 60
MEASURE = "latent-pad:paint"

WATCH_PAINTS = """() => {
  window.painted = new Set();
  const canvas = document.querySelector("[data-testid=decoded]");
  const paint = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...rest) {
    let hash = 0; // quick, as it falls into what is measured
    if (this.canvas === canvas) {
      for (const value of image.data) hash = (Math.imul(hash, 31) + value) | 0;
      window.painted.add(hash);
    }
    return paint.call(this, image, ...rest);
  };
  const bar = CanvasRenderingContext2D.prototype.fillRect;  // rows of tables are drawn as bars
  CanvasRenderingContext2D.prototype.fillRect = function (...place) {
    if (this.canvas === canvas) window.painted.add(place.join());
    return bar.apply(this, place);
  };
}"""


def settle(page: Page) -> None:
    """Wait until the page's script has run: before that, clicks and files can fall on widgets about to be replaced."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
    page.wait_for_timeout(300)


def pick(page: Page, name: str, option: str) -> None:
    """Choose in a selectbox."""
    settle(page)
    page.get_by_role("combobox", name=name).click()
    page.get_by_role("combobox", name=name).fill(option)  # long lists draw only what is in view
    page.get_by_role("option", name=option).click()


def open_explorer(page: Page, address: str, query: str) -> None:
    """Open Explore and wait until decoder, map and pictures are there."""
    page.goto(f"{address}/explore?{query}")
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)


def pixels(page: Page) -> list[int]:
    """The decoded picture, first channel."""
    return page.evaluate(
        """() => { const c = document.querySelector("[data-testid=decoded]");
        return [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0); }"""
    )


def value(page: Page, name: str) -> float:
    """The latent coordinate, as the field beside its slider tells it."""
    return float(page.get_by_label(f"{name}, typed", exact=True).input_value())


def across(target: Locator, down_from: float, down_to: float) -> list[tuple[float, float]]:
    """60 places from left to right over an element."""
    box = target.bounding_box()
    assert box is not None
    return [
        (
            box["x"] + box["width"] * (0.1 + 0.8 * k / POSITIONS),
            box["y"] + box["height"] * (down_from + (down_to - down_from) * k / POSITIONS),
        )
        for k in range(POSITIONS + 1)
    ]


def drag(page: Page, places: Iterable[tuple[float, float]]) -> tuple[list[float], int, list[str]]:
    """Press, move through the places, measure while still pressed, release.

    Returns:
        Milliseconds from event to paint, the number of different pictures, and what was requested meanwhile.
    """
    requested: list[str] = []
    first, *rest = places
    page.mouse.move(*first)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.evaluate(f"() => {{ performance.clearMeasures('{MEASURE}'); window.painted.clear(); }}")
    page.on("request", lambda request: requested.append(request.url))
    for place in rest:
        page.mouse.move(*place)
        page.wait_for_timeout(20)
    times = page.evaluate(f"() => performance.getEntriesByName('{MEASURE}').map((entry) => entry.duration)")
    different = page.evaluate("() => window.painted.size")
    page.mouse.up()
    return times, different, list(requested)
