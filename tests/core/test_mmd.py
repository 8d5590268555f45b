"""MMD with a Gaussian kernel: unbiased, with an honest error and a test that keeps its level."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from vae_core.errors import MetricError
from vae_core.latents.codes import Codes
from vae_core.metrics.mmd import maximum_mean_discrepancy, mmd_to_prior


def cloud(count: int, dimensions: int = 2, at: float = 0, seed: int = 0, std: float = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(at, std, (count, dimensions))


def closed_form(at: float, std: float, h: float, dimensions: int) -> float:
    """MMD² of N(0, I) and N(at, std² I): the kernel's mean over two normals is a normal's density, scaled."""

    def mean(variance: float, squared: float) -> float:
        whole = h**2 + variance
        return (h**2 / whole) ** (dimensions / 2) * np.exp(-squared / (2 * whole))

    return mean(2, 0) + mean(2 * std**2, 0) - 2 * mean(1 + std**2, dimensions * at**2)


def codes(mean: np.ndarray, std: np.ndarray) -> Codes:
    mean, std = mean.astype(np.float32), np.broadcast_to(std, mean.shape).astype(np.float32)
    return Codes("", mean, std, np.zeros_like(mean), None, ())


def test_estimate_and_bandwidth_are_those_written_out_with_scikit_learns_kernel() -> None:
    real, samples = cloud(60), cloud(60, at=0.5, seed=1)
    found = maximum_mean_discrepancy(real, samples)
    pool = np.concatenate([real, samples])
    apart = np.array([np.linalg.norm(a - b) for i, a in enumerate(pool) for b in pool[:i]])
    assert found.bandwidth == pytest.approx(np.median(apart))
    k = rbf_kernel(pool, gamma=1 / (2 * found.bandwidth**2))
    x, y, between = k[:60, :60], k[60:, 60:], k[:60, 60:]
    within = (x.sum() - np.trace(x) + y.sum() - np.trace(y)) / (60 * 59)
    assert found.squared == pytest.approx(within - 2 * between.mean())


@pytest.mark.parametrize(("at", "std"), [(0, 1), (0.5, 1), (0, 0.5)])
def test_estimate_is_unbiased_and_its_error_is_its_spread(at: float, std: float) -> None:
    n, h = 40, 1.2
    found = [maximum_mean_discrepancy(cloud(n, seed=2 * s), cloud(n, 2, at, 2 * s + 1, std), h) for s in range(250)]
    values, errors = np.array([one.squared for one in found]), np.array([one.error for one in found])
    truth = closed_form(at, std, h, 2)
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(250)
    ratio = np.sqrt((errors**2).mean()) / values.std()
    assert 0.88 < ratio < (1.15 if truth else 1.35)  # with none at all, it is a little too large


def test_errors_cover_the_truth_as_often_as_they_should() -> None:
    found = [maximum_mean_discrepancy(cloud(100, seed=2 * s), cloud(100, 2, 0.5, 2 * s + 1), 1.2) for s in range(80)]
    covered = np.mean([abs(one.squared - closed_form(0.5, 1, 1.2, 2)) < 1.96 * one.error for one in found])
    assert 0.86 < covered < 0.995


def test_false_alarms_are_as_rare_as_promised() -> None:
    p = np.array(
        [maximum_mean_discrepancy(cloud(20, seed=2 * s), cloud(20, seed=2 * s + 1), seed=s).p_value for s in range(300)]
    )
    assert (p <= 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert p.mean() == pytest.approx(0.5, abs=0.06)


def test_disjoint_clouds_are_as_far_as_can_be_for_a_narrow_kernel() -> None:
    found = maximum_mean_discrepancy(np.zeros((20, 3)), np.full((20, 3), 50.0), bandwidth=1)
    assert found.squared == pytest.approx(2)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert found.p_value == pytest.approx(1 / 500)


def test_moving_turning_and_scaling_all_changes_nothing_but_the_bandwidth() -> None:
    real, samples = cloud(50), cloud(50, at=0.5, seed=1)
    turn = np.linalg.qr(cloud(2, seed=2))[0]
    base, other = (
        maximum_mean_discrepancy(*pair) for pair in ((real, samples), (4 * real @ turn + 9, 4 * samples @ turn + 9))
    )
    assert other.squared == pytest.approx(base.squared)
    assert other.p_value == base.p_value
    assert other.bandwidth == pytest.approx(4 * base.bandwidth)


def test_all_points_the_same_have_a_bandwidth() -> None:
    found = maximum_mean_discrepancy(np.ones((10, 2)), np.ones((10, 2)))
    assert (found.squared, found.p_value) == (pytest.approx(0), 1)


def test_aggregate_posterior_that_is_the_prior_has_none() -> None:
    """Posterior means N(0, 0.6²) with a standard deviation of 0.8 make N(0, 1)."""
    found = [mmd_to_prior(codes(cloud(60, 3, std=0.6, seed=s), np.array(0.8)), 1.5, seed=s) for s in range(100)]
    values = np.array([one.squared for one in found])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(100)
    assert np.mean([one.p_value <= 0.05 for one in found]) < 0.12
    without_spread = mmd_to_prior(codes(cloud(400, 3, std=0.6), np.array(0.0)), 1.5)
    assert without_spread.p_value < 0.01
    assert without_spread.squared == pytest.approx(closed_form(0, 0.6, 1.5, 3), abs=4 * without_spread.error)


def test_number_compared_is_bounded_and_told() -> None:
    assert maximum_mean_discrepancy(cloud(90), cloud(50), most=30).count == 30
    assert mmd_to_prior(codes(cloud(90), np.array(1.0)), most=30).count == 30
    with pytest.raises(MetricError, match="at least 5"):
        maximum_mean_discrepancy(cloud(4), cloud(50))
