"""How live a decoder is behind stock `st.slider`, measured in the page.

Every pointer event's timestamp, every WebSocket frame sent and every `<img>` loaded and decoded is noted. A picture
belongs to the last pointer event before the last frame before it: that is the event which asked for it. The explorer's
measure ends likewise, when the canvas has its pixels, and for both the frame that brings them to the screen follows.

`st.slider` is told of a new value when the thumb is let go; what counts for a drag is therefore the release, and to
have more than one of them, every round drags 60 positions once and then shortly so many times.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.app_process import ROOT, AppProcess
from tests.browser.explorer_page import POSITIONS

SETTINGS = ["--server.headless", "true", "--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1"]
"""Whatever else Streamlit has from the start is left as it is."""
SHORT_DRAGS = 20
STEP_MS = 20
QUIET_MS = 1000

WATCH = """() => {
  const noted = window.noted = { events: [], sent: [], pictures: [] };
  for (const name of ["pointerdown", "pointermove", "pointerup"])
    addEventListener(name, (event) => noted.events.push(event.timeStamp), { capture: true });
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    noted.sent.push(performance.now());
    return send.call(this, data);
  };
  document.addEventListener("load", async ({ target }) => {
    if (!(target instanceof HTMLImageElement)) return;
    await target.decode();
    noted.pictures.push([target.src, performance.now()]);
  }, { capture: true });
}"""


@dataclass
class Drag:
    """What was seen of drags: while pressed (`different`, `requests`, `frames`), and until quiet (`times`)."""

    times: list[float] = field(default_factory=list)
    different: int = 0
    requests: int = 0
    frames: int = 0


@contextmanager
def stock_app(folder: Path, checkpoint: Path) -> Iterator[AppProcess]:
    """The script with Streamlit's normal settings: none of ours are in `folder`."""
    script = ROOT / "tests" / "benchmarks" / "stock_slider.py"
    app = AppProcess(folder, script, [*SETTINGS, "--", str(checkpoint)], cwd=folder)
    try:
        yield app
    finally:
        app.stop()


def open_stock(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(f"({WATCH})()")
    page.goto(address)
    page.locator("[data-testid=stImage] img").wait_for(timeout=60_000)
    page.wait_for_timeout(QUIET_MS)
    return page


def drag_stock(page: Page, step_ms: int = STEP_MS) -> Drag:
    """One drag over 60 positions and some short ones, each ended and waited for."""
    found = Drag()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for positions in (POSITIONS, *[4] * SHORT_DRAGS):
        thumb = page.get_by_test_id("stSliderThumbValue").first.locator("..").bounding_box()
        box = page.get_by_test_id("stSlider").first.bounding_box()
        assert thumb is not None
        assert box is not None
        x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
        end = box["x"] + box["width"] * (0.95 if x < box["x"] + box["width"] / 2 else 0.05)
        page.mouse.move(x, y)
        page.mouse.down()
        page.wait_for_timeout(300)
        page.evaluate("() => { for (const list of Object.values(noted)) list.length = 0; }")
        requested.clear()
        far = positions / POSITIONS
        for k in range(1, positions + 1):
            page.mouse.move(x + (end - x) * far * k / positions, y)
            page.wait_for_timeout(step_ms)
        if positions == POSITIONS:
            noted = page.evaluate("() => noted")
            found.different = len({src for src, _ in noted["pictures"]})
            found.requests, found.frames = len(requested), len(noted["sent"])
        page.mouse.up()
        page.wait_for_timeout(QUIET_MS)
        found.times += latencies(page.evaluate("() => noted"))
    return found


def latencies(noted: dict[str, Any]) -> list[float]:
    """Milliseconds to each picture from the pointer event that asked for it."""
    found = []
    for _, loaded in noted["pictures"]:
        sent = max((at for at in noted["sent"] if at <= loaded), default=None)
        event = max((at for at in noted["events"] if sent is not None and at <= sent), default=None)
        if event is not None:
            found.append(loaded - event)
    return found
