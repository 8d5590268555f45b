"""The model's probabilities against independent values: torch.distributions, closed forms, autograd."""

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from vae_core.config import ModelConfig
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES
from vae_core.objectives import OBJECTIVES, BetaVAE
from vae_core.vae import VAE, kl_to_prior

ALL_MODELS = list(itertools.product(ARCHITECTURES, LIKELIHOODS))


def batch(count: int = 5, channels: int = 1, side: int = 8) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0))


def model(
    architecture: str = "mlp", likelihood: str = "bernoulli", channels: int = 1, side: int = 8, latents: int = 3
) -> VAE:
    config = ModelConfig(architecture=architecture, likelihood=likelihood, latents=latents, width=32)
    return VAE(config, (channels, side, side))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("side", [8, 9, 13, 28, 31, 64, 105, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_side_and_colour_goes_in_and_comes_out(architecture: str, side: int, channels: int) -> None:
    vae = model(architecture, channels=channels, side=side)
    out = vae(batch(2, channels, side))
    assert out.latents.shape == out.kl.shape == (2, 3)
    assert out.reconstruction_loss.shape == (2,)
    assert vae.decode(out.latents).shape == (2, channels, side, side)


@pytest.mark.parametrize(("architecture", "likelihood"), ALL_MODELS)
def test_gradients_reach_every_parameter(architecture: str, likelihood: str) -> None:
    vae = model(architecture, likelihood)
    (-vae(batch()).elbo).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in vae.parameters())


def test_kl_is_torchs() -> None:
    posterior = Normal(torch.randn(7, 4), torch.rand(7, 4) + 0.05)
    torch.testing.assert_close(kl_to_prior(posterior), kl_divergence(posterior, Normal(0.0, 1.0)))


def test_bernoulli_loss_is_minus_the_summed_log_probability() -> None:
    x, output = batch().round(), torch.randn(5, 1, 8, 8)
    expected = -Bernoulli(logits=output).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(LIKELIHOODS["bernoulli"]().loss(x, output), expected)


def test_gaussian_loss_is_minus_the_summed_log_density_at_the_best_sigma() -> None:
    x, output = batch(), batch(channels=1).flip(0)
    likelihood = LIKELIHOODS["gaussian"]()
    sigma = (x - output).square().mean().sqrt()
    expected = -Normal(output, sigma).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.loss(x, output), expected)
    for other in (0.8, 1.25):
        assert -Normal(output, sigma * other).log_prob(x).sum() > expected.sum()


def test_gaussian_scores_with_the_sigma_it_learnt() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = LIKELIHOODS["gaussian"]()
    for _ in range(500):
        likelihood.loss(x, output)
    likelihood.eval()
    sigma = (x - output).square().mean().sqrt()
    expected = -Normal(output[:1], sigma).log_prob(x[:1]).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.loss(x[:1], output[:1]), expected, rtol=1e-3, atol=1e-3)


def test_losses_are_sums_over_pixels_never_means() -> None:
    """Twice the pixels of the same kind cost twice the nats."""
    x = batch(side=8)
    for likelihood in LIKELIHOODS.values():
        small = likelihood().loss(x, torch.zeros_like(x))
        large = likelihood().loss(torch.cat([x, x], 2), torch.zeros(5, 1, 16, 8))
        torch.testing.assert_close(large, 2 * small)


def test_elbo_at_beta_one_is_minus_the_loss() -> None:
    out = model()(batch(), torch.Generator().manual_seed(1))
    loss = out.reconstruction_loss + BetaVAE().penalty(out, dataset_size=5, step=0)
    torch.testing.assert_close(out.elbo, -loss)
    doubled = out.reconstruction_loss + BetaVAE(beta=2).penalty(out, dataset_size=5, step=0)
    torch.testing.assert_close(doubled - loss, out.kl.sum(1))


def test_latents_are_samples_of_the_posterior() -> None:
    vae = model()
    x = batch(1).expand(20_000, -1, -1, -1)
    out = vae(x, torch.Generator().manual_seed(0))
    torch.testing.assert_close(out.latents.mean(0), out.posterior.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(out.latents.std(0), out.posterior.stddev[0], atol=0.03, rtol=0)


def test_elbo_of_the_exact_posterior_is_the_evidence() -> None:
    """Probabilistic PCA (Tipping & Bishop 1999), where everything is known in closed form.

    With orthogonal columns in W the posterior is a product of normals, and its ELBO is log N(x; b, W Wᵀ + σ² I).
    """
    torch.manual_seed(0)
    sigma, pixels = 0.7, 16
    columns = torch.linalg.qr(torch.randn(pixels, 2)).Q * torch.tensor([1.5, 0.4])  # W [16, 2]
    centre, x = torch.randn(pixels), torch.randn(pixels)
    variance = sigma**2 / (sigma**2 + columns.square().sum(0))  # [2]
    posterior = Normal(variance * (columns.T @ (x - centre)) / sigma**2, variance.sqrt())
    likelihood = LIKELIHOODS["gaussian"]().eval()
    likelihood.log_sigma.fill_(math.log(sigma))

    z = posterior.rsample((200_000,))
    output = (z @ columns.T + centre).reshape(-1, 1, 4, 4)
    loss = likelihood.loss(x.reshape(1, 1, 4, 4).expand_as(output), output)
    elbo = -(loss.mean() + kl_to_prior(posterior).sum())

    covariance = columns @ columns.T + sigma**2 * torch.eye(pixels)
    evidence = MultivariateNormal(centre, covariance).log_prob(x)
    assert float(elbo) == pytest.approx(float(evidence), abs=0.02)


def test_gaussian_knows_its_sigma_after_three_batches() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = LIKELIHOODS["gaussian"]()
    for _ in range(3):
        likelihood.loss(x, output)
    torch.testing.assert_close(likelihood.log_sigma.exp(), (x - output).square().mean().sqrt())


def test_posterior_is_never_much_wider_than_the_prior_and_keeps_its_gradient() -> None:
    vae = model()
    with torch.no_grad():
        vae.encoder[-1].bias.fill_(30.0)
    posterior = vae.encode(batch())
    assert float(posterior.variance.detach().max()) <= math.e + 1e-5
    posterior.stddev.sum().backward()
    assert vae.encoder[-1].bias.grad is not None
    assert vae.encoder[-1].bias.grad.isfinite().all()


def test_training_starts_from_the_mean_picture() -> None:
    mean = batch(1)[0] * 0.8 + 0.1
    for likelihood in LIKELIHOODS:
        vae = model(likelihood=likelihood)
        with torch.no_grad():
            for module in vae.decoder.modules():
                if isinstance(module, torch.nn.Linear):
                    module.weight.zero_()
        vae.start_from_mean(mean)
        torch.testing.assert_close(vae.decode(torch.zeros(1, 3))[0], mean)


def test_seed_decides_the_weights_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (VAE(ModelConfig(width=32), (1, 8, 8), seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [next(vae.parameters()) for vae in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_objectives_name_themselves() -> None:
    assert all(options().name == name for name, options in OBJECTIVES.items())
