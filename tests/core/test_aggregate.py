"""How far an aggregate posterior is from N(0, I): closed forms, quadrature, and what it says of few examples."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest, norm

from vae_core.latents.codes import Codes
from vae_core.metrics.aggregate import aggregate_gap


def codes(mean: np.ndarray, std: np.ndarray) -> Codes:
    mean, std = mean.astype(np.float32), np.broadcast_to(std, mean.shape).astype(np.float32)
    return Codes("", mean, std, np.zeros_like(mean), None, ())


def normals(at: np.ndarray, std: np.ndarray) -> Codes:
    """Every posterior is the same N(at, std²)."""
    return codes(np.tile(at, (50, 1)), std)


def kl_of_normals(at: np.ndarray, std: np.ndarray) -> np.ndarray:
    return 0.5 * (at**2 + std**2 - 1 - np.log(std**2))


def test_same_posterior_everywhere_has_the_closed_forms() -> None:
    at, std = np.array([0.0, 1, -2]), np.array([1.0, 0.5, 0.1])
    found = [aggregate_gap(normals(at, std), draws=100, seed=s) for s in range(120)]
    truth = kl_of_normals(at, std)
    kl, error = np.array([one.kl for one in found]), np.array([one.kl_error for one in found])
    total, total_error = np.array([one.total for one in found]), np.array([one.total_error for one in found])
    assert kl[:, 0] == pytest.approx(0, abs=1e-6)
    assert (np.abs(kl - truth).mean(0) < 1e-6 + error.mean(0)).all()
    assert (np.abs(kl.mean(0) - truth) < 1e-6 + 4 * kl.std(0) / np.sqrt(120)).all()
    for values, errors, expected in ((kl[:, 1], error[:, 1], truth[1]), (total, total_error, truth.sum())):
        assert 0.89 < (np.abs(values - expected) < 1.96 * errors).mean() < 0.99
    assert found[0].mean == pytest.approx(at)
    assert found[0].variance == pytest.approx(std**2)


def test_mixture_of_one_dimension_is_that_of_quadrature() -> None:
    mean, std = np.array([[-1.5], [0.2], [2.0]]), np.array([[0.3], [0.5], [0.2]])
    found = aggregate_gap(codes(mean, std), draws=20_000)

    def integrand(z: float) -> float:
        q = norm.pdf(z, mean[:, 0], std[:, 0]).mean()
        return q * (np.log(q) - norm.logpdf(z)) if q > 0 else 0.0

    truth = quad(integrand, -4, 5, limit=200, points=[-1.5, 0.2, 2])[0]
    assert abs(found.kl[0] - truth) < 4 * found.kl_error[0]
    assert found.kl_error[0] < 0.01
    assert (found.total, found.total_error) == pytest.approx((found.kl[0], found.kl_error[0]), abs=1e-4)
    z = np.linspace(-5, 5, 20_001)
    largest = np.abs(norm.cdf(z[:, None], mean[:, 0], std[:, 0]).mean(1) - norm.cdf(z)).max()
    assert largest - 1 / 200 <= found.ks[0] <= largest + 1e-9
    assert found.mean[0] == pytest.approx(mean.mean())
    assert found.variance[0] == pytest.approx((mean**2 + std**2).mean() - mean.mean() ** 2)


def test_ks_is_that_of_many_draws_in_scipy() -> None:
    random = np.random.default_rng(0)
    mean = random.normal(0.3, 0.8, (300, 1))
    draws = mean[random.integers(300, size=50_000), 0] + 0.4 * random.standard_normal(50_000)
    found = aggregate_gap(codes(mean, np.array(0.4)), draws=10)
    assert found.ks[0] == pytest.approx(kstest(draws, "norm").statistic, abs=0.01)


def test_aggregate_that_fills_the_prior_has_no_gap() -> None:
    mean = np.random.default_rng(0).normal(0, 0.6, (5000, 2))
    found = aggregate_gap(codes(mean, np.array(0.8)))
    assert np.abs(found.kl).max() < 0.01
    assert abs(found.total) < 0.01 + 3 * found.total_error
    assert found.ks.max() < 0.03


def test_dependent_dimensions_show_in_the_total_alone() -> None:
    """Both marginals N(0, 1) with a correlation ρ: the total is −½ log(1 − ρ²)."""
    random = np.random.default_rng(0)
    shared = random.standard_normal((2500, 1))
    mean = np.sqrt(0.8) * np.concatenate([shared, shared], axis=1)
    found = aggregate_gap(codes(mean, np.array(np.sqrt(0.2))))
    assert found.kl == pytest.approx(0, abs=0.015)
    assert found.total == pytest.approx(-0.5 * np.log(1 - 0.8**2), abs=0.03 + 3 * found.total_error)


def test_far_apart_posteriors_keep_log_n_nats() -> None:
    """Total = mean KL of the posteriors − log N where no two overlap."""
    mean = 3 * np.random.default_rng(0).standard_normal((16, 20))
    found = aggregate_gap(codes(mean, np.array(0.1)), draws=4000)
    expected = kl_of_normals(mean, np.array(0.1)).sum(1).mean() - np.log(16)
    assert abs(found.total - expected) < 4 * found.total_error


def test_autoencoders_codes_are_smoothed() -> None:
    mean = np.random.default_rng(0).standard_normal((2000, 2))
    found = aggregate_gap(codes(mean, np.array(0.0)))
    assert np.isfinite(found.total)
    widened = mean.std(0) * np.sqrt(1 + 2000 ** (-2 / 6))  # Scott's bandwidth for two dimensions
    assert np.sqrt(found.variance) == pytest.approx(widened, rel=1e-5)
    three = aggregate_gap(codes(3 * mean, np.array(0.0)))
    truth = kl_of_normals(3 * mean.mean(0), 3 * widened)
    assert (np.abs(three.kl - truth) < 0.02 + 4 * three.kl_error).all()


def test_order_of_examples_and_their_number_are_bounded_by_a_draw() -> None:
    mean = np.concatenate([np.full((500, 1), -2.0), np.full((500, 1), 2.0)])
    found = aggregate_gap(codes(mean, np.array(0.5)), draws=50, most=200)
    assert (found.count, found.draws) == (200, 50)
    assert abs(found.mean[0]) < 0.5
