"""The gate for ONNX files trained elsewhere: what is let through is a plain, finite, bounded graph of known operators.

A file is bytes here, never a path, so that no second file is ever read. Nothing in it is run. How large the values
become that it computes is not looked at: that shows when it is run, in a process with limits. The format:
https://github.com/onnx/onnx/blob/main/docs/IR.md.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from vae_core.datasets.file import SHORT, shown_name
from vae_core.errors import CheckpointError
from vae_core.foreign.kinds import kind_of
from vae_core.foreign.onnx_wire import DAMAGED, MAX_NAME, Path, Refusal, Survey

MAX_FILE_BYTES = 2**28
MAX_PARAMETERS = 50_000_000
MAX_NODES = 2_000
"""torch's exporters write 19 to 41 for a decoder of twelve layers. Compiling and running take time for each."""
MAX_NUMBERS = 2**20
"""Of one example that goes in: 512 x 512 pixels of four channels."""
MAX_TENSORS = 2 * MAX_NODES
MAX_LINKS = 256
"""What goes into a node, comes out of it or says how, and what comes out of the graph."""
MAX_LIST, MAX_CONSTANT = 64, 2**16
"""Values of an attribute; the second is for what a Constant says without a tensor."""
MAX_DIMENSIONS = 8
BOUND = 2**31
OPSETS = range(7, 24)
"""Before 7 operators broadcast in another way; 24 and later are not known here."""
RANKS = (2, 3, 4)
"""With the batch: rows, and pictures or signals with their channels."""
DOMAINS = ("", "ai.onnx")
OPERATORS = frozenset({
    "Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "DepthToSpace", "Div", "Dropout", "Elu", "Equal", "Erf",
    "Exp", "Expand", "Flatten", "Floor", "Gather", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater",
    "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LayerNormalization",
    "LeakyRelu", "Less", "Log", "LogSoftmax", "MatMul", "Max", "MaxPool", "Min", "Mish", "Mod", "Mul", "Neg", "Not",
    "PRelu", "Pad", "Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "Relu", "Reshape", "Resize", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice", "Softmax",
    "Softplus", "Softsign", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "Transpose", "Unsqueeze",
    "Upsample", "Where", "RandomNormalLike", "RandomNormal",
})  # fmt: skip
"""What a graph may compute. The last two are for samples drawn beside what is asked for; those are taken out later."""
DTYPES: dict[int, tuple[Any, str]] = {
    TensorProto.FLOAT: (np.float32, "float_data"),
    TensorProto.FLOAT16: (np.float16, "int32_data"),
    TensorProto.DOUBLE: (np.float64, "double_data"),
    TensorProto.INT64: (np.int64, "int64_data"),
    TensorProto.INT32: (np.int32, "int32_data"),
    TensorProto.INT8: (np.int8, "int32_data"),
    TensorProto.UINT8: (np.uint8, "int32_data"),
    TensorProto.BOOL: (np.bool_, "int32_data"),
}
"""Type of a tensor -> NumPy's, and the list in which its numbers stand where they are not raw."""
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
LISTS = ("float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data")
VALUES: dict[int, str] = {
    AttributeProto.FLOAT: "f",
    AttributeProto.INT: "i",
    AttributeProto.STRING: "s",
    AttributeProto.TENSOR: "t",
    AttributeProto.FLOATS: "floats",
    AttributeProto.INTS: "ints",
    AttributeProto.STRINGS: "strings",
}
"""Type of an attribute -> where its value stands; no other type is let through."""
CHUNK = 2**20
"""Numbers looked at together, so that looking takes no memory to speak of."""
UNREAD = {"doc_string", "metadata_props", "value_info", "quantization_annotation", "overload"}
UNREAD |= {"device_configurations", "configuration"}
AGAIN = "Export it again."
SIMPLER = "Export encoder and decoder alone, in evaluation mode."


def checked(content: bytes, name: str) -> ModelProto:
    """The model in a file, if it may be compiled: see the module. What was not looked at is taken out of it.

    Args:
        content: The file.
        name: What its owner calls it: shown, nothing else.

    Raises:
        CheckpointError: if it may not, with what was found, what was expected, and what to do.
    """
    try:
        if kind_of(content, name) != "onnx":
            raise Refusal("is a safetensors file where ONNX is expected. Bring encoder and decoder as ONNX files.")
        return _model(content)
    except Refusal as refusal:
        raise CheckpointError(f"{shown_name(name, SHORT)} {refusal}") from refusal
    except (ValueError, DecodeError) as error:
        raise CheckpointError(f"{shown_name(name, SHORT)} {DAMAGED}") from error


