"""p(x | z) against torch.distributions, numerical integrals and closed forms."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Categorical, ContinuousBernoulli, Normal

from tests.small import LIKELIHOODS as OPTIONS
from tests.small import PICTURE, ROW
from vae_core import config
from vae_core.errors import ConfigError
from vae_core.example import ExampleSpec
from vae_core.likelihoods import LIKELIHOODS, Gaussian, Likelihood


def batch(count: int = 5, channels: int = 1, side: int = 8) -> torch.Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0))


def rows(count: int = 6) -> torch.Tensor:
    """Rows of ROW: a number, one of two names, a number, one of three names."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(count, 7, generator=random)
    for start, stop in ROW.names:
        chosen = torch.randint(stop - start, (count,), generator=random)
        x[:, start:stop] = torch.nn.functional.one_hot(chosen, stop - start).float()
    return x


def made(name: str, **options: object) -> Likelihood:
    spec = ROW if name == "mixed" else PICTURE
    return LIKELIHOODS[name](OPTIONS[name].model_copy(update=options), spec)


def test_bernoulli_loss_is_minus_the_summed_log_probability() -> None:
    x, output = batch().round(), torch.randn(5, 1, 8, 8)
    expected = -Bernoulli(logits=output).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(made("bernoulli").loss(x, output), expected)


@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
def test_continuous_bernoulli_is_torchs(spread: float) -> None:
    x, output = batch().double(), torch.randn(5, 1, 8, 8, dtype=torch.float64) * spread
    theirs = ContinuousBernoulli(logits=output, lims=(0.4999, 0.5001), validate_args=False)
    ours = made("continuous-bernoulli")
    torch.testing.assert_close(ours.loss(x, output), -theirs.log_prob(x).sum((1, 2, 3)), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.reconstruction(output), theirs.mean, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("eta", [-30.0, -3.0, -0.09, -1e-6, 0.0, 1e-3, 0.0999, 0.1001, 2.5, 40.0])
def test_continuous_bernoulli_integrates_to_one_and_has_its_mean(eta: float) -> None:
    ours = made("continuous-bernoulli")
    x = torch.linspace(0, 1, 200_001, dtype=torch.float64)[:, None]
    output = torch.full_like(x, eta)
    density = torch.exp(-ours.loss(x, output))
    assert float(torch.trapezoid(density, x[:, 0])) == pytest.approx(1, abs=1e-6)
    mean = float(torch.trapezoid(density * x[:, 0], x[:, 0]))
    assert float(ours.reconstruction(output[:1])) == pytest.approx(mean, abs=1e-6)


def test_continuous_bernoulli_has_a_smooth_gradient_through_zero() -> None:
    output = torch.linspace(-0.3, 0.3, 601, dtype=torch.float64).requires_grad_()
    loss = made("continuous-bernoulli").loss(torch.zeros(601, 1), output[:, None])
    (gradient,) = torch.autograd.grad(loss.sum(), output)
    torch.testing.assert_close(
        gradient, made("continuous-bernoulli").reconstruction(output.detach()), atol=1e-6, rtol=0
    )


def test_gaussian_loss_is_minus_the_summed_log_density_at_the_best_sigma() -> None:
    x, output = batch(), batch(channels=1).flip(0)
    sigma = (x - output).square().mean().sqrt()
    expected = -Normal(output, sigma).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(made("gaussian").loss(x, output), expected)
    for other in (0.8, 1.25):
        assert -Normal(output, sigma * other).log_prob(x).sum() > expected.sum()


def test_fixed_sigma_is_the_one_given_in_training_and_after() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = made("gaussian", sigma="fixed", fixed_sigma=0.3)
    expected = -Normal(output, 0.3).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.loss(x, output), expected)
    torch.testing.assert_close(likelihood.eval().loss(x, output), expected)


def test_learned_sigma_begins_at_the_data_and_ends_at_the_best() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = made("gaussian", sigma="learned")
    assert isinstance(likelihood, Gaussian)
    likelihood.start_from(x - x.mean(0))
    torch.testing.assert_close(likelihood.log_sigma.exp(), (x - x.mean(0)).square().mean().sqrt())
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        likelihood.loss(x, output).mean().backward()
        optimizer.step()
    torch.testing.assert_close(likelihood.log_sigma.exp(), (x - output).square().mean().sqrt(), rtol=1e-3, atol=0)


