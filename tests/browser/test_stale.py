"""What arrives late, or was made of another point or with another label, is not shown as if it were of now."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import open_explorer, value
from tests.browser.test_live import conditional
from tests.browser.test_tools import open_with_encoder, press, type_point
from vae_core.datasets import SAMPLES

ON_MAP = """() => { const { lines, marks } = document.querySelector("[data-testid=latent-pad]").pad.map.overlay;
return [lines.length, Object.values(marks).filter(Boolean).length]; }"""
PIXELS = """(canvas) => { const c = canvas.getContext("2d");
return [canvas.width, ...c.getImageData(0, 0, canvas.width, canvas.height).data].join(); }"""


def hold_paths(page: Page) -> list[Route]:
    """Answers to the search for ways wait here until the test lets them go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/paths?**", hold)
    return held


def let_go(page: Page, route: Route) -> None:
    with page.expect_response("**/paths?**"):
        route.continue_()


def set_end(page: Page, end: str, *z: float) -> None:
    type_point(page, *z)
    press(page, f"{end} here")


def test_ways_that_are_found_after_their_tool_was_closed_wait_for_it(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:paths")
    held = hold_paths(page)
    set_end(page, "A", -1, 0.5)
    with page.expect_request("**/paths?**"):
        set_end(page, "B", 1, -0.5)
    page.get_by_role("tab", name="Blend").click()
    let_go(page, held[0])
    expect(page.locator(".lp-way")).to_have_count(4)
    assert page.evaluate(ON_MAP) == [0, 0]
    page.get_by_role("tab", name="Paths").click()
    assert page.evaluate(ON_MAP) == [4, 2]


def test_ways_of_an_older_end_do_not_replace_those_of_the_newer(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:paths")
    held = hold_paths(page)
    set_end(page, "A", -1, 0.5)
    for end in (0.3, 1.5):
        with page.expect_request("**/paths?**"):
            set_end(page, "B", end, -0.5)
    let_go(page, held[1])
    expect(page.locator(".lp-way")).to_have_count(4)
    let_go(page, held[0])
    page.get_by_label("Along: Straight line").focus()
    page.keyboard.press("End")
    assert (value(page, "z1"), value(page, "z2")) == pytest.approx((1.5, -0.5), abs=0.01)


@pytest.fixture(scope="module")
def told(app: AppProcess) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_STUDIO_WORKSPACE", str(app.workspace))
        return conditional("told")


TOOLS = {
    "traversals": ("tool:traversals", ".lp-traversals canvas"),
    "prior grid": ("tool:grid", "[data-testid=prior-grid]"),
    "ways": ("tool:paths~a:-1,0~b:1,0.5", "[data-way=geodesic] canvas"),
    "end of the ways": ("tool:paths~a:-1,0~b:1,0.5", ".lp-end canvas"),
    "palette": ("tool:blend~anchors:-1,0;1,0.5;0,1", "[data-testid=palette]"),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_open_tool_follows_the_label(page: Page, app: AppProcess, told: str, tool: str) -> None:
    view, selector = TOOLS[tool]
    address = f"model={told}&z=0.2,0.1&view={view}"
    open_explorer(page, app.address, f"{address}&label=1")
    expected = settled(page, selector)
    open_explorer(page, app.address, f"{address}&label=0")
    assert settled(page, selector) != expected
    page.get_by_role("combobox", name="Label", exact=True).select_option(index=1)
    page.wait_for_timeout(300)
    assert settled(page, selector) == expected


def settled(page: Page, selector: str) -> str:
    """The pixels of a canvas when they have not changed for half a second."""
    canvas = page.locator(selector).first
    canvas.scroll_into_view_if_needed()
    before = ""
    for _ in range(60):
        page.wait_for_timeout(500)
        now = str(canvas.evaluate(PIXELS))
        if now == before and len(now) > 100:
            return now
        before = now
    raise AssertionError("the picture does not come to rest")


def picture_file() -> list[dict[str, object]]:
    file = io.BytesIO()
    Image.fromarray(SAMPLES["digits"]().x[0, ..., 0]).save(file, "PNG")
    return [{"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}]


def test_own_picture_is_encoded_anew_with_another_label(page: Page, app: AppProcess, told: str) -> None:
    words = page.locator(".lp-input .lp-status")
    found = []
    for label, after in [(1, None), (0, 1)]:
        open_with_encoder(page, app.address, f"{told}&z=0.2,0.1&label={label}&view=tool:input")
        page.get_by_label("Picture file", exact=True).set_input_files(picture_file())  # type: ignore[arg-type]
        expect(words).to_contain_text("Code μ ± σ")
        found.append(words.inner_text())
        if after is not None:
            page.get_by_role("combobox", name="Label", exact=True).select_option(index=after)
            expect(words).not_to_have_text(found[-1])
            found.append(words.inner_text())
    with_one, with_zero, changed = found
    assert changed == with_one != with_zero


def test_clear_empties_the_whole_of_own_picture(page: Page, app: AppProcess) -> None:
    open_with_encoder(page, app.address, "digits-2d&view=tool:input")
    page.get_by_label("Picture file", exact=True).set_input_files(picture_file())  # type: ignore[arg-type]
    words = page.locator(".lp-input .lp-status")
    expect(words).to_contain_text("Code μ ± σ")
    press(page, "Clear")
    expect(words).to_contain_text("Draw, upload or paste a picture")
    assert page.locator(".lp-input-pictures canvas").evaluate_all("(all) => all.map(({ width }) => width)") == [1, 1, 1]
    assert page.evaluate(ON_MAP) == [0, 0]


def test_point_that_is_taken_away_from_a_walk_stays_where_it_is_put(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:paths~a:-1,0.5~b:1,-0.5")
    expect(page.locator(".lp-way")).to_have_count(4)
    page.locator("[data-way=linear]").get_by_role("button", name="Play").click()
    page.wait_for_function("() => { const z = document.querySelector('.lp-typed').value; return z !== '0.00'; }")
    page.locator(".lp-map").scroll_into_view_if_needed()
    box = page.locator(".lp-plot .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"])
    page.mouse.down()
    put = (value(page, "z1"), value(page, "z2"))
    page.wait_for_timeout(500)
    assert (value(page, "z1"), value(page, "z2")) == put
    page.mouse.up()


def test_click_on_a_traversal_goes_to_the_picture_that_was_clicked(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&z=0,0&view=tool:traversals")
    rows = page.locator(".lp-grid-row")
    expect(rows).to_have_count(2)
    settled(page, ".lp-grid-row canvas")
    type_point(page, 1.2, -0.7)
    for row in (0, 1):
        canvas = rows.nth(row).locator("canvas")
        box = canvas.bounding_box()
        assert box is not None
        canvas.click(position={"x": 4, "y": box["height"] / 2})
        moved = rows.nth(row).locator("span").inner_text()
        (kept,) = {"z1", "z2"} - {moved}
        assert value(page, kept) == 0
        assert value(page, moved) < -1


def test_cleared_selection_takes_its_label_back(page: Page, app: AppProcess) -> None:
    open_explorer(page, app.address, "model=digits-2d&view=tool:selection")
    chooser = page.get_by_label("All of a label")
    status = page.locator(".lp-selection .lp-status")
    for _ in range(2):  # the same label can be chosen again
        chooser.select_option(label="3")
        expect(status).to_contain_text("183 of 1,797")
        page.wait_for_url("**label%3A3*")
        press(page, "Clear")
        expect(status).to_contain_text("Switch the lasso on")
        expect(chooser).to_have_value("")
        page.wait_for_url(lambda address: "label%3A3" not in address)
