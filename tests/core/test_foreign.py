"""Encoders and decoders from elsewhere: as ONNX files of other programs, and what they are here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from tests.conftest import stroke_dataset, trained
from tests.small import small
from vae_core import checkpoints, export, runs, stored_datasets
from vae_core.card import card
from vae_core.datasets import Dataset
from vae_core.errors import CheckpointError, ConfigError
from vae_core.foreign import bringing, half, probe
from vae_core.foreign.bringing import Reading
from vae_core.foreign.half import Half, look
from vae_core.latents.codes import encode
from vae_core.plans import Plan
from vae_core.report import report
from vae_core.run_config import RunConfig

LATENTS, SIDE = 3, 8
NOTHING = Plan(weights=(), steps=(), outputs=("v0",))
NODES: dict[str, tuple[str, dict[str, Any], list[np.ndarray]]] = {
    "conv, same": ("Conv", {"auto_pad": b"SAME_UPPER", "strides": [2, 2]}, [np.ones((4, 2, 3, 3))]),
    "conv, same before": ("Conv", {"auto_pad": b"SAME_LOWER", "strides": [2, 2]}, [np.ones((4, 2, 3, 3))]),
    "conv, uneven pads": ("Conv", {"pads": [0, 1, 2, 3], "dilations": [2, 1]}, [np.ones((4, 2, 3, 2)), np.ones(4)]),
    "conv, groups": ("Conv", {"group": 2, "kernel_shape": [1, 1]}, [np.ones((4, 1, 1, 1))]),
    "transposed": (
        "ConvTranspose",
        {"strides": [2, 2], "pads": [1, 0, 0, 1], "output_padding": [1, 1]},
        [np.ones((2, 3, 3, 3))],
    ),
    "transposed, same": ("ConvTranspose", {"strides": [2, 2], "auto_pad": b"SAME_UPPER"}, [np.ones((2, 3, 3, 3))]),
    "average": ("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, []),
    "average with pads": ("AveragePool", {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1], "count_include_pad": 1}, []),
    "greatest": ("MaxPool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, []),
    "global average": ("GlobalAveragePool", {}, []),
    "global greatest": ("GlobalMaxPool", {}, []),
    "batch norm": ("BatchNormalization", {"epsilon": 0.1}, [np.ones(2), np.zeros(2), np.full(2, 0.3), np.full(2, 2.0)]),
    "instance norm": ("InstanceNormalization", {}, [np.ones(2), np.zeros(2)]),
    "layer norm": ("LayerNormalization", {"axis": -1}, [np.full(6, 2.0), np.full(6, 0.5)]),
    "group norm": ("GroupNormalization", {"num_groups": 2}, [np.full(2, 2.0), np.full(2, 0.5)]),
    "leaky": ("LeakyRelu", {"alpha": 0.3}, []),
    "elu": ("Elu", {"alpha": 0.7}, []),
    "celu": ("Celu", {"alpha": 0.7}, []),
    "prelu": ("PRelu", {}, [np.full((2, 1, 1), 0.2)]),
    "hard sigmoid": ("HardSigmoid", {}, []),
    "hard swish": ("HardSwish", {}, []),
    "gelu": ("Gelu", {"approximate": b"tanh"}, []),
    "mish": ("Mish", {}, []),
    "softplus": ("Softplus", {}, []),
    "softmax": ("Softmax", {"axis": 1}, []),
    "log softmax": ("LogSoftmax", {"axis": -1}, []),
    "clip": ("Clip", {}, [np.array(-0.2), np.array(0.4)]),
    "pad": ("Pad", {"mode": b"reflect"}, [np.array([0, 0, 1, 2, 0, 0, 3, 0], dtype=np.int64)]),
    "slice": (
        "Slice",
        {},
        [np.array(v, dtype=np.int64) for v in ([5, 1], [-7, 100], [3, 2], [-2, 1])],
    ),
    "gather": ("Gather", {"axis": 2}, [np.array([0, -1, 0], dtype=np.int64)]),
    "gather one": ("Gather", {"axis": 1}, [np.array(1, dtype=np.int64)]),
    "mean": ("ReduceMean", {"keepdims": 0}, [np.array([2, -1], dtype=np.int64)]),
    "greatest of": ("ReduceMax", {}, [np.array([1], dtype=np.int64)]),
    "transpose": ("Transpose", {"perm": [0, 3, 1, 2]}, []),
    "flatten": ("Flatten", {}, []),
    "unsqueeze": ("Unsqueeze", {}, [np.array([1], dtype=np.int64)]),
    "reshape": ("Reshape", {}, [np.array([0, -1], dtype=np.int64)]),
    "nearest": ("Resize", {"mode": b"nearest"}, [np.array([]), np.array([1, 1, 2, 3], dtype=np.float32)]),
    "linear": ("Resize", {"mode": b"linear"}, [np.array([]), np.array([1, 1, 2, 3], dtype=np.float32)]),
    "depth to space": ("DepthToSpace", {"blocksize": 2}, []),
    "depth to space, columns": ("DepthToSpace", {"blocksize": 2, "mode": b"CRD"}, []),
    "expand": ("Expand", {}, [np.array([1, 2, 6, 6], dtype=np.int64)]),
    "power": ("Pow", {}, [np.array(2.0)]),
}


def onnx_file(kind: str, options: dict[str, Any], constants: list[np.ndarray], shape: tuple[int, ...]) -> bytes:
    """One node, its input x [batch, *shape]."""
    names = [f"c{k}" for k in range(len(constants))]
    tensors = []
    for name, value in zip(names, constants, strict=True):
        random = np.random.default_rng(0)
        is_weight = value.dtype == np.float64 and value.ndim > 1
        chosen = random.standard_normal(value.shape) if is_weight else value
        kept = chosen if chosen.dtype == np.int64 else chosen.astype(np.float32)
        tensors.append(onnx.numpy_helper.from_array(kept, name))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node(kind, ["x", *names], ["y"], **options)], "g", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs that are known to be harmless need no process of their own, which takes seconds to start."""
    monkeypatch.setattr(probe, "_limit", lambda size: None)
    monkeypatch.setattr(half.subprocess, "run", lambda command, **_: probe.main(Path(command[-1])))


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("name", NODES)
def test_operation_is_what_onnxruntime_makes_of_it(name: str) -> None:
    """`look` itself refuses what differs from onnxruntime; here also that nothing is refused."""
    kind, options, constants = NODES[name]
    shape = (8, 6, 6) if kind == "DepthToSpace" else (2, 6, 6)
    found = look(onnx_file(kind, options, constants, shape), "one.onnx")
    session = onnxruntime.InferenceSession(onnx_file(kind, options, constants, shape))
    assert found.given[0] == session.run(None, {"x": np.zeros((2, *shape), dtype=np.float32)})[0].shape[1:]


