"""A class in the browser: a passcode, a workspace for everybody, and a teacher who stops and shares."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle

CODE, TEACHERS = "blue-whale", "old-walrus"
TABLE = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n % 17) for n in range(200))


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    settings = {
        "VAE_STUDIO_PROFILE": "classroom",
        "VAE_STUDIO_PASSCODE": CODE,
        "VAE_STUDIO_TEACHER_PASSCODE": TEACHERS,
    }
    process = AppProcess(tmp_path_factory.mktemp("class") / "workspace", settings=settings)
    yield process
    process.stop()


@pytest.fixture
def enter(browser: Browser, classroom: AppProcess) -> Iterator[Callable[[str], Page]]:
    """Come in with a passcode, in a browser of one's own."""
    opened, forbidden = [], []

    def come_in(code: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        page.on("console", lambda said: forbidden.append(said.text) if "Security Policy" in said.text else None)
        page.goto(f"{classroom.address}/data")
        page.get_by_label("Passcode").fill(code)
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_role("heading", name="Data")).to_be_visible(timeout=60_000)
        settle(page)
        return page

    yield come_in
    for context in opened:
        context.close()
    assert forbidden == []


def bring(page: Page, name: str) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": TABLE})
    expect(page.get_by_role("combobox", name="Dataset")).to_have_value(name, timeout=30_000)
    settle(page)


def datasets(page: Page, classroom: AppProcess) -> list[str]:
    page.goto(f"{classroom.address}/data")
    expect(page.get_by_role("combobox", name="Dataset")).to_be_visible(timeout=30_000)
    settle(page)
    page.get_by_role("combobox", name="Dataset").click()
    names = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return names


def test_two_of_a_class_do_not_see_each_other_and_the_teacher_shares(
    enter: Callable[[str], Page], classroom: AppProcess
) -> None:
    anne, ben, teacher = enter(CODE), enter(CODE), enter(TEACHERS)
    bring(anne, "of-anne.csv")
    link = anne.url
    assert "of-anne.csv" not in datasets(ben, classroom)
    ben.goto(link)
    expect(ben.get_by_text("This dataset is not here")).to_be_visible(timeout=30_000)
    expect(ben.get_by_text("of-anne.csv")).to_have_count(0)

    bring(teacher, "for-all.csv")
    teacher.goto(f"{classroom.address}/teacher")
    line = teacher.get_by_test_id("stHorizontalBlock").filter(has_text=re.compile(r"for-all\.csv · 200"))
    expect(line.get_by_role("button", name="Share")).to_be_visible(timeout=30_000)
    settle(teacher)
    line.get_by_role("button", name="Share").click()
    expect(line.get_by_role("button", name="Withdraw")).to_be_visible(timeout=30_000)
    assert "for-all.csv" in datasets(ben, classroom)
    ben.goto(link.replace(link.rsplit("=", 1)[1], shared_id(classroom)))
    expect(ben.get_by_text("There for all who come here.")).to_be_visible(timeout=30_000)
    expect(ben.get_by_role("button", name="Delete")).to_have_count(0)
    settle(teacher)
    line.get_by_role("button", name="Withdraw").click()
    expect(line.get_by_role("button", name="Share")).to_be_visible(timeout=30_000)
    assert "for-all.csv" not in datasets(ben, classroom)


def shared_id(classroom: AppProcess) -> str:
    [id] = [
        home.name
        for home in (classroom.workspace / "shared" / "datasets").iterdir()
        if b"for-all.csv" in (home / "dataset.json").read_bytes()
    ]
    return id


def test_teacher_sees_who_trains_and_stops_it(enter: Callable[[str], Page], classroom: AppProcess) -> None:
    anne, teacher = enter(CODE), enter(TEACHERS)
    bring(anne, "long.csv")
    anne.get_by_role("button", name="Train a model on this").click()
    anne.get_by_role("spinbutton", name="Epochs").fill("5000", timeout=30_000)
    anne.get_by_role("spinbutton", name="Epochs").press("Enter")
    settle(anne)
    anne.get_by_role("button", name="Start training").click()
    expect(anne.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
    anne.goto(f"{classroom.address}/teacher")
    expect(anne.get_by_text("This page is for the teacher")).to_be_visible(timeout=30_000)

    teacher.goto(f"{classroom.address}/teacher")
    line = teacher.get_by_test_id("stHorizontalBlock").filter(has_text=re.compile("long.csv.*Workspace"))
    expect(line).to_be_visible(timeout=30_000)
    settle(teacher)
    line.get_by_role("button", name="Stop").click()
    expect(teacher.get_by_text("Nobody trains just now.")).to_be_visible(timeout=30_000)
    anne.goto(f"{classroom.address}/train")
    expect(anne.get_by_text("cancelled").first).to_be_visible(timeout=30_000)


def test_workspace_is_found_again_in_another_browser(enter: Callable[[str], Page], classroom: AppProcess) -> None:
    anne, elsewhere = enter(CODE), enter(CODE)
    bring(anne, "kept.csv")
    anne.get_by_text("Your workspace", exact=True).click()
    link = anne.get_by_test_id("stCode").inner_text().strip()
    assert "kept.csv" not in datasets(elsewhere, classroom)
    elsewhere.goto(link)
    elsewhere.get_by_role("button", name="Open this workspace").click()
    expect(elsewhere.get_by_text("Ready to explore")).to_be_visible(timeout=30_000)
    assert "kept.csv" in datasets(elsewhere, classroom)


@pytest.mark.parametrize(
    "page_name",
    ["", "explore?model=mnist-2d", "film", "measure", "ledger", "anomalies", "compare", "learn", "learn?lesson=keeps"],
)
def test_pages_work_under_the_policy(enter: Callable[[str], Page], classroom: AppProcess, page_name: str) -> None:
    page = enter(CODE)
    page.goto(f"{classroom.address}/{page_name}")
    expect(page.get_by_test_id("stHeading").or_(page.get_by_test_id("latent-pad")).first).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_text("WebGL is not supported")).to_have_count(0)
