"""The README's moving picture, from the real app: `python -m tests.benchmarks.record`."""

import io
import math
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from pages.ui import browser_runtime
from tests.browser.app_process import ROOT, AppProcess, launch
from tests.browser.explorer_page import open_explorer

TARGET = ROOT / ".github" / "readme" / "explore.gif"
FRAMES = 48
WIDTH = 800
POINTER = """([x, y]) => { let dot = document.getElementById("recorded-pointer");
if (!dot) { dot = document.createElement("div"); dot.id = "recorded-pointer"; document.body.append(dot); }
dot.style = `position:fixed;z-index:9999;left:${x}px;top:${y}px;width:0;height:0;border-left:9px solid #111;
border-bottom:9px solid transparent;border-top:5px solid transparent;pointer-events:none;transform:rotate(25deg)`; }"""


def main() -> None:
    assert browser_runtime.install()
    shots: list[Image.Image] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = AppProcess(Path(folder))
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        try:
            open_explorer(page, app.address, "model=mnist-2d&z=0,0")
            plot = page.locator(".lp-plot .nsewdrag").bounding_box()
            assert plot is not None
            for frame in range(FRAMES):
                turn = 2 * math.pi * frame / FRAMES
                x = plot["x"] + plot["width"] * (0.5 + 0.2 * math.cos(turn))
                y = plot["y"] + plot["height"] * (0.48 + 0.26 * math.sin(turn))
                page.mouse.move(x, y)
                if frame == 0:
                    page.mouse.down()
                page.evaluate(POINTER, [x, y])
                page.wait_for_timeout(60)
                shot = Image.open(io.BytesIO(page.screenshot()))
                shots.append(shot.resize((WIDTH, round(shot.height * WIDTH / shot.width)), Image.Resampling.LANCZOS))
        finally:
            browser.close()
            app.stop()
    palette = shots[0].convert("P", palette=Image.Palette.ADAPTIVE, colors=96)
    frames = [shot.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE) for shot in shots]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(TARGET, save_all=True, append_images=frames[1:], duration=80, loop=0, optimize=True)
    print(f"{TARGET.relative_to(ROOT)}: {len(frames)} frames, {TARGET.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
