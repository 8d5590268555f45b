"""The nearest-neighbour two-sample test: its rate of false alarms, its extremes, and the graph it rests on."""

import itertools

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.neighbors import NearestNeighbors

from vae_core.errors import MetricError
from vae_core.metrics.two_sample import two_sample_test


def cloud(count: int, dimensions: int = 3, at: float = 0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(at, 1, (count, dimensions))


def test_accuracy_is_that_of_scikit_learns_neighbours() -> None:
    real, samples = cloud(150), cloud(150, at=0.6, seed=1)
    pool, is_real = np.concatenate([real, samples]), np.arange(300) < 150
    nearest = NearestNeighbors(n_neighbors=2).fit(pool).kneighbors(pool)[1][:, 1]
    right = is_real == is_real[nearest]
    found = two_sample_test(real, samples, permutations=9)
    assert found.accuracy == pytest.approx(right.mean())
    assert found.real_accuracy == pytest.approx(right[:150].mean())
    assert found.sample_accuracy == pytest.approx(right[150:].mean())


def test_false_alarms_are_as_rare_as_promised() -> None:
    found = [
        two_sample_test(cloud(40, seed=2 * s), cloud(40, seed=2 * s + 1), permutations=199, seed=s) for s in range(300)
    ]
    p = np.array([one.p_value for one in found])
    assert (p <= 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert 0.02 < (p <= 0.1).mean() < 0.16
    accuracies = np.array([one.accuracy for one in found])
    assert abs(accuracies.mean() - found[0].expected) < 4 * accuracies.std() / np.sqrt(300)
    assert np.mean([one.error for one in found]) == pytest.approx(accuracies.std(), rel=0.15)
    assert kstest(p, "uniform").statistic < 0.15  # it takes few values, as guesses are whole numbers


def test_spread_under_the_null_is_wider_than_the_binomial_one() -> None:
    found = two_sample_test(cloud(500), cloud(500, seed=1), permutations=400)
    assert 1.1 < found.error / np.sqrt(0.25 / 1000) < 1.6


def test_null_is_that_of_all_ways_to_deal_the_labels() -> None:
    real, samples = cloud(4, 2), cloud(4, 2, at=1, seed=1)
    pool = np.concatenate([real, samples])
    nearest = NearestNeighbors(n_neighbors=2).fit(pool).kneighbors(pool)[1][:, 1]
    every = []
    for chosen in itertools.combinations(range(8), 4):
        labels = np.isin(np.arange(8), chosen)
        every.append((labels == labels[nearest]).mean())
    found = two_sample_test(real, samples, permutations=4000)
    assert found.expected == pytest.approx(np.mean(every))
    assert found.error == pytest.approx(np.std(every), rel=0.05)
    as_far = np.abs(np.array(every) - found.expected) >= abs(found.accuracy - found.expected) - 1e-9
    assert found.p_value == pytest.approx(as_far.mean(), abs=0.04)


def test_disjoint_clouds_are_told_apart_throughout() -> None:
    found = two_sample_test(cloud(200), cloud(200, at=30, seed=1))
    assert (found.accuracy, found.real_accuracy, found.sample_accuracy) == (1, 1, 1)
    assert found.p_value == 1 / 1000


def test_copies_of_real_examples_lie_below_half_and_are_found_out() -> None:
    real = cloud(200, 64)
    found = two_sample_test(real, real + 1e-6 * cloud(200, 64, seed=1))
    assert found.accuracy == 0
    assert found.p_value == 1 / 1000


def test_samples_that_crowd_together_are_known_by_each_other() -> None:
    real, crowded = cloud(300), cloud(300, seed=1) * 0.1
    found = two_sample_test(real, crowded)
    assert found.sample_accuracy > 0.9
    assert found.sample_accuracy > found.real_accuracy


def test_ties_favour_no_side() -> None:
    grid = np.random.default_rng(0).integers(0, 3, (2, 500, 2)).astype(float)  # nine places, far more examples
    found = two_sample_test(*grid)
    assert found.accuracy == pytest.approx(0.5, abs=0.06)
    assert found.real_accuracy == pytest.approx(found.sample_accuracy, abs=0.1)


def test_number_compared_is_bounded_and_told() -> None:
    assert two_sample_test(cloud(90), cloud(50, seed=1), most=30, permutations=9).count == 30
    with pytest.raises(MetricError, match="at least 2"):
        two_sample_test(cloud(1), cloud(5))


def test_turning_and_scaling_all_changes_nothing() -> None:
    real, samples = cloud(100), cloud(100, at=0.5, seed=1)
    turn = np.linalg.qr(cloud(3, seed=2))[0]
    assert two_sample_test(5 * real @ turn - 2, 5 * samples @ turn - 2) == two_sample_test(real, samples)
