"""What one takes away of a measured model, saved in a browser and opened again."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import stroke_dataset, trained
from tests.stored import store_model
from vae_core.checkpoints import Checkpoint


@pytest.fixture
def model() -> Checkpoint:
    return trained(stroke_dataset(90), name="taken")


@pytest.fixture
def measured(page: Page, app: AppProcess, app_workspace: Path, model: Checkpoint) -> Page:
    id = store_model(stroke_dataset(90), model)
    page.goto(f"{app.address}/measure?model={id}&part=all")
    settle(page)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_role("heading", name="Take it away")).to_be_visible(timeout=120_000)
    return page


def saved(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


def test_report_opens_from_disk_without_a_network_and_codes_are_those_of_the_model(
    measured: Page, browser: Browser, model: Checkpoint, tmp_path: Path
) -> None:
    told = json.loads(saved(measured, "Figures (JSON)"))
    negative = told["found"]["elbo"]["figures"][0]["value"]
    (tmp_path / "report.html").write_bytes(saved(measured, "Report (HTML)"))
    offline = browser.new_context(offline=True)
    page = offline.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.get_by_role("heading", name="taken: VAE, 2 latents")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="−ELBO−ELBO")
    assert abs(float(row.get_by_role("cell").nth(2).inner_text().split(" ±")[0]) - negative) < 0.5
    widths = page.locator("img").evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert len(widths) == 3
    assert min(widths) > 50
    offline.close()

    assert model.codes is not None
    lines = list(csv.DictReader(io.StringIO(saved(measured, "Codes (CSV)").decode())))
    found = np.array([[float(line["mean_1"]), float(line["mean_2"])] for line in lines])
    np.testing.assert_allclose(found, model.codes.mean, rtol=1e-5)
    table = pd.read_parquet(io.BytesIO(saved(measured, "Codes (Parquet)")))
    np.testing.assert_array_equal(table[["std_1", "std_2"]], model.codes.std)
    assert list(table["label"]) == [model.codes.label_names[k] for k in model.codes.labels]  # type: ignore[union-attr]
    figures = list(csv.DictReader(io.StringIO(saved(measured, "Figures (CSV)").decode())))
    assert len(figures) == sum(len(one["figures"]) for one in told["found"].values())
