"""ONNX files from elsewhere: plain ones pass, all others are refused in a sentence, soon, in little memory."""

import io
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from random import Random

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.torch
import torch
from onnx import AttributeProto, TensorProto, helper

from tests.conftest import stroke_dataset, trained
from tests.core.checkpoint_bytes import LONGEST, MOST_SECONDS
from tests.core.onnx_bytes import (
    NODES,
    RESULT,
    ROW,
    WEIGHTS,
    changed,
    field,
    node,
    number,
    onnx_of,
    tensor,
    tensor_of,
    with_graph_bytes,
    with_node_bytes,
    with_nodes,
    with_tensor_bytes,
)
from tests.corpus.memory import reset_peak, resident
from tests.mutants import PLAIN_DAMAGE, flip_bits
from vae_core import export
from vae_core.errors import CheckpointError
from vae_core.foreign.kinds import kind_of
from vae_core.foreign.onnx_gate import OPERATORS, checked

MOST_MEGABYTES = 300.0
"""A file of 256 MB is read once more by protobuf; lists of numbers grow as they become arrays."""
MUTANTS = int(os.environ.get("VAE_STUDIO_TEST_MUTANTS", "500"))
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
NAN = np.array([[np.nan] * 3] * 2, dtype=np.float32)


@pytest.fixture
def halves() -> tuple[bytes, bytes]:
    """Decoder and encoder of a small trained model, as torch's exporter writes them."""
    vae = trained(stroke_dataset(12)).model()
    return export.browser_decoder("small", "1", vae).read_bytes(), export.browser_encoder(
        "small", "1", vae
    ).read_bytes()


def refusal(content: bytes, name: str = "decoder.onnx") -> str:
    with pytest.raises(CheckpointError) as caught:
        checked(content, name)
    sentence = str(caught.value)
    assert len(sentence) <= LONGEST
    assert sentence.endswith(".")
    assert sentence.count(". ") == 1  # what was found; what to do
    assert "\n" not in sentence
    return sentence


def computed(content: bytes, x: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})


def test_exported_halves_pass_and_compute_the_same(halves: tuple[bytes, bytes]) -> None:
    random = np.random.default_rng(0)
    for content, shape in zip(halves, ((3, 2), (3, 1, 8, 8)), strict=True):
        x = random.random(shape, dtype=np.float32)
        passed = checked(content, "half.onnx").SerializeToString()
        for found, expected in zip(computed(passed, x), computed(content, x), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_what_was_not_looked_at_is_left_out(halves: tuple[bytes, bytes]) -> None:
    noted = onnx.ModelProto.FromString(halves[0])
    noted.doc_string = "![t](http://elsewhere)"
    noted.graph.node[0].doc_string = "a note"
    noted.graph.node[0].metadata_props.add(key="pkg.torch.onnx.stack_trace", value="/a/path")
    content = noted.SerializeToString() + field(90, b"of a later version")
    passed = checked(content, "decoder.onnx").SerializeToString()
    assert b"stack_trace" in content
    assert not any(word in passed for word in (b"stack_trace", b"elsewhere", b"a note", b"later version"))


LATER = helper.make_tensor_value_info("later", INT64, [])
PASSING: dict[str, bytes] = {
    "plain": onnx_of(),
    "the oldest operators": onnx_of(opset=7),
    "the newest": onnx_of(opset=23),
    "operators of elsewhere that are not used": changed(lambda m: m.opset_import.add(domain="ai.onnx.ml", version=2)),
    "weights that are inputs too": onnx_of(given=(ROW, helper.make_tensor_value_info("w", FLOAT, [2, 3]))),
    "a slice to the end": with_nodes(node("Slice", ["x"], ["s"], starts=[0], ends=[2**63 - 1], axes=[0])),
    "a constant to the end": with_nodes(node("Constant", [], ["s"], value_ints=[2**63 - 1])),
    "a long constant": with_nodes(node("Constant", [], ["s"], value_ints=[0] * 1000)),
    "a clip without end": with_nodes(node("Clip", ["x"], ["s"], max=3.4e38)),
    "an empty tensor": onnx_of(weights=(tensor(WEIGHTS), tensor(np.zeros(0, np.float32), "roi"))),
    "an empty tensor without data": onnx_of(weights=(tensor(WEIGHTS), TensorProto(name="r", data_type=1, dims=[0]))),
    "a scalar": onnx_of(weights=(tensor(WEIGHTS), tensor(np.float32(1.0), "s"))),
    "weights in a list": onnx_of(weights=(tensor_of(FLOAT, [2, 3], float_data=WEIGHTS.ravel()),)),
    "halves in a list": onnx_of(weights=(tensor_of(TensorProto.FLOAT16, [2, 3], int32_data=[0x3C00] * 6),)),
    "doubles": onnx_of(weights=(tensor(WEIGHTS.astype(float)),)),
    "booleans": onnx_of(weights=(tensor(WEIGHTS), tensor(np.array([True, False]), "b"))),
    "an output of unknown shape": onnx_of(made=(helper.make_tensor_value_info("y", FLOAT, None),)),
    "an output more": onnx_of((*NODES, node("Size", ["x"], ["later"])), made=(RESULT, LATER)),
    "an input that is left out": with_nodes(node("Clip", ["x", "", "w"], ["c"])),
    "an output that is left out": with_nodes(node("Dropout", ["x"], ["", "mask"])),
    "a sample that nobody asks for": with_nodes(node("RandomNormalLike", ["x"], ["s"])),
    "a fixed batch": onnx_of(given=(helper.make_tensor_value_info("x", FLOAT, [1, 2]),)),
    "fields in another order": with_graph_bytes(field(1, node("Abs", ["x"], ["a"]).SerializeToString())),
}  # fmt: skip


@pytest.mark.parametrize("case", PASSING)
def test_plain_graph_passes(case: str) -> None:
    passed = checked(PASSING[case], "decoder.onnx")
    assert {n.op_type for n in passed.graph.node} <= OPERATORS
    assert passed.graph.initializer[0].name == "w"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"0" * 100)
    return buffer.getvalue()


