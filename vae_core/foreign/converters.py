"""Operators with options of their own, each as steps of a plan: https://onnx.ai/onnx/operators/."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import onnx
from onnx import NodeProto

from vae_core.foreign.observed import BATCH, Shapes

FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16}

GREATEST = float(np.finfo(np.float32).max)


class UnknownError(Exception):
    """Something in the graph that has no step here; says what."""


class Compiler(Protocol):
    """What a converter works with; see `vae_core.foreign.compiling`."""

    shapes: Shapes
    opset: int
    places: dict[str, str]

    def add(self, node: NodeProto, operation: Any, given: Sequence[str], **options: Any) -> None:
        """A step, whose result is the node's."""

    def same(self, node: NodeProto) -> None:
        """What the node gives is what it is given."""

    def step(self, operation: Any, places: Sequence[str], **options: Any) -> str:
        """A step of places in the plan; its own place."""

    def place(self, name: str) -> str:
        """Where a value is in the plan; a constant becomes a weight."""

    def weight(self, value: np.ndarray) -> str:
        """A weight more."""

    def constant(self, name: str) -> np.ndarray:
        """A value that does not depend on the input."""

    def whole(self, node: NodeProto, k: int, attribute: object = None) -> list[int] | None:
        """Whole numbers that are an input in later opsets and an attribute in earlier ones; None without either."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a value or a constant."""

    def axis(self, axis: int, name: str) -> int:
        """Counted from the front."""


