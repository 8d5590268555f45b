"""The ledger adds up to the number that training minimises, for every objective and likelihood."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import CPU, stroke_dataset
from tests.core.test_likelihoods import rows
from tests.small import LIKELIHOODS, PICTURE, PRIORS, ROW, small
from vae_core.config import TrainConfig
from vae_core.ledger import ledger, ledger_at_mean
from vae_core.objectives import IWAE, OBJECTIVES, BetaTCVAE, BetaVAE, CapacityVAE, FreeBits, PlainVAE, Step
from vae_core.run_config import RunConfig
from vae_core.training import Training
from vae_core.vae import VAE

COUNT = 6
CLOSE = 1e-4
"""Relative; terms of both signs may all but cancel."""
OPTIONS: dict[str, dict[str, Any]] = {"beta-vae": {"beta": 4.0}, "iwae": {"samples": 3}, "info-vae": {"weight": 7.0}}


def noise(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(likelihood: str, prior: str = "standard", **more: Any) -> tuple[VAE, torch.Tensor]:
    """A model that has begun at its data, with weights that are not those of the beginning, and a batch."""
    vae = VAE(small(likelihood=likelihood, prior=prior, **more), ROW if likelihood == "mixed" else PICTURE).eval()
    x = rows(COUNT) if likelihood == "mixed" else torch.rand(COUNT, 1, 8, 8, generator=noise(1))
    vae.start_from(x)
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=noise(2)))
    return vae, x


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_parts_add_up_to_the_loss_of_training(name: str, likelihood: str) -> None:
    objective = OBJECTIVES[name].model_validate(OPTIONS.get(name, {}))
    posterior = "deterministic" if objective.is_deterministic else "log-variance"
    vae, x = made(likelihood, posterior=posterior)
    generator = noise()
    out = vae(x, generator, samples=objective.draws, seen=objective.corrupt(x, generator))
    penalty = objective.penalty(out, Step(100, 0.5, generator))
    losses = (out.reconstruction_loss + penalty).detach().unflatten(0, (COUNT, objective.draws)).mean(1)
    for place in range(COUNT):
        found = ledger(vae, objective, x, place, Step(100, 0.5, noise()))  # type: ignore[arg-type]
        assert found.loss == pytest.approx(float(losses[place]), rel=CLOSE)
        assert found.total == pytest.approx(found.loss, rel=CLOSE)
        assert found.reconstruction.shape == found.decoded.shape == x.shape[1:]


@pytest.mark.parametrize("prior", PRIORS)
def test_parts_add_up_under_every_prior_and_for_a_label(prior: str) -> None:
    vae, x = made("bernoulli", prior)
    found = ledger(vae, PlainVAE(), x, 2, Step(100, 0.5, noise()))
    out = vae(x, noise())
    assert found.total == pytest.approx(-float(out.elbo[2].detach()), rel=CLOSE)
    np.testing.assert_allclose(found.kl, out.kl[2].detach().numpy(), rtol=1e-5)
    if prior != "vamp":
        conditional, x = made("bernoulli", prior, conditional=True)
        labels = torch.arange(COUNT) % 2
        told = ledger(conditional, PlainVAE(), x, 2, Step(100, 0.5, noise()), labels)
        expected = -float(conditional(x, noise(), labels).elbo[2].detach())
        assert told.total == pytest.approx(expected, rel=CLOSE)
        swapped = ledger(conditional, PlainVAE(), x, 2, Step(100, 0.5, noise()), 1 - labels)
        assert swapped.total != pytest.approx(expected, rel=CLOSE)


def test_mean_of_all_ledgers_is_the_loss_of_a_training_step(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = stroke_dataset()
    for objective in (BetaVAE(beta=3), BetaTCVAE(), IWAE(samples=3), CapacityVAE()):
        train = TrainConfig(epochs=1, batch_size=len(dataset), warm_up=0)
        config = RunConfig(dataset_id=dataset.id, model=small(), objective=objective, train=train)
        model = VAE(small(), PICTURE)
        training = Training(model, dataset, config, CPU)
        model.eval()
        index = torch.arange(len(dataset))
        _, loss = training._loss(index, noise(), 0.5)
        x = training._examples[index]
        step = Step(len(training._learn), 0.5)
        found = [
            ledger(model, objective, x, place, Step(step.dataset_size, 0.5, noise())).total for place in range(len(x))
        ]
        assert np.mean(found) == pytest.approx(float(loss.detach()), rel=CLOSE), objective.name


def test_terms_are_what_their_names_say() -> None:
    vae, x = made("bernoulli")
    out = vae(x, noise())
    kl = out.kl.detach()
    step = Step(100, 1.0, noise())
    weighted = ledger(vae, BetaVAE(beta=4), x, 1, step)
    np.testing.assert_allclose(weighted.terms["β · KL"], 4 * kl[1].numpy(), rtol=1e-5)
    free = ledger(vae, FreeBits(free=10), x, 1, Step(100, 1.0, noise()))
    np.testing.assert_allclose(free.terms["max(λ, KL)"], [10.0] * kl.shape[1])
    held = ledger(vae, CapacityVAE(gamma=30, capacity=0), x, 1, Step(100, 1.0, noise()))
    assert float(held.terms["γ · |KL − C|"]) == pytest.approx(30 * float(kl.sum(1).mean()), rel=CLOSE)


def test_map_of_a_row_has_the_nats_of_a_name_at_its_own_column() -> None:
    vae, x = made("mixed")
    found = ledger(vae, PlainVAE(), x, 0, Step(100, 1.0, noise()))
    probabilities = found.decoded
    for start, stop in ROW.names:
        chosen = start + int(x[0, start:stop].argmax())
        assert found.reconstruction[chosen] == pytest.approx(-np.log(probabilities[chosen]), rel=1e-4)
        others = [k for k in range(start, stop) if k != chosen]
        assert not found.reconstruction[others].any()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_ledger_at_the_mean_adds_up_too_and_its_sample_is_the_mean(name: str) -> None:
    objective = OBJECTIVES[name].model_validate(OPTIONS.get(name, {}))
    posterior = "deterministic" if objective.is_deterministic else "log-variance"
    vae, x = made("bernoulli", posterior=posterior)
    drawn = ledger(vae, objective, x, 1, Step(100, 0.5, noise()))  # type: ignore[arg-type]
    found = ledger_at_mean(vae, objective, x, 1, Step(100, 0.5, noise()))  # type: ignore[arg-type]
    assert found.total == pytest.approx(found.loss, rel=CLOSE)
    assert found.latents.shape == drawn.latents.shape == (objective.draws, len(found.mean))
    for z in found.latents:
        np.testing.assert_array_equal(z, found.mean)
    assert np.array_equal(drawn.latents[0], drawn.mean) == objective.is_deterministic
    decoded = vae.decode(torch.from_numpy(found.mean)[None])[0].detach().numpy()
    np.testing.assert_allclose(found.decoded, decoded, rtol=1e-5, atol=1e-6)
