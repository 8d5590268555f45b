"""Taking a model elsewhere: its decoder as ONNX, for the browser."""

import logging
import warnings
from pathlib import Path

import onnxruntime
import torch
from filelock import FileLock
from torch import Tensor, nn

from vae_core import workspace
from vae_core.errors import CheckpointError
from vae_core.files import remove_leftovers, write_atomically
from vae_core.vae import VAE

OPSET = 20
TOLERANCE = 1e-4
"""Greatest difference between the exported and the original decoder that is let pass."""


class _Decoder(nn.Module):
    """z [B, L] (a conditional model's label after it, one-hot) -> reconstruction [B, *shape], pixels in [0, 1].

    Without the encoder, which the file need not hold.
    """

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.decoder = vae.decoder
        self.likelihood = vae.likelihood
        self.shape = vae.shape

    def forward(self, latents: Tensor) -> Tensor:
        reconstruction = self.likelihood.reconstruction(self.decoder(latents))
        return reconstruction.clamp(0, 1) if len(self.shape) == 3 else reconstruction


def decoder_onnx(vae: VAE) -> bytes:
    """The decoder as an ONNX file with a free batch dimension, checked against the original.

    Raises:
        CheckpointError: if the exported decoder computes something else.
    """
    module = _Decoder(vae).eval()
    example = torch.randn(3, vae.config.latents + vae.labels, generator=torch.Generator().manual_seed(0))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    try:
        content = _export(module, example)
    except Exception as error:  # the exporter has a tree of errors of its own
        raise CheckpointError("The decoder could not be exported. Please report the model's settings.") from error
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        difference = (
            (torch.from_numpy(session.run(None, {"z": example.numpy()})[0]) - module(example)).abs().max().item()
        )
    if not difference <= TOLERANCE:
        raise CheckpointError(
            f"The decoder could not be exported: its copy differs by {difference:.1g}. Please report the settings."
        )
    return content


def _export(module: _Decoder, example: Tensor) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["z"],
            output_names=["reconstruction"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ValueError("the exporter gave nothing")
    return bytes(program.model_proto.SerializeToString())


def browser_decoder(checkpoint_id: str, version: str, vae: VAE) -> Path:
    """The ONNX file of the decoder of a checkpoint's version, made at the first call and kept in the workspace."""
    exports = workspace.folder("exports")
    target = exports / f"{checkpoint_id}-{version}.onnx"
    if target.exists():
        return target
    with FileLock(exports / "lock"):  # the exporter bears no second thread, and visitors and worker may all want it
        if not target.exists():
            remove_leftovers(exports)
            write_atomically(target, decoder_onnx(vae))
            for other in exports.glob("*.onnx"):
                if other != target and other.stem.rpartition("-")[0] == checkpoint_id:
                    other.unlink(missing_ok=True)
    return target
