"""`train`: a run in a folder of one's own."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from filelock import Timeout

from vae_core.cli.group import kind, open_data
from vae_core.cli.options import settings
from vae_core.datasets import Dataset
from vae_core.diagnosis import diagnose
from vae_core.errors import ConfigError
from vae_core.records import EpochRecord
from vae_core.run_config import PRESETS, RunConfig
from vae_core.runs.directory import RunDirectory, RunFile, done
from vae_core.runs.endings import ending, explained


@click.command()
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
@click.option("--resume", is_flag=True, help="Go on after the last epoch in the folder, with the settings there.")
@click.option("--name", "run_name", help="What to call the model.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an epoch on standard output.")
@settings
def train(
    data: str,
    preset: str | None,
    out: Path,
    force: bool,
    resume: bool,
    run_name: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Train a model on DATA."""
    from vae_core.notebook import settings_for

    dataset = open_data(data)
    given = {name: value for name, value in values.items() if value is not None}
    directory = RunDirectory(out)
    if resume and (given or preset or force):
        raise click.UsageError("--resume goes on with the settings in the folder. Leave the others out.")
    if directory.checkpoint.exists() and not (force or resume):
        raise click.UsageError(f"{out} already holds a model. Choose another folder, --resume it or --force.")
    config = directory.read_run().config if resume else settings_for(dataset, preset, **given)
    if config.dataset_id != dataset.id:
        raise ConfigError(f"The run in {out.name} was started on other data. Give the same, prepared the same way.")
    if not as_json:
        _introduce(dataset, config)
    with _held(directory, out):
        if not resume:
            directory.create(RunFile(name=run_name or dataset.name, config=config, created=time.time()))
        with _ending_told(directory):
            _run(directory, dataset, config, as_json)
    if not as_json:
        for finding in diagnose(directory.read_epochs(), config, len(dataset)):
            click.echo(f"Note: {finding.sentence} {finding.advice}", err=True)
        click.echo(directory.checkpoint)


def _introduce(dataset: Dataset, config: RunConfig) -> None:
    for sentence in dataset.warnings:
        click.echo(f"Note: {sentence}", err=True)
    click.echo(f"{len(dataset):,} {kind(dataset.schema)}, {config.train.epochs} epochs", err=True)


@contextmanager
def _held(directory: RunDirectory, out: Path) -> Iterator[None]:
    out.mkdir(parents=True, exist_ok=True)
    try:
        lock = directory.lock().acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"Another process is training in {out}. Choose another folder.") from error
    with lock:
        yield


@contextmanager
def _ending_told(directory: RunDirectory) -> Iterator[None]:
    """How training ends before its time stands in the folder.

    Raises:
        TrainingError: if memory or disk ran out.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        with suppress(OSError):  # then the folder has no room even for that, and the error tells more
            directory.write_status(ending(error, directory, details="what it printed"))
        known = explained(error, directory)
        if known is error:
            raise
        raise known from error


def _run(directory: RunDirectory, dataset: Dataset, config: RunConfig, as_json: bool) -> None:
    """All epochs, with a progress bar or a line each; how it ended stands in the folder."""
    from vae_core.runs.work import result_of, work

    bar = click.progressbar(length=config.train.epochs, label="Training", file=sys.stderr, hidden=as_json)

    def tell(record: EpochRecord) -> None:
        bar.label = f"Epoch {record.epoch}: validation −ELBO {-record.validation.elbo:.1f}"
        bar.update(record.epoch - bar.pos)
        if as_json:
            click.echo(record.model_dump_json())

    with bar:
        note = result_of(work(directory, dataset), tell)
    directory.write_status(done(note))
    if note:
        click.echo(f"Note: {note}", err=True)
