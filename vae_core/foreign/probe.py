"""Runs a graph that nobody trusts, in a process with limits: `python -m vae_core.foreign.probe FOLDER`.

    model.onnx              the graph, as it passed the gate
    inputs.safetensors      "0", "1": what to give it
    outputs.safetensors     "<run>.<value>": constants and outputs, by their numbers
    shapes.json             for each run the shapes of all values, by their numbers

Values are told by their numbers, as names are text of strangers.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load, save

from vae_core.files import write_atomically
from vae_core.foreign.observed import LARGEST_CONSTANT, constant_names, free_input, given_names

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MEMORY_BYTES = 512 * 2**20
SECONDS = 2
NUMBERS = "fiub"
"""Kinds of numpy's types."""
MODEL, INPUTS, OUTPUTS, SHAPES = "model.onnx", "inputs.safetensors", "outputs.safetensors", "shapes.json"


def main(folder: Path) -> None:
    """Run the graph with every input."""
    content = (folder / MODEL).read_bytes()
    inputs = load((folder / INPUTS).read_bytes())
    model = onnx.load_from_string(content)
    ends = [output.name for output in model.graph.output]
    names = sorted(set(given_names(model)))
    constants = constant_names(model)
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    content = model.SerializeToString()
    given = free_input(model).name
    _limit(len(content))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    kept: dict[str, np.ndarray] = {}
    shapes: list[list[list[int]]] = []
    for k in sorted(inputs):
        found = session.run(names, {given: inputs[k]})
        shapes.append([list(np.shape(value)) for value in found])
        for n, (name, value) in enumerate(zip(names, found, strict=True)):
            is_small = name in constants and value.size <= LARGEST_CONSTANT
            if (name in ends or is_small) and value.dtype.kind in NUMBERS:
                kept[f"{k}.{n}"] = np.array(value)  # a copy, in one piece
    write_atomically(folder / OUTPUTS, save(kept))
    write_atomically(folder / SHAPES, json.dumps(shapes).encode())


def _limit(size: int) -> None:
    """From here on: so much more memory than the file itself takes twice, and so many seconds."""
    if resource is None:
        return
    statm = Path("/proc/self/statm")
    held = int(statm.read_text("ascii").split()[5]) * resource.getpagesize() if statm.exists() else 0
    most = held + 2 * size + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2])) + 1 + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (used, used + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
