"""Chromium against the real app; skipped with a reason where there is no Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pages.ui import browser_runtime
from tests.browser.app_process import CHROMIUM, AppProcess, launch_keeping

TELL = """document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) =>
  console.error("Content Security Policy", violatedDirective, blockedURI, sourceFile))"""
"""The browser itself says nothing where whoever does what is forbidden goes on without."""


def go_without(reason: str) -> None:
    """Skip where a person lacks it; in CI, which installs it, a missing browser is a failure and no green run."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Who has been here before: the browser keeps the app's scripts, compiled, from test to test."""
    if not CHROMIUM.exists():
        go_without(f"browser tests need Debian's Chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = launch_keeping(playwright, tmp_path_factory.mktemp("browser"))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def browser(visitor: BrowserContext) -> Browser:
    """The same one, for whoever wants visitors of their own."""
    assert visitor.browser is not None
    return visitor.browser


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    if not browser_runtime.install():
        go_without("browser tests need onnxruntime-web, which npm could not fetch from its registry")
    process = AppProcess(tmp_path_factory.mktemp("app") / "workspace")
    yield process
    process.stop()


@pytest.fixture
def context(visitor: BrowserContext) -> Iterator[BrowserContext]:
    yield visitor
    for page in visitor.pages:
        page.close()


@pytest.fixture
def page(context: BrowserContext, app: AppProcess) -> Iterator[Page]:
    """A page; afterwards: nothing was thrown, nothing asked of another host, nothing done that the page may not do."""
    opened = context.new_page()
    opened.add_init_script(TELL)
    thrown: list[str] = []
    outside: list[str] = []
    forbidden: list[str] = []
    opened.on("console", lambda said: forbidden.append(said.text) if "Content Security Policy" in said.text else None)
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith((app.address, "data:", "blob:")) else outside.append(r.url))
    yield opened
    assert thrown == []
    assert outside == []
    assert forbidden == []


@pytest.fixture
def app_workspace(app: AppProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this process write into the workspace that the app reads."""
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
    return app.workspace
