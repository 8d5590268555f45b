"""Digits drawn anew on the pad: `python -m tests.benchmarks.drawn t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz`.

Ten test digits of each class become strokes, which the mouse draws on the pad at another scale and off its centre. The
browser encodes what was drawn, and the label of the nearest code of the bundled model, the digit's own aside, is
compared with the digit's; beside it the same for the originals, encoded by PyTorch.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from pages.ui import browser_runtime
from tests.browser.app_process import AppProcess, launch
from tests.browser.explorer_page import open_explorer
from tests.browser.strokes import replay, strokes
from vae_core import checkpoints
from vae_core.datasets import read_files
from vae_core.latents.codes import Codes

MODEL = "mnist-2d"
OF_EACH = 10
SCALES = (0.35, 0.75)


def nearest_label(codes: Codes, z: np.ndarray, but: int) -> int:
    """The label of the code nearest to z, save number `but`."""
    away = ((codes.mean - z) ** 2).sum(1)
    away[but] = np.inf
    assert codes.labels is not None
    return int(codes.labels[away.argmin()])


def main() -> None:
    assert browser_runtime.install()
    paths = [Path(argument) for argument in sys.argv[1:3]]
    digits = read_files([(path.name, path) for path in paths])
    checkpoint = checkpoints.load(checkpoints.locate(MODEL))
    codes = checkpoint.codes
    assert codes is not None
    assert digits.labels is not None
    np.testing.assert_array_equal(digits.labels, codes.labels, "these are not the pictures of the model's codes")
    chosen = np.concatenate([np.flatnonzero(digits.labels == label)[:OF_EACH] for label in range(10)])
    pictures = np.asarray(digits.x[chosen])[..., 0]
    with torch.inference_mode():
        originals = checkpoint.model().encode(torch.tensor(pictures[:, None] / 255.0, dtype=torch.float32)).mean.numpy()
    random = np.random.default_rng(0)
    drawn = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = AppProcess(Path(folder))
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        try:
            open_explorer(page, app.address, f"model={MODEL}")
            page.locator("[data-testid=latent-pad][data-encoder=browser]").wait_for()
            page.get_by_role("tab", name="Own picture").click()
            page.locator(".lp-draw").scroll_into_view_if_needed()
            page.wait_for_timeout(500)
            for picture in pictures:
                shift = (random.uniform(), random.uniform())
                drawn.append(replay(page, strokes(picture), picture.shape[0], random.uniform(*SCALES), shift))
        finally:
            browser.close()
            app.stop()
    report(codes, chosen, pictures, originals, drawn)


def report(
    codes: Codes,
    chosen: np.ndarray,
    pictures: np.ndarray,
    originals: np.ndarray,
    drawn: list[tuple[list[float], np.ndarray]],
) -> None:
    labels = np.repeat(np.arange(10), OF_EACH)
    of_originals = [nearest_label(codes, z, n) for z, n in zip(originals, chosen, strict=True)]
    of_drawn = [nearest_label(codes, np.array(z), n) for (z, _), n in zip(drawn, chosen, strict=True)]
    print("| digit | originals, encoded by PyTorch | drawn on the pad, encoded in the browser |")
    print("|---|---|---|")
    for label in range(10):
        right = [sum(found[k] == label for k in np.flatnonzero(labels == label)) for found in (of_originals, of_drawn)]
        print(f"| {label} | {right[0]} of {OF_EACH} | {right[1]} of {OF_EACH} |")
    shares = [np.mean(np.array(found) == labels) for found in (of_originals, of_drawn)]
    print(f"| all | {shares[0]:.0%} | {shares[1]:.0%} |")
    seen = np.stack([picture for _, picture in drawn]).astype(float)
    moved = np.linalg.norm(np.array([z for z, _ in drawn]) - originals, axis=1)
    print(
        f"\nmean |drawn − original|: {np.abs(seen - pictures).mean() / 255:.3f} a pixel; mean ink "
        f"{seen.mean() / 255:.3f} drawn, {pictures.mean() / 255:.3f} original; "
        f"codes {np.median(moved):.2f} apart in the median"
    )


if __name__ == "__main__":
    main()
