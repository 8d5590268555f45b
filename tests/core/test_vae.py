"""The model's probabilities against independent values: torch.distributions, closed forms, autograd."""

import itertools
import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from tests.small import PICTURE, ROW, small, spec_for
from vae_core import config
from vae_core.config import ModelConfig
from vae_core.errors import ConfigError
from vae_core.example import ExampleSpec
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES
from vae_core.objectives import OBJECTIVES, BetaVAE, Step
from vae_core.priors import PRIORS, kl_to_standard
from vae_core.vae import VAE

PAIRS = [(a, b) for a, b in itertools.product(ARCHITECTURES, LIKELIHOODS) if a == "mlp" or b != "mixed"]
POSTERIORS = ["log-variance", "softplus", "deterministic"]


def batch(count: int = 5, channels: int = 1, side: int = 8) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0))


def examples(spec: ExampleSpec, count: int = 5) -> torch.Tensor:
    return torch.rand(count, *spec.shape, generator=torch.Generator().manual_seed(0))


def model(**settings: object) -> VAE:
    return VAE(small(**settings), PICTURE)  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("side", [8, 9, 13, 28, 31, 64, 105, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_side_and_colour_goes_in_and_comes_out(architecture: str, side: int, channels: int) -> None:
    spec = ExampleSpec((channels, side, side))
    if architecture == "burgess" and side != 64:
        with pytest.raises(ConfigError, match="Choose side 64"):
            VAE(small(architecture), spec)
        return
    vae = VAE(small(architecture, latents=3), spec)
    out = vae(batch(2, channels, side))
    assert out.latents.shape == out.kl.shape == (2, 3)
    assert out.reconstruction_loss.shape == (2,)
    assert vae.decode(out.latents).shape == (2, channels, side, side)


@pytest.mark.parametrize(("architecture", "likelihood"), PAIRS)
@pytest.mark.parametrize("conditional", [False, True])
def test_gradients_reach_every_parameter(architecture: str, likelihood: str, conditional: bool) -> None:
    spec = spec_for(architecture, likelihood)
    vae = VAE(small(architecture, likelihood, conditional=conditional), spec)
    out = vae(examples(spec), labels=torch.tensor([0, 1, 0, 1, 1]))
    (-out.elbo).sum().backward()
    untouched = [name for name, p in vae.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert untouched == []


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("posterior", POSTERIORS[:2])
def test_gradients_reach_every_parameter_of_priors_and_posteriors(prior: str, posterior: str) -> None:
    vae = model(prior=prior, posterior=posterior)
    (-vae(batch()).elbo).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in vae.parameters())


def test_autoencoder_has_no_parameter_that_nothing_reaches() -> None:
    vae = model(posterior="deterministic")
    out = vae(batch())
    out.reconstruction_loss.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in vae.parameters())
    assert torch.equal(out.latents, out.posterior.mean)
    assert not out.kl.any()
    assert not out.posterior.stddev.any()


@pytest.mark.parametrize("posterior", POSTERIORS[:2])
def test_posterior_begins_narrow_in_either_form(posterior: str) -> None:
    vae = model(posterior=posterior)
    with torch.no_grad():
        vae.encoder[-1].weight.zero_()
    expected = torch.full((5, 2), math.exp(-2))
    torch.testing.assert_close(vae.encode(batch()).stddev, expected, atol=2e-3, rtol=0)


def test_label_changes_code_and_reconstruction_of_a_conditional_model() -> None:
    for spec, likelihood in ((PICTURE, "bernoulli"), (ROW, "mixed")):
        vae = VAE(small(likelihood=likelihood, conditional=True), spec)
        x, zero, one = examples(spec), torch.zeros(5, dtype=torch.int64), torch.ones(5, dtype=torch.int64)
        assert not torch.allclose(vae.encode(x, zero).mean, vae.encode(x, one).mean)
        z = torch.randn(5, 2)
        assert not torch.allclose(vae.decode(z, zero), vae.decode(z, one))
        half = torch.full((5, 2), 0.5)
        assert vae.decode(z, half).isfinite().all()
        with pytest.raises(ConfigError, match="needs a label"):
            vae.encode(x)


def test_conditional_model_without_labels_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs labels"):
        VAE(small(conditional=True), ExampleSpec((1, 8, 8)))


def test_several_samples_stand_side_by_side() -> None:
    vae = model()
    out = vae(batch(), torch.Generator().manual_seed(0), samples=3)
    assert out.latents.shape == (15, 2)
    assert out.reconstruction_loss.shape == (15,)
    torch.testing.assert_close(out.kl[0], out.kl[2])
    torch.testing.assert_close(out.posterior.mean[3:6], vae.encode(batch()[1:2]).mean.expand(3, 2))
    assert len(out.latents.unique(dim=0)) == 15


def test_log_weights_average_to_the_elbo() -> None:
    vae = model()
    out = vae(batch(1).expand(50_000, -1, -1, -1), torch.Generator().manual_seed(0))
    assert float(out.log_weights.mean().detach()) == pytest.approx(float(out.elbo.mean().detach()), abs=0.02)


def test_mlp_has_the_widths_that_were_asked_for() -> None:
    architecture = config.Mlp(widths=(256, 128, 64), activation="relu", fourier=0)
    vae = VAE(ModelConfig(architecture=architecture), ExampleSpec((1, 28, 28)))
    shapes = [tuple(m.weight.shape) for m in vae.modules() if isinstance(m, torch.nn.Linear)]
    assert shapes[:4] == [(256, 784), (128, 256), (64, 128), (4, 64)]
    assert shapes[4:] == [(64, 2), (128, 64), (256, 128), (784, 256)]


def test_training_starts_from_the_mean_picture() -> None:
    x = batch() * 0.8 + 0.1
    for likelihood in ("bernoulli", "continuous-bernoulli", "gaussian"):
        vae = model(likelihood=likelihood, latents=3)
        with torch.no_grad():
            for module in vae.decoder.modules():
                if isinstance(module, torch.nn.Linear):
                    module.weight.zero_()
        vae.start_from(x)
        torch.testing.assert_close(vae.decode(torch.zeros(1, 3))[0], x.mean(0), atol=1e-5, rtol=0)


def test_elbo_at_beta_one_is_minus_the_loss() -> None:
    out = model()(batch(), torch.Generator().manual_seed(1))
    loss = out.reconstruction_loss + BetaVAE().penalty(out, Step(5))
    torch.testing.assert_close(out.elbo, -loss)
    doubled = out.reconstruction_loss + BetaVAE(beta=2).penalty(out, Step(5))
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
    options = config.Gaussian(sigma="fixed", fixed_sigma=sigma)
    likelihood = LIKELIHOODS["gaussian"](options, ExampleSpec((1, 4, 4)))

    z = posterior.rsample((200_000,))
    output = (z @ columns.T + centre).reshape(-1, 1, 4, 4)
    loss = likelihood.loss(x.reshape(1, 1, 4, 4).expand_as(output), output)
    elbo = -(loss.mean() + kl_to_standard(posterior).sum())

    covariance = columns @ columns.T + sigma**2 * torch.eye(pixels)
    evidence = MultivariateNormal(centre, covariance).log_prob(x)
    assert float(elbo) == pytest.approx(float(evidence), abs=0.02)


def test_posterior_is_never_much_wider_than_the_prior_and_keeps_its_gradient() -> None:
    vae = model()
    with torch.no_grad():
        vae.encoder[-1].bias.fill_(30.0)
    posterior = vae.encode(batch())
    assert float(posterior.variance.detach().max()) <= math.e + 1e-5
    posterior.stddev.sum().backward()
    assert vae.encoder[-1].bias.grad is not None
    assert vae.encoder[-1].bias.grad.isfinite().all()


def test_seed_decides_the_weights_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (VAE(small(), PICTURE, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [next(vae.parameters()) for vae in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_objectives_name_themselves() -> None:
    assert all(options().name == name for name, options in OBJECTIVES.items())
