"""Codes, the plane of the map, the manifold."""

import numpy as np
import torch
from sklearn.decomposition import PCA

from tests.conftest import CPU, stroke_dataset
from tests.small import PICTURE, small
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.latents.codes import Codes, encode, principal_plane
from vae_core.latents.manifold import manifold
from vae_core.vae import VAE


def test_codes_are_the_posterior_in_the_datasets_order(tiny_images: Dataset, tiny_checkpoint: Checkpoint) -> None:
    vae = tiny_checkpoint.model()
    codes = encode(vae, tiny_images, CPU)
    x = torch.from_numpy(tiny_images.x[7:8].transpose(0, 3, 1, 2) / np.float32(255))
    np.testing.assert_allclose(codes.mean[7], vae.encode(x).mean[0].detach(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(codes.std[7], vae.encode(x).stddev[0].detach(), rtol=1e-4, atol=1e-6)
    assert codes.kl.shape == (40, 2)
    assert codes.dataset_id == tiny_images.id


def test_principal_plane_is_scikit_learns() -> None:
    vae = VAE(small(latents=5), PICTURE)
    codes = encode(vae, stroke_dataset(), CPU)
    rows, centre = principal_plane(codes)
    expected = PCA(2).fit(codes.mean)
    np.testing.assert_allclose(np.abs(rows), np.abs(expected.components_), atol=1e-4)
    np.testing.assert_allclose(centre, expected.mean_, atol=1e-5)
    np.testing.assert_allclose(rows @ rows.T, np.eye(2), atol=1e-5)


def test_one_latent_has_a_plane_too() -> None:
    codes = Codes(
        "x", np.random.default_rng(0).normal(size=(9, 1)).astype(np.float32), *[np.ones((9, 1))] * 2, None, ()
    )
    assert principal_plane(codes)[0].shape == (1, 1)


def test_manifold_grows_right_and_up() -> None:
    vae = VAE(small(), PICTURE).eval()
    grid = manifold(vae, 3, 3)
    assert grid.shape == (3, 3, 1, 8, 8)
    quantile = float(torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.98)))
    corner = vae.decode(torch.tensor([[quantile, quantile]]))[0]
    torch.testing.assert_close(grid[0, 2], corner)
    torch.testing.assert_close(grid[1, 1], vae.decode(torch.zeros(1, 2))[0])
