"""`train`: a run in a folder of one's own."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from filelock import Timeout

from vae_core.cli.group import check_writable, kind, open_data
from vae_core.cli.handed import follow, hand_over
from vae_core.cli.options import settings
from vae_core.datasets import Dataset
from vae_core.diagnosis import diagnose
from vae_core.errors import ConfigError
from vae_core.records import EpochRecord
from vae_core.run_config import PRESETS, RunConfig
from vae_core.runs import jobs, replaced, runners
from vae_core.runs.directory import MOST_WORKERS, RunDirectory, RunFile, done
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
@click.option("--runner", help="Who trains: ray, or ray:http://HOST:8265, hands it to a Ray cluster. [this process]")
@click.option("--workers", type=click.IntRange(1, MOST_WORKERS), help="Processes that share every batch. [1]")
@settings
def train(
    data: str,
    preset: str | None,
    out: Path,
    force: bool,
    resume: bool,
    run_name: str | None,
    as_json: bool,
    runner: str | None,
    workers: int | None,
    **values: Any,
) -> None:
    """Train a model on DATA."""
    from vae_core.notebook import settings_for

    dataset = open_data(data)
    given = {name: value for name, value in values.items() if value is not None}
    directory = RunDirectory(out)
    if resume and (given or preset or force or workers):
        raise click.UsageError("--resume goes on with the settings in the folder. Leave the others out.")
    if resume:
        directory.read_run()  # first: where there is no run, no folder is made
    name = run_name or dataset.name
    config = None if resume else settings_for(dataset, preset, **given)
    new = RunFile(name=name, config=config, created=time.time(), workers=workers or 1) if config else None
    others = runners.chosen(runner or "local") if runner or (new or directory.read_run()).workers > 1 else None
    with _held(directory, out):
        if directory.checkpoint.exists() and not (force or resume):
            raise click.UsageError(f"{out} already holds a model. Choose another folder, --resume it or --force.")
        config = (new or directory.read_run()).config
        if config.dataset_id != dataset.id:
            raise ConfigError(f"The run in {out.name} was started on other data. Give the same, prepared the same way.")
        if not as_json:
            _introduce(dataset, config)
        if others is None:
            _run(directory, dataset, new, as_json)
        else:
            _hand_over(directory, dataset, new, others)
    if others:
        with _telling(directory, as_json) as tell:
            follow(directory, others, tell)
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
    check_writable(out / "run.json")
    out.mkdir(parents=True, exist_ok=True)
    try:
        lock = directory.lock().acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"Another process is training in {out}. Choose another folder.") from error
    with lock:
        if jobs.read(out) and jobs.is_beating(out):
            raise ConfigError(f"A cluster is training in {out}. Wait for its end, or choose another folder.")
        _bring_back(directory)  # from a process that was killed
        yield


def _bring_back(directory: RunDirectory) -> bool:
    """A former model whose place no other has taken; returns whether there was one."""
    is_back = replaced.bring_back(directory)
    if is_back:
        click.echo("Note: The model that was in the folder is there again.", err=True)
    return is_back


@contextmanager
def _ending_told(directory: RunDirectory) -> Iterator[None]:
    """How training ends before its time stands in the folder, or a former model does.

    Raises:
        TrainingError: if memory or disk ran out.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        known = explained(error, directory)
        status = ending(error, directory, details="what it printed")
        if not _bring_back(directory):
            with suppress(OSError):  # then there is no room even for that, and the error tells more
                directory.write_status(status)
        if known is error:
            raise
        raise known from error


def _run(directory: RunDirectory, dataset: Dataset, new: RunFile | None, as_json: bool) -> None:
    """All epochs of a new run, or what is left of the one that is there; how it ended stands in the folder."""
    from vae_core.runs.work import check, result_of, work

    if new:
        check(new.config, dataset, directory.path)
    with _ending_told(directory):
        jobs.write(directory.path, None)
        if new:
            replaced.set_aside(directory)
            directory.create(new)
        with _telling(directory, as_json) as tell:
            note = result_of(work(directory, dataset), tell)
        directory.write_status(done(note))
    if note:
        click.echo(f"Note: {note}", err=True)


def _hand_over(directory: RunDirectory, dataset: Dataset, new: RunFile | None, others: runners.Runner) -> None:
    """Let others do it: they find the dataset in the workspace, and the folder where it is."""
    from vae_core import stored_datasets

    stored_datasets.save(dataset)
    with _ending_told(directory):
        if new:
            replaced.set_aside(directory)
        hand_over(directory, new, others)


@contextmanager
def _telling(directory: RunDirectory, as_json: bool) -> Iterator[Callable[[EpochRecord], None]]:
    """Yields what is to be told of each epoch: it moves a progress bar, or prints a line."""
    epochs = directory.read_run().config.train.epochs
    with click.progressbar(length=epochs, label="Training", file=sys.stderr, hidden=as_json) as bar:

        def tell(record: EpochRecord) -> None:
            replaced.drop(directory)
            bar.label = f"Epoch {record.epoch}: validation −ELBO {-record.validation.elbo:.1f}"
            bar.update(record.epoch - bar.pos)
            if as_json:
                click.echo(record.model_dump_json())

        yield tell
