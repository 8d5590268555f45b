"""Plans run by torch: every operation as ONNX defines it (https://onnx.ai/onnx/operators/), all sizes but the batch's
given beforehand."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_core.plans import Plan

Sizes = Sequence[int]


class PlannedNetwork(nn.Module):
    """x -> the outputs of a plan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        for k, shape in enumerate(plan.weights):
            self.register_parameter(f"w{k}", nn.Parameter(torch.zeros(shape)))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """One or two outputs."""
        values = [x]

        def value(name: str) -> Tensor:
            return values[int(name[1:])] if name.startswith("v") else getattr(self, name)

        for step in self.plan.steps:
            values.append(OPERATIONS[step.operation](*map(value, step.inputs), **step.options))
        return tuple(map(value, self.plan.outputs))


def conv(  # noqa: PLR0913  # as many as ONNX has
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, strides: Sizes, pads: Sizes, dilations: Sizes, group: int
) -> Tensor:
    """Convolution over one, two or three dimensions; `pads` are ONNX's, all beginnings and then all ends."""
    run: Callable[..., Tensor] = (F.conv1d, F.conv2d, F.conv3d)[len(strides) - 1]
    return run(pad(x, pads=(0, 0, *_begins(pads), 0, 0, *_ends(pads))), weight, bias, strides, 0, dilations, group)


def conv_transpose(  # noqa: PLR0913
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, strides: Sizes, pads: Sizes, dilations: Sizes, group: int,
    output_padding: Sizes,
) -> Tensor:  # fmt: skip
    """Transposed convolution; what `pads` count is cut off."""
    run: Callable[..., Tensor] = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(strides) - 1]
    y = run(x, weight, bias, strides, 0, output_padding, group, dilations)
    for axis, (begin, end) in enumerate(zip(_begins(pads), _ends(pads), strict=True), 2):
        y = y.narrow(axis, begin, y.shape[axis] - begin - end)
    return y


def average_pool(x: Tensor, *, kernel: Sizes, strides: Sizes, pads: Sizes, count_pads: int) -> Tensor:
    """Mean of every window, with or without what was padded."""
    run: Callable[..., Tensor] = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    around = (0, 0, *_begins(pads), 0, 0, *_ends(pads))
    mean = run(pad(x, pads=around), kernel, strides)
    return mean if count_pads or not any(pads) else mean / run(pad(torch.ones_like(x), pads=around), kernel, strides)


def max_pool(x: Tensor, *, kernel: Sizes, strides: Sizes, pads: Sizes, dilations: Sizes) -> Tensor:
    """Greatest of every window."""
    run: Callable[..., Tensor] = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1]
    padded = pad(x, pads=(0, 0, *_begins(pads), 0, 0, *_ends(pads)), value=-torch.inf)
    return run(padded, kernel, strides, 0, dilations)


def pad(x: Tensor, *, pads: Sizes, value: float = 0.0, mode: str = "constant") -> Tensor:
    """Values around all dimensions; `pads` are ONNX's."""
    pairs = [number for pair in zip(_begins(pads), _ends(pads), strict=True) for number in reversed(pair)][::-1]
    while pairs[-2:] == [0, 0]:
        del pairs[-2:]
    if not pairs:
        return x
    return (
        F.pad(x, pairs, value=value) if mode == "constant" else F.pad(x, pairs, {"edge": "replicate"}.get(mode, mode))
    )


