"""What is derived from a version of a model and kept, so that it is made once: all of it under one folder.

    <workspace>/exports/<id>-<version>.decoder.onnx    see vae_core.export
    <workspace>/exports/<id>-<version>.encoder.onnx    likewise
    <workspace>/exports/<id>-<version>.<kind>…/        see vae_core.computations

A run's checkpoint is replaced after every epoch, and a version is the time of that: what was derived from older ones
goes when something is derived from a newer one.
"""

from pathlib import Path

from vae_core import workspace


def place(checkpoint_id: str, version: str, what: str) -> Path:
    """Where something derived from a version of a model lies, whether it is there or not."""
    return workspace.folder("exports") / f"{checkpoint_id}-{version}.{what}"


def lock() -> Path:
    """The lock of exporting: the exporter bears no second thread, and visitors and worker may all want it."""
    return workspace.folder("exports") / "lock"


def forget(checkpoint_id: str, before: str | None = None) -> None:
    """Delete what was derived from a model; with `before` only from versions older than this one."""
    for path in workspace.folder("exports").iterdir():
        its_id, _, its_version = path.name.split(".")[0].rpartition("-")
        if its_id != checkpoint_id or (before and int(its_version, 16) >= int(before, 16)):
            continue
        if path.is_dir():
            workspace.discard(path)
        else:
            path.unlink(missing_ok=True)
