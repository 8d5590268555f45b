"""The lessons of disentangling and of anomalies, as a student goes through them, and what they say against the core."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.ui.lessons import anomalies, disentangling
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.browser.lesson_page import (
    SCENE,
    check,
    choose,
    codes_of,
    expect_repainted,
    lines,
    loaded,
    nothing_fetched,
    open_lesson,
    paint,
    predict,
    predict_once,
)
from vae_core import checkpoints
from vae_core.anomalies import judge
from vae_core.datasets import SAMPLES
from vae_core.metrics.mig import mutual_information_gap

GAP = re.compile(r"\| -\d.*\| (\d\.\d+) \| 10000 \|")


def turned_gap(id: str, a: int, b: int, degrees: float) -> float:
    """By the core, of active latents of which two are turned."""
    codes = codes_of(id)
    z, t = codes.mean.astype(np.float64), np.radians(degrees)
    z[:, [a, b]] = z[:, [a, b]] @ np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])
    return mutual_information_gap(z[:, disentangling.active(id)], disentangling.factors()).score


@pytest.mark.slow
def test_latents_are_turned_and_only_the_mig_notices(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "disentangling")
    expect(page.get_by_role("slider", name="Angle")).to_be_hidden()
    predict(page, "The KL grows", "Both stay")

    with nothing_fetched(page):
        before = paint(page, "decoded")
        page.get_by_test_id("z1").fill("-1")
        expect_repainted(page, "decoded", before)
        straight, strip = lines(page), paint(page, "strip-v")
        page.get_by_role("slider", name="Angle").fill("45")
        expect_repainted(page, "strip-v", strip)
        turned = lines(page)
        assert turned["log p(z)"] == turned["log p(Rz)"] == straight["log p(z)"]
        assert turned["u"] != straight["u"]
        kl, kl_turned = re.findall(r"[\d.]+", turned["KL(q(z | x), p(z))"])
        assert kl == kl_turned
        codes = codes_of(disentangling.TCVAE)
        assert float(kl) == pytest.approx(codes.kl[disentangling.EXAMPLE].sum(), abs=2e-3)
        z = np.array(page.evaluate(f"{SCENE}.z"))
        density = -(z @ z) / 2 - len(z) / 2 * np.log(2 * np.pi)
        assert turned["log p(z)"].endswith(f"= {density:.3f}".replace("-", "−"))

    check(page, "Give an answer first.")
    choose(page, "z4")
    check(page, "Not that one.")
    choose(page, f"z{disentangling.scale_latent() + 1}")
    check(page, "Right. Of all its latents")


def test_mig_and_decoded_strips_are_those_of_the_core(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "disentangling")
    predict_once(page, "Both stay")
    angle = page.get_by_role("slider", name="Angle")
    for pair, degrees in (((3, 4), 45), ((0, 3), 45), ((0, 5), 70)):
        page.get_by_label("Turn", exact=True).select_option(f"z{pair[0] + 1}")
        page.get_by_label("against").select_option(f"z{pair[1] + 1}")
        angle.fill(str(degrees))
        expected = turned_gap(disentangling.TCVAE, *pair, degrees)
        assert lines(page)["MIG"] == f"{disentangling.gap(disentangling.TCVAE).score:.3f}, turned {expected:.3f}"
    assert page.get_by_label("Turn", exact=True).locator("option").all_inner_texts() == ["z1", "z3", "z4", "z5"]
    page.get_by_role("radio", name="Plain VAE").click()
    expected = turned_gap(disentangling.PLAIN, 3, 4, 70)
    assert lines(page)["MIG"] == f"{disentangling.gap(disentangling.PLAIN).score:.3f}, turned {expected:.3f}"
    z = page.evaluate(f"{SCENE}.turnedBack({SCENE}.turned({SCENE}.z))")
    shown = page.evaluate(f"(async () => [...await {SCENE}.model.decode({z})])()")
    decoded = loaded(disentangling.PLAIN).decode(np.array([z], np.float32))
    assert shown == pytest.approx(decoded.ravel().tolist(), abs=1e-4)


@pytest.mark.parametrize("id", [disentangling.TCVAE, disentangling.PLAIN])
def test_mig_is_that_of_the_card_and_of_the_drawn_factors(id: str) -> None:
    told = GAP.search((checkpoints.locate(id).with_suffix(".md")).read_text("utf-8"))
    assert told
    assert f"{disentangling.gap(id).score:.3f}" == told[1]


def test_size_is_told_by_the_latent_of_the_exercise_and_the_turns_do_what_the_text_says() -> None:
    shapes = SAMPLES["shapes"]()
    codes = codes_of(disentangling.TCVAE)
    assert codes.dataset_id == shapes.id
    assert shapes.factors is not None
    assert (shapes.factors == disentangling.factors()).all()
    k, scale = disentangling.scale_latent(), shapes.factor_names.index("scale")
    correlated = [abs(np.corrcoef(z, shapes.factors[:, scale])[0, 1]) for z in codes.mean.T]
    assert k == np.argmax(correlated)
    assert correlated[k] > 0.9
    found = disentangling.gap(disentangling.TCVAE)
    assert found.information[disentangling.active(disentangling.TCVAE).index(k), scale] > np.log(6) / 2
    assert disentangling.PAIR[1] == k
    assert turned_gap(disentangling.TCVAE, *disentangling.PAIR, 45) < 0.03 < found.score
    assert turned_gap(disentangling.TCVAE, 0, 3, 45) > found.score + 0.05


@pytest.mark.slow
def test_threshold_flags_odd_pictures_live(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "anomalies")
    expect(page.get_by_test_id("odd-0")).to_be_hidden()
    expect(page.get_by_test_id("flags")).not_to_contain_text("odd")
    predict(page, "A blank picture", "A 6 upside down")
    expect(page.get_by_test_id("odd-0")).to_be_visible()

    found = anomalies.found()
    with nothing_fetched(page):
        slider, flags, before = page.get_by_role("slider", name="Threshold"), page.get_by_test_id("flags"), ""
        for place in (100, 400, 900):
            slider.fill(str(place))
            threshold = page.evaluate(f"{SCENE}.histogram.threshold")
            few, share = (found.odd["elbo"] > threshold).sum(), (found.real["elbo"] > threshold).mean()
            expect(flags).to_contain_text(f"flags {few} of 12 odd pictures, and {100 * share:.1f} % of the real digits")
            assert page.locator(".le-card.le-flagged").count() == few
            assert paint(page, "histogram") != before
            before = paint(page, "histogram")
        box = page.get_by_test_id("histogram").bounding_box()
        assert box
        told = flags.inner_text()
        page.get_by_test_id("histogram").hover(position={"x": 100, "y": 80})
        page.mouse.down()
        for k in range(10):
            page.mouse.move(box["x"] + 100 + 10 * k, box["y"] + 80)
        assert flags.inner_text() != told
    page.mouse.up()
    settle(page)

    check(page, "Not yet. Keep the real digits")
    page.get_by_role("radio", name="Squared error").click()
    settle(page)
    place = page.evaluate(f"Math.ceil({SCENE}.histogram.share({np.quantile(found.real['error'], 0.955)}) * 1000)")
    slider.fill(str(place))
    slider.dispatch_event("change")
    settle(page)
    check(page, "Right: no other score flags more")
    expect(page.get_by_test_id("odd-0")).to_be_visible()


def test_scores_of_the_cards_are_those_of_the_core(page: Page, app: AppProcess) -> None:
    open_lesson(page, app, "anomalies")
    predict_once(page, "A 6 upside down")
    checkpoint, digits = loaded(anomalies.MODEL), SAMPLES["digits"]()
    real = judge(checkpoint, digits, digits).scores
    assert page.evaluate(f"{SCENE}.data.real.elbo") == pytest.approx(real["elbo"].tolist(), abs=1e-3)
    found = anomalies.found()
    for k in (anomalies.UPSIDE_DOWN, anomalies.MEAN):
        page.get_by_test_id(f"odd-{k}").click()
        elbo, kl = found.odd["elbo"][k], found.odd["kl"][k]
        assert lines(page)["−ELBO"] == f"{elbo - kl:.2f} + {kl:.2f} = {elbo:.2f} nats"
        p = np.clip(found.pictures[k] / 255, 1e-7, 1 - 1e-7)
        least = -(p * np.log(p) + (1 - p) * np.log1p(-p)).sum()
        assert lines(page)["Least loss"].startswith(f"{least:.2f} nats")
        expect(page.get_by_test_id(f"odd-{k}")).to_have_attribute("aria-pressed", "true")
    decoded = checkpoint.decode(checkpoint.model().encode(_as_tensor(found.pictures)).mean.detach().numpy())
    assert np.asarray(decoded).ravel() == pytest.approx(found.decoded.ravel(), abs=1e-4)


def test_the_model_finds_odd_what_the_text_says() -> None:
    found = anomalies.found()
    six, noise, blank, letter, mean = (
        anomalies.UPSIDE_DOWN,
        anomalies.NOISE,
        anomalies.BLANK,
        anomalies.LETTER,
        anomalies.MEAN,
    )
    elbo, real = found.odd["elbo"], found.real
    assert elbo[six] < elbo[blank] < elbo[noise] / 2
    assert (real["elbo"] > elbo[blank]).mean() < 0.01
    assert (real["elbo"] > elbo[letter]).mean() > 0.5
    assert (real["kl"] > found.odd["kl"][noise]).mean() > 0.1
    assert (real["error"] > found.odd["error"][mean]).mean() > 0.8
    assert (real["elbo"] > elbo[mean]).mean() < 0.05
    assert len(real["elbo"]) == 1797


def test_exercise_is_recounted() -> None:
    found = anomalies.found()
    error, elbo = (float(np.quantile(found.real[name], 0.955)) for name in ("error", "elbo"))
    assert anomalies.is_right({"score": "error", "threshold": error})
    assert anomalies.most_odd_flagged() == (found.odd["error"] > error).sum() > (found.odd["elbo"] > elbo).sum()
    wrong: list[Any] = [
        {"score": "error", "threshold": float(np.quantile(found.real["error"], 0.94))},  # too many false alarms
        {"score": "error", "threshold": float(found.real["error"].max())},  # too few are found
        {"score": "elbo", "threshold": elbo},
        {"score": "pca", "threshold": error},
        {"score": "error", "threshold": "3"},
        {},
        None,
    ]
    assert not any(anomalies.is_right(told) for told in wrong)


def _as_tensor(pictures: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
