"""Names that would be scripts, pictures from elsewhere, links, formulas or icons: on every page they are text.

One class, whose teacher has brought all of it, so that the teacher's page is among them; few page loads, each with
every name that it shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.conftest import png, stroke_dataset, strokes, trained, zip_of
from tests.small import small
from tests.stored import store_film, store_model
from vae_core import stored_concepts, stored_datasets, workspace
from vae_core.datasets import Dataset, TableSchema

pytestmark = pytest.mark.slow
CODE, TEACHERS = "blue-whale", "old-walrus"
SCRIPT = "<script>window.pwned=1</script>"
NAMES = (
    SCRIPT,
    '<img src=x onerror="window.pwned=1">',
    "<svg onload=window.pwned=1>",
    "![t](http://evil.example/x.png)",
    "[a](javascript:window.pwned=1)",
    r"$\href{javascript:window.pwned=1}{x}$",
    ":material/skull: :red[r] :skull:",
    "{{7*7}} %{x} %{customdata} ${y}",
    "cod\u202egnp.exe\x1b[31m\x07",
    "a\"b'c`d` **e** _f_ \\",
    "é" * 150,
)
MADE = """() => {
  const leads = /^(src|srcset|href|xlink:href|data|action|style)$/;
  const isActive = ({ name, value }) =>
    name.startsWith("on") || (leads.test(name) && /javascript:|evil\\.example/.test(value));
  const isIcon = (element) => element.dataset.testid === "stIconMaterial" && element.textContent.includes("skull");
  const isScript = (element) => element.localName === "script" && element.textContent.includes("pwned");
  const isMade = (element) =>
    [...element.attributes].some(isActive) || isIcon(element) || isScript(element) || element.matches(".katex a");
  const made = [...document.querySelectorAll("*")].filter(isMade).map((element) => element.outerHTML.slice(0, 200));
  return window.pwned === undefined ? made : [...made, "a script has run"];
}"""
"""What of the names above would have become something."""
UNFOLD = """() => document.querySelectorAll("[data-testid=stExpander] summary").forEach((fold) => {
  if (!fold.parentElement.open && fold.checkVisibility()) fold.click(); })"""
SHOWN = """(names) => {
  const typed = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
  const text = [document.body.textContent, ...typed].join(" ").replaceAll("\u200b", "");
  return names.every((name) => text.includes(name)); }"""
AT_SAMPLE = """() => { const { pad } = document.querySelector(".latent-pad");
  const [u, v] = pad.samples.onPlane(0, pad.plane).mean;
  const box = pad.area.getBoundingClientRect();
  return [box.left + pad.map.view.left + pad.map.view.x(u), box.top + pad.map.view.top + pad.map.view.y(v)]; }"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """A class instead of the server that all other modules share."""
    settings = {
        "VAE_STUDIO_PROFILE": "classroom",
        "VAE_STUDIO_PASSCODE": CODE,
        "VAE_STUDIO_TEACHER_PASSCODE": TEACHERS,
    }
    process = AppProcess(tmp_path_factory.mktemp("class") / "workspace", settings=settings)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def context(browser: Browser, app: AppProcess) -> Iterator[BrowserContext]:
    """The teacher's browser: another one keeps none of its cookies."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    page = opened.new_page()
    page.goto(f"{app.address}/learn")
    page.get_by_label("Passcode").fill(TEACHERS)
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("heading", name="Learn")).to_be_visible(timeout=60_000)
    page.close()
    yield opened
    opened.close()


def pictures() -> Dataset:
    """Every label and every example has such a name, and some are there twice, which is told by name."""
    labels = np.arange(90, dtype=np.int32) % len(NAMES)
    dataset = stroke_dataset(90)
    names = tuple(f"{NAMES[k % len(NAMES)]} {k}" for k in range(90))
    factors = np.stack([labels, np.arange(90, dtype=np.int32) % 3], axis=1)
    told = dataset.with_warnings(f"Skipped: {NAMES[3]} (not a picture).")
    return replace(
        told, name=NAMES[3], labels=labels, label_names=NAMES, names=names, factors=factors, factor_names=NAMES[:2]
    )


def table() -> Dataset:
    """Every column has such a name."""
    random = np.random.default_rng(0)
    columns = {name: random.normal(size=60).astype(np.float32) for name in NAMES}
    schema = TableSchema.fit(columns)
    labels = np.arange(60, dtype=np.int32) % len(NAMES)
    return Dataset(NAMES[1], schema.to_x(columns), schema, labels, NAMES)


