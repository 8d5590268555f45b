"""Evaluation against closed forms: a linear VAE is probabilistic PCA, whose likelihood is known exactly."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch.distributions import Normal

from tests.conftest import CPU, stroke_dataset, trained
from tests.small import small
from vae_core import Checkpoint, evaluate
from vae_core.checkpoints import build
from vae_core.config import Gaussian, Mlp, ModelConfig, TrainConfig
from vae_core.datasets import Dataset, TableSchema
from vae_core.errors import CheckpointError, ConfigError, DatasetError
from vae_core.evaluation import information
from vae_core.objectives import Autoencoder
from vae_core.run_config import RunConfig


def linear_dataset(count: int = 4000) -> Dataset:
    """Ten columns driven by two hidden numbers, with noise."""
    random = np.random.default_rng(0)
    x = random.normal(size=(count, 2)) @ random.normal(size=(2, 10)) * 1.5 + random.normal(size=(count, 10)) * 0.5
    columns = {f"c{k}": x[:, k] for k in range(10)}
    schema = TableSchema.fit(columns)
    return Dataset("linear", schema.to_x(columns), schema)


@pytest.fixture(scope="module")
def ppca() -> tuple[Dataset, Checkpoint, PCA, float]:
    """A linear VAE put at the maximum-likelihood solution of probabilistic PCA (Tipping & Bishop 1999, §3.2)."""
    dataset = linear_dataset()
    x = dataset.x.astype(np.float64)
    pca = PCA().fit(x)
    eigenvalues = pca.explained_variance_ * (len(x) - 1) / len(x)
    noise = float(eigenvalues[2:].mean())
    weights = pca.components_[:2].T * np.sqrt(eigenvalues[:2] - noise)  # W [10, 2]
    config = RunConfig(
        dataset_id=dataset.id,
        model=ModelConfig(
            architecture=Mlp(widths=(), fourier=0), likelihood=Gaussian(sigma="fixed", fixed_sigma=math.sqrt(noise))
        ),
    )
    vae = build(config, dataset.schema, 0)
    precision = weights.T @ weights + noise * np.eye(2)
    posterior_mean = np.linalg.solve(precision, weights.T)  # [2, 10]
    posterior_variance = np.diag(noise * np.linalg.inv(precision))  # diagonal: W's columns are orthogonal
    with torch.no_grad():
        vae.mean.copy_(torch.from_numpy(x.mean(0)))
        encoder, decoder = vae.encoder[-1], vae.decoder[0]
        encoder.weight.zero_()
        encoder.weight[:2] = torch.from_numpy(posterior_mean)
        encoder.bias[:2] = 0
        # undo the soft bound from above: softplus(bound − s) = bound − log variance
        target = 1.0 - torch.from_numpy(np.log(posterior_variance))
        encoder.bias[2:] = (1.0 - torch.log(torch.expm1(target))).float()
        decoder.weight.copy_(torch.from_numpy(weights))
        decoder.bias.copy_(torch.from_numpy(x.mean(0)))
    history = trained(dataset, config.model, epochs=1).history
    return dataset, Checkpoint("ppca", config, dataset.schema, history, vae.state_dict()), pca, noise


def exact_log_likelihood(dataset: Dataset, noise: float) -> float:
    """Of probabilistic PCA with two components (Tipping & Bishop 1999, eq. 4), by scikit-learn."""
    pca = PCA(2).fit(dataset.x.astype(np.float64))
    return float(pca.score(dataset.x.astype(np.float64)))


def test_elbo_of_a_linear_vae_is_the_exact_likelihood_of_ppca(ppca: tuple[Dataset, Checkpoint, PCA, float]) -> None:
    dataset, checkpoint, _, noise = ppca
    found = evaluate(checkpoint, dataset, samples=20)
    exact = exact_log_likelihood(dataset, noise)
    assert found.elbo is not None
    assert found.bound is not None
    assert found.is_likelihood
    assert found.elbo.mean == pytest.approx(exact, abs=0.05)
    assert found.bound.mean == pytest.approx(exact, abs=0.01)


def test_trained_linear_vae_reaches_ppca_and_its_sigma(ppca: tuple[Dataset, Checkpoint, PCA, float]) -> None:
    """The optimal σ² is the mean discarded eigenvalue, the −ELBO the exact negative log-likelihood."""
    dataset, _, _, noise = ppca
    config = RunConfig(
        dataset_id=dataset.id,
        model=ModelConfig(architecture=Mlp(widths=(), fourier=0), likelihood=Gaussian()),
        train=TrainConfig(epochs=60, batch_size=100, learning_rate=0.01, validation=0.01),
    )
    checkpoint = trained_with(dataset, config)
    found = evaluate(checkpoint, dataset)
    assert found.elbo is not None
    assert found.elbo.mean == pytest.approx(exact_log_likelihood(dataset, noise), abs=0.1)
    sigma = float(checkpoint.weights["likelihood.log_sigma"].exp())
    assert sigma**2 == pytest.approx(noise, rel=0.05)


def trained_with(dataset: Dataset, config: RunConfig) -> Checkpoint:
    from vae_core.training import Training

    vae = build(config, dataset.schema, len(dataset.label_names))
    history = tuple(Training(vae, dataset, config, CPU))
    return Checkpoint("x", config, dataset.schema, history, vae.state_dict(), dataset.label_names)


def test_bounds_are_ordered(tiny_checkpoint: Checkpoint, tiny_images: Dataset) -> None:
    bounds = [evaluate(tiny_checkpoint, tiny_images, samples=samples) for samples in (1, 5, 50, 500)]
    means = [found.bound.mean for found in bounds if found.bound]
    assert means == sorted(means)
    assert bounds[0].elbo is not None
    assert means[0] == pytest.approx(bounds[0].elbo.mean, abs=4 * bounds[0].elbo.error)


def test_bound_of_many_samples_is_drawn_in_parts(
    tiny_checkpoint: Checkpoint, tiny_images: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vae_core import evaluation

    whole = evaluate(tiny_checkpoint, tiny_images, samples=300).bound
    monkeypatch.setattr(evaluation, "DECODED_AT_ONCE", 64)
    parts = evaluate(tiny_checkpoint, tiny_images, samples=300).bound
    assert whole is not None
    assert parts is not None
    assert parts.mean == pytest.approx(whole.mean, abs=0.1)


def test_parts_add_up_and_say_what_they_are(tiny_checkpoint: Checkpoint, tiny_images: Dataset) -> None:
    found = evaluate(tiny_checkpoint, tiny_images, split="validation")
    assert found.elbo is not None
    assert found.kl is not None
    assert found.elbo.mean == pytest.approx(-(found.reconstruction_loss.mean + found.kl.mean))
    assert found.kl.mean == pytest.approx(sum(found.kl_per_dimension))
    assert (found.count, found.split, found.targets, found.is_likelihood) == (4, "validation", "grey", False)
    assert evaluate(tiny_checkpoint, tiny_images, split="training").count == 36


def test_binarised_targets_are_a_likelihood_and_the_same_at_every_call(
    tiny_checkpoint: Checkpoint, tiny_images: Dataset
) -> None:
    one, two = (evaluate(tiny_checkpoint, tiny_images, targets="binarised") for _ in range(2))
    assert one == two
    assert one.is_likelihood
    assert evaluate(tiny_checkpoint, tiny_images, targets="binarised", seed=1) != one


def test_autoencoder_has_a_reconstruction_loss_only(tiny_images: Dataset) -> None:
    config = RunConfig(
        dataset_id=tiny_images.id,
        model=small(posterior="deterministic"),
        objective=Autoencoder(),
        train=TrainConfig(epochs=2),
    )
    found = evaluate(trained_with(tiny_images, config), tiny_images, samples=5)
    assert found.kl is found.elbo is found.bound is found.mutual_information is None
    assert found.reconstruction_loss.mean > 0


def test_conditional_model_takes_labels_by_their_names(tiny_images: Dataset) -> None:
    config = RunConfig(dataset_id=tiny_images.id, model=small(conditional=True), train=TrainConfig(epochs=2))
    checkpoint = trained_with(tiny_images, config)
    assert tiny_images.labels is not None
    swapped = replace(tiny_images, labels=1 - tiny_images.labels, label_names=("|", "-"))
    assert evaluate(checkpoint, swapped) == evaluate(checkpoint, tiny_images)
    with pytest.raises(DatasetError, match="has no labels"):
        evaluate(checkpoint, replace(tiny_images, labels=None, label_names=()))
    with pytest.raises(DatasetError, match="“x” was not learnt"):
        evaluate(checkpoint, replace(tiny_images, label_names=("-", "x")))


def test_nothing_but_bernoulli_pictures_is_binarised() -> None:
    dataset = stroke_dataset()
    with pytest.raises(ConfigError, match="Choose grey targets"):
        evaluate(trained(dataset, small(likelihood="gaussian")), dataset, targets="binarised")


def test_information_of_far_codes_is_log_n_and_of_equal_ones_zero() -> None:
    far = torch.arange(500.0)[:, None] * 100
    assert float(information(far, far, torch.ones(500, 1)).mean()) == pytest.approx(math.log(500), abs=1e-6)
    same = torch.zeros(500, 1)
    z = torch.randn(500, 1, generator=torch.Generator().manual_seed(0))
    assert float(information(z, same, torch.ones(500, 1)).mean()) == pytest.approx(0, abs=1e-6)


def test_information_of_a_gaussian_channel_is_its_closed_form() -> None:
    """½ log(1 + signal / noise) nats."""
    random = torch.Generator().manual_seed(0)
    mean = torch.randn(20_000, 1, generator=random)
    std = torch.full((20_000, 1), 0.5)
    z = Normal(mean, std).mean + std * torch.randn(20_000, 1, generator=random)
    assert float(information(z, mean, std).mean()) == pytest.approx(0.5 * math.log(1 + 4), abs=0.05)


def test_checkpoint_of_a_notebook_is_saved_and_loaded(tmp_path: Path) -> None:
    from vae_core import read, train

    digits = read("digits")
    training = train(digits, epochs=1, latents=3, beta=2)
    assert training.config.objective.name == "beta-vae"
    model = training.checkpoint()
    assert len(training.history) == 1
    model.save(tmp_path / "m.safetensors")
    again = Checkpoint.load(tmp_path / "m.safetensors")
    codes = again.encode(digits)
    assert codes.mean.shape == (len(digits), 3)
    assert again.decode(codes.mean[:4]).shape == (4, 1, 8, 8)
    with pytest.raises(ConfigError, match="no setting lattents"):
        train(digits, lattents=3)


def test_what_a_model_makes_up_lies_where_its_codes_do(tiny_images: Dataset) -> None:
    checkpoint = trained(tiny_images, small(posterior="deterministic"), epochs=2)
    assert checkpoint.codes
    far = replace(checkpoint, codes=replace(checkpoint.codes, mean=checkpoint.codes.mean + 40))
    latents = far.sample(500, seed=1)
    assert latents.shape == (500, 2)
    np.testing.assert_allclose(latents.mean(0), far.codes.mean.mean(0), atol=0.5)
    np.testing.assert_array_equal(latents, far.sample(500, seed=1))
    with pytest.raises(CheckpointError, match="no prior to sample from"):
        far.sample(5, "prior")
    with pytest.raises(CheckpointError, match="no codes yet"):
        replace(checkpoint, codes=None).sample(5)


def test_samples_of_the_prior_are_the_models_own(tiny_checkpoint: Checkpoint) -> None:
    latents = tiny_checkpoint.sample(20_000, "prior")
    np.testing.assert_allclose(latents.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(latents.T), np.eye(2), atol=0.05)


def test_negative_number_of_samples_is_refused(tiny_checkpoint: Checkpoint, tiny_images: Dataset) -> None:
    with pytest.raises(ConfigError, match="A bound of -1 samples"):
        evaluate(tiny_checkpoint, tiny_images, samples=-1)
