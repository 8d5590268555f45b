"""What is derived from a version of a model and kept, so that it is made once: all of it under one folder.

    <workspace>/exports/<id>-<version>.decoder.onnx    see vae_core.export
    <workspace>/exports/<id>-<version>.encoder.onnx    likewise
    <workspace>/exports/<id>-<version>.tsne/           see vae_core.projections

A run's checkpoint is replaced after every epoch: what was derived from another version goes when the newest is used.
"""

from pathlib import Path

from vae_core import workspace


def place(checkpoint_id: str, version: str, what: str) -> Path:
    """Where something derived from a version of a model lies, whether it is there or not."""
    return workspace.folder("exports") / f"{checkpoint_id}-{version}.{what}"


def forget(checkpoint_id: str, but: str | None = None) -> None:
    """Delete what was derived from a model, but not from one version of it."""
    for path in workspace.folder("exports").iterdir():
        its_id, _, its_version = path.name.split(".")[0].rpartition("-")
        if its_id != checkpoint_id or its_version == but:
            continue
        if path.is_dir():
            workspace.discard(path)
        else:
            path.unlink(missing_ok=True)
