"""The mixture fitted to codes, against scikit-learn."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from vae_core.latents.mixture import fit_mixture


def clusters(count: int = 3000) -> np.ndarray:
    random = np.random.default_rng(0)
    centres = np.array([[-4.0, 0, 0], [4, 0, 0], [0, 5, 1]])
    return (centres[random.integers(3, size=count)] + random.normal(size=(count, 3)) * 0.5).astype(np.float32)


def test_density_is_scikit_learns() -> None:
    codes = clusters()
    ours = fit_mixture(codes, components=3)
    theirs = GaussianMixture(3, random_state=0).fit(codes.astype(np.float64))
    np.testing.assert_allclose(ours.log_prob(codes[:50]), theirs.score_samples(codes[:50]), rtol=1e-3)


def test_samples_lie_where_the_codes_do_and_in_no_order() -> None:
    codes = clusters()
    samples = fit_mixture(codes, components=3).sample(6000, seed=1)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples.mean(0), codes.mean(0), atol=0.2)
    np.testing.assert_allclose(np.cov(samples.T), np.cov(codes.T), atol=0.4)
    shares = [float((part[:, 0] > 2).mean()) for part in np.split(samples, 6)]
    assert max(shares) - min(shares) < 0.1


@pytest.mark.parametrize("count", [2, 9, 30])
def test_few_codes_and_codes_in_a_plane_bear_a_mixture(count: int) -> None:
    codes = clusters(count)
    codes[:, 2] = 0
    mixture = fit_mixture(codes)
    assert len(mixture.weights) == max(count // 10, 1)
    assert np.isfinite(mixture.sample(100, seed=0)).all()


def test_density_integrates_to_one() -> None:
    mixture = fit_mixture(clusters()[:, :2], components=4)
    axis = np.linspace(-12, 12, 400)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    area = (axis[1] - axis[0]) ** 2
    assert float(np.exp(mixture.log_prob(grid)).sum() * area) == pytest.approx(1, abs=1e-3)