def test_gaussian_scores_with_the_sigma_it_learnt() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = made("gaussian")
    for _ in range(500):
        likelihood.loss(x, output)
    likelihood.eval()
    sigma = (x - output).square().mean().sqrt()
    expected = -Normal(output[:1], sigma).log_prob(x[:1]).sum((1, 2, 3))
    torch.testing.assert_close(likelihood.loss(x[:1], output[:1]), expected, rtol=1e-3, atol=1e-3)


def test_gaussian_knows_its_sigma_after_three_batches() -> None:
    x, output = batch(), batch().flip(0)
    likelihood = made("gaussian")
    assert isinstance(likelihood, Gaussian)
    for _ in range(3):
        likelihood.loss(x, output)
    torch.testing.assert_close(likelihood.log_sigma.exp(), (x - output).square().mean().sqrt())


def test_mixed_columns_are_normal_and_categorical() -> None:
    x, output = rows(), torch.randn(6, 7)
    numbers = [0, 3]
    sigma = (x - output)[:, numbers].square().mean().sqrt()
    expected = -Normal(output, sigma).log_prob(x)[:, numbers].sum(1)
    for start, stop in ROW.names:
        expected -= Categorical(logits=output[:, start:stop]).log_prob(x[:, start:stop].argmax(1))
    torch.testing.assert_close(made("mixed").loss(x, output), expected)
    mean = made("mixed").reconstruction(output)
    torch.testing.assert_close(mean[:, numbers], output[:, numbers])
    for start, stop in ROW.names:
        torch.testing.assert_close(mean[:, start:stop].sum(1), torch.ones(6))


@pytest.mark.parametrize("names", [(), ((0, 3),), ((0, 2), (2, 5)), ((3, 5),)])
def test_mixed_bears_columns_in_any_order(names: tuple[tuple[int, int], ...]) -> None:
    likelihood = LIKELIHOODS["mixed"](config.Mixed(), ExampleSpec((5,), names=names))
    output = torch.randn(4, 5)
    x = likelihood.reconstruction(output)
    assert x.shape == (4, 5)
    assert likelihood.loss(x, output).isfinite().all()


def test_mixed_is_refused_for_pictures() -> None:
    with pytest.raises(ConfigError, match="for tables"):
        LIKELIHOODS["mixed"](config.Mixed(), PICTURE)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_losses_are_sums_never_means(name: str) -> None:
    """Twice the values of the same kind cost twice the nats."""
    if name == "mixed":
        x, spec = rows(), ExampleSpec((14,), names=(*ROW.names, (8, 10), (11, 14)))
        double, output = torch.cat([x, x], 1), torch.zeros(6, 7)
        large = LIKELIHOODS[name](OPTIONS[name], spec).loss(double, torch.cat([output, output], 1))
    else:
        x, output = batch(), torch.zeros(5, 1, 8, 8)
        large = made(name).loss(torch.cat([x, x], 2), torch.zeros(5, 1, 16, 8))
    torch.testing.assert_close(large, 2 * made(name).loss(x, output))


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_first_output_reconstructs_the_mean(name: str) -> None:
    mean = rows().softmax(1)[0] if name == "mixed" else batch(1)[0] * 0.8 + 0.1
    if name == "mixed":
        for start, stop in ROW.names:
            mean[start:stop] /= mean[start:stop].sum()
    likelihood = made(name)
    again = likelihood.reconstruction(likelihood.initial_output(mean)[None])[0]
    torch.testing.assert_close(again, mean, atol=1e-4, rtol=0)


def test_least_value_of_the_grey_cross_entropy_is_the_targets_entropy() -> None:
    x = batch()
    entropy = -(x * x.log() + (1 - x) * (1 - x).log()).sum((1, 2, 3))
    torch.testing.assert_close(made("bernoulli").loss(x, torch.logit(x)), entropy, rtol=1e-4, atol=1e-3)
    assert math.isfinite(float(entropy.sum()))
