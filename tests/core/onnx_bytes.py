"""ONNX files as bytes: small good ones with something changed, and such as no library would write."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

ROW = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])
RESULT = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)


def node(operator: str, given: Sequence[str], made: Sequence[str], **attributes: Any) -> NodeProto:
    return helper.make_node(operator, given, made, **attributes)


NODES = (node("MatMul", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"]))


def tensor(array: np.ndarray, name: str = "w") -> TensorProto:
    return onnx.numpy_helper.from_array(array, name)


def tensor_of(data_type: int, dims: Sequence[int], **values: Any) -> TensorProto:
    """Whatever it says, true or not."""
    return TensorProto(name="w", data_type=data_type, dims=dims, **values)


def model(
    nodes: Sequence[NodeProto] = NODES,
    weights: Sequence[TensorProto] = (tensor(WEIGHTS),),
    given: Sequence[onnx.ValueInfoProto] = (ROW,),
    made: Sequence[onnx.ValueInfoProto] = (RESULT,),
    opset: int = 20,
) -> ModelProto:
    """x [B, 2] -> y [B, 3], unless something else is asked for."""
    graph = helper.make_graph(nodes, "small", given, made, weights)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])


def onnx_of(*arguments: Any, **options: Any) -> bytes:
    """Such a model's file."""
    return bytes(model(*arguments, **options).SerializeToString())


def changed(change: Callable[[ModelProto], Any]) -> bytes:
    """A good model's file after something was done to it."""
    good = model()
    change(good)
    return bytes(good.SerializeToString())


def with_nodes(*nodes: NodeProto) -> bytes:
    """With these before the others, whose x they may not make."""
    return onnx_of((*nodes, *NODES))


def number(value: int) -> bytes:
    """As protobuf writes it: seven bits a byte, the lowest first."""
    low, rest = value & 127, value >> 7
    return bytes((low | 128,)) + number(rest) if rest else bytes((low,))


def field(place: int, body: bytes) -> bytes:
    """A message or text under its number."""
    return number(place << 3 | 2) + number(len(body)) + body


def with_graph_bytes(body: bytes) -> bytes:
    """The good model with more bytes in its graph; protobuf's own writer is not asked."""
    good = model()
    graph = good.graph.SerializeToString()
    good.ClearField("graph")
    return bytes(good.SerializeToString()) + field(7, graph + body)


def with_node_bytes(body: bytes, operator: str = "Relu") -> bytes:
    """With one node more, and these bytes in it."""
    return with_graph_bytes(field(1, node(operator, ["x"], ["other"]).SerializeToString() + body))


def with_tensor_bytes(body: bytes, data_type: int, *dims: int) -> bytes:
    """With a tensor more, and these bytes in it; its name is taken, which is seen last."""
    about = TensorProto(name="w", data_type=data_type, dims=dims)
    return with_graph_bytes(field(5, about.SerializeToString() + body))
