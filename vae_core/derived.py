"""What is derived from a version of a model and kept, so that it is made once: all of it under one folder.

    <workspace>/exports/<id>-<version>.decoder.onnx    see vae_core.export
    <workspace>/exports/<id>-<version>.encoder.onnx    likewise
    <workspace>/exports/<id>-<version>.<kind>…/        see vae_core.computations

A run's checkpoint is replaced after every epoch, and a version is the time of that: what was derived from older ones
goes when something is derived from a newer one.
"""

from pathlib import Path

from vae_core import workspace

KIND = "exports"


def place(checkpoint_id: str, version: str, what: str, is_private: bool = False) -> Path:
    """Where something derived from a version of a model lies, whether it is there or not.

    Args:
        checkpoint_id: The model.
        version: Of it.
        what: Is derived.
        is_private: Whether the visitor's own data are in it, so that it lies with these, whoever's the model is.
    """
    with workspace.visiting(workspace.visitor() if is_private else _owner(checkpoint_id)):
        return workspace.folder(KIND) / f"{checkpoint_id}-{version}.{what}"


def lock() -> Path:
    """The lock of exporting: the exporter bears no second thread, and visitors and worker may all want it."""
    with workspace.visiting(workspace.common()):
        return workspace.folder(KIND) / "lock"


def forget(checkpoint_id: str, before: str | None = None) -> None:
    """Delete what was derived from a model; with `before` only from versions older than this one."""
    for owner in {_owner(checkpoint_id), workspace.visitor()}:
        with workspace.visiting(owner):
            _forget(workspace.folder(KIND), checkpoint_id, before)


def _forget(folder: Path, checkpoint_id: str, before: str | None) -> None:
    for path in folder.iterdir():
        its_id, _, its_version = path.name.split(".")[0].rpartition("-")
        if its_id != checkpoint_id or (before and int(its_version, 16) >= int(before, 16)):
            continue
        if path.is_dir():
            workspace.discard(path)
        else:
            path.unlink(missing_ok=True)


def _owner(checkpoint_id: str) -> str | None:
    """With whose things that lies which is derived from a model: its owner's; all may use what comes with us."""
    is_own = workspace.ID_PATTERN.fullmatch(checkpoint_id) and not workspace.is_shared(
        workspace.place("runs", checkpoint_id)
    )
    return workspace.visitor() if is_own else workspace.common()