class Decoder(nn.Module):
    """As tutorials have it: logits of a picture."""

    def __init__(self, last: Callable[[torch.Tensor], torch.Tensor] | None = None) -> None:
        super().__init__()
        self.dense = nn.Linear(LATENTS, 4 * 16)
        self.up = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1))
        self.last = last

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = self.up(self.dense(z).view(z.shape[0], 4, 4, 4))
        return self.last(x) if self.last else x


class Encoder(nn.Module):
    """Mean and log-variance."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(1))
        self.mean, self.log_variance = nn.Linear(64, LATENTS), nn.Linear(64, LATENTS)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = self.body(x)
        return self.mean(h), self.log_variance(h)


def exported(network: nn.Module, example: torch.Tensor) -> bytes:
    """As PyTorch's documentation exports it."""
    batch = torch.export.Dim("batch", min=1)
    program = torch.onnx.export(network.eval(), (example,), dynamo=True, dynamic_shapes=({0: batch},), verbose=False)
    assert program is not None
    return bytes(program.model_proto.SerializeToString())


@pytest.fixture(scope="module")
def pair() -> tuple[Decoder, Encoder, Half, Half]:
    torch.manual_seed(3)
    decoder, encoder = Decoder(), Encoder()
    files = exported(decoder, torch.zeros(3, LATENTS)), exported(encoder, torch.zeros(3, 1, SIDE, SIDE))
    return decoder, encoder, look(files[0], "decoder.onnx"), look(files[1], "encoder.onnx", most_outputs=2)


