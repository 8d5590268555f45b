"""Anomalies in a browser: the threshold counts while it is dragged, and new files are scored where they are dropped."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import png, stroke_dataset, strokes, trained, zip_of
from tests.stored import store_model
from vae_core import checkpoints, computations, stored_datasets
from vae_core.anomalies import Judged
from vae_core.computations import Request


@pytest.fixture
def scored(page: Page, app: AppProcess, app_workspace: Path) -> tuple[Page, str]:
    """The page with the scores of a model's own data, and the model."""
    dataset = stroke_dataset(200)
    id = store_model(dataset, trained(dataset))
    page.goto(f"{app.address}/anomalies?model={id}")
    settle(page)
    page.get_by_role("button", name="Score", exact=True).click()
    expect(page.get_by_role("heading", name="The most unusual")).to_be_visible(timeout=60_000)
    page.get_by_role("slider", name="Threshold").wait_for()
    return page, id


def scores_of(id: str) -> dict[str, np.ndarray]:
    options = {"dataset": stroke_dataset(200).id, "seed": 0}
    request = Request(kind="anomalies", checkpoint_id=id, version=checkpoints.version(id), options=options)
    return Judged.from_bytes(computations.result(request).read_bytes()).scores


def told(page: Page) -> tuple[float, int]:
    """The threshold, and how many lie above it."""
    words = page.get_by_test_id("threshold").locator("output").inner_text()
    found = re.match(r"Above ([-\d.]+).*?: ([\d,]+) of 200", words)
    assert found, words
    return float(found[1]), int(found[2].replace(",", ""))


def test_threshold_counts_while_it_is_dragged_and_stands_in_the_link(scored: tuple[Page, str]) -> None:
    page, id = scored
    values = scores_of(id)["elbo"]
    settle(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    canvas = page.get_by_test_id("threshold").locator("canvas").bounding_box()
    assert canvas
    middle = canvas["y"] + canvas["height"] / 2
    page.mouse.move(canvas["x"] + 0.9 * canvas["width"], middle)
    page.mouse.down()
    counts = []
    for share in (0.8, 0.6, 0.4, 0.2):
        page.mouse.move(canvas["x"] + share * canvas["width"], middle)
        at, above = told(page)
        assert above == pytest.approx((values > at).sum(), abs=1)
        counts.append(above)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert asked == []
    page.mouse.up()
    page.wait_for_url("**threshold=*")
    assert f"threshold={told(page)[0]:.3g}"[:-1] in page.url


def test_labels_that_are_normal_judge_every_score(scored: tuple[Page, str]) -> None:
    page, _ = scored
    page.get_by_role("combobox", name="Which labels are normal?").click()
    page.get_by_role("option", name="|").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="AUROC")).to_be_visible(timeout=30_000)
    assert "finds" in page.get_by_test_id("threshold").locator("output").inner_text()


def test_new_files_are_scored_beside_the_model(scored: tuple[Page, str], app_workspace: Path) -> None:
    page, id = scored
    new = {f"new/{k}.png": png(picture[..., 0]) for k, picture in enumerate(strokes(30, 8)[::-1])}
    page.get_by_role("button", name="Score new files").click()
    files = [{"name": "new.zip", "mimeType": "application/zip", "buffer": zip_of(new)}]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)  # type: ignore[arg-type]
    page.wait_for_url("**dataset=*", timeout=60_000)
    assert f"model={id}" in page.url
    settle(page)
    page.get_by_role("button", name="Score", exact=True).click()
    expect(page.get_by_role("heading", name="The most unusual")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("threshold").locator("output")).to_contain_text(" of 30 ")
    expect(page.get_by_text("of the examples lie below it that the model's own training held out")).to_be_visible()
    assert "new.zip" in [about.name for about in stored_datasets.list_all()]
