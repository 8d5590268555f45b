"""A model's decoder and its encoder as ONNX.

What takes long, seconds, is to draw the graph; models of the same settings differ in their weights alone, and these are
put into a graph in milliseconds.
"""

import copy
import logging
import warnings
from typing import Any, Literal

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from vae_core.errors import CheckpointError
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
    """What a half takes, then all its weights -> what the half gives: one graph for the weights of any model alike."""

    def __init__(self, half: _Decoder | _Encoder) -> None:
        super().__init__()
        self.inside = (half,)  # in a tuple, so that its weights are none of this module
        self.inputs = (*half.inputs, *half.state_dict())
        self.outputs = half.outputs

    def forward(self, *values: Tensor) -> Any:
        [half] = self.inside
        taken = len(half.inputs)
        weights = dict(zip(self.inputs[taken:], values[taken:], strict=True))
        return torch.func.functional_call(half, weights, values[:taken])


def decoder_onnx(vae: VAE) -> bytes:
    """The decoder as an ONNX file with a free batch dimension, checked against the original.

    Raises:
        CheckpointError: if the exported decoder computes something else.
    """
    return filled(graph(vae, "decoder"), vae, "decoder")


def encoder_onnx(vae: VAE) -> bytes:
    """The encoder likewise.

    Raises:
        CheckpointError: if the exported encoder computes something else.
    """
    return filled(graph(vae, "encoder"), vae, "encoder")


def _examples(vae: VAE, half: Half) -> tuple[_Decoder | _Encoder, tuple[Tensor, ...]]:
    """A half, and something to give it."""
    generator = torch.Generator().manual_seed(0)
    if half == "decoder":
        return _Decoder(vae).eval(), (torch.randn(EXAMPLES, vae.config.latents + vae.labels, generator=generator),)
    x = torch.rand(EXAMPLES, *vae.shape, generator=generator)
    labels = (torch.eye(vae.labels)[torch.arange(EXAMPLES) % vae.labels],) if vae.labels else ()
    return _Encoder(vae).eval(), (x, *labels)


def graph(vae: VAE, half: Half) -> bytes:
    """A half as an ONNX file without weights: those are inputs, named as in the model's state.

    Raises:
        CheckpointError: if it cannot be exported.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    module, examples = _examples(vae, half)
    batch = {0: torch.export.Dim("batch", min=1)}
    # a copy, as the exporter takes the weights out meanwhile, and others use this model in other threads
    bare = _Graph(copy.deepcopy(module)).eval()
    weights = tuple(bare.inside[0].state_dict().values())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own deprecations
            program = torch.onnx.export(
                bare,
                (*examples, *weights),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(bare.inputs),
                output_names=list(bare.outputs),
                dynamic_shapes=((*(batch for _ in examples), *({} for _ in weights)),),
                external_data=False,
                verbose=False,
            )
        if program is None:
            raise ValueError("the exporter gave nothing")
        return bytes(_without_notes(program.model_proto).SerializeToString())
    except Exception as error:  # the exporter has a tree of errors of its own
        raise CheckpointError(f"The {half} could not be exported. Please report the model's settings.") from error


def _without_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without what the exporter notes for whoever debugs it: which lines made a node, with this machine's paths."""
    model.graph.ClearField("metadata_props")
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info):
        part.ClearField("metadata_props")
    return model


def filled(graph: bytes, vae: VAE, half: Half) -> bytes:
    """A graph with this model's weights in it, checked against the model.

    Raises:
        CheckpointError: if it computes something else.
    """
    module, examples = _examples(vae, half)
    try:
        content = _with_weights(graph, module)
        difference = _difference(content, module, examples)
    except Exception as error:  # a kept file may be anything, and parser and runtime have trees of errors of their own
        raise CheckpointError(f"The {half} could not be exported: its graph is damaged.") from error
    if not difference <= TOLERANCE:
        raise CheckpointError(
            f"The {half} could not be exported: its copy differs by {difference:.1g}. Please report the settings."
        )
    return content


def _with_weights(graph: bytes, module: _Decoder | _Encoder) -> bytes:
    model, weights = onnx.load_from_string(graph), module.state_dict()
    used = {name for node in model.graph.node for name in node.input}
    free = [given for given in model.graph.input if given.name in module.inputs]
    for given in model.graph.input:
        if given.name in used and given.name not in module.inputs:
            array = weights[given.name].detach().contiguous().numpy()
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, given.name))
    del model.graph.input[:]
    model.graph.input.extend(free)
    return bytes(model.SerializeToString())


def _difference(content: bytes, module: _Decoder | _Encoder, examples: tuple[Tensor, ...]) -> float:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = {name: example.numpy() for name, example in zip(module.inputs, examples, strict=True)}
    with torch.no_grad():
        pairs = zip(session.run(None, given), module(*examples), strict=True)
        return max(((torch.from_numpy(found) - value).abs() / (1 + value.abs())).max().item() for found, value in pairs)
