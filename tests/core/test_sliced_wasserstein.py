"""The sliced Wasserstein distance against closed forms and against matching points one by one."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.stats import beta

from vae_core.errors import MetricError
from vae_core.metrics.draws import halves
from vae_core.metrics.sliced_wasserstein import sliced_wasserstein


def cloud(count: int, dimensions: int = 3, at: float = 0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(at, 1, (count, dimensions))


def test_on_a_line_it_is_the_best_matching_of_the_points() -> None:
    real, samples = cloud(120, 1), cloud(60, 1, at=0.4, seed=1) ** 3
    half, other, drawn = halves(real, samples, 60, 0)
    found = sliced_wasserstein(real, samples)
    for value, side in ((found.distance, drawn), (found.floor, other)):
        cost = cdist(half, side) ** 2
        assert value == pytest.approx(np.sqrt(cost[linear_sum_assignment(cost)].mean()))
    assert found.error == pytest.approx(0, abs=1e-12)  # a line has one direction


def test_point_moved_from_another_is_seen_along_every_line() -> None:
    """All real examples at 0, all samples at v: the squared distance along θ is (θ·v)², of mean |v|² / D."""
    v, dimensions = 3.0, 5
    real, samples = np.zeros((8, dimensions)), np.zeros((4, dimensions))
    samples[:, 0] = v
    found = [sliced_wasserstein(real, samples, directions=50, seed=s) for s in range(400)]
    squared = np.array([one.distance**2 for one in found])
    error = np.array([2 * one.distance * one.error for one in found])
    truth = v**2 / dimensions
    assert abs(squared.mean() - truth) < 4 * squared.std() / np.sqrt(400)
    true_error = v**2 * beta(0.5, (dimensions - 1) / 2).std() / np.sqrt(50)  # (θ·e)² is beta distributed
    assert squared.std() == pytest.approx(true_error, rel=0.12)
    assert np.sqrt((error**2).mean()) == pytest.approx(true_error, rel=0.05)
    assert 0.88 < (np.abs(squared - truth) < 1.96 * error).mean() < 0.98
    assert found[0].floor == 0


def test_same_distribution_is_at_the_floor_and_another_above_it() -> None:
    real = cloud(2000)
    same, moved, crowded = (sliced_wasserstein(real, x) for x in (cloud(1000, seed=1), cloud(1000, at=0.5), real * 0.3))
    assert same.distance == pytest.approx(same.floor, rel=0.4)
    assert moved.distance > 5 * moved.floor
    assert crowded.distance > 5 * crowded.floor
    assert same.floor == moved.floor  # of the same halves, along the same lines


def test_floor_shrinks_with_the_number_compared_as_a_root_does() -> None:
    floors = [
        np.mean([sliced_wasserstein(cloud(2 * n, 2, seed=s), cloud(n, 2), 50).floor for s in range(12)])
        for n in (100, 1600)
    ]
    assert floors[0] / floors[1] == pytest.approx(4, rel=0.3)


def test_directions_lie_evenly_on_the_sphere() -> None:
    """Lines drawn from a cube would see its diagonals more often."""
    axis, diagonal = np.zeros((2, 2)), np.zeros((2, 2))
    axis[:, 0], diagonal[:] = 1, np.sqrt(0.5)
    along, across = (
        np.array([sliced_wasserstein(np.zeros((4, 2)), to, 4000, seed=s).distance for s in range(4)]).mean()
        for to in (axis, diagonal)
    )
    assert along == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert across == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_scale_is_the_features_and_place_does_not_count() -> None:
    real, samples = cloud(100), cloud(50, at=1, seed=1)
    base, other = sliced_wasserstein(real, samples), sliced_wasserstein(3 * real + 7, 3 * samples + 7)
    assert (other.distance, other.error, other.floor) == pytest.approx(
        (3 * base.distance, 3 * base.error, 3 * base.floor)
    )


def test_number_compared_is_bounded_and_told() -> None:
    assert sliced_wasserstein(cloud(100), cloud(90), most=30).count == 30
    assert sliced_wasserstein(cloud(100), cloud(90)).count == 50
    with pytest.raises(MetricError, match="at least 2"):
        sliced_wasserstein(cloud(3), cloud(10))