def _clip(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    ends = []
    for k, (name, usual) in enumerate((("min", -GREATEST), ("max", GREATEST)), 1):
        given = len(node.input) > k and node.input[k]
        ends.append(float(c.constant(node.input[k])) if given else float(options.get(name, usual)))
    low, high = (min(max(end, -GREATEST), GREATEST) for end in ends)
    c.add(node, "clip", node.input[:1], low=low, high=high)


def _cast(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    if options["to"] not in FLOATS:
        raise UnknownError("it turns values into whole numbers")
    c.same(node)


def _gelu(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(node, "gelu", node.input, approximate=_text(options.get("approximate", "none")))


def _hard_sigmoid(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    alpha, beta = float(options.get("alpha", 0.2)), float(options.get("beta", 0.5))
    c.add(node, "hard_sigmoid", node.input, alpha=alpha, beta=beta)


def _softmax(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    rank = len(c.shape(node.input[0]))
    axis = c.axis(int(options.get("axis", -1 if c.opset >= 13 else 1)), node.input[0])
    if c.opset < 13 and axis != rank - 1:
        raise UnknownError(f"its {node.op_type} goes over several dimensions at once")
    c.add(node, "softmax" if node.op_type == "Softmax" else "log_softmax", node.input, dim=axis)


def _gemm(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(
        node,
        "gemm",
        [name for name in node.input if name],
        alpha=float(options.get("alpha", 1)),
        beta=float(options.get("beta", 1)),
        transpose_a=int(options.get("transA", 0)),
        transpose_b=int(options.get("transB", 0)),
    )


def _window(c: Compiler, node: NodeProto, options: Mapping[str, Any], kernel: Sequence[int]) -> dict[str, Any]:
    """Strides, dilations and pads of a convolution or a pooling, with what "same" means here."""
    over = len(kernel)
    strides = tuple(options.get("strides") or (1,) * over)
    dilations = tuple(options.get("dilations") or (1,) * over)
    pads = tuple(options.get("pads") or (0,) * (2 * over))
    automatic = _text(options.get("auto_pad", "NOTSET"))
    seen, made = (c.shape(name)[2:] for name in (node.input[0], node.output[0]))
    reach = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    if node.op_type == "ConvTranspose":
        more = tuple(options.get("output_padding") or (0,) * over)
        sizes = zip(made, seen, strides, more, reach, strict=True)
        total = [step * (n - 1) + extra + long - m for m, n, step, extra, long in sizes]
        if automatic == "NOTSET" and not options.get("output_shape"):
            return {"strides": strides, "dilations": dilations, "pads": pads, "output_padding": more}
        pads = _halved(total, is_end_larger=automatic != "SAME_LOWER")
        return {"strides": strides, "dilations": dilations, "pads": pads, "output_padding": more}
    if automatic.startswith("SAME"):
        ends = zip(made, seen, strides, reach, strict=True)
        total = [max((m - 1) * step + long - n, 0) for m, n, step, long in ends]
        pads = _halved(total, is_end_larger=automatic == "SAME_UPPER")
    return {"strides": strides, "dilations": dilations, "pads": pads}


def _halved(total: Sequence[int], is_end_larger: bool) -> tuple[int, ...]:
    small = [n // 2 for n in total]
    large = [n - half for n, half in zip(total, small, strict=True)]
    return (*small, *large) if is_end_larger else (*large, *small)


def _conv(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    kernel = c.constant(node.input[1]).shape[2:]
    operation = "conv" if node.op_type == "Conv" else "conv_transpose"
    given = [name for name in node.input if name]
    c.add(node, operation, given, group=int(options.get("group", 1)), **_window(c, node, options, kernel))


def _pool(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    kernel = tuple(options["kernel_shape"])
    window = _window(c, node, options, kernel)
    dilations = window.pop("dilations")
    if options.get("ceil_mode") or (node.op_type == "AveragePool" and set(dilations) != {1}):
        raise UnknownError(f"its {node.op_type} is of a rare kind (ceil_mode or dilations)")
    if node.op_type == "MaxPool":
        c.add(node, "max_pool", node.input, kernel=kernel, dilations=dilations, **window)
    else:
        count_pads = int(options.get("count_include_pad", 0))
        c.add(node, "average_pool", node.input, kernel=kernel, count_pads=count_pads, **window)


def _global_pool(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    operation = "reduce_mean" if node.op_type == "GlobalAveragePool" else "reduce_max"
    c.add(node, operation, node.input, axes=tuple(range(2, len(c.shape(node.input[0])))), keep=1)


def _batch_norm(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    if options.get("training_mode"):
        raise UnknownError("its batch normalisation is in training mode")
    c.add(node, "batch_norm", node.input, epsilon=float(options.get("epsilon", 1e-5)))


def _instance_norm(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(node, "instance_norm", node.input, epsilon=float(options.get("epsilon", 1e-5)))


def _group_norm(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    groups, depth = int(options["num_groups"]), c.shape(node.input[0])[1]
    places = [c.place(node.input[0])]
    for name in node.input[1:]:  # a number a group until opset 20, a number a channel since
        value = c.constant(name)
        places.append(c.weight(value.repeat(depth // groups) if len(value) == groups else value))
    c.places[node.output[0]] = c.step("group_norm", places, groups=groups, epsilon=float(options.get("epsilon", 1e-5)))


def _layer_norm(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    axis = c.axis(int(options.get("axis", -1)), node.input[0])
    given = [name for name in node.input if name]
    c.add(node, "layer_norm", given, axis=axis, epsilon=float(options.get("epsilon", 1e-5)))


def _transpose(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    rank = len(c.shape(node.input[0]))
    c.add(node, "transpose", node.input, order=tuple(options.get("perm") or range(rank)[::-1]))


def _concat(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(node, "concat", node.input, axis=c.axis(int(options["axis"]), node.output[0]))


def _split(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    axis = c.axis(int(options.get("axis", 0)), node.input[0])
    start = 0
    for name in node.output:
        stop = start + c.shapes[name][axis]
        c.places[name] = c.step("slice", [c.place(node.input[0])], axis=axis, start=start, stop=stop, step=1)
        start = stop


def _slice(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    starts, stops = (c.whole(node, k, options.get(name)) or [] for k, name in ((1, "starts"), (2, "ends")))
    shape = c.shape(node.input[0])
    axes = c.whole(node, 3, options.get("axes")) or list(range(len(starts)))
    steps = c.whole(node, 4) or [1] * len(starts)
    place = c.place(node.input[0])
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        size = shape[axis % len(shape)]
        if size == BATCH:
            if (start, step) != (0, 1) or stop < 2**30:
                raise UnknownError("it takes apart the examples of a batch")
            continue
        first, last, by = slice(start, None if step < 0 and stop < -size else stop, step).indices(size)
        place = c.step("slice", [place], axis=axis % len(shape), start=first, stop=last, step=by)
    c.places[node.output[0]] = place


def _gather(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    axis = c.axis(int(options.get("axis", 0)), node.input[0])
    size = c.shape(node.input[0])[axis]
    if size == BATCH:
        raise UnknownError("it takes apart the examples of a batch")
    indices = tuple(int(value) % size for value in c.constant(node.input[1]).ravel())
    chosen = c.step("gather", [c.place(node.input[0])], axis=axis, indices=indices)
    c.places[node.output[0]] = c.step("reshape", [chosen], shape=c.shapes[node.output[0]])


def _expand(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(node, "expand", node.input[:1], shape=c.shapes[node.output[0]])


def _pad(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    rank = len(c.shape(node.input[0]))
    pads = c.whole(node, 1, options.get("pads")) or []
    axes = [axis % rank for axis in c.whole(node, 3) or range(rank)]
    whole = [0] * (2 * rank)
    for k, axis in enumerate(axes):
        whole[axis], whole[rank + axis] = pads[k], pads[len(axes) + k]
    has_value = len(node.input) > 2 and node.input[2]
    value = float(c.constant(node.input[2]).ravel()[0]) if has_value else float(options.get("value", 0))
    c.add(node, "pad", node.input[:1], pads=tuple(whole), value=value, mode=_text(options.get("mode", "constant")))


def _resize(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    before, after = c.shape(node.input[0]), c.shapes[node.output[0]]
    mode = _text(options.get("mode", "nearest"))
    way = _text(options.get("coordinate_transformation_mode", "half_pixel" if c.opset > 10 else "asymmetric"))
    is_known = mode == "nearest" or (mode == "linear" and way in ("half_pixel", "pytorch_half_pixel", "align_corners"))
    if before[:2] != after[:2] or not is_known:
        raise UnknownError("it resizes in a way that has no counterpart here")
    c.add(node, "resize", node.input[:1], sizes=after[2:], mode=mode, align=int(way == "align_corners"))


def _depth_to_space(c: Compiler, node: NodeProto, options: Mapping[str, Any]) -> None:
    c.add(node, "depth_to_space", node.input, block=int(options["blocksize"]), mode=_text(options.get("mode", "DCR")))


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


CONVERTERS: dict[str, Callable[[Compiler, NodeProto, Mapping[str, Any]], None]] = {
    "AveragePool": _pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "ConvTranspose": _conv,
    "DepthToSpace": _depth_to_space,
    "Expand": _expand,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "GroupNormalization": _group_norm,
    "HardSigmoid": _hard_sigmoid,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": _softmax,
    "MaxPool": _pool,
    "Pad": _pad,
    "Resize": _resize,
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Transpose": _transpose,
    "Upsample": _resize,
}
"""Operators with options of their own -> how they become steps."""
