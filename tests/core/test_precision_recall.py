"""Precision, recall, density and coverage on point clouds of known answer."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.neighbors import NearestNeighbors

from vae_core.errors import MetricError
from vae_core.metrics.figures import Figure
from vae_core.metrics.of_samples import share_interval
from vae_core.metrics.precision_recall import PrecisionRecall, precision_recall


def cloud(count: int, dimensions: int = 4, at: float = 0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(at, 1, (count, dimensions))


def by_scikit_learn(real: np.ndarray, samples: np.ndarray, k: int) -> PrecisionRecall:
    """The definitions with another search for neighbours, point by point."""
    radius = {
        name: NearestNeighbors(n_neighbors=k + 1).fit(side).kneighbors(side)[0][:, k]
        for name, side in (("real", real), ("samples", samples))
    }
    between = np.array([[np.linalg.norm(x - y) for y in samples] for x in real])
    in_real = between <= radius["real"][:, None]
    in_samples = between <= radius["samples"][None]
    return PrecisionRecall(
        in_real.any(0).mean(), in_samples.any(1).mean(), in_real.sum() / k / len(samples), in_real.any(1).mean(), k,
        len(real),
    )  # fmt: skip


@pytest.mark.parametrize("k", [1, 3, 5])
def test_shares_are_those_of_a_plain_search(k: int) -> None:
    real, samples = cloud(120), cloud(120, at=0.7, seed=1)
    found, expected = precision_recall(real, samples, k), by_scikit_learn(real, samples, k)
    assert vars(found) == pytest.approx(vars(expected))
    assert 0.1 < found.precision < 0.95  # or nothing was compared


def test_parts_of_a_large_comparison_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    real, samples = cloud(120), cloud(120, at=0.7, seed=1)
    whole = precision_recall(real, samples)
    monkeypatch.setattr("vae_core.metrics.distances.CELLS", 7 * 120)
    assert precision_recall(real, samples) == whole


def test_same_distribution_has_the_density_and_coverage_that_are_expected() -> None:
    """E density = 1; E coverage = 1 − Π (n − 1 − i) / (2 n − 1 − i), i < k: Naeem et al. 2020, lemmas 1 and 2."""
    n, k = 60, 3
    found = [precision_recall(cloud(n, 3, seed=2 * s), cloud(n, 3, seed=2 * s + 1), k) for s in range(300)]
    for name, expected in (
        ("density", 1),
        ("coverage", 1 - np.prod([(n - 1 - i) / (2 * n - 1 - i) for i in range(k)])),
    ):
        values = np.array([getattr(one, name) for one in found])
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values))
        assert values.std() / np.sqrt(len(values)) < 0.01


def test_disjoint_clouds_share_nothing() -> None:
    found = precision_recall(cloud(200), cloud(200, at=100, seed=1))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_dropped_mode_costs_recall_and_an_invented_one_precision() -> None:
    both = np.concatenate([cloud(300), cloud(300, at=50, seed=1)])
    one = cloud(600, seed=2)
    dropped, invented = precision_recall(both, one), precision_recall(one, both)
    assert dropped.precision > 0.85
    assert 0.35 < dropped.recall < 0.5
    assert dropped.coverage < 0.5
    assert 0.35 < invented.precision < 0.5
    assert invented.recall > 0.85
    assert (dropped.precision, dropped.recall) == pytest.approx((invented.recall, invented.precision), abs=0.02)


def test_copies_of_one_picture_are_precise_and_recall_nothing() -> None:
    real = cloud(500, 64)
    found = precision_recall(real, np.repeat(real[:1], 500, axis=0))
    assert found.precision == 1
    assert found.recall == pytest.approx(1 / 500)  # the one that was copied


def test_copies_lie_in_balls_of_no_width() -> None:
    real = np.repeat(cloud(100, 784) + 30, 4, axis=0)  # the third neighbour is at a distance of 0
    found = precision_recall(real, real)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_samples_in_order_are_drawn_at_random() -> None:
    real = np.concatenate([cloud(500), cloud(500, at=50, seed=1)])
    real = np.random.default_rng(0).permutation(real)
    ordered = np.concatenate([cloud(500, seed=2), cloud(500, at=50, seed=3)])
    found = precision_recall(real, ordered, most=200)
    assert found.count == 200
    assert found.recall > 0.7


def test_moving_turning_and_scaling_all_changes_nothing() -> None:
    real, samples = cloud(150), cloud(150, at=0.5, seed=1)
    turn = np.linalg.qr(cloud(4, seed=2))[0]
    assert vars(precision_recall(7 * real @ turn + 3, 7 * samples @ turn + 3)) == pytest.approx(
        vars(precision_recall(real, samples))
    )


def test_too_few_or_broken_numbers_are_told() -> None:
    with pytest.raises(MetricError, match="at least 4 are needed"):
        precision_recall(cloud(3), cloud(10))
    with pytest.raises(MetricError, match="not finite"):
        precision_recall(cloud(10), np.full((10, 4), np.nan))


@pytest.mark.parametrize("hits", [0, 1, 7, 98, 100])
def test_interval_of_a_share_is_wilsons(hits: int) -> None:
    expected = binomtest(hits, 100).proportion_ci(0.95, "wilson")
    assert share_interval(hits / 100, 100) == pytest.approx((expected.low, expected.high), abs=1e-5)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_interval_of_a_share_covers_it_at_its_rate_near_its_end_too(share: float) -> None:
    found = np.random.default_rng(0).binomial(500, share, 2000) / 500
    intervals = np.array([share_interval(one, 500) for one in found])
    assert 0.93 <= ((intervals[:, 0] < share) & (share < intervals[:, 1])).mean() <= 0.98


def test_share_of_all_or_none_is_told_with_an_interval_within_0_and_1() -> None:
    for value, told in ((1.0, "1.0000 (0.9924 to 1.0000)"), (0.0, "0.0000 (0.0000 to 0.0076)")):
        assert Figure(name="Recall", value=value, interval=share_interval(value, 500)).told == told
