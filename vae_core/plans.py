"""A network as a list of steps: what is left of an ONNX file once its shapes are known.

A plan is data, no program: it stands in the settings of a checkpoint, and `vae_core.planned` runs it with torch. Names
are `v0` for the input, `v1`, `v2`, … for what the steps give in their order, and `w0`, `w1`, … for the weights.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Operation = Literal[
    "abs", "add", "average_pool", "batch_norm", "celu", "clip", "concat", "conv", "conv_transpose", "cos",
    "depth_to_space", "div", "elu", "equal", "erf", "exp", "expand", "gather", "gelu", "gemm", "greater", "group_norm",
    "hard_sigmoid", "hard_swish",
    "instance_norm", "layer_norm", "leaky_relu", "less", "log", "log_softmax", "matmul", "max", "max_pool", "min",
    "mish", "mul", "neg", "pad", "pow", "prelu", "reciprocal", "reduce_max", "reduce_mean", "reduce_min", "reduce_sum",
    "relu", "reshape", "resize", "selu", "sigmoid", "sign", "sin", "slice", "softmax", "softplus", "softsign", "sqrt",
    "sub", "tanh", "transpose", "where",
]  # fmt: skip
MOST_STEPS = 2_000
Name = Annotated[str, Field(pattern=r"^[vw][0-9]{1,4}$")]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, strict=True)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Value = Whole | Real | Annotated[str, Field(max_length=16)] | Annotated[tuple[Whole, ...], Field(max_length=4096)]
Shape = Annotated[tuple[Annotated[int, Field(ge=0, le=2**31 - 1)], ...], Field(max_length=8)]


class Step(BaseModel):
    """One operation; in shapes −1 is the size of the batch, whatever that is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: Operation
    inputs: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]
    options: Annotated[dict[Annotated[str, Field(max_length=24)], Value], Field(max_length=12)] = {}


class Plan(BaseModel):
    """Weights by their shapes, and what is done with them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Annotated[tuple[Shape, ...], Field(max_length=MOST_STEPS)]
    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)]
    outputs: Annotated[tuple[Name, ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known = {f"w{k}" for k in range(len(self.weights))} | {"v0"}
        for k, step in enumerate(self.steps, 1):
            if not known.issuperset(step.inputs):
                raise ValueError(f"step {k} takes what is not there")
            known.add(f"v{k}")
        if not known.issuperset(self.outputs):
            raise ValueError("an output is not there")
        return self
