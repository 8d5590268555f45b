"""What a pen draws is for the encoder what it has learnt: digits drawn anew on the pad keep their class."""

import numpy as np
from playwright.sync_api import Page

from tests.browser.app_process import AppProcess
from tests.browser.strokes import replay, strokes, thin
from tests.browser.test_tools import open_with_encoder
from vae_core import checkpoints
from vae_core.latents.codes import Codes

MODEL = "mnist-2d"
NEIGHBOURS = 100


def typical(codes: Codes) -> list[int]:
    """Of each class the code whose neighbours are most of its own class."""
    assert codes.labels is not None
    mean, labels = codes.mean[::10], codes.labels[::10]
    near = ((mean[:, None] - mean[None]) ** 2).sum(-1).argsort(1)[:, :NEIGHBOURS]
    own = (labels[near] == labels[:, None]).mean(1)
    return [10 * int(np.where(labels == label, own, -1).argmax()) for label in range(len(codes.label_names))]


def test_thinning_leaves_lines_one_pixel_wide_and_ends_where_they_did() -> None:
    ink = np.zeros((20, 30), dtype=bool)
    ink[8:12, 3:27] = True
    skeleton = thin(ink)
    assert skeleton.any(0).sum() >= 20
    assert skeleton.sum(0).max() == 1
    assert not (skeleton & ~ink).any()


def test_digits_drawn_small_and_off_centre_keep_their_class(page: Page, app: AppProcess) -> None:
    checkpoint = checkpoints.load(checkpoints.locate(MODEL))
    codes = checkpoint.codes
    assert codes is not None
    assert codes.labels is not None
    chosen = typical(codes)
    pictures = (checkpoint.decode(codes.mean[chosen])[:, 0] * 255).round().astype(np.uint8)
    open_with_encoder(page, app.address, MODEL)
    page.get_by_role("tab", name="Own picture").click()
    page.locator(".lp-draw").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    found = []
    for k, picture in enumerate(pictures):
        shift = (0.1 + 0.8 * (k % 3) / 2, 0.1 + 0.8 * (k % 2))
        code, _ = replay(page, strokes(picture), picture.shape[0], 0.4 + 0.03 * k, shift)
        found.append(int(codes.labels[((codes.mean - code) ** 2).sum(1).argmin()]))
    assert sum(label == k for k, label in enumerate(found)) >= 8, found
