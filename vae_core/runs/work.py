"""What a worker does: train, and put epochs on disk as it goes.

An epoch is told of when it is finished. It is on disk then too, unless epochs are short: of those the newest is
written every `keeper.SAVE_SECONDS`, and the last one in any case. What a kill takes is trained again, to the same bit.
"""

import contextlib
import logging
import shutil
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import torch

from vae_core import checkpoints, parallel
from vae_core.batches import choose_device
from vae_core.checkpoint_file import MAX_FILE_BYTES, MAX_RECORD_BYTES
from vae_core.datasets import Dataset
from vae_core.diagnosis import best_epoch
from vae_core.errors import CheckpointError, ConfigError, TrainingError
from vae_core.files import remove_leftovers, write_atomically
from vae_core.latents.codes import encode
from vae_core.memory import check_memory
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig, check_fit
from vae_core.runs import grid
from vae_core.runs.directory import RunDirectory, Status, done
from vae_core.runs.keeper import Keeper, Preview, best_of
from vae_core.runs.progress import Progress
from vae_core.selection import cross_validate
from vae_core.training import Training, split
from vae_core.vae import VAE

SAVES_OF_ROOM = 3
LEAST_FREE_BYTES = 2**30
CODE_BYTES = 12
"""Of every example and latent: mean, std and KL as float32."""
EPOCH_BYTES, EPOCH_BYTES_A_LATENT = 500, 75
"""Of the history, at most: three numbers of up to 24 characters a latent."""
NO_BEST = "The best epoch could not be read; the model is that of the last one."


def work(directory: RunDirectory, dataset: Dataset) -> Generator[EpochRecord, None, str]:
    """Do the run, or what is left of it, yielding each epoch. Ends with the codes inside the checkpoint.

    Returns:
        What is to be said of how it went; empty where there is nothing.

    Raises:
        ConfigError: if such a model cannot learn such data, or needs more memory than is free.
        CheckpointError: if the model is too large.
        TrainingError: if training cannot go on; the last good epoch is kept.
    """
    run = directory.read_run()
    remove_leftovers(directory.path)
    directory.keep_reserve()
    device = check(run.config, dataset, directory.path)
    parallel.take_device(device)
    model = checkpoints.build(run.config, dataset.schema, len(dataset.label_names))
    if device.type == "cpu":
        check_memory(model, run.config)
    progress = Progress(directory, device)
    training = Training(model, dataset, run.config, device, progress.step)
    keeper = Keeper(directory, dataset, training, device)
    keeper.go_on()
    progress.note = keeper.note
    with parallel.joined(device):
        training.align()
        is_late = parallel.size() == 1 and bool(training.history) and progress.is_over_after(0)
        if not (keeper.has_ended or is_late):
            yield from _train(keeper, training, progress)
    progress.write("Finishing: placing every example on the map")
    trouble = _finish(directory, dataset, device, run.config.train.patience > 0)
    early = _early(training) or _short_of_time(training, progress)
    return " ".join(filter(None, (keeper.note, early, trouble or _kept(training))))


def assist(directory: RunDirectory, dataset: Dataset) -> None:
    """Train along with the process that does `work`, which tells all others where it stands.

    Raises:
        ConfigError, CheckpointError: as `work`.
        TrainingError: if training cannot go on, or one of the processes is lost.
    """
    run = directory.read_run()
    device = check(run.config, dataset, directory.path)
    parallel.take_device(device)
    model = checkpoints.build(run.config, dataset.schema, len(dataset.label_names))
    training = Training(model, dataset, run.config, device)
    with parallel.joined(device):
        training.align()
        for _ in training:
            pass


def check(config: RunConfig, dataset: Dataset, folder: Path) -> torch.device:
    """All that can be known before a training begins in a folder; nothing is changed there.

    Returns:
        Where to compute.

    Raises:
        ConfigError: if such a model cannot learn such data, its checkpoint would be too large, or this machine has no
            such device.
        CheckpointError: if the model is too large.
        TrainingError: if there are too few examples, or there is too little room on the disk.
    """
    labels = len(dataset.label_names)
    check_fit(config, dataset.schema, labels)
    device = choose_device(config.train.device)
    outline = checkpoints.build(config, dataset.schema, labels, meta=True)
    split(len(dataset), config.train.validation, config.train.seed)
    _check_size(config, len(dataset), outline)
    _check_room(folder, outline)
    return device


def _early(training: Training) -> str:
    """What is to be said of a training that ended before its last epoch."""
    settings, done = training.config.train, len(training.history)
    if not training.is_out_of_patience or done == settings.epochs:
        return ""
    return f"Stopped after epoch {done} of {settings.epochs}, as validation had not improved for {settings.patience}."


def _short_of_time(training: Training, progress: Progress) -> str:
    """What is to be said of a training that was ended for its time."""
    settings, done = training.config.train, len(training.history)
    if progress.most_seconds is None or done == settings.epochs or not progress.is_over:
        return ""
    return f"Stopped after epoch {done} of {settings.epochs}: a training here may take {progress.most_minutes} minutes."