def torch_file(**options: object) -> bytes:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, buffer, **options)
    return buffer.getvalue()


BY_TORCH = "or export encoder and decoder with torch.onnx.export."
FOREIGN: dict[str, tuple[bytes, str, str]] = {
    "torch": (torch_file(), "is a PyTorch file, whose pickle can run programs, and is not opened.", BY_TORCH),
    "torch of old": (torch_file(_use_new_zipfile_serialization=False), "is a pickle, which can run", BY_TORCH),
    "pickle": (pickle.dumps({"a": 1}, protocol=4), "is a pickle, which can run programs,", BY_TORCH),
    "torchscript": (zipped("m/data.pkl", "m/code/m.py", "m/constants.pkl"), "is a PyTorch file", BY_TORCH),
    "pt2": (zipped("m/archive_format", "m/models/model.json"), "is a PyTorch program (.pt2)", BY_TORCH),
    "keras": (zipped("metadata.json", "config.json", "model.weights.h5"), "is a Keras file", "format='onnx'"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "is an HDF5 file (Keras)", "model.export(..., format='onnx')"),
    "savedmodel zip": (zipped("m/saved_model.pb", "m/variables/x"), "is a TensorFlow SavedModel", "with tf2onnx."),
    "savedmodel": (b"\x08\x01\x12\x04\x0a\x02\x08\x01", "is a TensorFlow SavedModel", "with tf2onnx."),
    "tflite": (b"\x20\0\0\0TFL3" + b"\0" * 100, "is a TensorFlow Lite file", "with tf2onnx."),
    "ort": (b"\x20\0\0\0ORTM" + b"\0" * 100, "is a file of ONNX Runtime's own", "the ONNX file that it was made of"),
    "gguf": (b"GGUF\x03\0\0\0" + b"\0" * 100, "is a GGUF file", "Save encoder and decoder as ONNX"),
    "onnx in a zip": (zipped("decoder.onnx"), "is a ZIP archive", "Unpack it"),
    "zip": (zipped("a.txt"), "is a ZIP archive", "Save encoder and decoder as ONNX"),
    "gzip": (b"\x1f\x8b\x08\0" + b"\0" * 100, "is a gzip file", "Unpack it"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS", "Download the file itself."),
    "a page": (b"<!DOCTYPE html><html></html>", "is a web page", "Download the file itself."),
    "text": (b"hello", "is neither ONNX nor safetensors", "Save encoder and decoder as ONNX"),
    "nothing": (b"", "is empty", "Give another copy of it."),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_models_of_other_programs_are_named_with_the_way_here(kind: str) -> None:
    content, found, cure = FOREIGN[kind]
    sentence = refusal(content, "n" * 99 + ".onnx")
    assert found in sentence
    assert cure in sentence
    assert sentence.startswith("…nn")


def test_kind_is_told_by_content_not_by_name() -> None:
    weights = safetensors.torch.save({"a": torch.zeros(1)})
    assert kind_of(onnx_of(), "model.pt") == "onnx"
    assert kind_of(weights, "model.onnx") == "safetensors"
    assert "is a safetensors file where ONNX is expected" in refusal(weights)


def inner_graph() -> onnx.GraphProto:
    return helper.make_graph([node("Relu", ["x"], ["i"])], "inner", [], [RESULT])


def attribute(kind: int, **values: object) -> bytes:
    return with_node_bytes(field(5, AttributeProto(name="a", type=kind, **values).SerializeToString()))


def function(m: onnx.ModelProto) -> None:
    m.functions.append(helper.make_function("own", "F", ["a"], ["b"], [node("Relu", ["a"], ["b"])], []))


def external(m: onnx.ModelProto) -> None:
    weights = m.graph.initializer[0]
    weights.ClearField("raw_data")
    onnx.external_data_helper.set_external_data(tensor(WEIGHTS), "../../etc/passwd")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")


def sparse(m: onnx.ModelProto) -> None:
    m.graph.sparse_initializer.add(dims=[2]).values.CopyFrom(tensor(np.ones(1, np.float32), "s"))


def given(kind: int, shape: list | None) -> bytes:
    return onnx_of(given=(helper.make_tensor_value_info("x", kind, shape),))


def weights(*dims: int, kind: int = FLOAT, **values: object) -> bytes:
    return onnx_of(weights=(tensor_of(kind, dims, **values),))


LONG = "n" * 600
HOSTILE: dict[str, tuple[bytes, str]] = {
    "cut short": (onnx_of()[:-3], "is not a readable ONNX file"),
    "a rest": (onnx_of() + b"\x07", "is not a readable ONNX file"),
    "no field": (onnx_of() + b"\0\0", "is not a readable ONNX file"),
    "a field of 2^29": (onnx_of() + number(2**32 | 8) + b"\0", "is not a readable ONNX file"),
    "a field's number in seven bytes": (
        onnx_of() + b"\xd0\x85\x80\x80\x80\x80\0\1", "is not a readable ONNX file"),
    "a number of eleven bytes": (onnx_of() + b"\x28" + b"\xff" * 10 + b"\1", "is not a readable ONNX file"),
    "a length beyond the end": (onnx_of() + b"\x12\xff\xff\xff\xff\x0f", "is not a readable ONNX file"),
    "no graph": (b"\x08\x08", "uses no operator set"),
    "no text": (onnx_of() + b"\x12\x02\xff\xfe", "is not a readable ONNX file"),
    "a graph twice": (onnx_of() + field(7, b""), "is not a readable ONNX file"),
    "weights twice": (
        with_tensor_bytes(field(9, b"\0" * 4) + field(9, b"\xff" * 4), FLOAT, 1), "is not a readable ONNX file"),
    "no operator set": (changed(lambda m: m.ClearField("opset_import")), "uses no operator set"),
    "two operator sets": (
        changed(lambda m: m.opset_import.add(domain="ai.onnx", version=20)), "uses no operator set or several"),
    "operators of old": (onnx_of(opset=6), "uses operator set 6; 7 to 23 are read. Export it again with opset_version"),
    "operators to come": (onnx_of(opset=24), "uses operator set 24; 7 to 23 are read"),
    "a second file": (changed(external), "a second file, which is never read. Export it with external_data=False."),
    "a place in a second file": (
        changed(lambda m: m.graph.initializer[0].external_data.add(key="location", value="w")), "a second file"),
    "functions": (changed(function), "has functions of its own, which are not read. Export it again with its func"),
    "training": (changed(lambda m: m.training_info.add()), "has steps of training in it"),
    "sparse weights": (changed(sparse), "has sparse weights where dense ones are expected"),
    "a sparse constant": (attribute(AttributeProto.SPARSE_TENSOR), "gives a of Relu as what is not read"),
    "an inner graph": (attribute(AttributeProto.GRAPH, g=inner_graph()), "has a graph within its graph"),
    "inner graphs": (attribute(AttributeProto.GRAPHS, graphs=[inner_graph()]), "has a graph within its graph"),
    "a hidden graph": (attribute(AttributeProto.INT, i=1, g=inner_graph()), "has a graph within its graph"),
    "a hidden tensor": (attribute(AttributeProto.INT, i=1, t=tensor(NAN)), "gives a of Relu as what is not read"),
    "several tensors": (attribute(AttributeProto.TENSORS, tensors=[tensor(WEIGHTS)]), "gives a of Relu as what is"),
    "a type": (attribute(AttributeProto.TYPE_PROTO, tp=ROW.type), "gives a of Relu as what is not read"),
    "a reference": (attribute(AttributeProto.INT, ref_attr_name="b"), "gives a of Relu as what is not read"),
    "an attribute without a type": (attribute(0, i=1), "gives a of Relu as what is not read"),
    "an attribute twice": (
        with_node_bytes(2 * field(5, helper.make_attribute("a", 1).SerializeToString())), "an attribute of Relu twice"),
    "a condition": (
        with_nodes(node("If", ["x"], ["i"], then_branch=inner_graph(), else_branch=inner_graph())), "operator If,"),
    "a loop": (with_nodes(node("Loop", ["", ""], ["i"], body=inner_graph())), "uses the operator Loop, which is not"),
    "an unknown operator": (
        with_nodes(node("StringNormalizer", ["x"], ["i"])), "uses the operator StringNormalizer, which is not among"),
    "a long operator": (with_nodes(node("N" * 500, ["x"], ["i"])), "which is not among those of VAEs"),
    "an odd operator": (with_nodes(node("\u202e\n", ["x"], ["i"])), "uses the operator \ufffd\ufffd,"),
    "no operator": (with_nodes(node("", ["x"], ["i"])), "uses the operator (without a name)"),
    "a domain": (
        with_nodes(node("Gelu", ["x"], ["i"], domain="com.microsoft")), "uses the operator Gelu of com.microsoft; "),
    "NaN": (onnx_of(weights=(tensor(NAN),)), "has values in w that are no finite numbers"),
    "infinity": (onnx_of(weights=(tensor(NAN * 0 + np.inf),)), "no finite numbers"),
    "NaN in a list": (weights(1, float_data=[float("nan")]), "has values in w that are no finite numbers"),
    "halves that are NaN": (weights(1, kind=TensorProto.FLOAT16, int32_data=[0x7E00]), "no finite numbers"),
    "NaN in a constant": (with_nodes(node("Constant", [], ["c"], value=tensor(NAN, "k"))), "has values in k that are"),
    "NaN at the end": (
        onnx_of(weights=(tensor(np.append(np.zeros(2**20, np.float32), np.float32(np.nan))),)), "no finite numbers"),
    "an attribute that is NaN": (attribute(AttributeProto.FLOAT, f=float("nan")), "too large or no number"),
    "attributes that are infinite": (attribute(AttributeProto.FLOATS, floats=[float("inf")]), "too large or no number"),
    "complex numbers": (weights(1, kind=TensorProto.COMPLEX64, raw_data=b"\0" * 8), "has w in a type that is not read"),
    "text for numbers": (weights(1, kind=TensorProto.STRING, string_data=[b"x"]), "has w in a type that is not read"),
    "no type": (weights(1, kind=0, raw_data=b"\0" * 4), "weights in float32"),
    "a type of its own": (weights(1, kind=99, raw_data=b"\0" * 4), "has w in a type that is not read"),
    "much for little": (weights(2**30, raw_data=b"\0" * 4), "does not hold the 1,073,741,824 numbers that w should"),
    "much for nothing": (weights(10_000, 10_000), "does not hold the 100,000,000 numbers"),
    "a product that wraps": (weights(2**32, 2**32), "has w in a shape that cannot be"),
    "nothing of much": (weights(2**40, 2**40, 0), "has w in a shape that cannot be"),
    "a negative side": (weights(-1, -1, raw_data=b"\0" * 4), "has w in a shape that cannot be"),
    "nine sides": (weights(*[1] * 9, raw_data=b"\0" * 4), "has w in a shape that cannot be"),
    "little for much": (weights(1, raw_data=b"\0" * 8), "does not hold the 1 numbers"),
    "half a number": (weights(1, raw_data=b"\0" * 6), "does not hold the 1 numbers"),
    "raw and a list": (weights(1, raw_data=b"\0" * 4, float_data=[1]), "does not hold the 1 numbers"),
    "another list": (weights(1, int64_data=[1]), "does not hold the 1 numbers"),
    "a part": (weights(1, raw_data=b"\0" * 4, segment=TensorProto.Segment(begin=0, end=9)), "does not hold the 1"),
    "booleans of two": (weights(1, kind=TensorProto.BOOL, raw_data=b"\2"), "is not a readable ONNX file"),
    "booleans of two in a list": (weights(1, kind=TensorProto.BOOL, int32_data=[2]), "is not a readable ONNX file"),
    "no input": (onnx_of(given=()), "takes 0 inputs where one is expected"),
    "two inputs": (
        onnx_of(given=(ROW, helper.make_tensor_value_info("label", FLOAT, [1, 2]))), "takes 2 inputs where one is"),
    "whole numbers": (given(INT64, [1, 2]), "does not take floating-point numbers of rank 2 to 4"),
    "a sequence": (
        onnx_of(given=(helper.make_tensor_sequence_value_info("x", FLOAT, [1, 2]),)), "does not take floating-point"),
    "no shape": (given(FLOAT, None), "does not take floating-point numbers of rank 2 to 4"),
    "a list of numbers": (given(FLOAT, [2]), "does not take floating-point numbers of rank 2 to 4"),
    "films": (given(FLOAT, [1, 2, 3, 4, 5]), "does not take floating-point numbers of rank 2 to 4"),
    "large pictures": (given(FLOAT, [1, 3, 2000, 2000]), "takes examples of more than 1,048,576 numbers"),
    "pictures of minus": (given(FLOAT, [1, 3, -2000, 2000]), "takes examples of more than 1,048,576 numbers"),
    "no output": (onnx_of(made=()), "gives no floating-point numbers of rank 2 to 4"),
    "a loss": (onnx_of(made=(helper.make_tensor_value_info("y", FLOAT, []),)), "gives no floating-point numbers"),
    "a class": (onnx_of(made=(helper.make_tensor_value_info("y", INT64, [1, 2]),)), "gives no floating-point numbers"),
    "an output of nothing": (
        onnx_of(made=(helper.make_tensor_value_info("z", FLOAT, [1, 2]),)), "gives the value z, which is never made"),
    "an output without a name": (
        onnx_of(made=(helper.make_tensor_value_info("", FLOAT, [1, 2]),)), "gives the value (without a name)"),
    "a value from nowhere": (with_nodes(node("Relu", ["nowhere"], ["i"])), "uses the value nowhere before it is made"),
    "disorder": (onnx_of(NODES[::-1]), "uses the value h before it is made"),
    "a circle": (with_nodes(node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])), "uses the value b before"),
    "a value of itself": (with_nodes(node("Add", ["x", "i"], ["i"])), "uses the value i before it is made"),
    "a value twice": (with_nodes(node("Relu", ["x"], ["h"])), "makes the value h twice"),
    "a value twice in a node": (with_nodes(node("Dropout", ["x"], ["i", "i"])), "makes the value i twice"),
    "an input twice": (with_nodes(node("Relu", ["w"], ["x"])), "makes the value x twice"),
    "weights made": (with_nodes(node("Relu", ["x"], ["w"])), "makes the value w twice"),
    "weights of one name": (onnx_of(weights=(tensor(WEIGHTS), tensor(WEIGHTS))), "makes the value w twice"),
    "a large number": (with_nodes(node("Relu", ["x"], ["i"], alpha=2**31 + 1)), "gives alpha of Relu a value that is"),
    "large numbers": (with_nodes(node("Pad", ["x"], ["i"], pads=[0, 2**40])), "gives pads of Pad a value that is too"),
    "long text": (with_nodes(node("Resize", ["x"], ["i"], mode="n" * 600)), "gives mode of Resize a value that is too"),
    "many numbers": (with_nodes(node("Pad", ["x"], ["i"], pads=[0] * 65)), "gives 65 values for pads of Pad; 64 are"),
    "a very long constant": (with_nodes(node("Constant", [], ["i"], value_ints=[0] * 70_000)), "65,536 are read"),
    "a long name": (with_nodes(node("Relu", ["x"], [LONG])), "has a name of 600 bytes; 512 are read"),
    "a long domain": (changed(lambda m: m.opset_import.add(domain=LONG, version=1)), "has a name of 600 bytes"),
    "a long side": (given(FLOAT, [LONG, 2]), "has a name of 600 bytes; 512 are read"),
    "many nodes": (
        with_nodes(*(node("Relu", ["x"], [f"n{k}"]) for k in range(2000))), "has 2,002 nodes; 2,000 are read"),
    "many tensors": (
        onnx_of(weights=[tensor(np.zeros(1, np.float32), f"w{k}") for k in range(4001)]), "has 4,001 tensors; 4,000"),
    "many inputs of a node": (with_nodes(node("Sum", ["x"] * 257, ["i"])), "gives Sum more than 256 values"),
    "many outputs of a node": (
        with_nodes(node("Split", ["x"], [f"n{k}" for k in range(257)])), "gives Split more than 256 values"),
    "many outputs": (onnx_of(made=[RESULT] * 257), "has 257 outputs; 256 are read"),
    "many parameters": (
        onnx_of(weights=[tensor(np.zeros(25_000_001, np.int8), k) for k in "wv"]), "more than 50,000,000 parameters"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_file_is_refused_with_what_was_found(case: str) -> None:
    content, words = HOSTILE[case]
    assert words in refusal(content)
    refusal(content, "n" * 99 + ".onnx")  # the longest sentence


def deep_graphs() -> bytes:
    body = b""
    for _ in range(2000):
        body = field(1, field(5, field(6, body)))
    return with_graph_bytes(body)


def deep_types() -> bytes:
    body = b""
    for _ in range(10_000):
        body = field(4, field(1, body))
    return with_graph_bytes(field(11, field(2, body)))


MANY, LIST = 190_000, 8_300_000
"""Just below what is counted, of entries and of bytes in lists."""
ENTRIES = "has more than 200,000 entries beside its weights"
TEXT = "has more than 8 MB of text and lists"
DEEP = "is nested more deeply than any ONNX file"
ENDLESS = field(5, b"\x0a\1a\xa0\1\7" + field(8, b"\1" * LIST))
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "many empty nodes": (lambda: with_graph_bytes(b"\x0a\0" * 2**24), ENTRIES),
    "as many as may be": (lambda: with_graph_bytes(b"\x0a\0" * MANY), "has 190,002 nodes"),
    "empty tensors": (lambda: with_graph_bytes(b"\x2a\0" * MANY), "has 190,001 tensors"),
    "empty inputs": (lambda: with_graph_bytes(b"\x5a\0" * MANY), "has 190,001 inputs and tensors"),
    "one input often": (lambda: with_graph_bytes(field(11, b"\x0a\1w") * (MANY // 2)), "has 95,001 inputs and tensors"),
    "empty outputs": (lambda: with_graph_bytes(b"\x62\0" * MANY), "has 190,001 outputs"),
    "empty attributes": (lambda: with_node_bytes(b"\x2a\0" * MANY), "gives Relu more than 256 values"),
    "empty graphs": (lambda: with_node_bytes(field(5, b"\x5a\0" * MANY)), "has a graph within its graph"),
    "inputs of a node": (lambda: with_node_bytes(b"\x0a\1x" * MANY), "gives Relu more than 256 values"),
    "functions": (lambda: onnx_of() + b"\xca\1\0" * MANY, "has functions of its own"),
    "graphs in graphs": (deep_graphs, DEEP),
    "types of types": (deep_types, DEEP),
    "groups in groups": (lambda: with_graph_bytes(b"\x0b" * 2**20), "is not a readable ONNX file"),
    "a long remark": (lambda: with_graph_bytes(field(10, b"n" * 2**25)), TEXT),
    "a long field of later": (lambda: with_graph_bytes(field(90, b"n" * 2**25)), TEXT),
    "a list of many": (lambda: with_tensor_bytes(field(7, b"\1" * 2**25), INT64, 2**25), TEXT),
    "a list that is too short": (lambda: with_tensor_bytes(field(7, b"\1" * LIST), INT64, LIST, 2), "does not hold"),
    "a list that is right": (lambda: with_tensor_bytes(field(7, b"\1" * LIST), INT64, LIST), "makes the value w twice"),
    "halves": (lambda: with_tensor_bytes(field(5, b"\1" * LIST), TensorProto.FLOAT16, LIST), "makes the value w twice"),
    "sides without end": (lambda: with_tensor_bytes(field(1, b"\1" * LIST), FLOAT), "in a shape that cannot be"),
    "an attribute without end": (lambda: with_node_bytes(ENDLESS), "gives 8,300,000 values for a of Relu"),
    "a constant without end": (lambda: with_node_bytes(ENDLESS, "Constant"), "8,300,000 values for a of Constant"),
    "a file without end": (lambda: b"\x08\x08" + b"\0" * 2**28, "takes 257 MB; 256 MB are read"),
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_bomb_is_refused_soon_and_in_little_memory(case: str) -> None:
    make, words = BOMBS[case]
    content = make()
    before = resident("VmRSS")
    reset_peak()
    begin = time.process_time()
    sentence = refusal(content)
    assert time.process_time() - begin < MOST_SECONDS
    assert resident("VmHWM") - before < MOST_MEGABYTES
    assert words in sentence


def test_weights_are_looked_at_without_another_copy() -> None:
    """Protobuf's own is one: a file of 256 MB stays within the bound."""
    array = np.zeros(12_000_000, dtype=np.float32)
    array[-1] = np.nan
    content = onnx_of(weights=(tensor(array),))
    before = resident("VmRSS")
    reset_peak()
    begin = time.process_time()
    assert "no finite numbers" in refusal(content)
    assert time.process_time() - begin < MOST_SECONDS
    assert resident("VmHWM") - before < 1.2 * len(content) / 2**20


@pytest.mark.slow
def test_mutants_pass_or_are_refused_and_nothing_else(halves: tuple[bytes, bytes]) -> None:
    """What passes holds what it should, by ONNX's own readers. `VAE_STUDIO_TEST_MUTANTS=100000` tries more."""
    outcomes = {"passed": 0, "refused": 0}
    before = resident("VmRSS")
    reset_peak()
    small = *halves, *PASSING.values()
    for k in range(MUTANTS):
        random = Random(f"1 {k}")
        damage = flip_bits if k % 2 else random.choice(PLAIN_DAMAGE)
        damaged = damage(random, random.choice(small))
        begin = time.process_time()
        try:
            passed = checked(damaged, "decoder.onnx")
        except CheckpointError as error:
            assert len(str(error)) <= LONGEST, k
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(f"mutant {k}") from error
        else:
            assert all(np.isfinite(onnx.numpy_helper.to_array(t)).all() for t in passed.graph.initializer), k
            assert {n.op_type for n in passed.graph.node} <= OPERATORS, k
            outcomes["passed"] += 1
        assert time.process_time() - begin < MOST_SECONDS, k
    assert resident("VmHWM") - before < MOST_MEGABYTES
    assert min(outcomes.values()) > MUTANTS / 30
