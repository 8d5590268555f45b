"""The true posterior against closed forms: a linear decoder with normal noise, whose posterior is known."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, kl_divergence

from tests.small import PICTURE, small
from vae_core.config import Gaussian
from vae_core.errors import ConfigError
from vae_core.latents.true_posterior import TruePosterior, true_posterior
from vae_core.vae import VAE

SIGMA = 0.6


def linear(scale: float = 0.4, **more: object) -> tuple[VAE, torch.Tensor, MultivariateNormal, float]:
    """A VAE whose decoder is linear, an example, and what is known then: p(z | x) and log p(x)."""
    model = small(likelihood="gaussian", **more).model_copy(
        update={"likelihood": Gaussian(sigma="fixed", fixed_sigma=SIGMA)}
    )
    vae = VAE(model, PICTURE).eval()
    random = torch.Generator().manual_seed(4)
    line = nn.Linear(2, 64)
    with torch.no_grad():
        line.weight.copy_(scale * torch.randn(64, 2, generator=random))
        line.bias.copy_(torch.rand(64, generator=random))
    vae.decoder = nn.Sequential(line, nn.Unflatten(1, (1, 8, 8)))
    x = torch.rand(1, 1, 8, 8, generator=random)
    weights, bias = line.weight.detach().double(), line.bias.detach().double()
    precision = torch.eye(2, dtype=torch.float64) + weights.T @ weights / SIGMA**2
    covariance = torch.linalg.inv(precision)
    mean = covariance @ weights.T @ (x.double().flatten() - bias) / SIGMA**2
    marginal = MultivariateNormal(bias, weights @ weights.T + SIGMA**2 * torch.eye(64, dtype=torch.float64))
    return vae, x, MultivariateNormal(mean, covariance), float(marginal.log_prob(x.double().flatten()))


def places(found: TruePosterior) -> torch.Tensor:
    return torch.from_numpy(np.stack(np.meshgrid(found.u, found.v), -1))


@pytest.mark.parametrize("scale", [0.05, 0.4, 3.0])
def test_density_and_evidence_are_those_of_the_closed_form(scale: float) -> None:
    """From a posterior as wide as the prior to one as narrow as a cell of the coarse grid."""
    vae, x, exact, evidence = linear(scale)
    found = true_posterior(vae, x)
    assert found.log_evidence == pytest.approx(evidence, abs=0.01)
    expected = exact.log_prob(places(found)).numpy()
    high = expected > expected.max() - 10
    np.testing.assert_allclose(found.log_density[high], expected[high], atol=0.02)
    area = (found.u[1] - found.u[0]) * (found.v[1] - found.v[0])
    assert np.exp(found.log_density).sum() * area == pytest.approx(1, abs=1e-4)


def test_gap_is_the_divergence_and_what_the_elbo_misses() -> None:
    vae, x, exact, evidence = linear()
    with torch.no_grad():
        last = [module for module in vae.encoder.modules() if isinstance(module, nn.Linear)][-1]
        last.weight.zero_()
        spread = exact.covariance_matrix.diagonal().sqrt()
        last.bias[:2] = (exact.mean + 0.5 * spread).float()
        guess = vae.encode(x)
    q = MultivariateNormal(guess.mean[0].double(), torch.diag(guess.variance[0].double()))
    found = true_posterior(vae, x)
    assert found.gap == pytest.approx(float(kl_divergence(q, exact)), rel=0.01)
    with torch.no_grad():
        out = vae(x, torch.Generator().manual_seed(0), samples=40_000)
    assert evidence - float(out.elbo.mean()) == pytest.approx(found.gap, rel=0.05)


def test_guess_far_away_is_on_the_grid_too() -> None:
    vae, x, exact, _ = linear()
    with torch.no_grad():
        last = [module for module in vae.encoder.modules() if isinstance(module, nn.Linear)][-1]
        last.weight.zero_()
        last.bias[:2] = torch.tensor([9.0, -9.0])
    found = true_posterior(vae, x)
    for axis, coordinate, peak in ((found.u, 9.0, exact.mean[0]), (found.v, -9.0, exact.mean[1])):
        assert axis[0] < coordinate < axis[-1]
        assert axis[0] < peak < axis[-1]


def test_label_of_a_conditional_model_moves_it_and_learnt_priors_count() -> None:
    vae = VAE(small(conditional=True, prior="mixture"), PICTURE).eval()
    x = torch.rand(1, 1, 8, 8)
    one, other = (true_posterior(vae, x, torch.tensor([label]), cells=21) for label in (0, 1))
    assert not np.allclose(one.log_density, other.log_density)
    z = torch.tensor([[one.u[10], one.v[10]]], dtype=torch.float32)
    with torch.no_grad():
        joint = vae.present_prior().log_prob(z).sum() - vae.loss_map(x, z, torch.tensor([0])).sum()
    assert one.log_density[10, 10] + one.log_evidence == pytest.approx(float(joint), abs=1e-3)


@pytest.mark.parametrize("wrong", [{"latents": 3}, {"posterior": "deterministic"}])
def test_models_without_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="two latents only"):
        true_posterior(VAE(small(**wrong), PICTURE).eval(), torch.rand(1, 1, 8, 8))