def _kept(training: Training) -> str:
    return f"Epoch {best_epoch(training.history)}, the best one, is kept." if _early(training) else ""


def _train(keeper: Keeper, training: Training, progress: Progress) -> Generator[EpochRecord]:
    try:
        for record in training:
            keeper.keep(record)
            yield record
            # another epoch would not end in time; several workers would each decide that for themselves
            if parallel.size() == 1 and progress.is_over_after(record.seconds):
                break
        keeper.film.take(is_last=True)
        keeper.flush(keeper.preview.picture(training.model))
    finally:
        keeper.flush()


def result_of(
    epochs: Generator[EpochRecord, None, str], tell: Callable[[EpochRecord], None] = lambda record: None
) -> str:
    """Let it go through all epochs, telling of each; returns what it returns."""
    with contextlib.closing(epochs):  # what is pending is on disk before anybody hears how it ended
        while True:
            try:
                record = next(epochs)
            except StopIteration as end:
                return str(end.value)
            tell(record)


def cross_validation(directory: RunDirectory, dataset: Dataset) -> str:
    """Do the trainings of a study, or what is left of them; each result is on disk before the next begins.

    Raises:
        ConfigError: if a combination cannot be trained on such data.
        TrainingError: if there is nothing to compare.
    """
    run = directory.read_run()
    if run.study is None:
        raise TrainingError("This run is one training, and nothing to compare.")
    remove_leftovers(directory.path)
    progress = Progress(directory, choose_device(run.config.train.device))
    if run.workers > 1:
        grid.take_part(directory, dataset, 0, progress.step)
        return ""
    done = directory.read_trials()
    for trial in cross_validate(run.config, dataset, run.study.grid, run.study.folds, done, progress.step):
        directory.append_trial(trial)
    return ""


def keep_best(directory: RunDirectory, dataset: Dataset) -> Status:
    """Of a run that has ended, let the model be that of its best epoch, and withdraw the wish for it.

    Returns:
        How the run stands then: as before, where the best epoch cannot be read.

    Raises:
        CheckpointError: if the last epoch cannot be read.
    """
    remove_leftovers(directory.path)
    before = directory.before_best()
    try:
        last = checkpoints.load(directory.checkpoint)
    except CheckpointError:
        directory.forget_best()  # else it would stand in the way whenever the run is to go on
        raise
    try:
        best_of(directory, last)
    except CheckpointError as error:
        logging.warning("The best epoch could not be taken: %s", error)
        directory.forget_best()
        told = f"{before.message.removesuffix(NO_BEST).strip()} {NO_BEST}".strip()
        return before.model_copy(update={"message": told, "pid": None, "attempts": 0})
    _finish(directory, dataset, choose_device(directory.read_run().config.train.device), best=True)
    directory.forget_best()
    return done()


def _finish(directory: RunDirectory, dataset: Dataset, device: torch.device, best: bool) -> str:
    """The last checkpoint, or the best one with the whole history, gets its codes and loses the optimiser's state.

    Returns:
        What is to be said of that.
    """
    chosen, note = checkpoints.load(directory.checkpoint), ""
    if best:
        try:
            chosen = best_of(directory, chosen)
        except CheckpointError:
            note = NO_BEST
    model = chosen.model()
    codes = encode(model, dataset, device)
    write_atomically(directory.preview, Preview(dataset, chosen.config, device).picture(model))
    directory.write_epochs(chosen.history)
    checkpoints.save(replace(chosen, optimizer={}, codes=codes), directory.checkpoint)
    directory.previous.unlink(missing_ok=True)
    return note


def _check_size(config: RunConfig, examples: int, model: VAE) -> None:
    """Whether the checkpoint of the end can be written: it holds the codes of all examples and the whole history.

    Raises:
        ConfigError: if it cannot.
    """
    latents, epochs = config.model.latents, config.train.epochs
    weights = sum(3 * 4 * p.numel() for p in model.parameters())
    most = (MAX_FILE_BYTES - MAX_RECORD_BYTES - weights) // (CODE_BYTES * examples)
    if latents > most:
        raise ConfigError(
            f"The codes of {examples:,} examples in {latents} dimensions are too large for one checkpoint. "
            f"Choose at most {most} latent dimensions, or fewer examples."
        )
    longest = MAX_RECORD_BYTES // (EPOCH_BYTES + EPOCH_BYTES_A_LATENT * latents)
    if epochs > longest:
        raise ConfigError(
            f"The history of {epochs:,} epochs of {latents} dimensions is too long for one checkpoint. "
            f"Choose at most {longest:,} epochs, or fewer latent dimensions."
        )


def _check_room(folder: Path, model: VAE) -> None:
    """Whether the disk has room for what a run writes.

    Raises:
        TrainingError: if it has not.
    """
    parameters = sum(4 * p.numel() for p in model.parameters())
    needed = SAVES_OF_ROOM * 3 * parameters + LEAST_FREE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise TrainingError(
            f"The disk has {free / 2**30:.1f} GB left; training needs {needed / 2**30:.1f} GB. Make room, then go on."
        )
