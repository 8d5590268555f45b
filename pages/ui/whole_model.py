"""A model with all that is needed to use it elsewhere, as one ZIP. No Streamlit."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace

from pages.ui.explorer import Layout, OpenModel
from pages.ui.tables import as_csv, as_parquet, codes_table
from vae_core import checkpoints
from vae_core.card import card, notebook, snippet
from vae_core.datasets import Dataset
from vae_core.latents.codes import Codes

FOLDER = "model"
"""In the archive: what is unpacked is not strewn about."""


def archive(
    model: OpenModel, codes: Codes, layout: Layout, dataset: Dataset | None, halves: Mapping[str, bytes]
) -> bytes:
    """checkpoint.safetensors, decoder.onnx, encoder.onnx, codes.csv, codes.parquet, card.md, decode.py, model.ipynb.

    Args:
        model: Checkpoint and model.
        codes: Of the dataset that it was trained on; they are in the checkpoint, too.
        layout: Of these codes.
        dataset: Their examples, where they are in the workspace: for their names.
        halves: "decoder" and "encoder" as ONNX.
    """
    given = replace(model.checkpoint, optimizer={}, codes=codes)
    table = codes_table(codes, dataset)
    files: dict[str, bytes | str] = {f"{name}.onnx": content for name, content in halves.items()}
    files |= {
        "checkpoint.safetensors": checkpoints.to_bytes(given),
        "codes.csv": as_csv(table),
        "codes.parquet": as_parquet(table),
        "card.md": told(model),
        "decode.py": snippet(given, layout.start),
        "model.ipynb": notebook(given, layout.start),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(f"{FOLDER}/{name}", content)
    return buffer.getvalue()


def told(model: OpenModel) -> str:
    """The card of a model: a bundled one's own, else one by its checkpoint."""
    if model.id in checkpoints.bundled():
        return (checkpoints.PRETRAINED / f"{model.id}.md").read_text("utf-8")
    return card(model.checkpoint)