def _begins(pads: Sizes) -> Sizes:
    return pads[: len(pads) // 2]


def _ends(pads: Sizes) -> Sizes:
    return pads[len(pads) // 2 :]


def batch_norm(x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, *, epsilon: float) -> Tensor:
    """With the statistics of the training."""
    return F.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


def instance_norm(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float) -> Tensor:
    """Every channel of every example for itself."""
    return F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def group_norm(x: Tensor, scale: Tensor, bias: Tensor, *, groups: int, epsilon: float) -> Tensor:
    """Groups of channels together."""
    return F.group_norm(x, groups, scale, bias, epsilon)


def layer_norm(x: Tensor, scale: Tensor, bias: Tensor | None = None, *, axis: int, epsilon: float) -> Tensor:
    """All dimensions from `axis` on together."""
    return F.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def gemm(  # noqa: PLR0913
    a: Tensor, b: Tensor, c: Tensor | None = None, *, alpha: float, beta: float, transpose_a: int, transpose_b: int
) -> Tensor:
    """α A B + β C."""
    y = alpha * ((a.mT if transpose_a else a) @ (b.mT if transpose_b else b))
    return y if c is None else y + beta * c


def reshape(x: Tensor, *, shape: Sizes) -> Tensor:
    """The same numbers in another shape."""
    return x.reshape(tuple(shape))


def expand(x: Tensor, *, shape: Sizes) -> Tensor:
    """Repeated along dimensions of size 1; −1 leaves a dimension as it is."""
    return x.expand(tuple(shape))


def slice_(x: Tensor, *, axis: int, start: int, stop: int, step: int) -> Tensor:
    """A part of one dimension; a negative step goes backwards."""
    if step > 0:
        return x[(slice(None),) * axis + (slice(start, stop, step),)]
    return x.index_select(axis, torch.arange(start, stop, step, device=x.device))


def gather(x: Tensor, *, axis: int, indices: Sizes) -> Tensor:
    """Chosen places of one dimension."""
    return x.index_select(axis, torch.tensor(indices, device=x.device))


def resize(x: Tensor, *, sizes: Sizes, mode: str, align: int) -> Tensor:
    """Height and width (or length) to these sizes: by the nearest value, or between values."""
    if mode == "nearest":
        return F.interpolate(x, size=tuple(sizes), mode="nearest")
    kinds = {1: "linear", 2: "bilinear", 3: "trilinear"}
    return F.interpolate(x, size=tuple(sizes), mode=kinds[len(sizes)], align_corners=bool(align))


def depth_to_space(x: Tensor, *, block: int, mode: str) -> Tensor:
    """Channels become height and width."""
    if mode == "CRD":
        return F.pixel_shuffle(x, block)
    batch, depth, height, width = x.shape
    split = x.reshape(batch, block, block, depth // block**2, height, width)
    return split.permute(0, 3, 4, 1, 5, 2).reshape(batch, depth // block**2, height * block, width * block)


def clip(x: Tensor, *, low: float, high: float) -> Tensor:
    """Within these."""
    return x.clamp(low, high)


def _reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Tensor, *, axes: Sizes, keep: int) -> Tensor:
        return function(x, dim=tuple(axes), keepdim=bool(keep))

    return reduce


def _several(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def combined(first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = function(first, other)
        return first

    return combined


def _softplus(x: Tensor) -> Tensor:
    return F.softplus(x, threshold=80)  # torch's own is a straight line from 20 on


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "abs": torch.abs,
    "add": _several(torch.add),
    "average_pool": average_pool,
    "batch_norm": batch_norm,
    "celu": F.celu,
    "clip": clip,
    "concat": lambda *parts, axis: torch.cat(parts, axis),
    "conv": conv,
    "conv_transpose": conv_transpose,
    "cos": torch.cos,
    "depth_to_space": depth_to_space,
    "div": torch.div,
    "elu": F.elu,
    "equal": torch.eq,
    "erf": torch.erf,
    "exp": torch.exp,
    "expand": expand,
    "gather": gather,
    "gelu": lambda x, approximate: F.gelu(x, approximate=approximate),
    "gemm": gemm,
    "greater": torch.gt,
    "group_norm": group_norm,
    "hard_sigmoid": lambda x, alpha, beta: (alpha * x + beta).clamp(0, 1),
    "hard_swish": F.hardswish,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "leaky_relu": F.leaky_relu,
    "less": torch.lt,
    "log": torch.log,
    "log_softmax": F.log_softmax,
    "matmul": torch.matmul,
    "max": _several(torch.maximum),
    "max_pool": max_pool,
    "min": _several(torch.minimum),
    "mish": F.mish,
    "mul": _several(torch.mul),
    "neg": torch.neg,
    "pad": pad,
    "pow": torch.pow,
    "prelu": lambda x, slope: torch.where(x < 0, slope * x, x),
    "reciprocal": torch.reciprocal,
    "reduce_max": _reduction(torch.amax),
    "reduce_mean": _reduction(torch.mean),
    "reduce_min": _reduction(torch.amin),
    "reduce_sum": _reduction(torch.sum),
    "relu": torch.relu,
    "reshape": reshape,
    "resize": resize,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "sin": torch.sin,
    "slice": slice_,
    "softmax": F.softmax,
    "softplus": _softplus,
    "softsign": F.softsign,
    "sqrt": torch.sqrt,
    "sub": torch.sub,
    "tanh": torch.tanh,
    "transpose": lambda x, order: x.permute(tuple(order)),
    "where": torch.where,
}
"""name -> operation, its tensors by position and its options by name."""


def run(plan: Plan, weights: Sequence[Tensor], x: Tensor) -> tuple[Tensor, ...]:
    """A plan with these weights."""
    network = PlannedNetwork(plan)
    network.load_state_dict({f"w{k}": weight for k, weight in enumerate(weights)}, assign=True)
    with torch.no_grad():
        result: Any = network(x)
    return tuple(result)
