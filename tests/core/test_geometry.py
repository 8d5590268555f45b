"""The pull-back metric against autograd, and in closed form for linear decoders."""

import pytest
import torch

from tests.small import PICTURE, small
from vae_core.config import Mlp, ModelConfig
from vae_core.example import ExampleSpec
from vae_core.latents.geometry import directional_derivatives, magnification
from vae_core.vae import VAE


@pytest.mark.parametrize("architecture", ["mlp", "conv", "resnet"])
def test_derivatives_are_autograds(architecture: str) -> None:
    vae = VAE(small(architecture, latents=3), PICTURE).eval()
    z = torch.randn(4, 3)
    found = directional_derivatives(vae, z, torch.eye(3))
    for n in range(4):
        jacobian = torch.autograd.functional.jacobian(lambda point: vae.decode(point[None]).flatten(), z[n])
        torch.testing.assert_close(found[n], jacobian.T, rtol=1e-3, atol=1e-5)


def test_magnification_of_a_linear_decoder_is_the_area_of_its_image_everywhere() -> None:
    config = ModelConfig(architecture=Mlp(widths=(), fourier=0), likelihood={"name": "gaussian"}, latents=2)
    vae = VAE(config, ExampleSpec((5,))).eval()
    weight = [m for m in vae.decoder.modules() if isinstance(m, torch.nn.Linear)][-1].weight.detach().double()
    expected = torch.linalg.det(weight.T @ weight).sqrt()
    found = magnification(vae, torch.randn(6, 2) * 3, torch.eye(2))
    torch.testing.assert_close(found, expected.expand(6), rtol=1e-4, atol=1e-8)
    one = magnification(vae, torch.randn(6, 2), torch.eye(2)[:1])
    torch.testing.assert_close(one, weight[:, 0].norm().expand(6), rtol=1e-4, atol=1e-8)


def test_magnification_does_not_depend_on_how_the_plane_is_turned() -> None:
    vae = VAE(small(latents=4), PICTURE).eval()
    z, rows = torch.randn(5, 4), torch.eye(4)[:2]
    turned = torch.tensor([[0.6, 0.8], [-0.8, 0.6]]) @ rows
    torch.testing.assert_close(magnification(vae, z, rows), magnification(vae, z, turned), rtol=1e-3, atol=1e-8)


def test_conditional_model_is_derived_with_its_label() -> None:
    vae = VAE(small(conditional=True), PICTURE).eval()
    z = torch.randn(3, 2)
    one, other = (magnification(vae, z, torch.eye(2), torch.full((3,), label)) for label in (0, 1))
    assert not torch.allclose(one, other)
