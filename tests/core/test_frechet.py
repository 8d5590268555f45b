"""The Fréchet distance against closed forms and scipy's matrix root, with its floor and its error."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from vae_core.errors import MetricError
from vae_core.metrics.frechet import frechet, frechet_distance, normals_distance


def cloud(count: int, dimensions: int = 3, at: float = 0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(at, 1, (count, dimensions))


def test_diagonal_normals_have_the_closed_form() -> None:
    """Σ (μ₁ − μ₂)² + (σ₁ − σ₂)²."""
    one, two = np.array([[0.0, 1, -2], [1, 2, 0.5]]), np.array([[1.0, 1, 0], [3, 0.1, 0]])
    found = normals_distance(one[0], np.diag(one[1] ** 2), two[0], np.diag(two[1] ** 2))
    assert found == pytest.approx(((one - two) ** 2).sum())


def test_correlated_features_are_those_of_scipys_root() -> None:
    a, b = cloud(50, 6) @ cloud(6, 6, seed=1), cloud(70, 6, at=1, seed=2) @ cloud(6, 6, seed=3)
    one, two = np.cov(a.T), np.cov(b.T)
    root = sqrtm(one @ two).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + two - 2 * root)
    assert frechet(a, b) == pytest.approx(expected)
    assert frechet(b, a) == pytest.approx(expected)


def test_distance_to_itself_is_none_even_with_fewer_examples_than_features() -> None:
    for count in (200, 5):
        a = cloud(count, 20)
        assert frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_one_feature_will_do() -> None:
    a = cloud(100, 1)
    assert frechet(a, 3 * a + 2) == pytest.approx((2 * a.mean() + 2) ** 2 + (2 * a.std(ddof=1)) ** 2)


def test_same_distribution_is_at_the_floor_and_another_above_it() -> None:
    same, moved = (frechet_distance(cloud(2000, 8), cloud(1000, 8, at, seed=1)) for at in (0, 0.5))
    assert same.distance == pytest.approx(same.floor, rel=0.5)
    assert moved.distance == pytest.approx(8 * 0.25, rel=0.25)
    assert moved.floor == same.floor
    assert moved.floor < 0.1 < moved.distance


def test_floor_grows_as_examples_get_fewer() -> None:
    """The bias is of order D² / n for D features: a quarter for four times as many examples."""
    floors = [
        np.mean([frechet_distance(cloud(2 * n, 6, seed=s), cloud(n, 6)).floor for s in range(10)]) for n in (100, 400)
    ]
    assert floors[0] / floors[1] == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize(("at", "scale"), [(0.8, 1), (0, 2)])
def test_error_is_the_spread_over_other_examples(at: float, scale: float) -> None:
    found = [
        frechet_distance(cloud(300, 2, seed=2 * s), scale * cloud(150, 2, seed=2 * s + 1) + at) for s in range(150)
    ]
    values, errors = np.array([one.distance for one in found]), np.array([one.error for one in found])
    assert np.sqrt((errors**2).mean()) == pytest.approx(values.std(), rel=0.18)
    truth = 2 * at**2 + 2 * (scale - 1) ** 2
    bias = values.mean() - truth
    assert 0.88 < (np.abs(values - bias - truth) < 1.96 * errors).mean() <= 0.99


def test_near_the_floor_the_error_is_not_too_small() -> None:
    found = [frechet_distance(cloud(300, 4, seed=2 * s), cloud(150, 4, seed=2 * s + 1)) for s in range(80)]
    ratio = np.mean([one.error for one in found]) / np.std([one.distance for one in found])
    assert 0.9 < ratio < 2.5


def test_turning_and_moving_all_changes_nothing() -> None:
    real, samples = cloud(100, 4), cloud(50, 4, at=1, seed=1)
    turn = np.linalg.qr(cloud(4, 4, seed=2))[0]
    base, other = frechet_distance(real, samples), frechet_distance(real @ turn + 5, samples @ turn + 5)
    assert vars(other) == pytest.approx(vars(base))
    assert frechet(2 * real, 2 * samples) == pytest.approx(4 * frechet(real, samples))


def test_number_compared_is_bounded_and_told() -> None:
    assert frechet_distance(cloud(200), cloud(200), most=50).count == 50
    assert frechet_distance(cloud(200), cloud(200)).count == 100
    with pytest.raises(MetricError, match="at least 40"):
        frechet_distance(cloud(79), cloud(100))