def _model(content: bytes) -> ModelProto:
    if len(content) > MAX_FILE_BYTES:
        found = math.ceil(len(content) / 2**20)
        raise Refusal(f"takes {found} MB; {MAX_FILE_BYTES >> 20} MB are read. Bring a smaller model.")
    raw = Survey(content).raw
    model = ModelProto.FromString(content)
    _check_model(model)
    _check_nodes(model.graph)
    parameters = 0
    for path, tensor in _tensors(model.graph):
        parameters += _check_size(tensor, raw.get(path))
        if parameters > MAX_PARAMETERS:
            raise Refusal(f"has more than {MAX_PARAMETERS:,} parameters. Bring a smaller model.")
        _check_numbers(tensor, raw.get(path))
    _check_order(model.graph)
    _leave_out_the_rest(model)
    return model


def _check_model(model: ModelProto) -> None:
    graph = model.graph
    versions = [about.version for about in model.opset_import if about.domain in DOMAINS]
    if len(versions) != 1 or versions[0] not in OPSETS:
        found = "no operator set or several" if len(versions) != 1 else f"operator set {versions[0]}"
        raise Refusal(f"uses {found}; {OPSETS[0]} to {OPSETS[-1]} are read. Export it again with opset_version=20.")
    if model.functions:
        raise Refusal("has functions of its own, which are not read. Export it again with its functions inlined.")
    if model.training_info:
        raise Refusal(f"has steps of training in it. {SIMPLER}")
    if graph.sparse_initializer:
        raise Refusal("has sparse weights where dense ones are expected. Export it again with dense weights.")
    for what, count, most in (
        ("nodes", len(graph.node), MAX_NODES),
        ("tensors", len(graph.initializer), MAX_TENSORS),
        ("inputs and tensors", len(graph.input), MAX_TENSORS),  # tensors may be named as inputs too
        ("outputs", len(graph.output), MAX_LINKS),
    ):
        if count > most:
            raise Refusal(f"has {count:,} {what}; {most:,} are read. Export a smaller network.")
    weights = {tensor.name for tensor in graph.initializer}
    given = [value for value in graph.input if value.name not in weights]
    if len(given) != 1:
        raise Refusal(f"takes {len(given)} inputs where one is expected. {SIMPLER}")
    _check_input(given[0])
    if not any(_is_picture_or_row(value) for value in graph.output):
        raise Refusal(f"gives no floating-point numbers of rank 2 to 4. {SIMPLER}")


def _check_input(value: ValueInfoProto) -> None:
    about = value.type.tensor_type
    if about.elem_type not in FLOATS or len(about.shape.dim) not in RANKS:
        raise Refusal(f"does not take floating-point numbers of rank 2 to 4. {SIMPLER}")
    if math.prod(abs(side.dim_value) or 1 for side in about.shape.dim[1:]) > MAX_NUMBERS:
        raise Refusal(f"takes examples of more than {MAX_NUMBERS:,} numbers. Bring a model of smaller ones.")


def _is_picture_or_row(value: ValueInfoProto) -> bool:
    """As far as is said: an exporter may not know the shape."""
    about = value.type.tensor_type
    return about.elem_type in FLOATS and (not about.HasField("shape") or len(about.shape.dim) in RANKS)


def _check_nodes(graph: GraphProto) -> None:
    for node in graph.node:
        operator = _shown(node.op_type)
        if node.domain not in DOMAINS:
            raise Refusal(
                f"uses the operator {operator} of {_shown(node.domain)}; only those of ONNX itself are read. "
                "Export it again without runtime-specific operators."
            )
        if node.op_type not in OPERATORS:
            raise Refusal(f"uses the operator {operator}, which is not among those of VAEs that are read. {SIMPLER}")
        if max(map(len, (node.input, node.output, node.attribute))) > MAX_LINKS:
            raise Refusal(f"gives {operator} more than {MAX_LINKS} values. Export a smaller network.")
        names = [attribute.name for attribute in node.attribute]
        if len(set(names)) != len(names):
            raise Refusal(f"gives an attribute of {operator} twice. {AGAIN}")
        for attribute in node.attribute:
            _check_attribute(node, attribute)


