"""The decoder as ONNX computes what PyTorch computes, in native onnxruntime; the browser is tested in tests/browser."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from vae_core import checkpoints, export, workspace
from vae_core.config import ModelConfig
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES
from vae_core.vae import VAE


def newest_decoder(id: str) -> Path:
    return export.browser_decoder(id, checkpoints.version(id), checkpoints.load(checkpoints.locate(id)).model())


@pytest.mark.parametrize(("architecture", "likelihood"), list(itertools.product(ARCHITECTURES, LIKELIHOODS)))
def test_exported_decoder_equals_the_model(architecture: str, likelihood: str) -> None:
    config = ModelConfig(architecture=architecture, likelihood=likelihood, latents=5, width=64)
    vae = VAE(config, (3, 17, 17)).eval()
    session = onnxruntime.InferenceSession(export.decoder_onnx(vae), providers=["CPUExecutionProvider"])
    for count in (1, 2, 64):
        z = torch.randn(count, 5, generator=torch.Generator().manual_seed(count)) * 3
        found = session.run(None, {"z": z.numpy()})[0]
        assert found.shape == (count, 3, 17, 17)
        np.testing.assert_allclose(found, vae.decode(z).clamp(0, 1).detach().numpy(), atol=1e-5)


def test_values_of_a_table_are_not_cut_off_like_pixels() -> None:
    vae = VAE(ModelConfig(likelihood="gaussian", width=32), (5,)).eval()
    session = onnxruntime.InferenceSession(export.decoder_onnx(vae), providers=["CPUExecutionProvider"])
    z = torch.randn(64, 2, generator=torch.Generator().manual_seed(0)) * 3
    found = session.run(None, {"z": z.numpy()})[0]
    np.testing.assert_allclose(found, vae.decode(z).detach().numpy(), atol=1e-5)
    assert found.min() < 0


def test_decoder_is_exported_once_and_anew_when_the_checkpoint_changes(stored_model: str) -> None:
    first = newest_decoder(stored_model)
    made = first.stat().st_mtime_ns
    other = export.browser_decoder(
        f"{stored_model}-conv", "1", checkpoints.load(checkpoints.locate(stored_model)).model()
    )
    assert newest_decoder(stored_model) == first
    assert first.stat().st_mtime_ns == made
    (workspace.place("runs", stored_model) / "checkpoint.safetensors").touch()
    second = newest_decoder(stored_model)
    assert second != first
    assert not first.exists()
    assert other.exists()  # another model, of which this one's name is the beginning


def test_many_visitors_at_once_all_get_the_same_file(stored_model: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: newest_decoder(stored_model), range(8)))
    assert len(paths) == 1
    assert paths.pop().stat().st_size > 1000