@pytest.mark.parametrize("scale", [(1.0, 0.0), (2.0, -1.0), (255.0, 0.0)])
def test_pair_of_pytorch_encodes_and_decodes_as_it_does_there(
    pair: tuple[Decoder, Encoder, Half, Half], scale: tuple[float, float]
) -> None:
    decoder, encoder, dec, enc = pair
    assert (bringing.latents_of(dec), bringing.likely_spread(enc, LATENTS)) == (LATENTS, "log-variance")
    data = stroke_dataset(30)
    brought = bringing.from_halves(dec, enc, Reading((scale[0],), (scale[1],)), "pair", data)
    x = torch.from_numpy(data.x).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        mean, log_variance = encoder(x * scale[0] + scale[1])
        expected = (decoder(mean) - scale[1]) / scale[0]
    assert brought.codes is not None
    np.testing.assert_allclose(brought.codes.mean, mean, atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(brought.codes.std, (0.5 * log_variance).exp(), atol=1e-5, rtol=1e-5)
    assert list(brought.codes.labels) == list(data.labels)  # type: ignore[arg-type]
    np.testing.assert_allclose(brought.decode(brought.codes.mean), expected.clamp(0, 1), atol=1e-4)


def test_logits_become_probabilities_and_a_bernoulli(pair: tuple[Decoder, Encoder, Half, Half]) -> None:
    decoder, _, dec, enc = pair
    brought = bringing.from_halves(dec, enc, Reading(gives="logits"), "pair")
    z = torch.randn(5, LATENTS)
    with torch.no_grad():
        expected = decoder(z).sigmoid()
    np.testing.assert_allclose(brought.decode(z.numpy()), expected, atol=1e-5)
    assert brought.config.model.likelihood.name == "bernoulli"


def test_sigma_of_brought_pixels_is_the_one_that_explains_the_data_best(
    pair: tuple[Decoder, Encoder, Half, Half],
) -> None:
    data = stroke_dataset(30)
    brought = bringing.from_halves(pair[2], pair[3], Reading(), "pair", data)
    assert brought.codes is not None
    x = data.x.transpose(0, 3, 1, 2) / 255
    vae = brought.model()
    with torch.no_grad():
        error = np.sqrt(np.mean((vae.decode(torch.from_numpy(brought.codes.mean)).numpy() - x) ** 2))
    assert vae.likelihood.log_sigma.exp().item() == pytest.approx(error, rel=1e-4)


def test_without_an_encoder_the_map_has_draws_whose_aggregate_posterior_is_the_prior(
    pair: tuple[Decoder, Encoder, Half, Half],
) -> None:
    brought = bringing.from_halves(pair[2], None, Reading(), "alone")
    assert brought.codes is not None
    assert brought.codes.dataset_id == ""
    variance = brought.codes.mean.var(0) + (brought.codes.std**2).mean(0)
    np.testing.assert_allclose(variance, 1, atol=0.1)
    with pytest.raises(ConfigError, match="without an encoder"):
        encode(brought.model(), stroke_dataset(4), torch.device("cpu"))


def test_what_is_given_away_comes_back_the_same(tiny_images: Dataset) -> None:
    """Codes and decodes, by the checkpoint and by the pair of ONNX files."""
    stored_datasets.save(tiny_images)
    given = trained(tiny_images, small(latents=LATENTS))
    assert given.codes is not None
    vae = given.model()
    halves = look(export.decoder_onnx(vae), "d.onnx"), look(export.encoder_onnx(vae), "e.onnx", most_outputs=2)
    spread = bringing.likely_spread(halves[1], LATENTS)
    assert spread == "std"
    by_pair = bringing.from_halves(*halves, Reading(spread=spread), "back", tiny_images)
    by_file = bringing.from_checkpoint(checkpoints.to_bytes(given), "../checkpoint.safetensors")
    for back, tolerance in ((by_file, 0.0), (by_pair, 1e-5)):
        found = checkpoints.load(checkpoints.locate(bringing.keep(back)))
        assert found.codes is not None
        np.testing.assert_allclose(found.codes.mean, given.codes.mean, atol=tolerance)
        np.testing.assert_allclose(found.codes.std, given.codes.std, atol=tolerance)
        np.testing.assert_allclose(found.decode(given.codes.mean), given.decode(given.codes.mean), atol=tolerance)
    assert [run.is_brought for run in runs.list_runs()] == [True, True]
    again = export.decoder_onnx(by_pair.model())  # and it is given away again
    z = given.codes.mean[:4]
    [x] = onnxruntime.InferenceSession(again).run(None, {"z": z})
    np.testing.assert_allclose(x, given.decode(z), atol=1e-4)


def refused(content: bytes, words: str, **more: Any) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        look(content, "bad.onnx", **more)
    assert len(str(caught.value)) < 330


def test_what_mixes_the_examples_of_a_batch_is_refused() -> None:
    refused(onnx_file("ReduceMean", {}, [np.array([0], dtype=np.int64)], (4,)), "mixes the examples")
    refused(onnx_file("Slice", {}, [np.array([v]) for v in (0, 1, 0)], (4,)), "takes apart")


def test_what_has_no_counterpart_is_named() -> None:
    refused(onnx_file("Sign", {}, [], (4,)).replace(b"Sign", b"Ceil"), "operation Ceil")


def test_input_of_other_numbers_is_refused() -> None:
    model = onnx.load_from_string(onnx_file("Relu", {}, [], (4,)))
    for end in (*model.graph.input, *model.graph.output):
        end.type.tensor_type.elem_type = TensorProto.FLOAT16
    refused(model.SerializeToString(), "no float32")


def test_graph_that_wants_much_memory_or_time_is_refused() -> None:
    wide = onnx_file("Expand", {}, [np.array([1, 1, 20_000, 20_000], dtype=np.int64)], (1, 1, 1))
    refused(wide, "wants more than")


def test_files_that_do_not_belong_together_are_told_so(pair: tuple[Decoder, Encoder, Half, Half]) -> None:
    _, _, decoder, encoder = pair
    with pytest.raises(CheckpointError, match="gives 3 and 3 numbers, and the decoder takes 3"):
        bringing.from_halves(decoder, encoder, Reading(spread="none"), "x")
    with pytest.raises(CheckpointError, match="takes 1×8×8 numbers"):
        bringing.latents_of(encoder)
    long = look(onnx_file("Gemm", {}, [np.ones((2, 13))], (2,)), "row.onnx")
    with pytest.raises(CheckpointError, match="gives 13 numbers"):
        bringing.schema_of(long, "channels-first")


@pytest.mark.parametrize(
    ("shape", "layout", "schema"),
    [
        ((784,), "channels-first", (28, 1)),
        ((3072,), "channels-first", (32, 3)),
        ((16, 16, 3), "channels-last", (16, 3)),
    ],
)
def test_shape_of_the_pictures_is_found(shape: tuple[int, ...], layout: str, schema: tuple[int, int]) -> None:
    decoder = Half("d", NOTHING, [], (2,), (shape,), ("y",), np.zeros(1))
    assert bringing.likely_layout(decoder) == layout
    found = bringing.schema_of(decoder, bringing.likely_layout(decoder))
    assert (found.side, found.channels) == schema


def test_pixels_are_guessed_by_what_is_decoded() -> None:
    for low, high, expected in ((0, 1, "unit"), (-1, 1, "symmetric"), (0, 255, "bytes"), (-7, 9, "logits")):
        decoder = Half("d", NOTHING, [], (2,), ((64,),), ("y",), np.array([low, high]))
        assert bringing.likely_pixels(decoder) == expected


def test_plan_that_names_what_is_not_there_is_refused() -> None:
    good = {"weights": [[2, 2]], "steps": [{"operation": "matmul", "inputs": ["v0", "w0"]}], "outputs": ["v1"]}
    assert Plan.model_validate(good).outputs == ("v1",)
    for bad in (
        good | {"outputs": ["v2"]},
        good | {"steps": [{"operation": "matmul", "inputs": ["v1", "w0"]}]},
        good | {"steps": [{"operation": "eval", "inputs": ["v0"]}]},
        good | {"steps": [{"operation": "matmul", "inputs": ["__class__"]}]},
        good | {"weights": [[-1]]},
    ):
        with pytest.raises(ValueError, match="validation error"):
            Plan.model_validate(bad)


def test_settings_of_a_brought_model_come_back_from_json(pair: tuple[Decoder, Encoder, Half, Half]) -> None:
    config = bringing.from_halves(pair[2], pair[3], Reading(), "pair").config
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_checkpoint_that_never_was_measured_has_a_card(pair: tuple[Decoder, Encoder, Half, Half]) -> None:
    brought = bringing.from_halves(pair[2], pair[3], Reading(), "pair")
    assert "brought as ONNX files" in card(brought)
    assert "pair" in report(brought, "none", None).html()