def _check_attribute(node: NodeProto, attribute: AttributeProto) -> None:
    field = VALUES.get(attribute.type)
    filled = {field.name for field, _ in attribute.ListFields()} - {"name", "type", "doc_string"}
    shown = f"{_shown(attribute.name)} of {node.op_type}"
    if filled & {"g", "graphs"}:
        raise Refusal(f"has a graph within its graph, as {shown}. Export it again without branches and loops.")
    if field is None or filled - {field}:
        raise Refusal(f"gives {shown} as what is not read: numbers, text or a tensor are expected. {AGAIN}")
    value = getattr(attribute, field)
    if field == "t":
        return
    values = [value] if attribute.type in (AttributeProto.FLOAT, AttributeProto.INT, AttributeProto.STRING) else value
    most = MAX_CONSTANT if node.op_type == "Constant" else MAX_LIST
    if len(values) > most:
        raise Refusal(f"gives {len(values):,} values for {shown}; {most:,} are read. {AGAIN}")
    # a Slice of old stops at the largest number there is when it means the end
    bound = 2**63 if node.op_type in ("Constant", "Slice") else BOUND
    for one in values:
        is_bounded = (
            len(one) <= MAX_NAME
            if isinstance(one, bytes)
            else math.isfinite(one) and (isinstance(one, float) or abs(one) <= bound)
        )
        if not is_bounded:
            raise Refusal(f"gives {shown} a value that is too large or no number. {AGAIN}")


def _tensors(graph: GraphProto) -> Iterator[tuple[Path, TensorProto]]:
    for k, tensor in enumerate(graph.initializer):
        yield ("graph", 0, "initializer", k), tensor
    for k, node in enumerate(graph.node):
        for j, attribute in enumerate(node.attribute):
            if attribute.HasField("t"):
                yield ("graph", 0, "node", k, "attribute", j, "t", 0), attribute.t


def _check_size(tensor: TensorProto, raw: memoryview | None) -> int:
    """How many numbers it has, as many as it says."""
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise Refusal("keeps its weights in a second file, which is never read. Export it with external_data=False.")
    shown = _shown(tensor.name)
    if tensor.data_type not in DTYPES:
        raise Refusal(f"has {shown} in a type that is not read. Export it again with weights in float32.")
    dtype, its_list = DTYPES[tensor.data_type]
    sides = tensor.dims[: MAX_DIMENSIONS + 1]
    if len(sides) > MAX_DIMENSIONS or min(sides, default=0) < 0 or math.prod(side or 1 for side in sides) >= BOUND:
        raise Refusal(f"has {shown} in a shape that cannot be. {AGAIN}")
    count = math.prod(sides)
    lengths = {name: length for name in LISTS if (length := len(getattr(tensor, name)))}
    if raw is not None:
        lengths["raw_data"] = len(raw) / np.dtype(dtype).itemsize
        its_list = "raw_data"
    if lengths.pop(its_list, 0) != count or lengths or tensor.HasField("segment"):
        raise Refusal(f"does not hold the {count:,} numbers that {shown} should have. {AGAIN}")
    return count


def _check_numbers(tensor: TensorProto, raw: memoryview | None) -> None:
    dtype = DTYPES[tensor.data_type][0]
    numbers = onnx.numpy_helper.to_array(tensor).ravel() if raw is None else np.frombuffer(raw, dtype)
    parts = (numbers[k : k + CHUNK] for k in range(0, len(numbers), CHUNK))
    if tensor.data_type in FLOATS and not all(np.isfinite(part).all() for part in parts):
        shown = _shown(tensor.name)
        raise Refusal(f"has values in {shown} that are no finite numbers. Bring a copy from before training failed.")
    if tensor.data_type == TensorProto.BOOL and numbers.view(np.uint8).max(initial=0) > 1:
        raise Refusal(DAMAGED)


def _check_order(graph: GraphProto) -> None:
    """Every value is there before it is used, and is made once: so there is no cycle."""
    known = {""}  # what is left out
    _add([tensor.name for tensor in graph.initializer], known)
    _add([value.name for value in graph.input if value.name not in known], known)
    for node in graph.node:
        missing = next((name for name in node.input if name not in known), None)
        if missing is not None:
            raise Refusal(f"uses the value {_shown(missing)} before it is made. {AGAIN}")
        _add([name for name in node.output if name], known)
    for value in graph.output:
        if not value.name or value.name not in known:
            raise Refusal(f"gives the value {_shown(value.name)}, which is never made. {AGAIN}")


def _add(names: list[str], known: set[str]) -> None:
    for name in names:
        if name in known:
            raise Refusal(f"makes the value {_shown(name)} twice. {AGAIN}")
        known.add(name)


def _shown(name: str) -> str:
    return shown_name(name, 24) or "(without a name)"


def _leave_out_the_rest(model: ModelProto) -> None:
    """Notes of exporters, and all that was not looked at."""
    graph = model.graph
    tensors = [tensor for _, tensor in _tensors(graph)]
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    for message in (model, graph, *graph.node, *attributes, *tensors, *graph.input, *graph.output):
        for field in UNREAD & set(message.DESCRIPTOR.fields_by_name):
            message.ClearField(field)
    model.DiscardUnknownFields()
