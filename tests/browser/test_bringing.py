"""A model from elsewhere, dropped on Home and explored."""

import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import pick, settle
from tests.conftest import stroke_dataset, trained
from tests.small import small
from vae_core import checkpoints, export, stored_datasets
from vae_core.checkpoints import Checkpoint

PAD = "document.querySelector('.latent-pad').pad"


@pytest.fixture(scope="module")
def given() -> Checkpoint:
    return trained(stroke_dataset(73), small(latents=3), name="given away")


@pytest.fixture
def folder(given: Checkpoint, tmp_path: Path) -> Path:
    """The files of a model, as Share gives them."""
    vae = given.model()
    (tmp_path / "decoder.onnx").write_bytes(export.decoder_onnx(vae))
    (tmp_path / "encoder.onnx").write_bytes(export.encoder_onnx(vae))
    (tmp_path / "checkpoint.safetensors").write_bytes(checkpoints.to_bytes(given))
    return tmp_path


def bring(page: Page, app: AppProcess, *files: Path) -> None:
    page.goto(app.address)
    settle(page)
    page.get_by_text("Bring a model").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)


def explore(page: Page) -> None:
    page.get_by_role("button", name="Explore it").click(timeout=60_000)
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    expect(page.get_by_text("not checked by us")).to_be_visible()


def decoded(page: Page, z: np.ndarray) -> np.ndarray:
    return np.array(page.evaluate(f"async () => [...await {PAD}.decode({z.tolist()})]"))


@pytest.mark.slow
def test_pair_of_onnx_files_is_explored_with_the_codes_of_ones_own_pictures(
    page: Page, app: AppProcess, app_workspace: Path, given: Checkpoint, folder: Path
) -> None:
    stored_datasets.save(replace(stroke_dataset(73), name="strokes to bring"))
    bring(page, app, folder / "decoder.onnx", folder / "encoder.onnx")
    expect(page.get_by_text("decoder.onnx: 3 latents to a picture of 8×8. encoder.onnx encodes.")).to_be_visible(
        timeout=60_000
    )
    expect(page.get_by_role("combobox", name="Beside the mean")).to_have_value("the standard deviation")
    pick(page, "On the map are the codes of", "strokes to bring")
    settle(page)
    page.get_by_role("textbox", name="Name").fill("Brought by me")
    page.get_by_role("textbox", name="Name").press("Enter")
    settle(page)
    explore(page)
    expect(page.locator(".lp-note")).to_have_text("73 codes · decoding in this browser")
    title = re.compile("Brought by me · VAE · 3 latents · .* · brought")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(title)
    assert given.codes is not None
    np.testing.assert_allclose(page.evaluate(f"[...{PAD}.samples.means]"), given.codes.mean.ravel(), atol=1e-5)
    z = given.codes.mean[3]
    np.testing.assert_allclose(decoded(page, z), given.decode(z[None]).ravel(), atol=1e-4)
    expect(page.locator("[data-testid=latent-pad][data-encoder=browser]")).to_have_count(1, timeout=30_000)


def test_decoder_alone_is_explored_over_draws_from_the_prior(
    page: Page, app: AppProcess, app_workspace: Path, given: Checkpoint, folder: Path
) -> None:
    bring(page, app, folder / "decoder.onnx")
    expect(page.get_by_text("Without an encoder, pictures cannot be encoded.")).to_be_visible(timeout=60_000)
    explore(page)
    expect(page.locator(".lp-note")).to_contain_text("2,000 draws from N(0, I), as the model came without data")
    expect(page.get_by_role("tab", name="Own picture")).to_have_count(0)
    expect(page.locator(".lp-trust-bar")).to_have_count(0)
    z = np.array([0.5, -0.5, 1.0])
    np.testing.assert_allclose(decoded(page, z), given.decode(z[None]).ravel(), atol=1e-4)


def test_checkpoint_that_was_given_away_is_explored_again(
    page: Page, app: AppProcess, app_workspace: Path, given: Checkpoint, folder: Path
) -> None:
    bring(page, app, folder / "checkpoint.safetensors")
    explore(page)
    assert given.codes is not None
    assert page.evaluate(f"[...{PAD}.samples.means]") == given.codes.mean.ravel().tolist()


def test_file_that_could_run_a_program_is_refused_with_the_way_here(
    page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.pt").write_bytes(pickle.dumps({"decoder.weight": [1.0]}))
    bring(page, app, tmp_path / "model.pt")
    expect(page.get_by_test_id("stAlert")).to_contain_text("is a pickle, which can run programs", timeout=30_000)
    expect(page.get_by_test_id("stAlert")).to_contain_text("torch.onnx.export")
    expect(page.get_by_role("button", name="Explore it")).to_have_count(0)
