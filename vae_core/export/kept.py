"""ONNX files made at the first call and kept.

    <workspace>/graphs/<key>.onnx    a half without weights, for all models of the same settings
    pretrained/graphs/<key>.onnx     likewise, those of the bundled models

`python -m vae_core.export` writes the latter anew.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import torch
from filelock import FileLock

from vae_core import checkpoints, derived, workspace
from vae_core.errors import CheckpointError
from vae_core.export.halves import OPSET, Half, filled, graph
from vae_core.files import remove_leftovers, write_atomically
from vae_core.vae import VAE

BUNDLED = checkpoints.PRETRAINED / "graphs"


def browser_decoder(checkpoint_id: str, version: str, vae: VAE) -> Path:
    """The ONNX file of the decoder of a checkpoint's version."""
    return _kept(checkpoint_id, version, vae, "decoder")


def browser_encoder(checkpoint_id: str, version: str, vae: VAE) -> Path:
    """The ONNX file of its encoder likewise."""
    return _kept(checkpoint_id, version, vae, "encoder")


def film_decoder(target: Path, vae: VAE) -> bytes:
    """The decoder without weights, kept in the folder of a film; where that cannot be, made each time."""
    with suppress(OSError):
        return target.read_bytes()
    with FileLock(derived.lock()):
        drawn = _graph_and_file(vae, "decoder")[0]
        with suppress(OSError):
            write_atomically(target, drawn)
    return drawn


def graph_name(vae: VAE, half: Half) -> str:
    """The file of a half's graph: the same for all models whose graphs are alike."""
    other = {"prior"} | ({"posterior"} if half == "decoder" else set())
    settings = vae.config.model_dump(mode="json", exclude=other)
    version = torch.__version__.partition("+")[0]  # builds for other machines draw alike
    text = json.dumps([half, settings, asdict(vae.spec), OPSET, version], sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.onnx"


def _kept(checkpoint_id: str, version: str, vae: VAE, half: Half) -> Path:
    target = derived.place(checkpoint_id, version, f"{half}.onnx")
    if target.exists():
        return target
    with FileLock(derived.lock()):
        if not target.exists():
            remove_leftovers(target.parent)
            write_atomically(target, _graph_and_file(vae, half)[1])
            derived.forget(checkpoint_id, before=version)
    return target


def _graph_and_file(vae: VAE, half: Half) -> tuple[bytes, bytes]:
    """A half without and with this model's weights."""
    name = graph_name(vae, half)
    with workspace.visiting(workspace.common()):  # of a network's shape alone, whoever had it first
        graphs = workspace.folder("graphs")
    for folder in (BUNDLED, graphs):
        with suppress(OSError, CheckpointError):  # none yet, or one that does not fit any more
            kept = (folder / name).read_bytes()
            return kept, filled(kept, vae, half)
    drawn = graph(vae, half)
    write_atomically(graphs / name, drawn)
    return drawn, filled(drawn, vae, half)


def write_bundled() -> None:
    """Draw the graphs of the bundled models."""
    BUNDLED.mkdir(exist_ok=True)
    for old in BUNDLED.iterdir():
        old.unlink()
    for name in checkpoints.bundled():
        vae = checkpoints.load(checkpoints.locate(name)).model()
        for half in ("decoder", "encoder"):
            write_atomically(BUNDLED / graph_name(vae, half), graph(vae, half))
