"""The lessons keeps, holes and interpolation, as a student goes through them."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect
from scipy.spatial import KDTree

from pages.ui.lessons import Lesson, holes, interpolation, keeps
from tests.browser.app_process import AppProcess
from tests.browser.lesson_page import (
    SCENE,
    check,
    codes_of,
    expect_repainted,
    loaded,
    nothing_fetched,
    open_lesson,
    paint,
    predict,
)
from vae_core.latents.paths import linear, spherical
from vae_core.priors import kl_to_standard

BESIDE = [[(0.3, 0.2), (0.3, 0.8)], [(0.7, 0.2), (0.7, 0.8)]]
"""Two upright strokes."""


def number(value: float, digits: int) -> str:
    """As scenes write it."""
    return f"{value:.{digits}f}".replace("-", "−")


def predicted(page: Page, app: AppProcess, lesson: Lesson, hidden: str) -> None:
    """Open a lesson and predict; `hidden` is only shown after that."""
    open_lesson(page, app, lesson.name)
    expect(page.locator(hidden)).to_be_hidden()
    prediction = lesson.prediction
    predict(page, prediction.answers[prediction.right - 1], prediction.answers[prediction.right])
    expect(page.get_by_test_id("stAlert")).to_contain_text(prediction.because[:60])
    expect(page.locator(hidden)).to_be_visible()


@pytest.mark.slow
def test_a_drawing_is_kept_by_sixteen_numbers_and_not_by_two(page: Page, app: AppProcess) -> None:
    lesson = keeps.LESSON
    predicted(page, app, lesson, "[data-testid=decoded-2]")
    check(page, lesson.exercise.hint)
    page.get_by_role("button", name="A star").click()
    check(page, lesson.exercise.hint)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_test_id("numbers")).to_contain_text("draw something first")
    pad = page.get_by_test_id("pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    with nothing_fetched(page):
        for first, last in BESIDE:
            (x0, y0), (x1, y1) = ((box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (first, last))
            before = [paint(page, name) for name in ("decoded-2", "decoded-16")]
            page.mouse.move(x0, y0)
            page.mouse.down()
            page.mouse.move(x1, y1, steps=5)
            for name, old in zip(("decoded-2", "decoded-16"), before, strict=True):
                expect_repainted(page, name, old)
            page.mouse.up()
    page.evaluate(f"{SCENE}.show()")
    x = torch.tensor(page.evaluate(f"[...{SCENE}.x]")).reshape(1, 1, 28, 28)
    box_text = page.get_by_test_id("numbers").inner_text()
    shown = [float(found) for found in re.findall(r" = ([\d.]+) nats", box_text)]
    with torch.no_grad():
        models = [loaded(name).model() for name in (keeps.SMALL, keeps.LARGE)]
        losses = [vae.likelihood.loss(x, vae._decoder_output(vae.encode(x).mean, None)).item() for vae in models]
    assert shown == pytest.approx(losses, abs=0.1)
    check(page, lesson.exercise.solved)


@pytest.mark.slow
def test_draws_fall_into_holes_and_one_is_found_inside(page: Page, app: AppProcess) -> None:
    lesson = holes.LESSON
    predicted(page, app, lesson, ".le-main")
    page.get_by_role("button", name="Draw 100 from").click()
    draws = np.array(page.evaluate(f"{SCENE}.draws"))
    for name, id in [("plain", holes.PLAIN), ("variational", holes.VARIATIONAL)]:
        codes = codes_of(id)
        far = KDTree(codes.mean).query(draws)[0] > holes.radius(codes)
        expect(page.get_by_test_id(f"numbers-{name}")).to_contain_text(f"{far.sum()} of 100")
        expect(page.get_by_test_id(f"sheet-{name}")).to_be_visible()
    page.get_by_role("radio", name="each its own").click()

    codes = codes_of(holes.PLAIN)
    low, high = holes.middle(codes)
    grid = np.stack(np.meshgrid(*np.linspace(low, high, 200)[1:-1].T), -1).reshape(-1, 2)
    hole = grid[KDTree(codes.mean).query(grid)[0].argmax()]
    typical = codes.mean[KDTree(codes.mean).query((low + high) / 2)[1]]
    drag(page, "plain", typical.tolist())
    check(page, lesson.exercise.hint)
    drag(page, "plain", hole.tolist())
    check(page, lesson.exercise.solved)

    codes = codes_of(holes.VARIATIONAL)
    drag(page, "variational", [1.0, 0.5])
    before = paint(page, "decoded-variational")
    with nothing_fetched(page):
        page.get_by_test_id("map-variational").press("ArrowUp")
        expect_repainted(page, "decoded-variational", before)
    nearest = KDTree(codes.mean).query(page.evaluate(f"{SCENE}.sides[1].z"))[1]
    mean, std = (torch.from_numpy(values[nearest]) for values in (codes.mean, codes.std))
    for nats in kl_to_standard(torch.distributions.Normal(mean, std)).tolist():
        expect(page.get_by_test_id("numbers-variational")).to_contain_text(f"= {number(nats, 2)} nats")


def drag(page: Page, name: str, z: list[float]) -> None:
    """The handle of a map, to a latent; nothing is asked of the server meanwhile."""
    canvas = page.get_by_test_id(f"map-{name}")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    cloud = f"{SCENE}.sides[{int(name == 'variational')}].cloud"
    x, y = page.evaluate(f"([u, v]) => [{cloud}.x(u), {cloud}.y(v)]", z)
    before = paint(page, f"decoded-{name}")
    with nothing_fetched(page):
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        expect_repainted(page, f"decoded-{name}", before)
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()


@pytest.mark.slow
def test_both_ways_are_walked_and_reckoned(page: Page, app: AppProcess) -> None:
    lesson = interpolation.LESSON
    predicted(page, app, lesson, "[data-testid=chart]")
    before = [paint(page, name) for name in ("decoded-linear", "decoded-spherical")]
    with nothing_fetched(page):
        page.get_by_role("slider", name="t", exact=True).fill("0.3")
        for name, old in zip(("decoded-linear", "decoded-spherical"), before, strict=True):
            expect_repainted(page, name, old)
    a, b = codes_of(interpolation.MODEL).mean[list(interpolation.ENDS)].astype(np.float64)
    told = page.get_by_test_id("numbers")
    for k, way in enumerate((linear(a, b, 10), spherical(a, b, 10))):
        assert page.evaluate(f"{SCENE}.at({k})") == pytest.approx(way[3], abs=1e-6)
        expect(told).to_contain_text(f"‖z‖ = {number(float(np.linalg.norm(way[3])), 2)}")
        wanted = loaded(interpolation.MODEL).decode(way)[:, 0]
        strip = page.get_by_test_id(f"strip-{('linear', 'spherical')[k]}").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((v, n) => n % 4 === 0)"
        )
        shown = np.array(strip).reshape(28, 11, 28).transpose(1, 0, 2) / 255
        assert shown == pytest.approx(wanted, abs=0.005)
    expect(told).to_contain_text(f"= {number(float(np.linalg.norm((a + b) / 2)), 2)}")
    page.get_by_role("button", name="Another B").click()
    page.wait_for_function(f"b => {SCENE}.ends[1] !== b", arg=interpolation.ENDS[1])
    b = codes_of(interpolation.MODEL).mean[page.evaluate(f"{SCENE}.ends[1]")].astype(np.float64)
    expect(told).to_contain_text(f"= {number(float(np.linalg.norm((a + b) / 2)), 2)}")

    answer = page.get_by_role("spinbutton", name="Your answer")
    for value, said in [("4", lesson.exercise.hint), ("2.83", lesson.exercise.solved)]:
        answer.fill(value)
        answer.press("Enter")
        check(page, said)


def test_texts_tell_what_the_models_do() -> None:
    draws = np.random.default_rng(0).standard_normal((100_000, 2))
    shares = {}
    for id in (holes.PLAIN, holes.VARIATIONAL):
        codes = codes_of(id)
        shares[id] = float((KDTree(codes.mean).query(draws)[0] > holes.radius(codes)).mean())
    assert shares == pytest.approx({holes.PLAIN: 0.43, holes.VARIATIONAL: 0.20}, abs=0.01)
    assert codes_of(holes.PLAIN).mean.std(0) == pytest.approx([0.62, 0.52], abs=0.005)
    assert codes_of(holes.VARIATIONAL).mean.std(0) == pytest.approx([0.98, 0.98], abs=0.005)

    checkpoint, codes = loaded(interpolation.MODEL), codes_of(interpolation.MODEL)
    pairs = np.random.default_rng(0).integers(0, len(codes), (600, 2))
    a, b = codes.mean[pairs].transpose(1, 0, 2).astype(np.float64)
    middles = [(a + b) / 2, np.array([spherical(*ends, 2)[1] for ends in zip(a, b, strict=True)])]
    least = interpolation._lengths(codes.mean)[0]
    below = [float((np.linalg.norm(z, axis=1) < least).mean()) for z in middles]
    assert below == pytest.approx([2 / 3, 0], abs=0.06)
    grey = [(x * (1 - x)).mean((1, 2, 3)) for x in map(checkpoint.decode, middles)]
    assert (grey[0] > grey[1]).mean() == pytest.approx(3 / 4, abs=0.06)
    assert grey[0].mean() < 1.1 * grey[1].mean()


def test_exercises_take_nothing_else_for_an_answer() -> None:
    for told in ({}, {"loss2": "300", "loss16": 1}, {"loss2": 300.0}, {"loss2": 200.0, "loss16": 100.0}):
        assert not keeps.is_right(told)
    for told in ({}, {"z": None}, {"z": [1]}, {"z": ["a", "b"]}, {"z": [float("nan"), 0]}, {"z": [3, 3]}):
        assert not holes.is_right(told)
