"""Every objective's identity: what it must equal, in closed form or by a longer way."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from tests.small import PICTURE, small
from vae_core.errors import ConfigError
from vae_core.objectives import (
    DIPVAE,
    IWAE,
    OBJECTIVES,
    Autoencoder,
    BetaTCVAE,
    BetaVAE,
    CapacityVAE,
    DenoisingAutoencoder,
    FreeBits,
    InfoVAE,
    PlainVAE,
    Step,
)
from vae_core.objectives.beta_tcvae import log_aggregate_posterior
from vae_core.objectives.info_vae import mmd
from vae_core.objectives.iwae import importance_bound
from vae_core.priors import StandardNormal, kl_to_standard
from vae_core.run_config import RunConfig
from vae_core.vae import VAE, VAEOutput

CPU = torch.device("cpu")
STEP = Step(1000)


def output(count: int = 6, latents: int = 2, seed: int = 0, std: float = 0.5) -> VAEOutput:
    """What a model might say, from a posterior that we choose."""
    random = torch.Generator().manual_seed(seed)
    posterior = Normal(torch.randn(count, latents, generator=random), torch.full((count, latents), std))
    z = posterior.mean + posterior.stddev * torch.randn(count, latents, generator=random)
    loss = torch.rand(count, generator=random) * 10
    return VAEOutput(posterior, z, loss, kl_to_standard(posterior), StandardNormal(latents, CPU))


def real(posterior: str = "log-variance", samples: int = 1) -> VAEOutput:
    vae = VAE(small(posterior=posterior), PICTURE)
    x = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    return vae(x, torch.Generator().manual_seed(1), samples=samples)


def test_vae_is_minus_the_elbo() -> None:
    out = real()
    torch.testing.assert_close(out.reconstruction_loss + PlainVAE().penalty(out, STEP), -out.elbo)


def test_beta_vae_weights_the_kl() -> None:
    out = output()
    torch.testing.assert_close(BetaVAE(beta=4).penalty(out, STEP), 4 * PlainVAE().penalty(out, STEP))


@pytest.mark.parametrize("objective", [Autoencoder(), DenoisingAutoencoder()])
def test_autoencoders_have_no_penalty(objective: Autoencoder | DenoisingAutoencoder) -> None:
    assert not objective.penalty(real("deterministic"), STEP).any()


def test_denoising_damages_as_told_and_reconstructs_the_whole() -> None:
    x = torch.full((200, 1, 8, 8), 0.5)
    seen = DenoisingAutoencoder(noise=0.1, masked=0.25).corrupt(x, torch.Generator().manual_seed(0))
    assert float((seen == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert float(seen[seen != 0].std()) == pytest.approx(0.1, abs=0.005)
    assert Autoencoder().corrupt(x, None) is None
    vae = VAE(small(posterior="deterministic"), PICTURE)
    out = vae(x[:4], seen=seen[:4])
    torch.testing.assert_close(out.latents, vae.encode(seen[:4]).mean)
    torch.testing.assert_close(out.reconstruction_loss, vae.likelihood.loss(x[:4], vae.decoder(out.latents)))


def test_capacity_equal_to_the_kl_costs_nothing() -> None:
    out = output()
    kl = float(out.kl.sum(1).mean())
    objective = CapacityVAE(capacity=kl, gamma=30, growth=0.5)
    assert float(objective.penalty(out, Step(100, done=0.5)).abs().max()) < 1e-3
    torch.testing.assert_close(objective.penalty(out, Step(100, done=0.0)), torch.full((6,), 30 * kl))
    torch.testing.assert_close(objective.penalty(out, Step(100, done=0.25)), torch.full((6,), 15 * kl))


def test_beta_tcvae_at_one_is_the_vae() -> None:
    out = output()
    torch.testing.assert_close(BetaTCVAE(beta=1).penalty(out, STEP), out.kl.sum(1))


def test_total_correlation_of_independent_dimensions_is_zero_and_of_normals_in_closed_form() -> None:
    """With the whole dataset as the batch q(z) is exact; of a normal with correlation r TC = −½ log(1 − r²)."""
    for r in (0.0, 0.6, 0.9):
        covariance = torch.tensor([[1.0, r], [r, 1.0]])
        mean = MultivariateNormal(torch.zeros(2), covariance).sample((4000,))
        std = 0.1
        posterior = Normal(mean, torch.full_like(mean, std))
        z = posterior.sample()
        out = VAEOutput(posterior, z, torch.zeros(4000), kl_to_standard(posterior), StandardNormal(2, CPU))
        joint, each = log_aggregate_posterior(out, 4000)
        blurred = r / (1 + std**2)
        expected = -0.5 * math.log(1 - blurred**2)
        assert float((joint - each.sum(1)).mean()) == pytest.approx(expected, abs=0.1)


def test_aggregate_posterior_is_exact_with_the_whole_dataset_and_unbiased_with_parts_of_it() -> None:
    whole = output(count=40, seed=3)
    density = Normal(whole.posterior.mean, whole.posterior.stddev).log_prob(whole.latents[:, None]).sum(2).exp()
    exact = density.mean(1)  # q(z_i) over all 40
    joint, _ = log_aggregate_posterior(whole, 40)
    torch.testing.assert_close(joint.exp(), exact)

    total, count = torch.zeros(40), torch.zeros(40)
    random = torch.Generator().manual_seed(0)
    for _ in range(4000):
        index = torch.randperm(40, generator=random)[:8]
        posterior = Normal(whole.posterior.mean[index], whole.posterior.stddev[index])
        part = VAEOutput(
            posterior, whole.latents[index], whole.reconstruction_loss[index], whole.kl[index], whole.prior
        )
        total[index] += log_aggregate_posterior(part, 40)[0].exp()
        count[index] += 1
    torch.testing.assert_close(total / count, exact, rtol=0.06, atol=1e-3)


def test_kl_is_mutual_information_plus_divergence_of_the_aggregate() -> None:
    """The decomposition that β-TCVAE weights: the three parts sum to the mean KL (Hoffman & Johnson 2016)."""
    mean = torch.randn(3000, 2) * 0.8
    posterior = Normal(mean, torch.full_like(mean, 0.4))
    z = posterior.sample()
    out = VAEOutput(posterior, z, torch.zeros(3000), kl_to_standard(posterior), StandardNormal(2, CPU))
    joint, each = log_aggregate_posterior(out, 3000)
    information = posterior.log_prob(z).sum(1) - joint
    total_correlation = joint - each.sum(1)
    dimensions = (each - out.prior.log_prob(z)).sum(1)
    parts = float((information + total_correlation + dimensions).mean())
    assert parts == pytest.approx(float(out.kl.sum(1).mean()), abs=0.05)


@pytest.mark.parametrize("variant", ["I", "II"])
def test_dip_vae_at_an_identity_covariance_is_the_vae(variant: str) -> None:
    """Four points on the axes have the covariance ½ I; scaled, the variances add up to 1."""
    std = 0.5 if variant == "II" else 0.01
    scale = math.sqrt(2 * (1 - std**2)) if variant == "II" else math.sqrt(2)
    mean = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) * scale
    posterior = Normal(mean, torch.full_like(mean, std))
    out = VAEOutput(posterior, mean, torch.zeros(4), kl_to_standard(posterior), StandardNormal(2, CPU))
    objective = DIPVAE(variant=variant)
    torch.testing.assert_close(objective.covariance(out), torch.eye(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(objective.penalty(out, STEP), out.kl.sum(1), atol=1e-4, rtol=0)


def test_dip_vae_covariance_is_torchs() -> None:
    out = output(count=50)
    expected = torch.cov(out.posterior.mean.T, correction=0)
    torch.testing.assert_close(DIPVAE(variant="I").covariance(out), expected)
    torch.testing.assert_close(DIPVAE(variant="II").covariance(out), expected + 0.25 * torch.eye(2))


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_mmd_of_equal_samples_is_near_zero_and_of_others_is_not(kernel: str) -> None:
    random = torch.Generator().manual_seed(0)
    a, b = (torch.randn(1500, 3, generator=random) for _ in range(2))
    near = float(mmd(a, b, kernel))  # type: ignore[arg-type]
    assert abs(near) < 2e-3
    assert float(mmd(a, b + 1, kernel)) > 20 * abs(near)  # type: ignore[arg-type]
    torch.testing.assert_close(mmd(a, b, kernel), mmd(b, a, kernel))  # type: ignore[arg-type]


def test_mmd_has_the_closed_form_of_a_gaussian_kernel() -> None:
    """E k(x, y) of N(0, I) and N(m, I) under exp(−d²/C), C = 2 L s: (1 + 4/C)^(−L/2) · exp(−m²/(C + 4))."""
    from vae_core.objectives.info_vae import SCALES

    latents, shift = 2, 1.5
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(3000, 2, generator=random), torch.randn(3000, 2, generator=random)
    b[:, 0] += shift
    sizes = [2 * latents * scale for scale in SCALES]
    same = [(1 + 4 / c) ** (-latents / 2) for c in sizes]
    cross = [(1 + 4 / c) ** (-latents / 2) * math.exp(-(shift**2) / (c + 4)) for c in sizes]
    expected = sum(2 * s - 2 * x for s, x in zip(same, cross, strict=True)) / len(sizes)
    assert float(mmd(a, b, "rbf")) == pytest.approx(expected, rel=0.05)


def test_info_vae_keeps_the_kl_or_drops_it() -> None:
    out = output(count=200)
    keeps = InfoVAE(alpha=0, weight=1).penalty(out, Step(200, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(keeps, out.kl.sum(1))
    random = torch.Generator().manual_seed(0)
    distance = mmd(out.latents, torch.randn(200, 2, generator=random))
    drops = InfoVAE(alpha=1, weight=7).penalty(out, Step(200, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(drops, (7 * distance).expand(200))


def test_mmd_has_a_gradient_where_two_codes_are_one() -> None:
    a = torch.zeros(4, 2, requires_grad=True)
    mmd(a, torch.randn(4, 2)).backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()


def test_iwae_of_one_sample_is_the_elbo_of_that_sample() -> None:
    out = real()
    loss = out.reconstruction_loss + IWAE(samples=1).penalty(out, STEP)
    torch.testing.assert_close(loss, -out.log_weights)


def test_iwae_is_the_log_mean_of_the_weights() -> None:
    out = real(samples=5)
    loss = (out.reconstruction_loss + IWAE(samples=5).penalty(out, STEP)).unflatten(0, (6, 5))
    weights = out.log_weights.unflatten(0, (6, 5)).double().exp()
    torch.testing.assert_close(loss[:, 0].double(), -weights.mean(1).log(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(loss, loss[:, :1].expand(6, 5))


def test_bounds_rise_with_the_number_of_samples() -> None:
    weights = real(samples=60).log_weights.detach()
    bounds = [float(importance_bound(weights, samples).mean()) for samples in (1, 5, 60)]
    assert bounds == sorted(bounds)


def test_free_bits_of_nothing_are_the_vaes_mean_and_of_much_cost_the_same_for_all() -> None:
    out = output()
    kl = out.kl.sum(1).mean()
    torch.testing.assert_close(FreeBits(free=0).penalty(out, STEP), kl.expand(6))
    torch.testing.assert_close(FreeBits(free=10).penalty(out, STEP), torch.full((6,), 20.0))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_one_example_is_a_batch_too(name: str) -> None:
    objective = OBJECTIVES[name]()
    out = real("deterministic" if objective.is_deterministic else "log-variance", objective.draws)
    one = VAEOutput(
        Normal(out.posterior.mean[: objective.draws], out.posterior.stddev[: objective.draws], validate_args=False),
        out.latents[: objective.draws],
        out.reconstruction_loss[: objective.draws],
        out.kl[: objective.draws],
        out.prior,
    )
    assert objective.penalty(one, Step(1)).isfinite().all()


def test_info_vae_never_drives_codes_from_the_prior() -> None:
    with pytest.raises(ConfigError, match=r"^α \+ λ is below 1, .* Make λ larger\.$"):
        RunConfig(dataset_id="x").with_settings({"objective": {"name": "info-vae", "alpha": -10, "weight": 5}})
    assert OBJECTIVES["info-vae"](alpha=-10, weight=11).weight == 11
