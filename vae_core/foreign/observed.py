"""What is seen of an ONNX graph when it runs: the shape of every value, and what does not depend on the input.

Shapes are often reckoned inside the graph, by dozens of small nodes. Run with two sizes of the batch, whatever stays
the same is a constant, and a dimension that grows with the batch is the batch's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import ModelProto, NodeProto

SHAPE_OF = {"Shape", "Size"}
BATCH = -1
LARGEST_CONSTANT = 2**16
"""Numbers of a constant that shapes are reckoned from."""


@dataclass(frozen=True)
class Observed:
    """One run of a graph.

    Attributes:
        shapes: Of every value that a node gives.
        constants: Those that do not depend on the input.
        outputs: Of the graph.
    """

    shapes: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, np.ndarray]
    outputs: tuple[np.ndarray, ...]


def free_input(model: ModelProto) -> onnx.ValueInfoProto:
    """The one input that is no weight."""
    weights = {tensor.name for tensor in model.graph.initializer}
    [given] = [given for given in model.graph.input if given.name not in weights]
    return given


def declared_shape(given: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    """What a graph says of the shape of a value; None where that is left open."""
    return tuple(
        dimension.dim_value if dimension.HasField("dim_value") and dimension.dim_value > 0 else None
        for dimension in given.type.tensor_type.shape.dim
    )


def constant_names(model: ModelProto) -> set[str]:
    """Values that do not depend on what the input holds, though perhaps on its shape."""
    known = {tensor.name for tensor in model.graph.initializer} | {""}
    for node in model.graph.node:
        if node.op_type in SHAPE_OF or known.issuperset(node.input):
            known |= set(node.output)
    return known - {""}


def given_names(model: ModelProto) -> Iterator[str]:
    """All that nodes give."""
    return (name for node in model.graph.node for name in node.output if name)


def attributes(node: NodeProto) -> dict[str, object]:
    """The attributes of a node by name."""
    return {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}


class Shapes:
    """What two runs agree on."""

    def __init__(self, runs: tuple[Observed, Observed], batches: tuple[int, int]) -> None:
        self.runs, self.batches = runs, batches

    def __getitem__(self, name: str) -> tuple[int, ...]:
        """The shape of a value, with −1 for what grows with the batch."""
        pairs = zip(*(run.shapes[name] for run in self.runs), strict=True)
        shape = [BATCH if self._grows(pair) else pair[0] for pair in pairs]
        if shape.count(BATCH) > 1:
            raise ValueError("more than one dimension grows with the batch")
        return tuple(shape)

    def _grows(self, pair: tuple[int, int]) -> bool:
        if pair[0] == pair[1]:
            return False
        if pair[0] * self.batches[1] != pair[1] * self.batches[0]:
            raise ValueError("a dimension grows otherwise than the batch")
        return True

    def constant(self, name: str) -> np.ndarray | None:
        """A value that is the same in both runs; None where it is not."""
        first, second = (run.constants.get(name) for run in self.runs)
        if first is None or second is None or first.shape != second.shape:
            return None
        return first if np.array_equal(first, second, equal_nan=first.dtype.kind == "f") else None
