"""p(z) against torch.distributions and against samples."""

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from tests.small import PICTURE, PRIORS, small
from vae_core.priors import DiagonalMixture, StandardNormal, kl_to_standard
from vae_core.vae import VAE

CPU = torch.device("cpu")


def mixture(components: int = 3, latents: int = 4) -> DiagonalMixture:
    random = torch.Generator().manual_seed(0)
    logits, mean = torch.randn(components, generator=random), torch.randn(components, latents, generator=random) * 2
    return DiagonalMixture(logits, mean, torch.rand(components, latents, generator=random) + 0.3)


def test_kl_is_torchs() -> None:
    posterior = Normal(torch.randn(7, 4), torch.rand(7, 4) + 0.05)
    torch.testing.assert_close(kl_to_standard(posterior), kl_divergence(posterior, Normal(0.0, 1.0)))


def test_standard_normal_is_torchs() -> None:
    z = torch.randn(5, 4)
    torch.testing.assert_close(StandardNormal(4, CPU).log_prob(z), Normal(0.0, 1.0).log_prob(z))


def test_mixture_sums_to_torchs_log_density() -> None:
    prior, z = mixture(), torch.randn(50, 4) * 2
    theirs = MixtureSameFamily(Categorical(logits=prior.logits), Independent(Normal(prior.mean, prior.std), 1))
    torch.testing.assert_close(prior.log_prob(z).sum(1), theirs.log_prob(z))


def test_first_dimensions_of_a_mixture_are_its_marginal() -> None:
    """By the chain rule the first entry is log p(z_1), the first two sum to log p(z_1, z_2)."""
    prior, z = mixture(), torch.randn(50, 4) * 2
    for count in (1, 2):
        components = Independent(Normal(prior.mean[:, :count], prior.std[:, :count]), 1)
        marginal = MixtureSameFamily(Categorical(logits=prior.logits), components)
        torch.testing.assert_close(prior.log_prob(z)[:, :count].sum(1), marginal.log_prob(z[:, :count]))


def test_mixtures_kl_estimate_is_unbiased() -> None:
    """Against a numerical integral in one dimension."""
    prior = mixture(latents=1)
    posterior = Normal(torch.tensor([[0.7]]), torch.tensor([[0.4]]))
    grid = torch.linspace(-4, 5, 20_001)[:, None]
    density = posterior.log_prob(grid).exp()[:, 0]
    exact = torch.trapezoid(density * (posterior.log_prob(grid)[:, 0] - prior.log_prob(grid)[:, 0]), grid[:, 0])
    z = posterior.sample((200_000,))[:, 0]
    repeated = Normal(posterior.mean.expand(200_000, 1), posterior.stddev.expand(200_000, 1))
    assert float(prior.kl(repeated, z).mean()) == pytest.approx(float(exact), abs=0.01)


@pytest.mark.parametrize("name", PRIORS)
def test_samples_follow_the_density(name: str) -> None:
    """E over samples of p's score function is 0: here, of the derivative of log p by a shift of z."""
    prior = VAE(small(prior=name), PICTURE).present_prior()
    z = prior.sample(200_000, torch.Generator().manual_seed(0)).detach().requires_grad_()
    (score,) = torch.autograd.grad(prior.log_prob(z).sum(), z)
    spread = score.std(0) / 200_000**0.5
    assert (score.mean(0).abs() < 5 * spread).all()
    torch.testing.assert_close((score * z).mean(0), -torch.ones(2), atol=0.05, rtol=0)  # Stein's identity


def test_mixture_samples_come_in_no_order() -> None:
    prior = DiagonalMixture(torch.zeros(2), torch.tensor([[-9.0], [9.0]]), torch.ones(2, 1))
    first = prior.sample(1000, torch.Generator().manual_seed(0))[:500]
    assert 200 < int((first > 0).sum()) < 300


def test_vamp_begins_with_examples_and_follows_the_encoder() -> None:
    vae = VAE(small(prior="vamp"), PICTURE)
    x = torch.rand(3, 1, 8, 8)
    vae.start_from(x)
    prior = vae.present_prior()
    assert isinstance(prior, DiagonalMixture)
    torch.testing.assert_close(prior.mean[:3], vae.encode(x).mean)
    torch.testing.assert_close(prior.mean[3], prior.mean[0])
    torch.testing.assert_close(prior.std[:3], vae.encode(x).stddev)
