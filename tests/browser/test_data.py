"""The Data page as visitors use it: large uploads, other preparations, and what was deleted by mistake."""

import base64
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import pick, settle
from tests.conftest import png, strokes, zip_of
from vae_core import stored_datasets, uploads

MANY = 60_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ZIP of 60,000 pictures, small in bytes, that takes longer to read than any browser to look at it."""
    across, down = np.meshgrid(np.arange(512), np.arange(512))
    pictures = [png(((across * k // 7 + down * 3) // 8 % 256).astype(np.uint8)) for k in range(10)]
    path = tmp_path_factory.mktemp("large") / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(MANY):
            archive.writestr(f"{k % 10}/{k}.png", pictures[k % 10])
    return path


def small(folder: Path, name: str, count: int = 150, side: int = 16) -> Path:
    """A ZIP of pictures, black on white, whose first corner tells which picture it is."""
    x = 255 - strokes(count, side)
    x[0, 8:] = np.frombuffer(name.encode().ljust(128), dtype=np.uint8).reshape(8, 16, 1)  # a set of its own
    x[:, :2, :2] = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    path = folder / name
    path.write_bytes(zip_of({f"{'ab'[k % 2]}/{k:03}.png": png(x[k, ..., 0]) for k in range(count)}))
    return path


def drop(page: Page, app: AppProcess, path: Path) -> None:
    page.goto(app.address + "/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(path)


def upload(page: Page, app: AppProcess, path: Path) -> None:
    drop(page, app, path)
    expect(chosen(page)).to_have_value(path.name, timeout=30_000)
    page.wait_for_url("**/data?dataset=*")
    settle(page)


def chosen(page: Page):  # type: ignore[no-untyped-def]
    return page.get_by_role("combobox", name="Dataset")


def fact(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def picture(page: Page) -> np.ndarray:
    """The picture that the open tab shows."""
    settle(page)
    address = page.locator("[data-testid=stImage] img >> visible=true").first.get_attribute("src") or ""
    kind, _, content = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content)), formats=["PNG"]).convert("L"))


def done(page: Page) -> int:
    """How many files the progress bar says are read."""
    line = page.get_by_text(re.compile(rf"Reading [\d,]+ of {MANY:,} files · about \d+ (s|min) left"))
    expect(line).to_be_visible(timeout=30_000)
    return int(line.inner_text().split()[1].replace(",", ""))


@pytest.mark.slow
def test_large_upload_shows_how_far_it_is_wherever_one_comes_from_and_is_cancelled(
    page: Page, app: AppProcess, app_workspace: Path, large: Path
) -> None:
    drop(page, app, large)
    first = done(page)
    page.reload()
    assert done(page) > first
    page.go_back()  # and look at something else meanwhile
    expect(page.get_by_text("“large.zip” is being read.")).to_be_visible(timeout=30_000)
    expect(chosen(page)).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Show", exact=True).click()
    assert done(page) > first
    page.get_by_role("button", name="Cancel").dblclick()
    expect(page.get_by_text("Reading was cancelled. Nothing was kept.")).to_be_visible(timeout=10_000)
    expect(page.locator("input[type=file]")).to_have_count(1)
    expect(chosen(page)).to_be_visible()
    assert "upload" not in page.url
    assert uploads.running() == []
    assert "large.zip" not in [about.name for about in stored_datasets.list_all()]


def test_other_preparation_is_previewed_and_replaces_the_dataset_once(
    page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path
) -> None:
    upload(page, app, small(tmp_path, "replaced.zip"))
    before = page.url
    page.get_by_role("tab", name="Preparation").click()
    apply = page.get_by_role("button", name="Prepare all pictures like this")
    expect(apply).to_be_disabled()
    preview = picture(page)
    invert = page.get_by_test_id("stCheckbox").filter(has_text="Invert").locator("label")
    invert.click()
    expect(apply).to_be_enabled()
    inverted = picture(page)
    half = len(preview) // 2
    np.testing.assert_array_equal(preview[:half], inverted[:half])  # above, as they came
    assert preview[half + 4 :].mean() > 128 > inverted[half + 4 :].mean()
    side = page.get_by_role("slider", name="Side")
    side.press("ArrowRight")
    expect(page.get_by_text("as the model will see them: 17×17")).to_be_visible()
    settle(page)
    apply.dblclick()
    expect(fact(page, "Size")).to_have_text("17×17", timeout=30_000)
    expect(chosen(page)).to_have_value("replaced.zip")
    [about] = [about for about in stored_datasets.list_all() if about.name == "replaced.zip"]
    assert (about.schema_.shape, about.count) == ((1, 17, 17), 150)
    assert stored_datasets.load(about.id).x.mean() < 128

    page.goto(before)  # a link to what was replaced
    expect(page.get_by_text("This dataset is not here")).to_be_visible(timeout=30_000)
    settle(page)
    page.get_by_text(re.compile(r"Deleted or replaced \(\d+\)")).click()
    settle(page)  # it unfolds, and what is in it moves
    page.get_by_role("button", name="Bring back").first.click()
    expect(fact(page, "Size")).to_have_text("16×16", timeout=30_000)


def test_deleted_by_mistake_and_brought_back(page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path) -> None:
    upload(page, app, small(tmp_path, "mistake.zip"))
    there = page.url
    other = page.context.new_page()
    other.goto(there)
    settle(other)
    settle(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete").wait_for()
    settle(page)  # it unfolds
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Delete").dblclick()
    expect(page.get_by_text("“mistake.zip” was deleted.")).to_be_visible(timeout=30_000)
    assert "mistake.zip" not in [about.name for about in stored_datasets.list_all()]

    other.get_by_role("button", name="Next page").click()  # in another tab, which does not know yet
    expect(other.get_by_text("This dataset is not in the workspace")).to_be_visible(timeout=30_000)
    assert other.get_by_text("encountered an error").count() == 0
    other.close()

    settle(page)
    page.get_by_role("link", name="Train").click()
    page.wait_for_url("**/train*")
    page.get_by_role("link", name="Data").click()
    page.wait_for_url("**/data*")  # the page before has a list of datasets too
    expect(chosen(page)).to_be_visible(timeout=30_000)
    expect(page.get_by_text("was deleted.")).to_have_count(0)  # it is no news any more
    settle(page)
    page.go_back()
    page.wait_for_url("**/train*")
    settle(page)
    page.go_back()
    page.wait_for_url("**deleted=*")
    settle(page)
    page.get_by_role("button", name="Undo").click()
    expect(chosen(page)).to_have_value("mistake.zip", timeout=30_000)
    expect(page.get_by_text("was deleted.")).to_have_count(0)
    assert page.url == there


def test_built_in_set_comes_into_view_when_it_is_taken(page: Page, app: AppProcess) -> None:
    page.goto(app.address + "/data")
    settle(page)
    page.get_by_text("Or take a built-in set").click()
    picture = page.get_by_role("img", name="A glance at Five blobs")
    expect(picture).to_be_visible()
    page.wait_for_function("(image) => image.naturalWidth === 480", arg=picture.element_handle())
    page.get_by_role("button", name="Take it").nth(6).dblclick()
    expect(chosen(page)).to_have_value("Five blobs", timeout=30_000)
    expect(picture).not_to_be_visible()
    expect(page.get_by_role("button", name="Train a model on this")).to_be_in_viewport()


def test_renamed_dataset_keeps_its_address(page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path) -> None:
    upload(page, app, small(tmp_path, "plain.zip"))
    there = page.url
    page.get_by_role("button", name="Rename").click()
    name = page.get_by_test_id("stPopoverBody").get_by_label("Name")
    name.fill("![x](http://elsewhere.example/x.png) 😀")
    name.press("Enter")
    expect(chosen(page)).to_have_value("![x](http://elsewhere.example/x.png) 😀", timeout=30_000)
    assert page.url == there
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    settle(page)
    page.get_by_role("button", name="Rename").click()
    page.get_by_test_id("stPopoverBody").get_by_label("Name").fill("  ")
    page.get_by_test_id("stPopoverBody").get_by_label("Name").press("Enter")
    expect(page.get_by_text("A dataset needs a name.")).to_be_visible(timeout=30_000)


def test_contact_sheet_is_paged_through_in_order_and_by_label(
    page: Page, app: AppProcess, app_workspace: Path, tmp_path: Path
) -> None:
    upload(page, app, small(tmp_path, "paged.zip"))
    assert corners(picture(page)) != list(range(0, 120))  # shuffled
    pick(page, "Show", "All, in order")
    expect(page.get_by_role("combobox", name="Show")).to_have_value("All, in order")
    assert corners(picture(page)) == list(range(120))
    page.get_by_role("button", name="Next page").click()
    page.wait_for_timeout(300)
    assert corners(picture(page))[:30] == list(range(120, 150))
    pick(page, "Show", "b (75)")
    expect(page.get_by_role("combobox", name="Show")).to_have_value("b (75)")
    assert corners(picture(page))[:75] == list(range(1, 150, 2))
    expect(page.get_by_role("button", name="Next page")).to_have_count(0)


def corners(sheet: np.ndarray) -> list[int]:
    """The upper left pixel of every picture of 16×16 on a sheet of 20 columns."""
    factor = sheet.shape[1] // (20 * 17 + 1)
    return sheet[1 * factor :: 17 * factor, 1 * factor :: 17 * factor][:, :20].reshape(-1).tolist()


def test_back_leads_past_an_upload_that_has_ended(page: Page, app: AppProcess, tmp_path: Path) -> None:
    page.goto(app.address + "/train")
    settle(page)
    page.get_by_role("link", name="Data").click()
    page.wait_for_url("**/data")
    settle(page)
    page.locator("input[type=file]").set_input_files(small(tmp_path, "past.zip"))
    page.wait_for_url("**/data?dataset=*", timeout=30_000)
    settle(page)
    page.go_back()
    page.wait_for_url("**/data?upload=*")
    expect(chosen(page)).to_have_value("past.zip")
    settle(page)
    page.go_back()
    page.wait_for_url("**/data")
    settle(page)
    page.go_back()
    page.wait_for_url("**/train")


def test_wrong_file_is_one_sentence_beside_what_was_there(page: Page, app: AppProcess, tmp_path: Path) -> None:
    page.goto(app.address + "/data")
    for name, content, sentence in (
        ("paper.pdf", b"%PDF-1.7\n%%EOF", "paper.pdf is a PDF document."),
        ("empty.zip", b"", "empty.zip is empty."),
        ("![x](http:e.example).csv", b"a,b\n1,2\n3\n", "![x](http:e.example).csv: line 3 has 1 cell"),
    ):
        (tmp_path / name).write_bytes(content)
        settle(page)
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        alert = page.get_by_test_id("stAlert").filter(has_text=name[:3])
        expect(alert).to_have_count(1, timeout=30_000)
        assert sentence in alert.inner_text().replace("\u200b", "")
        expect(chosen(page)).to_be_visible()
    settle(page)
    page.reload()
    expect(chosen(page)).to_be_visible(timeout=30_000)
    settle(page)
    expect(alert).to_have_count(0)  # told once
