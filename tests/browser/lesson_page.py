"""A lesson as a student meets it: predict, look, drag, check."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from vae_core import checkpoints
from vae_core.checkpoints import Checkpoint
from vae_core.latents.codes import Codes

SCENE = "document.querySelector('[data-testid=lesson]').lesson.scene"


def loaded(name: str) -> Checkpoint:
    return checkpoints.load(checkpoints.locate(name))


def codes_of(name: str) -> Codes:
    codes = loaded(name).codes
    assert codes is not None
    return codes


def open_lesson(page: Page, app: AppProcess, name: str) -> None:
    """By its link alone."""
    page.goto(f"{app.address}/learn?lesson={name}")
    page.locator(f"[data-testid=lesson][data-scene={name}][data-ready=true]").wait_for(timeout=60_000)
    settle(page)


def choose(page: Page, answer: str) -> None:
    page.get_by_test_id("stRadioOption").filter(has_text=re.compile(f"^{re.escape(answer)}")).click()
    settle(page)


def predict_once(page: Page, answer: str) -> None:
    choose(page, answer)
    page.get_by_role("button", name="That is my prediction").click()
    settle(page)


def predict(page: Page, wrong: str, right: str) -> None:
    """Wrongly, then again and rightly."""
    predict_once(page, wrong)
    expect(page.get_by_text("It is otherwise.")).to_be_visible()
    page.get_by_role("button", name="Predict again").click()
    settle(page)
    predict_once(page, right)
    expect(page.get_by_text("As you predicted.")).to_be_visible()


def check(page: Page, said: str) -> None:
    """Have the exercise checked, and be told this."""
    settle(page)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text(said)).to_be_visible()


def lines(page: Page) -> dict[str, str]:
    """The formula with its numbers."""
    box = page.get_by_test_id("numbers")
    return dict(zip(box.locator("dt").all_inner_texts(), box.locator("dd").all_inner_texts(), strict=True))


def paint(page: Page, name: str) -> str:
    found = page.get_by_test_id(name).evaluate("canvas => canvas.toDataURL()")
    assert isinstance(found, str)
    return found


def expect_repainted(page: Page, name: str, before: str) -> None:
    page.wait_for_function(
        "([name, before]) => document.querySelector(`[data-testid=${name}]`).toDataURL() !== before", arg=[name, before]
    )


@contextmanager
def nothing_fetched(page: Page) -> Iterator[None]:
    asked: list[str] = []

    def note(request: object) -> None:
        asked.append(str(request))

    for event in ("request", "websocket"):
        page.on(event, note)  # type: ignore[call-overload]
    yield
    for event in ("request", "websocket"):
        page.remove_listener(event, note)
    assert asked == []
