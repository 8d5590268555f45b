"""The group of all commands, and what they share: data and checkpoints by path, name or id."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from vae_core import versions, workspace
from vae_core.datasets import AnySchema, Dataset
from vae_core.errors import (
    BackupError,
    CheckpointError,
    ConfigError,
    DatasetError,
    NotFoundError,
    TrainingError,
    VAECoreError,
    WorkspaceError,
)

EXIT_CODES: dict[type[VAECoreError], int] = {
    ConfigError: 2,
    DatasetError: 3,
    NotFoundError: 3,
    BackupError: 3,
    WorkspaceError: 3,
    CheckpointError: 4,
    TrainingError: 5,
}


class _Commands(click.Group):
    """Turns the core's errors into one line on standard error and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VAECoreError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(EXIT_CODES.get(type(error), 1))


@click.group(cls=_Commands)
def main() -> None:
    """Train variational autoencoders and look inside them.

    DATA is a ZIP of pictures, a folder, one picture, an NPZ, NPY or IDX array (an IDX file's labels are found beside
    it), a table as CSV, TSV or Parquet, the name of a built-in set, or the id of a dataset in the workspace; `datasets`
    lists the last two.
    """
    versions.check()


def kind(schema: AnySchema) -> str:
    """What the examples are, in words."""
    size = "×".join(str(n) for n in reversed(schema.shape))
    return f"pictures {size}" if schema.kind == "image" else f"rows of {size} values"


def open_data(data: str, schema: AnySchema | None = None) -> Dataset:
    """The dataset that DATA means, brought to `schema` if one is given; on a terminal with a progress bar.

    Raises:
        DatasetError: if it is neither a path, nor built in, nor stored.
    """
    from vae_core.notebook import read

    path = Path(data)
    bar = click.progressbar(
        length=1000, label=f"Reading {path.name}", file=sys.stderr, hidden=not (path.is_file() or path.is_dir())
    )
    with bar:
        return read(data, schema, lambda done: bar.update(max(int(1000 * done) - bar.pos, 0)))


def checkpoint_path(checkpoint: str) -> Path:
    """Where a checkpoint is: a path, a run's folder, a bundled model's name or a run's id.

    Raises:
        CheckpointError: if there is no run of this id.
    """
    from vae_core import checkpoints

    path = Path(checkpoint)
    if path.is_dir():
        return path / "checkpoint.safetensors"
    if path.exists() or not (checkpoint in checkpoints.bundled() or workspace.ID_PATTERN.fullmatch(checkpoint)):
        return path
    try:
        return checkpoints.locate(checkpoint)
    except NotFoundError as error:
        raise CheckpointError(str(error)) from error


def check_writable(out: Path) -> None:
    """Whether a file or a folder can be made here, before any work is done for it.

    Raises:
        click.UsageError: if it cannot.
    """
    home = next(folder for folder in out.absolute().parents if folder.exists())
    if not home.is_dir() or not os.access(home, os.W_OK) or str(home).startswith("/proc"):
        raise click.UsageError(f"{out} cannot be written. Choose another place for --out.")
