"""Anomaly scores: planted outliers come first, the baseline is scikit-learn's, and the AUROC's error bar is honest."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score, roc_curve

from tests.conftest import CPU, stroke_dataset, trained
from tests.small import PICTURE, small
from vae_core.anomalies import (
    SCORES,
    Judged,
    Learnt,
    anomaly_scores,
    auroc,
    auroc_interval,
    judge,
    learnt_part,
    roc,
)
from vae_core.datasets import SAMPLES, Dataset
from vae_core.errors import MetricError
from vae_core.evaluation import Evaluator
from vae_core.example import ExampleSpec
from vae_core.training import split
from vae_core.vae import VAE


def with_outliers(dataset: Dataset, count: int = 8) -> Dataset:
    """The set and, after it, so many pictures of noise."""
    noise = np.random.default_rng(5).integers(0, 256, (count, *dataset.x.shape[1:]), dtype=np.uint8)
    return replace(dataset, x=np.concatenate([dataset.x, noise]), labels=None, label_names=(), known_id=None)


def test_planted_outliers_come_first_by_every_score_that_sees_pictures() -> None:
    learnt = stroke_dataset(200)
    model = trained(learnt, epochs=60).model().eval()
    judged = with_outliers(learnt)
    told: list[float] = []
    found = anomaly_scores(model, judged, Learnt(learnt), on_step=told.append)
    assert list(found) == list(SCORES)
    is_outlier = np.arange(len(judged)) >= len(learnt)
    for name in ("elbo", "error", "pca"):
        assert auroc(found[name], is_outlier).mean > 0.99, name
    assert told == sorted(told)
    assert told[-1] == 1
    for values in found.values():
        assert values.shape == (len(judged),)
        assert np.isfinite(values).all()


def test_elbo_and_kl_are_those_of_the_evaluation() -> None:
    dataset = stroke_dataset(120)
    model = trained(dataset, epochs=5).model().eval()
    found = anomaly_scores(model, dataset, Learnt(dataset))
    measured = Evaluator(model, dataset, "grey", CPU, seed=-1).measure("all", torch.arange(len(dataset)))
    assert measured.kl and measured.elbo
    assert found["kl"].mean() == pytest.approx(measured.kl.mean, rel=1e-4)
    assert found["elbo"].mean() == pytest.approx(-measured.elbo.mean, abs=4 * measured.elbo.error)


def test_baseline_is_the_residual_of_scikit_learns_pca() -> None:
    random = np.random.default_rng(6)
    learnt, judged = (
        replace(
            stroke_dataset(), x=random.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8), labels=None, known_id=None
        )
        for count in (200, 50)
    )
    found = anomaly_scores(VAE(small(), PICTURE).eval(), judged, Learnt(learnt))["pca"]
    x, y = (one.x.reshape(len(one), -1) / 255 for one in (learnt, judged))
    pca = PCA(30, svd_solver="full").fit(x)
    expected = ((pca.inverse_transform(pca.transform(y)) - y) ** 2).sum(1)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_baseline_of_few_different_pictures_has_no_chance_directions() -> None:
    """16 different strokes span 15 directions: the baseline must not fill up its 30 with arbitrary ones."""
    learnt = stroke_dataset(100)
    judged = with_outliers(learnt)
    found = anomaly_scores(VAE(small(), PICTURE).eval(), judged, Learnt(learnt))["pca"]
    x, y = (one.x.reshape(len(one), -1) / 255 for one in (learnt, judged))
    span = np.linalg.svd(x - x.mean(0))[2][: np.linalg.matrix_rank(x - x.mean(0))]
    expected = (((y - x.mean(0)) - (y - x.mean(0)) @ span.T @ span) ** 2).sum(1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-9)


def test_autoencoder_has_no_probabilities() -> None:
    dataset = stroke_dataset()
    model = VAE(small(posterior="deterministic"), PICTURE).eval()
    assert list(anomaly_scores(model, dataset, Learnt(dataset))) == ["error", "density", "pca"]


@pytest.mark.parametrize("levels", [4, 10_000])
def test_auroc_is_scikit_learns_with_ties_too(levels: int) -> None:
    random = np.random.default_rng(0)
    scores, anomalies = random.integers(0, levels, 300).astype(float), random.random(300) < 0.2
    assert auroc(scores, anomalies).mean == pytest.approx(roc_auc_score(anomalies, scores), abs=1e-12)
    assert auroc(-scores, anomalies).mean == pytest.approx(1 - auroc(scores, anomalies).mean, abs=1e-12)


def test_error_of_the_auroc_covers_the_truth_at_its_rate() -> None:
    """Normal scores one standard deviation apart: the truth is Φ(1 / √2) = 0.7602."""
    random = np.random.default_rng(1)
    covered = 0
    trials = 400
    for _ in range(trials):
        scores = np.concatenate([random.normal(1, 1, 40), random.normal(0, 1, 80)])
        found = auroc(scores, np.arange(120) < 40)
        covered += abs(found.mean - 0.7602499) < 1.96 * found.error
    assert 0.92 <= covered / trials <= 0.98


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_interval_of_the_auroc_covers_the_truth_at_its_rate_near_its_end_too(shift: float) -> None:
    """The truth is Φ(shift / √2): 0.7602 and 0.9831."""
    random = np.random.default_rng(2)
    truth, is_anomaly = float(norm.cdf(shift / np.sqrt(2))), np.arange(300) < 100
    covered = known = 0
    for _ in range(600):
        found = auroc(np.concatenate([random.normal(shift, 1, 100), random.normal(0, 1, 200)]), is_anomaly)
        interval = auroc_interval(found)
        if interval is None:
            assert found.mean in (0, 1) or found.error == 0
            continue
        known += 1
        assert 0 < interval[0] < found.mean < interval[1] < 1
        covered += interval[0] < truth < interval[1]
    assert known >= 590
    assert 0.93 <= covered / known <= 0.98


def test_too_few_of_a_kind_are_refused() -> None:
    with pytest.raises(MetricError, match="1 anomalies and 3 normal"):
        auroc(np.arange(4.0), np.array([True, False, False, False]))


def test_roc_steps_once_for_every_value_and_its_area_is_the_auroc() -> None:
    random = np.random.default_rng(3)
    is_anomaly = random.random(400) < 0.3
    scores = np.round(random.standard_normal(400) + is_anomaly, 1)  # with ties
    alarms, finds = roc(scores, is_anomaly)
    expected_alarms, expected_finds, _ = roc_curve(is_anomaly, scores, drop_intermediate=False)
    np.testing.assert_allclose(alarms, expected_alarms)
    np.testing.assert_allclose(finds, expected_finds)
    assert np.trapezoid(finds, alarms) == pytest.approx(auroc(scores, is_anomaly).mean)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_roc_of_one_kind_only_is_refused(share: float) -> None:
    with pytest.raises(MetricError, match="Say which labels are normal"):
        roc(np.arange(5.0), np.full(5, bool(share)))


def test_new_examples_are_held_against_what_training_held_out_and_come_back_from_their_file() -> None:
    own = stroke_dataset(100)
    checkpoint = trained(own, epochs=1)
    noise = replace(with_outliers(own), x=with_outliers(own).x[100:])
    judged = judge(checkpoint, noise, own)
    assert {len(values) for values in judged.scores.values()} == {8}
    assert {len(values) for values in judged.usual.values()} == {10}
    assert (judged.scores["error"] > np.quantile(judged.usual["error"], 0.95)).all()
    assert judge(checkpoint, own, own).usual == {}
    again = Judged.from_bytes(judged.to_bytes())
    for part, same in ((judged.scores, again.scores), (judged.usual, again.usual)):
        assert list(part) == list(same) == list(SCORES)
        for name, values in part.items():
            np.testing.assert_array_equal(same[name], values)


def test_baseline_leaves_something_of_few_columns() -> None:
    moons = SAMPLES["moons"]()
    found = anomaly_scores(trained(moons, small("mlp", "gaussian"), epochs=1).model(), moons, Learnt(moons))["pca"]
    assert (found > 1e-4).mean() > 0.9


def test_part_that_was_learnt_from_has_nothing_of_what_was_held_out() -> None:
    dataset = stroke_dataset(50)
    checkpoint = trained(dataset, epochs=1)
    learnt, held_out = split(50, checkpoint.config.train.validation, checkpoint.config.train.seed)
    part = learnt_part(checkpoint, dataset, is_judged=True)
    np.testing.assert_array_equal(part.examples.x, dataset.x[np.sort(learnt.numpy())])
    np.testing.assert_array_equal(part.places, np.sort(learnt.numpy()))
    assert len(part.examples) + len(held_out) == 50


def test_density_of_a_learnt_example_is_that_of_all_others() -> None:
    dataset = stroke_dataset(50)
    checkpoint = trained(dataset, epochs=1)
    learnt = learnt_part(checkpoint, dataset, is_judged=True)
    found = anomaly_scores(checkpoint.model(), dataset, learnt)["density"]
    assert checkpoint.codes is not None
    assert learnt.places is not None
    held_out = np.setdiff1d(np.arange(50), learnt.places)
    for k in (learnt.places[0], learnt.places[-1], held_out[0]):
        others = learnt.places[learnt.places != k]
        mean, std = checkpoint.codes.mean[others].astype(float), checkpoint.codes.std[others].astype(float)
        log = norm(mean, std).logpdf(checkpoint.codes.mean[k].astype(float)).sum(1)
        assert found[k] == pytest.approx(-(logsumexp(log) - np.log(len(others))), rel=1e-4)


def test_score_beyond_all_numbers_is_the_largest_and_finite() -> None:
    houses = SAMPLES["houses"]()
    few = replace(houses, x=houses.x[:60].copy(), labels=None, label_names=(), known_id=None)
    checkpoint = trained(few, small("mlp", "mixed"), epochs=1)
    few.x[7, 0] = 1e22
    scores = anomaly_scores(checkpoint.model(), few, Learnt(few))
    for name in ("elbo", "error"):
        assert np.isfinite(scores[name]).all()
        assert scores[name].argmax() == 7


def test_model_of_binarised_pictures_judges_binarised_pictures() -> None:
    dataset = stroke_dataset(50)
    model = trained(dataset, epochs=1).model()
    black = replace(dataset, x=np.where(dataset.x > 0, 255, 0).astype(np.uint8), known_id=None)
    grey, binarised = (
        anomaly_scores(model, black, Learnt(dataset), targets)["error"] for targets in ("grey", "binarised")
    )
    np.testing.assert_allclose(grey, binarised, rtol=1e-5)  # there is nothing to be drawn
    other = anomaly_scores(model, dataset, Learnt(dataset), "binarised")["error"]
    assert not np.allclose(other, anomaly_scores(model, dataset, Learnt(dataset))["error"])


def test_components_of_large_pictures_are_nearly_the_exact_ones() -> None:
    dataset = stroke_dataset(80, 40)
    few = replace(dataset, x=dataset.x[:20], labels=None, label_names=(), known_id=None)
    found = anomaly_scores(VAE(small(), ExampleSpec((1, 40, 40))).eval(), few, Learnt(dataset))["pca"]
    rows = dataset.x.reshape(80, -1) / 255
    exact = PCA(30, svd_solver="full").fit(rows)
    again = exact.inverse_transform(exact.transform(rows[:20]))
    assert found.sum() == pytest.approx(((rows[:20] - again) ** 2).sum(), rel=0.02)