@pytest.fixture(scope="module")
def ids(app: AppProcess, context: BrowserContext) -> Iterator[dict[str, str]]:
    """What the teacher has, by short words."""
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    with pytest.MonkeyPatch.context() as patch, workspace.visiting(cookies["studio_workspace"][:26]):
        patch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
        shown, rows = pictures(), table()
        first = trained(shown, name=NAMES[0])
        found = {"pictures": shown.id, "table": rows.id, "first": store_model(shown, first)}
        found["second"] = store_model(shown, replace(first, name=NAMES[1]))
        found["rows"] = store_model(rows, trained(rows, small(likelihood="gaussian"), name=NAMES[2]))
        found["film"] = store_film(shown, small(conditional=True), 3, NAMES[3]).path.name
        for name in NAMES[4:]:
            store_model(shown, replace(first, name=name))
            stored_datasets.save(replace(shown, name=name, x=np.roll(shown.x, 1 + NAMES.index(name), 0)))
        assert first.codes is not None
        for name in NAMES[:4]:
            stored_concepts.add(found["first"], name, first.codes, np.arange(0, 90, 2), np.arange(1, 90, 2))
        yield found


PAGES = {
    "": (),
    "data?dataset={pictures}": (NAMES[3],),
    "data?dataset={table}": (NAMES[1],),
    "train?run={film}": (SCRIPT, NAMES[3]),
    "explore?model={first}&view=tool:concepts": (SCRIPT, NAMES[4]),
    "explore?model={rows}": (SCRIPT, NAMES[7]),
    "film?run={film}": (SCRIPT,),
    "compare?models={first},{second}": (SCRIPT,),
    "ledger?model={rows}": (NAMES[2],),
    "learn?lesson=keeps": (),
    "teacher": (SCRIPT,),
}
"""The pages but those of what is found out, and names that each must show as they are written."""


def check(page: Page, expected: Sequence[str] = ()) -> None:
    """These are there, letter by letter, and nothing of any name has become anything."""
    page.wait_for_function(SHOWN, arg=list(expected))
    assert page.evaluate(MADE) == []


def open_page(page: Page, app: AppProcess, at: str) -> None:
    page.goto(f"{app.address}/{at}")
    settle(page)
    if "explore" in at:
        page.locator("[data-testid=latent-pad][data-ready=true]").wait_for(timeout=60_000)
    page.evaluate(UNFOLD)
    settle(page)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """And no dialog was opened either."""
    said: list[str] = []

    def refuse(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    yield page
    assert said == []


def test_every_page_shows_names_as_text(page: Page, app: AppProcess, ids: dict[str, str]) -> None:
    for at, expected in PAGES.items():
        open_page(page, app, at.format(**ids))
        if at.startswith("train"):  # plotly has drawn by then, and the policy has let it
            expect(page.get_by_test_id("stPlotlyChart").last.locator(".point").first).to_be_visible(timeout=30_000)
        check(page, expected)
        if at.startswith("explore?model={first}"):
            page.mouse.move(*page.evaluate(AT_SAMPLE))
            expect(page.locator(".lp-card")).to_contain_text(" · sample ")
            check(page)


def test_bar_under_the_pointer_tells_the_label_as_text(page: Page, app: AppProcess, ids: dict[str, str]) -> None:
    open_page(page, app, "data?dataset={pictures}".format(**ids))
    page.get_by_role("tab", name="Statistics").click()
    bars = page.get_by_test_id("stPlotlyChart").first
    bars.locator(".point").nth(len(NAMES) - 1).wait_for()
    for k, name in enumerate(NAMES):
        bars.locator(".point").nth(k).hover(force=True)
        told = name[:20] if name.isprintable() else name[:3]
        expect(bars.locator(".hoverlayer")).to_contain_text(told)
        check(page)


def test_what_is_found_out_shows_names_as_text(page: Page, app: AppProcess, ids: dict[str, str]) -> None:
    for at, button, found in (
        ("anomalies?model={first}&dataset={pictures}", "Score", "The most unusual"),
        ("measure?model={first}&part=all", "Measure", "Take it away"),
    ):
        open_page(page, app, at.format(**ids))
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text(found).first).to_be_visible(timeout=120_000)
        check(page)


def test_upload_of_such_names_is_shown_and_refused_as_text(page: Page, app: AppProcess) -> None:
    page.goto(f"{app.address}/data")
    settle(page)
    drawn = strokes(2 * len(NAMES), 12)
    files = {f"{k}.png": png(picture[..., 0]) for k, picture in enumerate(drawn)}
    rows = [f"{k}.png," + '"' + NAMES[k % len(NAMES)].replace('"', '""') + '"' for k in range(len(drawn))]
    labels = "\n".join(["file,label", *rows]).encode()
    broken = {f"{NAMES[3].replace('/', ':')}.png": b"no picture"}
    name = f"{NAMES[2]}{NAMES[3].replace('/', ':')}.zip"
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": zip_of(files | {"labels.csv": labels} | broken)}
    )
    expect(page.get_by_role("combobox", name="Dataset")).to_have_value(name, timeout=60_000)
    settle(page)
    check(page, [name, "![t](http:::evil.example:x.png"])
    page.locator("input[type=file]").set_input_files(
        {"name": f"{NAMES[4]}.zip", "mimeType": "application/zip", "buffer": b"nothing like it"}
    )
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text(NAMES[4], timeout=60_000)
    check(page)
