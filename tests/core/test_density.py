"""The aggregate posterior against torch.distributions, and trust where it is known: in a hole, and on data."""

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core.latents.codes import Codes
from vae_core.latents.density import AggregatePosterior, aggregate_posterior, trust, usual_densities


def codes_of(mean: np.ndarray, std: float = 0.1) -> Codes:
    mean = mean.astype(np.float32)
    return Codes("0" * 12, mean, np.full_like(mean, std), np.zeros_like(mean), None, ())


def ring(count: int = 2000) -> np.ndarray:
    """Codes on a ring of radius 2: the middle is a hole."""
    random = np.random.default_rng(0)
    angle = random.uniform(0, 2 * np.pi, count)
    return (2 + random.normal(size=count) * 0.15)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def test_log_density_is_that_of_torchs_mixture() -> None:
    random = np.random.default_rng(0)
    mean, std = random.normal(size=(300, 3)), random.uniform(0.05, 0.5, (300, 3))
    z = random.normal(size=(50, 3)) * 1.5
    components = Independent(Normal(torch.tensor(mean), torch.tensor(std)), 1)
    mixture = MixtureSameFamily(Categorical(torch.ones(300, dtype=torch.float64)), components)
    expected = mixture.log_prob(torch.tensor(z)).numpy()
    np.testing.assert_allclose(AggregatePosterior(mean, std).log_prob(z), expected, rtol=1e-9)


def test_left_out_code_does_not_count() -> None:
    mean = np.array([[0.0, 0], [1, 0], [5, 5]])
    whole, without = AggregatePosterior(mean, mean * 0 + 0.3), AggregatePosterior(mean[1:], mean[1:] * 0 + 0.3)
    found = whole.log_prob(mean[:1], left_out=np.array([0]))
    np.testing.assert_allclose(found, without.log_prob(mean[:1]), rtol=1e-12)


def test_autoencoders_codes_are_given_scotts_bandwidth() -> None:
    from scipy.stats import gaussian_kde

    mean = np.random.default_rng(1).normal(size=(500, 2))
    found = aggregate_posterior(codes_of(mean, std=0.0))
    expected = mean.std(0) * 500 ** (-1 / 6)
    np.testing.assert_allclose(found.std, np.tile(expected, (500, 1)), rtol=1e-5)
    uncorrelated = gaussian_kde(mean[:, :1].T)  # the same rule in one dimension
    one = aggregate_posterior(codes_of(mean[:, :1], std=0.0)).std[0, 0]
    assert one == pytest.approx(uncorrelated.factor * mean[:, 0].std(), rel=1e-5)


@pytest.mark.parametrize("std", [0.1, 0.0])
def test_trust_is_low_in_a_hole_and_high_on_data(std: float) -> None:
    mean = ring()
    density = aggregate_posterior(codes_of(mean, std))
    usual = usual_densities(density)
    fresh = ring(3000)[2000:]
    assert np.median(trust(density.log_prob(fresh), usual)) == pytest.approx(0.5, abs=0.08)
    assert (trust(density.log_prob(fresh), usual) > 0.02).mean() > 0.95
    outside = np.array([[0.0, 0], [0.3, 0.3], [4, 0], [100, 100]])
    assert (trust(density.log_prob(outside), usual) == 0).all()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_codes_have_a_density(count: int) -> None:
    density = aggregate_posterior(codes_of(ring(count), 0.0))
    usual = usual_densities(density)
    assert usual.shape == (101,)
    assert np.isfinite(usual).all()
    assert trust(density.log_prob(density.mean[:1]), usual)[0] > 0.5
