"""An ONNX graph -> a plan and its weights, once it is known what shapes its values have.

What the graph reckons of shapes alone is left out: its results stand in the options of the steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto

from vae_core.errors import CheckpointError
from vae_core.foreign.converters import CONVERTERS, UnknownError
from vae_core.foreign.observed import BATCH, Shapes, attributes, constant_names, free_input
from vae_core.plans import Plan, Step

PLAIN = (
    "Abs Add Cos Div Equal Erf Exp Greater Less Log MatMul Max Min Mish Mul Neg PRelu Pow Reciprocal Relu Selu Sigmoid "
    "Sign Sin Softplus Softsign Sqrt Sub Tanh Where"
)
SAME_NAME = {name: name.lower() for name in PLAIN.split()} | {"HardSwish": "hard_swish", "Sum": "add"}
"""Operators that take tensors alone."""
NO_CHANGE = {"Dropout", "Identity"}
WITH_ALPHA = {"LeakyRelu": ("leaky_relu", 0.01), "Elu": ("elu", 1.0), "Celu": ("celu", 1.0)}
REDUCTIONS = {
    "ReduceMean": "reduce_mean",
    "ReduceSum": "reduce_sum",
    "ReduceMax": "reduce_max",
    "ReduceMin": "reduce_min",
}
SLOPE = {"leaky_relu": "negative_slope"}
"""What torch calls α."""
ONLY_SHAPE = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}
Inputs = Sequence[str]


def compiled(model: ModelProto, shapes: Shapes, outputs: Sequence[str], name: str) -> tuple[Plan, list[np.ndarray]]:
    """The plan that gives these outputs.

    Args:
        model: As it passed the gate.
        shapes: What was seen of it.
        outputs: Names of values.
        name: Of the file, for sentences.

    Raises:
        CheckpointError: if there is something in it that has no step here.
    """
    try:
        return _Compiler(model, shapes).plan(outputs)
    except (UnknownError, ValueError, KeyError, TypeError, IndexError) as error:
        told = str(error) if isinstance(error, UnknownError) else "its shapes depend on more than the batch"
        raise CheckpointError(
            f"{name} cannot be used: {told[:120]}. Export encoder and decoder alone, in evaluation mode."
        ) from error


class _Compiler:
    def __init__(self, model: ModelProto, shapes: Shapes) -> None:
        self.shapes = shapes
        self.constants = constant_names(model)
        self.opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
        self.tensors = {one.name: one for one in model.graph.initializer}
        self.steps: list[Step] = []
        self.weights: list[np.ndarray] = []
        self.places = {free_input(model).name: "v0"}
        """Value -> its name in the plan."""
        self.makers = {name: node for node in model.graph.node for name in node.output if name}
        self.nodes = model.graph.node

    def plan(self, outputs: Sequence[str]) -> tuple[Plan, list[np.ndarray]]:
        needed = self._needed(outputs)
        for node in self.nodes:
            if needed.intersection(node.output) and not self.constants.issuperset(n for n in node.output if n):
                self.convert(node)
        plan = Plan(
            weights=tuple(weight.shape for weight in self.weights),
            steps=tuple(self.steps),
            outputs=tuple(self.place(name) for name in outputs),
        )
        return plan, self.weights

    def _needed(self, outputs: Sequence[str]) -> set[str]:
        """What the outputs depend on: a sampling that nobody asks for is left out."""
        needed: set[str] = set()
        waiting = list(outputs)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += [given for given in getattr(self.makers.get(name), "input", ()) if given]
        return needed

    def convert(self, node: NodeProto) -> None:
        """The steps of a node."""
        given, options = list(node.input), dict[str, Any](attributes(node))
        kind = node.op_type
        if kind in SAME_NAME:
            self.add(node, SAME_NAME[kind], [name for name in given if name])
        elif kind in NO_CHANGE:
            self.same(node)
        elif kind in ONLY_SHAPE:
            self.add(node, "reshape", given[:1], shape=self.shapes[node.output[0]])
        elif kind in WITH_ALPHA:
            operation, usual = WITH_ALPHA[kind]
            self.add(node, operation, given, **{SLOPE.get(operation, "alpha"): float(options.get("alpha", usual))})
        elif kind in REDUCTIONS:
            self.reduce(node, options)
        elif kind in CONVERTERS:
            CONVERTERS[kind](self, node, options)
        else:
            raise UnknownError(f"it has the operation {kind}, which has no counterpart here")

    def add(self, node: NodeProto, operation: Any, given: Inputs, **options: Any) -> None:
        """A step, whose result is the node's."""
        self.places[node.output[0]] = self.step(operation, [self.place(name) for name in given], **options)

    def same(self, node: NodeProto) -> None:
        """What the node gives is what it is given."""
        self.places[node.output[0]] = self.place(node.input[0])

    def step(self, operation: Any, places: Sequence[str], **options: Any) -> str:
        """A step of places in the plan; its own place."""
        self.steps.append(Step(operation=operation, inputs=tuple(places), options=options))
        return f"v{len(self.steps)}"

    def place(self, name: str) -> str:
        """Where a value is in the plan; a constant becomes a weight."""
        if name not in self.places:
            value = self.constant(name)
            if value.dtype.kind != "f":
                raise UnknownError("it reckons with whole numbers that are no shapes")
            self.places[name] = self.weight(value)
        return self.places[name]

    def weight(self, value: np.ndarray) -> str:
        """A weight more."""
        self.weights.append(np.ascontiguousarray(value, dtype=np.float32).reshape(value.shape))
        return f"w{len(self.weights) - 1}"

    def constant(self, name: str) -> np.ndarray:
        """A value that does not depend on the input."""
        if name in self.tensors:
            return np.asarray(onnx.numpy_helper.to_array(self.tensors[name]))
        value = self.shapes.constant(name)
        if value is None:
            made = self.makers.get(name)
            raise UnknownError(f"what {made.op_type if made else 'it'} gives depends on the input or on the batch")
        return value

    def whole(self, node: NodeProto, k: int, attribute: object = None) -> list[int] | None:
        """Whole numbers that are an input in later opsets and an attribute in earlier ones; None without either."""
        if len(node.input) > k and node.input[k]:
            return [int(value) for value in self.constant(node.input[k]).ravel()]
        return [int(value) for value in attribute] if isinstance(attribute, Sequence) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a value or a constant."""
        return self.constant(name).shape if name in self.tensors else self.shapes[name]

    def axis(self, axis: int, name: str) -> int:
        """Counted from the front."""
        return axis % len(self.shape(name))

    def reduce(self, node: NodeProto, options: Mapping[str, Any]) -> None:
        axes = self.whole(node, 1, options.get("axes"))
        rank = len(self.shape(node.input[0]))
        if not axes:
            if options.get("noop_with_empty_axes"):
                return self.same(node)
            axes = list(range(rank))
        places = tuple(sorted(axis % rank for axis in axes))
        if any(self.shape(node.input[0])[axis] == BATCH for axis in places):
            raise UnknownError("it mixes the examples of a batch")
        return self.add(
            node, REDUCTIONS[node.op_type], node.input[:1], axes=places, keep=int(options.get("keepdims", 1))
        )
