"""The explorer as one file: saved from the Share menu, opened from the disk with the network off."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.ui import one_file
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import WATCH_PAINTS, across, drag, open_explorer, pixels, value
from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import stored_concepts
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import SAMPLES, Dataset
from vae_core.latents.paths import linear, spherical

HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'">'
PAD = "document.querySelector('.latent-pad').pad"


@pytest.fixture
def dataset() -> Dataset:
    return stroke_dataset(90)


@pytest.fixture
def model(dataset: Dataset) -> Checkpoint:
    return trained(dataset, small(conditional=True), name=HOSTILE)


@pytest.fixture
def disk(browser: Browser) -> Iterator[Page]:
    """A page without a network, that has asked nobody for anything."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    thrown: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else asked.append(r.url))
    yield page
    assert thrown == []
    assert asked == []
    context.close()


def saved(page: Page, app: AppProcess, id: str, target: Path) -> str:
    """Where the file is that the Share menu saves."""
    open_explorer(page, app.address, f"model={id}")
    page.get_by_role("button", name="Share").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save HTML").click()
    assert download.value.suggested_filename == "explorer.html"
    download.value.save_as(target)
    return target.as_uri()


def opened(disk: Page, address: str) -> Page:
    disk.goto(address)
    disk.locator("[data-testid=latent-pad][data-ready=true][data-encoder=browser]").wait_for(timeout=60_000)
    return disk


def test_file_is_live_without_server_and_network(
    page: Page, disk: Page, app: AppProcess, app_workspace: Path, model: Checkpoint, tmp_path: Path
) -> None:
    dataset = stroke_dataset(90)
    id = store_model(dataset, model)
    assert model.codes is not None
    stored_concepts.add(id, "lying", model.codes, np.flatnonzero(dataset.labels == 0), np.flatnonzero(dataset.labels))
    address = saved(page, app, id, tmp_path / "explorer.html")
    opened(disk, address)
    expect(disk.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert "taken" not in disk.title().split(" · ")[0][:5]
    assert disk.locator("img").count() == 0
    assert disk.locator(".lp-note").inner_text() == "90 codes · decoding in this browser"
    assert "Nearest samples: " in disk.locator(".lp-nearest").inner_text()
    expect(disk.get_by_role("button", name="Share")).to_have_count(0)

    z = [0.3, -0.7]
    decoded = disk.evaluate(f"async () => [...await {PAD}.decode({z})]")
    np.testing.assert_allclose(decoded, model.decode(np.array([z]), np.array([0])).ravel(), atol=1e-4)
    x = dataset.x[0].transpose(2, 0, 1) / 255
    posterior = disk.evaluate(f"async () => [...(await {PAD}.encode({x.ravel().tolist()})).mean]")
    assert dataset.labels is not None
    assert dataset.labels[0] == 0
    np.testing.assert_allclose(posterior, model.codes.mean[0], atol=1e-4)
    np.testing.assert_array_equal(
        np.float32(disk.evaluate(f"[...{PAD}.samples.means]")), model.codes.mean.ravel().astype(np.float32)
    )

    disk.evaluate(WATCH_PAINTS)
    times, different, requested = drag(disk, across(disk.locator(".lp-plot .nsewdrag"), 0.3, 0.6))
    assert requested == []
    assert different > 30
    assert len(times) >= different

    here, seen = value(disk, "z1"), pixels(disk)
    disk.wait_for_url("**/explorer.html#z=*")
    again = disk.url
    disk.goto("about:blank")
    opened(disk, again)
    assert value(disk, "z1") == pytest.approx(here, abs=1e-3)
    assert pixels(disk) == seen

    disk.get_by_role("tab", name="Concepts").click()
    expect(disk.get_by_role("slider", name="Add lying")).to_be_visible()
    expect(disk.get_by_role("button", name=re.compile("Delete|Make"))).to_have_count(0)
    before = pixels(disk)
    disk.get_by_role("slider", name="Add lying").fill("1")
    expect(disk.locator("[data-concept=lying]")).to_contain_text("+1.00 times")
    disk.wait_for_timeout(300)
    assert pixels(disk) != before


def test_ways_of_the_file_are_those_of_the_app(
    page: Page, disk: Page, app: AppProcess, app_workspace: Path, dataset: Dataset, tmp_path: Path
) -> None:
    model = trained(dataset, small(latents=3), name="three")
    address = saved(page, app, store_model(dataset, model), tmp_path / "explorer.html")
    opened(disk, address)
    expect(disk.get_by_role("combobox", name="Map").locator("option")).to_have_count(2)  # t-SNE takes a server
    disk.get_by_role("tab", name="Paths").click()
    for end in ("A", "B"):
        disk.get_by_role("button", name=f"{end}: a sample").click()
    expect(disk.locator("[data-way]")).to_have_count(2)
    expect(disk.locator("[data-way] a")).to_have_count(0)
    found = disk.evaluate(f"{PAD}.tools.opened.found")
    a, b = (np.array(found["linear"]["latents"][k]) for k in (0, -1))
    for name, way in (("linear", linear), ("spherical", spherical)):
        latents = way(a, b)
        np.testing.assert_allclose(found[name]["latents"], latents, atol=1e-6)
        x = model.decode(latents).reshape(len(latents), -1)
        np.testing.assert_allclose(found[name]["speed"], np.linalg.norm(np.diff(x, axis=0), axis=1), atol=1e-4)
    along = disk.get_by_role("slider", name="Along: Straight line")
    along.fill("24")
    middle = linear(a, b)[24]
    assert value(disk, "z1") == pytest.approx(middle[0], abs=0.006)  # as it is told


@pytest.mark.parametrize("name", ["houses", "moons"])
def test_rows_of_a_table_open_from_the_disk_too(
    name: str, page: Page, disk: Page, app: AppProcess, app_workspace: Path, tmp_path: Path
) -> None:
    whole = SAMPLES[name]()
    few = replace(whole, x=whole.x[:200], labels=None, label_names=(), known_id=None)
    id = store_model(few, trained(few, small("mlp", "mixed" if name == "houses" else "gaussian"), epochs=1, name=name))
    opened(disk, saved(page, app, id, tmp_path / "explorer.html"))
    assert disk.get_by_role("tab", name="Sensitivity").is_visible()
    before = disk.locator("[data-testid=decoded]").evaluate("canvas => canvas.toDataURL()")
    disk.evaluate(WATCH_PAINTS)
    drag(disk, across(disk.locator(".lp-plot .nsewdrag").first, 0.3, 0.6))
    assert disk.locator("[data-testid=decoded]").evaluate("canvas => canvas.toDataURL()") != before


def test_every_module_is_in_the_file_under_a_name_that_those_that_import_it_use() -> None:
    modules = one_file.modules()
    imported = {
        name for source in modules.values() for name in re.findall(r'(?:from|import)\s*\(?\s*"([^"]+)"', source)
    }
    assert imported
    assert imported <= set(modules)
