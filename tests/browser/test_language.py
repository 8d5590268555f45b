"""What components say in the browser is in the reader's language, and another language is spoken at once.

The language of these tests puts every message between ⟦ and ⟧: what a component shows beside them was left out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pages.ui import browser_runtime
from pages.ui.lessons import LESSONS, Lesson
from tests.browser.app_process import AppProcess
from tests.browser.conftest import go_without
from tests.browser.explorer_page import pick, settle, value
from tests.conftest import stroke_dataset, trained
from tests.pseudo import LOCALE, write_catalogue
from tests.small import small
from tests.stored import store_film, store_model
from vae_core.datasets import SAMPLES, Dataset, TableSchema

TOLD = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[A-Za-z]{2,}")
NO_WORDS = ("t-SNE", "ELBO", "KL", "cos", "log q", "Python", "GIF", "PNG", "MP4", "WebM")
"""Names and signs that are the same in every language."""
MATHS = ("log", "sin", "cos", "std", "ln", "nats", "slerp", "KL1", "KL2", "Rz", "MIG")
LOOK = """(root) => {
  const found = [];
  const look = (node) => {
    if (node.nodeType === Node.TEXT_NODE) found.push(["text", node.data, node.parentElement]);
    if (node.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT", "PRE"].includes(node.tagName)) return;
    for (const name of ["title", "aria-label", "aria-valuetext", "placeholder", "data-title", "alt"]) {
      if (node.hasAttribute(name)) found.push([name, node.getAttribute(name), node]);
    }
    node.childNodes.forEach(look);
  };
  look(root);
  for (const [canvas, texts] of window.written) {
    if (root.contains(canvas)) texts.forEach((text) => found.push(["canvas", text, canvas]));
  }
  const place = (one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") || one.parentElement.className}`;
  return found.map(([kind, words, one]) => [kind, words, place(one)]);
}"""
WATCH_CANVASES = """() => {
  window.written = new Map();
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    if (!window.written.has(this.canvas)) window.written.set(this.canvas, new Set());
    window.written.get(this.canvas).add(String(text));
    return write.call(this, text, ...rest);
  };
}"""


class Found(NamedTuple):
    """A text that a visitor can read."""

    kind: str
    words: str
    place: str


class Reader:
    """Looks at a component again and again, and remembers what was left out.

    Args:
        page: Where it is.
        component: Its data-testid.
        also: Words of the data, which no language changes.
    """

    def __init__(self, page: Page, component: str, also: tuple[str, ...] = ()) -> None:
        self.page = page
        self.component = component
        allowed = sorted((*NO_WORDS, *also), key=len, reverse=True)
        self.allowed = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, allowed))})(?!\w)")
        self.left_out: dict[Found, str] = {}
        self.told = 0

    def look(self, when: str) -> None:
        """At every text and name, and all that canvases have been given to write so far."""
        self.page.wait_for_timeout(400)
        for kind, words, place in self.page.get_by_test_id(self.component).evaluate(LOOK):
            rest = without_told(words)
            self.told += rest != words
            if WORD.search(self.allowed.sub("", rest)):
                self.left_out.setdefault(Found(kind, words.strip(), place), when)

    def check(self) -> None:
        report = [f"{kind} of {place} ({when}): {words}" for (kind, words, place), when in self.left_out.items()]
        assert not report, "left out:\n" + "\n".join(report)
        assert self.told > 3


def without_told(words: str) -> str:
    """What stands beside the messages; messages may stand within messages."""
    while TOLD.search(words):
        words = TOLD.sub("", words)
    return words


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """The app with a further language."""
    if not browser_runtime.install():
        go_without("browser tests need onnxruntime-web, which npm could not fetch from its registry")
    folder = tmp_path_factory.mktemp("languages")
    write_catalogue(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_STUDIO_LANGUAGES", str(folder))
        process = AppProcess(tmp_path_factory.mktemp("app") / "workspace")
    yield process
    process.stop()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Of a visitor who has chosen nothing yet; afterwards: nothing was thrown."""
    opened = context.new_page()
    opened.add_init_script(f"({WATCH_CANVASES})()")
    thrown: list[str] = []
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    yield opened
    context.clear_cookies()
    assert thrown == []


def explore(page: Page, app: AppProcess, model: str, *also: str) -> Reader:
    """The explorer, once everything is there."""
    page.goto(f"{app.address}/explore?lang={LOCALE}&model={model}")
    page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    settle(page)
    return Reader(page, "latent-pad", also)


def open_all(reader: Reader) -> None:
    """Every layer, every tool and what is shared."""
    page = reader.page
    for layer in page.locator(".lp-layers button").all():
        layer.click()
        reader.look(f"layer {layer.inner_text()}")
        layer.click()
    for tab in page.get_by_role("tab").all():
        tab.click()
        reader.look(f"tool {tab.inner_text()}")
    page.locator(".lp-bar button", has_text="⟦Share⟧").click()
    page.get_by_role("dialog").wait_for()
    reader.look("shared")
    page.keyboard.press("Escape")


def words_of(dataset: Dataset) -> tuple[str, ...]:
    """Names that come with the data."""
    columns = dataset.schema.columns if isinstance(dataset.schema, TableSchema) else ()
    categories = (name for column in columns for name in getattr(column, "categories", ()))
    return (*dataset.label_names, *(column.name for column in columns), *categories)


def press(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=f"⟦{name}⟧").first.click()


@pytest.mark.parametrize(
    ("model", "sample"), [("digits-2d", ""), ("mnist-16d", ""), ("moons-2d", "moons"), ("houses-2d", "houses")]
)
def test_explorer_leaves_nothing_out(page: Page, app: AppProcess, model: str, sample: str) -> None:
    reader = explore(page, app, model, *(words_of(SAMPLES[sample]()) if sample else ()))
    reader.look("opened")
    page.mouse.move(*middle_of(page, "[data-testid=latent-pad] .lp-map"))
    reader.look("at the pointer")
    press(page, "Random", "A sample")
    reader.look("elsewhere")
    open_all(reader)
    reader.check()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_scene_of_a_lesson_leaves_nothing_out(page: Page, app: AppProcess, lesson: Lesson) -> None:
    page.goto(f"{app.address}/learn?lang={LOCALE}&lesson={lesson.name}")
    page.locator("[data-testid=lesson][data-ready=true]").wait_for(timeout=60_000)
    settle(page)
    reader = Reader(page, "lesson", MATHS)
    reader.look("opened")
    page.get_by_test_id("stRadioOption").first.click()
    press(page, "That is my prediction")
    settle(page)
    reader.look("after the prediction")
    for made in page.locator(".lesson button:visible").all()[:8]:
        made.click()
    reader.look("after its buttons were pressed")
    reader.check()


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_tools_that_have_something_to_show_leave_nothing_out(page: Page, app: AppProcess) -> None:
    reader = explore(page, app, "digits-2d")
    page.get_by_role("tab", name="Paths").click()
    for end in "AB":
        page.get_by_role("button", name=f"⟦{end}: a sample⟧").click()
    page.locator(".lp-paths .lp-way").first.wait_for(timeout=30_000)
    reader.look("paths")
    page.get_by_role("tab", name="Blend").click()
    for _ in range(2):
        page.get_by_role("button", name="Add a sample").click()
    page.get_by_test_id("palette").focus()
    reader.look("two anchors")
    page.keyboard.press("ArrowRight")
    reader.look("blended")
    page.get_by_role("tab", name="Selection").click()
    page.get_by_role("combobox", name="All of a label").select_option(index=2)
    reader.look("selected")
    page.get_by_role("tab", name="Concepts").click()
    page.get_by_role("combobox", name="⟦⟦With⟧: samples⟧").select_option(index=1)
    page.get_by_role("button", name="Make the concept").click()
    page.locator("[data-concept]").wait_for(timeout=30_000)
    page.locator("[data-concept] input[type=range]").press("ArrowRight")
    reader.look("concept")
    page.get_by_role("tab", name="Own picture").click()
    page.get_by_role("button", name="One of the data").click()
    reader.look("own picture")
    reader.check()


def test_t_sne_leaves_nothing_out(page: Page, app: AppProcess) -> None:
    reader = explore(page, app, "mnist-16d")
    for kind in (1, 2):
        page.get_by_role("combobox", name="⟦Map⟧").select_option(index=kind)
        reader.look(f"map {kind}")
    reader.check()


def test_ledger_leaves_nothing_out(page: Page, app: AppProcess) -> None:
    houses = words_of(SAMPLES["houses"]())
    for model, also in (("digits-2d", ()), ("digits-ae", ()), ("houses-2d", houses)):
        page.goto(f"{app.address}/ledger?lang={LOCALE}&model={model}")
        page.locator("[data-testid=ledger][data-shown]").wait_for(timeout=60_000)
        reader = Reader(page, "ledger", also)
        reader.look(f"{model} opened")
        if model == "digits-2d":
            page.locator(".el-pictures").focus()
            page.keyboard.press("ArrowRight")
            reader.look("at a pixel")
        page.get_by_role("spinbutton", name="⟦Example⟧").fill("99999")
        page.keyboard.press("Enter")
        reader.look("refused")
        reader.check()


def test_linked_maps_leave_nothing_out(page: Page, app: AppProcess) -> None:
    page.goto(f"{app.address}/compare?lang={LOCALE}&models=digits-2d,digits-ae")
    page.locator("[data-testid=linked-maps][data-ready=true]").wait_for(timeout=60_000)
    reader = Reader(page, "linked-maps")
    reader.look("opened")
    page.get_by_test_id("linked-map-0").focus()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
        reader.look(key)
    reader.check()


def test_film_leaves_nothing_out(page: Page, app: AppProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
    run = store_film(stroke_dataset(count=60, side=8), small(latents=3), 2)
    page.goto(f"{app.address}/film?lang={LOCALE}&run={run.path.name}")
    page.locator("[data-testid=film][data-loaded=true][data-decoder='2']").wait_for(timeout=60_000)
    reader = Reader(page, "film")
    reader.look("opened")
    page.get_by_role("slider", name="⟦Epoch⟧").press("Home")
    reader.look("the first frame")
    reader.check()


def test_threshold_leaves_nothing_out(page: Page, app: AppProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
    dataset = stroke_dataset(60)
    page.goto(f"{app.address}/anomalies?lang={LOCALE}&model={store_model(dataset, trained(dataset))}")
    settle(page)
    page.get_by_role("button", name=re.compile("^(⟦Score⟧|Score)$")).click()
    page.get_by_test_id("threshold").locator("output").wait_for(timeout=60_000)
    reader = Reader(page, "threshold")
    reader.look("opened")
    reader.check()


def test_another_language_retells_the_explorer_without_a_reload(page: Page, app: AppProcess) -> None:
    explore(page, app, "digits-2d")
    page.evaluate("() => (window.isSamePage = true)")
    field = page.get_by_label("⟦z1, typed⟧", exact=True)
    field.fill("1.25")
    field.press("Enter")
    page.wait_for_url("**z=1.25*")
    pick(page, "Language / 语言", "English")
    pad = page.get_by_test_id("latent-pad")
    expect(pad.get_by_role("button", name="Undo", exact=True)).to_be_visible(timeout=20_000)
    pad.locator("xpath=self::*[@data-ready='true']").wait_for(timeout=20_000)
    assert "⟦" not in pad.inner_text()
    assert value(page, "z1") == pytest.approx(1.25)
    assert page.evaluate("() => window.isSamePage")


@pytest.mark.parametrize(
    ("address", "component", "ready"),
    [
        ("ledger?model=digits-2d", "ledger", "data-shown"),
        ("compare?models=digits-2d,digits-ae", "linked-maps", "data-ready"),
    ],
)
def test_another_language_retells_what_stays_on_the_page(
    page: Page, app: AppProcess, address: str, component: str, ready: str
) -> None:
    page.goto(f"{app.address}/{address}&lang={LOCALE}")
    shown = page.locator(f"[data-testid={component}][{ready}]")
    shown.wait_for(timeout=60_000)
    assert "⟦" in shown.inner_text()
    pick(page, "Language / 语言", "English")
    expect(shown).not_to_contain_text("⟦", timeout=20_000)
    expect(shown).to_contain_text(re.compile("[a-z]{3}"))
