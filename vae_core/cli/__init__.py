"""The command line: the same verbs as the pages.

Exit codes: 0 done, 1 stopped by Ctrl-C, 2 wrong usage, 3 the data cannot be used, 4 the checkpoint cannot be used,
5 training failed.
"""

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from filelock import Timeout

from vae_core import stored_datasets, uploads, versions, workspace
from vae_core.cli.options import chosen as chosen_settings
from vae_core.cli.options import settings
from vae_core.datasets import SAMPLES, AnySchema, Dataset, files_at
from vae_core.errors import CheckpointError, ConfigError, DatasetError, NotFoundError, TrainingError, VAECoreError
from vae_core.files import write_atomically
from vae_core.run_config import PRESETS, suggested_preset

EXIT_CODES: dict[type[VAECoreError], int] = {
    ConfigError: 2,
    DatasetError: 3,
    NotFoundError: 3,
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


@main.command()
@click.argument("data")
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help="Where to start from; chosen from the data when left out."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for checkpoint.safetensors and the run's other files.",
)
@click.option("--force", is_flag=True, help="Replace a model that is already in the folder.")
@click.option("--name", "run_name", help="What to call the model.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an epoch on standard output.")
@settings
def train(
    data: str, preset: str | None, out: Path, force: bool, run_name: str | None, as_json: bool, **values: Any
) -> None:
    """Train a model on DATA."""
    from vae_core.batches import choose_device
    from vae_core.runs.directory import CANCELLED, RunDirectory, RunFile, Status
    from vae_core.runs.work import work

    dataset = open_data(data)
    start = PRESETS[preset or suggested_preset(dataset.schema)].run_config(dataset.id, len(dataset), dataset.schema)
    config = chosen_settings(start, values)
    device = choose_device(config.train.device)
    directory = RunDirectory(out)
    if directory.checkpoint.exists() and not force:
        raise click.UsageError(f"{out} already holds a model. Choose another folder, or replace it with --force.")
    if not as_json:
        for sentence in dataset.warnings:
            click.echo(f"Note: {sentence}", err=True)
        click.echo(f"{len(dataset):,} {_kind(dataset.schema)}, {config.train.epochs} epochs on {device}", err=True)
    try:
        lock = directory.lock().acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"Another process is training in {out}. Choose another folder.") from error
    bar = click.progressbar(length=config.train.epochs, label="Training", file=sys.stderr, hidden=as_json)
    with lock, bar:
        directory.create(RunFile(name=run_name or dataset.name, config=config, created=time.time()))
        try:
            for record in work(directory, dataset):
                bar.label = f"Epoch {record.epoch}: validation −ELBO {-record.validation.elbo:.1f}"
                bar.update(1)
                if as_json:
                    click.echo(record.model_dump_json())
        except VAECoreError as error:
            directory.write_status(Status(state="failed", message=str(error)))
            raise
        except KeyboardInterrupt:
            directory.write_status(CANCELLED)
            raise
        directory.write_status(Status(state="done", done=1.0))
    if not as_json:
        click.echo(directory.checkpoint)


@main.command()
@click.argument("checkpoint")
@click.argument("data")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--seed", default=0, help="Of the posterior samples.")
def evaluate(checkpoint: str, data: str, as_json: bool, seed: int) -> None:
    """The ELBO of CHECKPOINT on DATA, in nats an example, with z sampled."""
    import torch

    from vae_core import checkpoints
    from vae_core.batches import Examples, choose_device
    from vae_core.training import measure

    started = time.perf_counter()
    loaded = checkpoints.load(checkpoint_path(checkpoint))
    dataset = open_data(data, loaded.schema)
    device = choose_device()
    terms = measure(loaded.model().to(device), Examples(dataset.x, device), torch.arange(len(dataset)), seed)
    result = {
        "elbo": terms.elbo,
        "reconstruction_loss": terms.reconstruction_loss,
        "kl": terms.kl,
        "n": len(dataset),
        "seconds": time.perf_counter() - started,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(
            f"−ELBO {-terms.elbo:.2f} = reconstruction loss {terms.reconstruction_loss:.2f} + KL {terms.kl:.2f} "
            f"nats an example ({len(dataset):,} {_kind(dataset.schema)})"
        )


@main.command()
@click.argument("checkpoint")
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), help="An .npz for posterior means, stds, KL and labels.")
@click.option("--keep", is_flag=True, help="Put the codes into the checkpoint itself, for its map.")
def encode(checkpoint: str, data: str, out: Path | None, keep: bool) -> None:
    """The codes of DATA under CHECKPOINT."""
    from dataclasses import replace

    from vae_core import checkpoints
    from vae_core.batches import choose_device
    from vae_core.latents.codes import encode as place

    if not out and not keep:
        raise click.UsageError("Say where to put the codes: --out FILE.npz, or --keep for the checkpoint itself.")
    path = checkpoint_path(checkpoint)
    if keep and path.parent == checkpoints.PRETRAINED:
        raise click.UsageError("A bundled model is not changed. Copy its file, and name the copy.")
    loaded = checkpoints.load(path)
    codes = place(loaded.model(), open_data(data, loaded.schema), choose_device())
    if out:
        arrays = {"mean": codes.mean, "std": codes.std, "kl": codes.kl} | (
            {"labels": codes.labels} if codes.labels is not None else {}
        )
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        write_atomically(out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz"), buffer.getvalue())
    if keep:
        checkpoints.save(replace(loaded, codes=codes), path)
    click.echo(f"{len(codes):,} codes of {codes.mean.shape[1]} dimensions")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a dataset.")
def datasets(as_json: bool) -> None:
    """List the datasets that are built in or stored in the workspace."""
    for name, sample in SAMPLES.items():
        about = {"id": name, "name": sample.title, "builtin": True}
        click.echo(json.dumps(about) if as_json else f"{name:26}  {sample.title}: {sample.description}")
    for stored in stored_datasets.list_all():
        line = f"{stored.id:26}  {stored.name}: {stored.count:,} {_kind(stored.schema_)}"
        click.echo(stored.model_dump_json() if as_json else line)


def _kind(schema: AnySchema) -> str:
    """What the examples are, in words."""
    size = "×".join(str(n) for n in reversed(schema.shape))
    return f"pictures {size}" if schema.kind == "image" else f"rows of {size} values"


def open_data(data: str, schema: AnySchema | None = None) -> Dataset:
    """The dataset that DATA means, brought to `schema` if one is given.

    Raises:
        DatasetError: if it is neither a path, nor built in, nor stored.
    """
    from vae_core.datasets import to_schema

    path = Path(data)
    if data in SAMPLES and not path.exists():
        dataset = SAMPLES[data]()
    elif workspace.ID_PATTERN.fullmatch(data) and not path.exists():
        dataset = stored_datasets.load(data)
    else:
        return _read(path, schema)
    return to_schema(dataset, schema) if schema else dataset


def _read(path: Path, schema: AnySchema | None) -> Dataset:
    """Files of the disk, read by a process with limits; on a terminal with a progress bar."""
    with click.progressbar(length=1000, label=f"Reading {path.name}", file=sys.stderr) as bar:
        return uploads.read(
            files_at(path),
            schema,
            lambda status: bar.update(max(int(1000 * status.done) - bar.pos, 0)),
            title=path.name if path.is_dir() else None,
        )


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
