"""The ledger in Chromium: what is shown adds up, ε is rolled by the server, β slides without it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints, stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import SAMPLES, Dataset
from vae_core.latents.true_posterior import true_posterior
from vae_core.ledger import Ledger, ledger
from vae_core.objectives import Autoencoder, Step

SHADED = """(c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data
.filter((value, k) => k % 4 === 3 && value > 5 && value < 250).length"""
PIXELS = "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"


def open_ledger(page: Page, app: AppProcess, query: str) -> None:
    page.goto(f"{app.address}/ledger?{query}")
    page.locator("[data-testid=ledger][data-shown]").wait_for(timeout=60_000)


def numbers(page: Page, rows: str) -> list[float]:
    """What <data> elements hold, unrounded."""
    return page.locator(f"{rows} data").evaluate_all("(all) => all.map((one) => Number(one.value))")


def found(id: str, dataset: Dataset, place: int, seed: int) -> Ledger:
    """The core's ledger of a picture."""
    checkpoint = checkpoints.load(checkpoints.locate(id))
    x = torch.from_numpy(dataset.x[place : place + 1]).permute(0, 3, 1, 2) / 255
    step = Step(len(dataset), 1.0, torch.Generator().manual_seed(seed))
    return ledger(checkpoint.model(), checkpoint.config.objective, x, 0, step)


def test_shown_parts_add_up_to_the_total_and_to_the_number_of_training(
    page: Page, app: AppProcess, app_workspace: Path, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    id = store_model(tiny_images, tiny_checkpoint)
    open_ledger(page, app, f"model={id}&example=7&seed=3")
    expected = found(id, tiny_images, 7, 3)
    parts = numbers(page, ".el-sum .el-part")
    [total], [loss] = numbers(page, ".el-sum .el-total"), numbers(page, ".el-sum .el-loss")
    assert parts == pytest.approx([expected.reconstruction.sum(), expected.kl.sum()], rel=1e-5)
    assert total == pytest.approx(sum(parts), rel=1e-12)
    assert loss == pytest.approx(expected.loss, rel=1e-6)
    assert float(page.locator(".el-sum .el-verdict").get_attribute("data-relative") or 1) < 1e-4
    bars = page.locator(".el-kl .el-number").all_inner_texts()
    assert [float(text) for text in bars] == pytest.approx(expected.kl, abs=0.0051)
    page.locator(".el-pictures").focus()
    told, nats = page.locator(".el-told"), []
    for _ in range(8):
        for _ in range(8):
            page.keyboard.press("ArrowRight")
            nats.append(float(re.search(r": ([\d.]+) nats", told.inner_text())[1]))  # type: ignore[index]
        page.keyboard.press("ArrowDown")
    assert sum(nats) == pytest.approx(parts[0], abs=64 * 0.005)
    assert f"{parts[0]:.2f} nats in all" in (page.get_by_test_id("loss").get_attribute("aria-label") or "")


def test_rolling_draws_another_sample_and_its_link_shows_the_same(
    page: Page, app: AppProcess, app_workspace: Path, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    id = store_model(tiny_images, tiny_checkpoint)
    open_ledger(page, app, f"model={id}&example=4")

    def seen() -> list[object]:
        return [*(page.get_by_test_id(name).evaluate(PIXELS) for name in ("original", "reconstruction", "loss")),
                numbers(page, ".el-sum .el-total")]  # fmt: skip

    before = seen()
    page.get_by_role("button", name="Roll ε").click()
    expect(page.get_by_test_id("ledger")).to_have_attribute("data-shown", "4 1")
    after = seen()
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False, False]
    page.keyboard.press("r")
    expect(page.get_by_test_id("ledger")).to_have_attribute("data-shown", "4 2")
    page.wait_for_url("**example=4&seed=2")
    assert numbers(page, ".el-sum .el-total") == pytest.approx([found(id, tiny_images, 4, 2).total], rel=1e-5)
    page.get_by_role("spinbutton", name="Example").fill("41")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no such example: the dataset has 40.")).to_be_visible()
    page.get_by_role("button", name="Next example").click()
    expect(page.get_by_test_id("ledger")).to_have_attribute("data-shown", "5 2")
    page.get_by_role("checkbox", name="z = mean").check()
    page.wait_for_url("**example=5&seed=2&epsilon=0")
    open_ledger(page, app, f"model={id}&example=4&seed=1")
    assert seen() == after


def test_beta_slides_without_the_server(
    page: Page, app: AppProcess, app_workspace: Path, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    open_ledger(page, app, f"model={store_model(tiny_images, tiny_checkpoint)}")
    settle(page)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    reconstruction, kl = numbers(page, ".el-sum .el-part")
    slider, typed = page.get_by_role("slider", name="β"), page.get_by_label("β, typed")
    assert numbers(page, ".el-waterfall") == pytest.approx([reconstruction, kl, reconstruction + kl])
    slider.focus()
    for key, beta in [("ArrowRight", 1.01), ("7", 7.0), ("End", 10.0), ("0", 0.0)]:
        page.keyboard.press(key)
        assert numbers(page, ".el-waterfall") == pytest.approx([reconstruction, beta * kl, reconstruction + beta * kl])
        assert float(typed.input_value()) == pytest.approx(beta)
    typed.fill("25.5")
    typed.press("Enter")
    assert numbers(page, ".el-waterfall")[2] == pytest.approx(reconstruction + 25.5 * kl)
    page.get_by_role("button", name="Trained with 1").click()
    assert numbers(page, ".el-waterfall")[2] == pytest.approx(reconstruction + kl)
    assert requested == []


def test_two_latents_show_the_true_posterior_and_what_the_bound_loses(
    page: Page, app: AppProcess, app_workspace: Path, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    id = store_model(tiny_images, tiny_checkpoint)
    open_ledger(page, app, f"model={id}&example=6")
    picture = page.get_by_test_id("posterior")
    expect(picture).to_have_attribute("aria-label", re.compile("true posterior"))
    x = torch.from_numpy(tiny_images.x[6:7]).permute(0, 3, 1, 2) / 255
    expected = true_posterior(tiny_checkpoint.model(), x)
    log_evidence, gap = numbers(page, ".el-posterior .el-part")
    [by_grid], [by_samples] = numbers(page, ".el-posterior .el-total"), numbers(page, ".el-posterior .el-loss")
    assert (log_evidence, gap) == pytest.approx((expected.log_evidence, expected.gap), rel=1e-4)
    assert by_grid == pytest.approx(log_evidence - gap)
    assert by_grid == pytest.approx(by_samples, abs=0.1)
    assert picture.evaluate(SHADED) > 12_000  # of 129,600 pixels; lines and figures are 3,000


def test_autoencoder_has_no_kl_and_says_why_and_rows_have_their_columns_names(
    page: Page, app: AppProcess, app_workspace: Path
) -> None:
    moons = SAMPLES["moons"]()
    id = store_model(moons, trained(moons, small(likelihood="mixed", latents=3), epochs=1))
    open_ledger(page, app, f"model={id}&example=2")
    rows = page.locator(".el-loss tbody tr")
    assert rows.locator("th").all_inner_texts() == [column.name for column in moons.schema.columns]  # type: ignore[union-attr]
    value = moons.schema.to_original(moons.x[2:3])["x"][0]  # type: ignore[union-attr]
    assert rows.first.locator(".el-detail").inner_text().startswith(f"{value:.2f} →".replace("-", "−"))
    assert page.get_by_test_id("posterior").count() == 0
    dataset = stroke_dataset()
    plain = trained(dataset, small(posterior="deterministic"), name="plain")
    plain = replace(plain, config=plain.config.model_copy(update={"objective": Autoencoder()}))
    open_ledger(page, app, f"model={store_model(dataset, plain)}")
    expect(page.get_by_text("there is no KL, and no β to slide")).to_be_visible()
    assert page.get_by_role("slider").count() == page.get_by_role("button", name="Roll").count() == 0
    assert len(numbers(page, ".el-sum .el-part")) == 1


def test_dataset_that_is_deleted_meanwhile_is_told_of_in_a_sentence(
    page: Page, app: AppProcess, app_workspace: Path
) -> None:
    dataset = stroke_dataset(count=50)
    open_ledger(page, app, f"model={store_model(dataset, trained(dataset, epochs=1))}")
    stored_datasets.delete(dataset.id)
    page.get_by_role("button", name="Next example").click()
    expect(page.get_by_role("alert").first).to_contain_text("This dataset is not in the workspace.")
