"""The browser's decoder and the server's compute what PyTorch computes, and one stands in for the other."""

import base64
import itertools

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, Route

from pages.ui import browser_runtime, cache, explorer
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import WATCH_PAINTS, across, drag, open_explorer
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES

POINTS = 200
PAIRS = list(zip(ARCHITECTURES, itertools.cycle(name for name in LIKELIHOODS if name != "mixed"), strict=False))
"""Every architecture and every likelihood; `tests/core/test_export.py` compares all pairs."""
SHAPES = [(9, 3), (64, 1)]
PLACES = ["browser", "server"]

BYTES = """const bytes = (numbers) => btoa(
    Array.from(new Uint8Array(Float32Array.from(numbers).buffer), (byte) => String.fromCharCode(byte)).join(""));"""
"""Numbers as they are in memory: a list of a million takes Playwright longer to hand over than all the rest takes."""

DECODE = f"""async ([data, points, onServer]) => {{
  {BYTES}
  const {{ openDecoder }} = await import(new URL(data.modules + "networks.js", location.origin).href);
  if (onServer) data.decoder.why_server = "the test wants it";
  const decoder = await openDecoder(data);
  const found = [];
  for (const z of points) found.push(bytes(await decoder.decode(Float32Array.from(z))));
  decoder.close();
  return [decoder.where, found];
}}"""


@pytest.fixture
def bare_page(page: Page, app: AppProcess) -> Page:
    """An address of the app without the app on it: whoever imports a module alone need not wait for the start page."""
    page.goto(f"{app.address}/_stcore/health")
    return page


def ask(page: Page, script: str, data: dict, given: list[list[float]], where: str) -> np.ndarray:
    """What the half of the model that computes there answers to each, float32 [N, ...]."""
    used, found = page.evaluate(script, [data, given, where == "server"])
    assert used == where
    return np.array([np.frombuffer(base64.b64decode(numbers), "<f4") for numbers in found])


def description(id: str) -> dict:
    model = cache.newest_model(id)
    of_version = (id, model.version)
    return explorer.describe(model, cache.codes(*of_version), cache.layout(*of_version), None, "/studio")


@pytest.mark.parametrize(("architecture", "likelihood"), PAIRS)
def test_decoder_equals_pytorch(bare_page: Page, app_workspace: object, architecture: str, likelihood: str) -> None:
    for side, channels in SHAPES[1:] if architecture == "burgess" else SHAPES:
        dataset = stroke_dataset(count=20, side=side, channels=channels)
        checkpoint = trained(dataset, small(architecture, likelihood, latents=3), epochs=1)
        id = store_model(dataset, checkpoint)
        z = torch.randn(POINTS, 3, generator=torch.Generator().manual_seed(0)) * 2
        expected = checkpoint.model().decode_bounded(z).flatten(1).detach().numpy()
        for where in PLACES:
            found = ask(bare_page, DECODE, description(id), z.tolist(), where)
            assert found.shape == expected.shape
            assert np.abs(found - expected).max() <= 1e-4, where


@pytest.mark.parametrize("architecture", ["mlp", "conv", "resnet"])
def test_conditional_decoder_equals_pytorch(bare_page: Page, app_workspace: object, architecture: str) -> None:
    dataset = stroke_dataset(count=20, side=16)
    checkpoint = trained(dataset, small(architecture, latents=3, conditional=True), epochs=1)
    id = store_model(dataset, checkpoint)
    assert description(id)["conditions"] == ["-", "|"]
    z = torch.randn(POINTS, 3, generator=torch.Generator().manual_seed(0)) * 2
    labels = torch.arange(POINTS) % 2
    told = torch.cat([z, torch.nn.functional.one_hot(labels, 2)], 1)
    expected = checkpoint.model().decode_bounded(z, labels).flatten(1).detach().numpy()
    for where in PLACES:
        found = ask(bare_page, DECODE, description(id), told.tolist(), where)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-4, where
    assert np.abs(expected[0] - expected[1]).max() > 1e-3


ENCODE = f"""async ([data, examples, onServer]) => {{
  {BYTES}
  const {{ openEncoder }} = await import(new URL(data.modules + "networks.js", location.origin).href);
  if (onServer) data.encoder.why_server = "the test wants it";
  const encoder = await openEncoder(data);
  const found = [];
  for (const x of examples) {{
    const {{ mean, std }} = await encoder.encode(Float32Array.from(x));
    found.push(bytes([...mean, ...std]));
  }}
  encoder.close();
  return [encoder.where, found];
}}"""


@pytest.mark.parametrize(("architecture", "conditional"), [("mlp", True), ("conv", False), ("resnet", True)])
def test_encoder_equals_pytorch(bare_page: Page, app_workspace: object, architecture: str, conditional: bool) -> None:
    dataset = stroke_dataset(count=20, side=16, channels=3)
    checkpoint = trained(dataset, small(architecture, latents=3, conditional=conditional), epochs=1)
    id = store_model(dataset, checkpoint)
    x = torch.rand(20, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    labels = torch.eye(2)[torch.arange(20) % 2] if conditional else torch.zeros(20, 0)
    expected = checkpoint.model().encode(x, labels)
    given = torch.cat([x.flatten(1), labels], 1).tolist()
    both = torch.cat([expected.mean, expected.stddev], 1).detach().numpy()
    for where in PLACES:
        found = ask(bare_page, ENCODE, description(id), given, where)
        assert found.shape == both.shape
        assert np.abs(found - both).max() <= 1e-4, where


def test_without_the_runtime_the_server_decodes_live_and_says_so(page: Page, app: AppProcess) -> None:
    def refuse(route: Route) -> None:
        if route.request.url.endswith(browser_runtime.PLOTLY):
            route.continue_()  # the map is not what is missing
        else:
            route.abort()

    page.route("**/studio/runtime/**", refuse)
    open_explorer(page, app.address, "model=digits-2d")
    assert page.get_by_test_id("latent-pad").get_attribute("data-decoder") == "server"
    assert "decoding on the server: the browser's decoder could not be loaded" in page.locator(".lp-note").inner_text()
    page.evaluate(WATCH_PAINTS)
    _, different, requested = drag(page, across(page.get_by_role("slider", name="z1", exact=True), 0.5, 0.5))
    assert different >= 40
    assert requested == []


def test_browser_without_webassembly_is_served_too(page: Page, app: AppProcess) -> None:
    page.add_init_script("delete window.WebAssembly;")
    open_explorer(page, app.address, "model=digits-2d")
    assert "this browser has no WebAssembly" in page.locator(".lp-note").inner_text()
