"""What goes with a model that is given away: its card, and a few lines of Python that decode with it."""

import json
import shlex
from collections.abc import Sequence
from typing import Any

from vae_core.checkpoints import Checkpoint
from vae_core.report import plain
from vae_core.run_config import PRESETS, suggested_preset
from vae_core.settings import by_names

PIXELS = "[n, channels, height, width], pixels in [0, 1]"
ROWS = "[n, features]: numbers standardised, categories one-hot"


def card(checkpoint: Checkpoint) -> str:
    """Data, settings, figures and how to train it again, as Markdown."""
    config, environment = checkpoint.config, checkpoint.environment
    shape = " × ".join(map(str, checkpoint.schema.shape))
    facts = [
        ("data", f"{'pictures' if checkpoint.schema.kind == 'image' else 'rows'} of shape {shape}"),
        ("licence of the data", "as where they came from: say it here before you publish the model"),
        ("model", f"{config.objective.title}, {config.model.latents} latents, {config.model.architecture.name}"),
    ]
    if checkpoint.history:
        seconds = sum(one.seconds for one in checkpoint.history)
        facts += [
            ("command", f"`{command(checkpoint)}`"),
            ("training", f"{seconds:.0f} seconds, {config.train.epochs} epochs"),
            ("seed", str(config.train.seed)),
        ]
    else:
        facts.append(("training", "elsewhere: it was brought as ONNX files"))
    if environment:
        where = f"torch {environment.version} on {environment.device}, threads: {environment.threads}"
        facts.append(("trained with", where))
    lines = [f"# {plain(checkpoint.name)}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts]
    return "\n".join([*lines, *(_measured(checkpoint) if checkpoint.history else [])]) + "\n"


def _measured(checkpoint: Checkpoint) -> list[str]:
    """What was measured at the end of the training."""
    record = checkpoint.measured
    terms = record.validation
    lines = ["", f"Of the examples held out, after epoch {record.epoch}, nats an example, z sampled:", ""]
    if checkpoint.config.objective.is_deterministic:
        lines += ["| reconstruction_loss |", "|---|", f"| {terms.reconstruction_loss:.2f} |"]
    else:
        lines += [
            "| elbo | reconstruction_loss | kl |",
            "|---|---|---|",
            f"| {terms.elbo:.2f} | {terms.reconstruction_loss:.2f} | {terms.kl:.2f} |",
        ]
    return lines


def command(checkpoint: Checkpoint) -> str:
    """The line that trains such a model again, on a file DATA."""
    parts = ["python -m vae_core train DATA", f"--preset {suggested_preset(checkpoint.schema)}"]
    parts += [f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in _options(checkpoint).items()]
    return " ".join(parts)


def _options(checkpoint: Checkpoint) -> dict[str, str]:
    """What differs from the suggested preset, and what follows from the number of examples."""
    config = checkpoint.config
    start = PRESETS[suggested_preset(checkpoint.schema)].run_config(config.dataset_id, 1, checkpoint.schema)
    usual = by_names(start)
    given = {name: value for name, value in by_names(config).items() if usual.get(name) != value}
    return {"epochs": str(config.train.epochs), "seed": str(config.train.seed)} | {
        name: _word(value) for name, value in given.items()
    }


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def snippet(checkpoint: Checkpoint, z: Sequence[float] | str, label: int | str | None = None) -> str:
    """Python that decodes a latent with the checkpoint beside it.

    Args:
        checkpoint: The model.
        z: The latent, or words to put in its place.
        label: Of a conditional model.
    """
    point = z if isinstance(z, str) else ", ".join(f"{value:g}" for value in z)
    labels = f", [{label or 0}]" if checkpoint.config.model.conditional else ""
    shape = PIXELS if checkpoint.schema.kind == "image" else ROWS
    return (
        "from vae_core import Checkpoint\n\n"
        'model = Checkpoint.load("checkpoint.safetensors")\n'
        f"x = model.decode([[{point}]]{labels})  # {shape}\n"
    )


def notebook(checkpoint: Checkpoint, z: Sequence[float]) -> str:
    """A Jupyter notebook for the folder that the model is given away in."""
    point = ", ".join(f"{value:g}" for value in z)
    label = f", *np.eye({len(checkpoint.label_names)})[0]" if checkpoint.config.model.conditional else ""
    cells = [
        (
            "markdown",
            f"# {plain(checkpoint.name)}\n\nDecode with the files beside this notebook; first with ONNX alone.",
        ),
        (
            "code",
            "import numpy as np\nimport onnxruntime\n\n"
            'decoder = onnxruntime.InferenceSession("decoder.onnx")\n'
            f"z = np.array([[{point}{label}]], dtype=np.float32)\n"
            '[x] = decoder.run(None, {"z": z})\nx.shape',
        ),
        ("markdown", "The codes of the examples: posterior mean, std and KL of every dimension."),
        ("code", 'import pandas\n\ncodes = pandas.read_parquet("codes.parquet")\ncodes.head()'),
        ("markdown", "The same with VAE Studio, in its folder or with that on the path."),
        ("code", snippet(checkpoint, z) + "x.shape"),
    ]
    if checkpoint.schema.kind == "image":
        look = (
            "from PIL import Image\n\n"
            "pixels = (x[0].clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0).squeeze()\n"
            "Image.fromarray(pixels).resize((256, 256), Image.Resampling.NEAREST)"
        )
        cells.insert(2, ("code", look))
    return json.dumps(
        {
            "cells": [_cell(k, kind, source) for k, (kind, source) in enumerate(cells)],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        indent=1,
    )


def _cell(k: int, kind: str, source: str) -> dict[str, Any]:
    cell = {"id": f"cell-{k}", "cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
