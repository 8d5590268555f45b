"""Taking a model elsewhere: its decoder and its encoder as ONNX, for the browser."""

import copy
import logging
import warnings
from pathlib import Path
from typing import Any, Literal

import onnxruntime
import torch
from filelock import FileLock
from torch import Tensor, nn

from vae_core import derived
from vae_core.errors import CheckpointError
from vae_core.files import remove_leftovers, write_atomically
from vae_core.vae import VAE

Half = Literal["decoder", "encoder"]
OPSET = 20
TOLERANCE = 1e-4
"""Greatest difference between the exported half and the original that is let pass, relative to 1 + |value|."""
EXAMPLES = 3


class _Decoder(nn.Module):
    """z [B, L] (a conditional model's label after it, one-hot) -> reconstruction [B, *shape], pixels in [0, 1].

    Without the encoder, which the file need not hold.
    """

    inputs, outputs = ("z",), ("reconstruction",)

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.decoder = vae.decoder
        self.likelihood = vae.likelihood
        self.shape = vae.shape

    def forward(self, latents: Tensor) -> tuple[Tensor]:
        reconstruction = self.likelihood.reconstruction(self.decoder(latents))
        return (reconstruction.clamp(0, 1) if len(self.shape) == 3 else reconstruction,)


class _Encoder(nn.Module):
    """x [B, *shape] (and a conditional model's labels [B, K], one-hot) -> mean and std [B, L] of q(z | x)."""

    outputs = ("mean", "std")

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae
        self.inputs = ("x", "labels") if vae.labels else ("x",)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.vae.encode(*inputs)
        return posterior.mean, posterior.stddev


class _Graph(nn.Module):
    """z as the decoder's, then all its weights -> reconstruction: one file decodes with the weights of any epoch."""

    outputs = ("reconstruction",)

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.decoder = (_Decoder(vae),)  # in a tuple, so that its weights are none of this module
        self.inputs = ("z", *self.decoder[0].state_dict())

    def forward(self, latents: Tensor, *weights: Tensor) -> tuple[Tensor]:
        given = dict(zip(self.inputs[1:], weights, strict=True))
        return torch.func.functional_call(self.decoder[0], given, (latents,))


def decoder_onnx(vae: VAE) -> bytes:
    """The decoder as an ONNX file with a free batch dimension, checked against the original.

    Raises:
        CheckpointError: if the exported decoder computes something else.
    """
    z = torch.randn(EXAMPLES, vae.config.latents + vae.labels, generator=torch.Generator().manual_seed(0))
    return _checked(_Decoder(vae).eval(), (z,), "decoder")


def decoder_graph(vae: VAE) -> bytes:
    """The decoder as an ONNX file without weights: those are inputs, named as in the model's state.

    Raises:
        CheckpointError: if the exported decoder computes something else.
    """
    graph = _Graph(vae).eval()
    z = torch.randn(EXAMPLES, vae.config.latents + vae.labels, generator=torch.Generator().manual_seed(0))
    return _checked(graph, (z, *graph.decoder[0].state_dict().values()), "decoder")


def encoder_onnx(vae: VAE) -> bytes:
    """The encoder likewise.

    Raises:
        CheckpointError: if the exported encoder computes something else.
    """
    x = torch.rand(EXAMPLES, *vae.shape, generator=torch.Generator().manual_seed(0))
    labels = torch.eye(vae.labels)[torch.arange(EXAMPLES) % vae.labels] if vae.labels else None
    return _checked(_Encoder(vae).eval(), (x,) if labels is None else (x, labels), "encoder")


def _checked(module: _Decoder | _Encoder | _Graph, examples: tuple[Tensor, ...], half: Half) -> bytes:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    try:
        # a copy, as the exporter takes the weights out meanwhile, and others use this model in other threads
        content = _export(copy.deepcopy(module), examples)
    except Exception as error:  # the exporter has a tree of errors of its own
        raise CheckpointError(f"The {half} could not be exported. Please report the model's settings.") from error
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = {name: example.numpy() for name, example in zip(module.inputs, examples, strict=True)}
    with torch.no_grad():
        pairs = zip(session.run(None, given), module(*examples), strict=True)
        difference = max(
            ((torch.from_numpy(found) - value).abs() / (1 + value.abs())).max().item() for found, value in pairs
        )
    if not difference <= TOLERANCE:
        raise CheckpointError(
            f"The {half} could not be exported: its copy differs by {difference:.1g}. Please report the settings."
        )
    return content


def _export(module: _Decoder | _Encoder | _Graph, examples: tuple[Tensor, ...]) -> bytes:
    batch = {0: torch.export.Dim("batch", min=1)}
    shapes: tuple[Any, ...] = tuple(batch for _ in examples)
    if isinstance(module, _Encoder):
        shapes = (shapes,)
    elif isinstance(module, _Graph):
        shapes = (batch, tuple({} for _ in examples[1:]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            module,
            examples,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(module.inputs),
            output_names=list(module.outputs),
            dynamic_shapes=shapes,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ValueError("the exporter gave nothing")
    return bytes(program.model_proto.SerializeToString())


def browser_decoder(checkpoint_id: str, version: str, vae: VAE) -> Path:
    """The ONNX file of the decoder of a checkpoint's version, made at the first call and kept in the workspace."""
    return _kept(checkpoint_id, version, vae, "decoder")


def browser_encoder(checkpoint_id: str, version: str, vae: VAE) -> Path:
    """The ONNX file of its encoder likewise."""
    return _kept(checkpoint_id, version, vae, "encoder")


def film_decoder(target: Path, vae: VAE) -> Path:
    """The decoder without weights, made at the first call and kept in the folder of a film."""
    if not target.exists():
        with FileLock(derived.lock()):
            if not target.exists():
                write_atomically(target, decoder_graph(vae))
    return target


def _kept(checkpoint_id: str, version: str, vae: VAE, half: Half) -> Path:
    target = derived.place(checkpoint_id, version, f"{half}.onnx")
    if target.exists():
        return target
    with FileLock(derived.lock()):
        if not target.exists():
            remove_leftovers(target.parent)
            write_atomically(target, decoder_onnx(vae) if half == "decoder" else encoder_onnx(vae))
            derived.forget(checkpoint_id, before=version)
    return target
