"""An encoder or a decoder as an ONNX file: looked at, run once in a process with limits, and turned into a plan."""

import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from onnx import ModelProto, TensorProto
from safetensors.numpy import load, save

from vae_core.errors import CheckpointError
from vae_core.files import write_atomically
from vae_core.foreign import probe
from vae_core.foreign.compiling import compiled
from vae_core.foreign.observed import Observed, Shapes, declared_shape, free_input, given_names
from vae_core.foreign.onnx_gate import checked
from vae_core.planned import run
from vae_core.plans import Plan
from vae_core.worker_process import ROOT

BATCHES = (5, 7)
"""Of the two runs; sizes that networks hardly have otherwise."""
TOLERANCE = 1e-4
"""Greatest difference from onnxruntime that is let pass, relative to 1 + |value|."""
PATIENCE = 60
"""Seconds on the clock, on a busy machine."""


@dataclass(frozen=True, eq=False)
class Half:
    """What an encoder or a decoder is.

    Attributes:
        name: Of the file.
        plan: What it does.
        weights: Of the plan.
        seen: Shape of one example that it takes.
        given: Shapes of what it gives for one.
        names: Of its outputs.
        values: What it gave for values as they may be given to it, [B, ...].
    """

    name: str
    plan: Plan
    weights: list[np.ndarray]
    seen: tuple[int, ...]
    given: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    values: np.ndarray

    @property
    def is_decoder(self) -> bool:
        """Whether it takes a few numbers in a row and gives more."""
        return len(self.seen) == 1 and math.prod(self.given[0]) > self.seen[0]


def look(content: bytes, name: str, shape: tuple[int, ...] | None = None, most_outputs: int = 1) -> Half:
    """What a file is.

    Args:
        content: Of the file.
        name: For sentences.
        shape: Of one example, where the file leaves it open.
        most_outputs: How many of its outputs are wanted.

    Raises:
        CheckpointError: if it is no such file, wants too much, or does what has no counterpart here.
    """
    model = checked(content, name)
    if free_input(model).type.tensor_type.elem_type != TensorProto.FLOAT:
        raise CheckpointError(f"{name} takes numbers that are no float32. Export it in float32.")
    content = model.SerializeToString()  # without what the gate has taken out
    batches, seen = _sizes(model, name, shape)
    inputs = [_example((size, *seen), k) for k, size in enumerate(batches)]
    first, second = _observed(model, content, name, inputs)
    ends = [output.name for output in model.graph.output][:most_outputs]
    shapes = Shapes((first, second), batches) if batches[0] != batches[1] else _FixedBatch((first, second), batches)
    plan, weights = compiled(model, shapes, ends, name)
    for given, seen_run in zip(inputs, (first, second), strict=True):
        _check(plan, weights, given, seen_run.outputs[: len(ends)], name)
    return Half(
        name,
        plan,
        weights,
        seen,
        tuple(output.shape[1:] for output in first.outputs[: len(ends)]),
        tuple(ends),
        np.concatenate([first.outputs[0], second.outputs[0]]),
    )


class _FixedBatch(Shapes):
    """Of a graph for batches of one size: what begins with that size is taken for a batch, and checked afterwards."""

    def __getitem__(self, name: str) -> tuple[int, ...]:
        shape = self.runs[0].shapes[name]
        return (-1, *shape[1:]) if shape[:1] == self.batches[:1] else shape


def _sizes(model: ModelProto, name: str, shape: tuple[int, ...] | None) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Two sizes of a batch, and the shape of one example."""
    batch, *rest = declared_shape(free_input(model)) or (None,)
    if None in rest and shape is not None and len(shape) == len(rest):
        rest = [one if one is not None else other for one, other in zip(rest, shape, strict=True)]
    known = [size for size in rest if size is not None]
    if not known or len(known) < len(rest):
        raise CheckpointError(f"{name} leaves the shape of its input open. Export it with all sizes but the batch's.")
    return (BATCHES if batch is None else (batch, batch)), tuple(known)


def _example(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def _observed(model: ModelProto, content: bytes, name: str, inputs: list[np.ndarray]) -> tuple[Observed, Observed]:
    """What two runs show."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_atomically(folder / probe.MODEL, content)
        write_atomically(folder / probe.INPUTS, save({str(k): given for k, given in enumerate(inputs)}))
        command = [sys.executable, "-m", "vae_core.foreign.probe", str(folder)]
        try:
            subprocess.run(
                command, cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
            )
            kept = load((folder / probe.OUTPUTS).read_bytes())
            told = json.loads((folder / probe.SHAPES).read_bytes())
        except (subprocess.SubprocessError, OSError) as error:
            raise CheckpointError(
                f"{name} does not run: it is damaged, or wants more than {probe.SECONDS} seconds or "
                f"{probe.MEMORY_BYTES // 2**20} MB for a few examples. Try it with onnxruntime where it comes from."
            ) from error
    names, given = sorted(set(given_names(model))), free_input(model).name
    ends = [names.index(output.name) for output in model.graph.output]
    first, second = (
        Observed(
            {known: tuple(shape) for known, shape in zip(names, told[k], strict=True)} | {given: inputs[k].shape},
            {known: kept[f"{k}.{n}"] for n, known in enumerate(names) if f"{k}.{n}" in kept},
            tuple(kept[f"{k}.{n}"] for n in ends),
        )
        for k in range(len(inputs))
    )
    return first, second


def _check(
    plan: Plan, weights: list[np.ndarray], given: np.ndarray, expected: tuple[np.ndarray, ...], name: str
) -> None:
    """Whether torch gives what onnxruntime gave, for the batch and for its examples alone."""
    tensors = [torch.tensor(weight) for weight in weights]
    x = torch.from_numpy(given)
    for part, here in ((x, slice(None)), (x[:1], slice(0, 1))):
        for found, told in zip(run(plan, tensors, part), expected, strict=True):
            value = torch.tensor(told[here].astype(np.float32))
            difference = ((found - value).abs() / (1 + value.abs())).max() if found.shape == value.shape else torch.inf
            if not difference <= TOLERANCE:
                raise CheckpointError(
                    f"{name} cannot be used: what torch makes of it is not what onnxruntime does. Export it again, in "
                    "evaluation mode and with a free batch size."
                )
