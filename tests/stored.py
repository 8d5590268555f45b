"""Finished runs put straight into the workspace of the app under test, and where their routes are."""

import math
from unittest import mock

from vae_core import checkpoints, stored_datasets, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.config import ModelConfig, TrainConfig
from vae_core.datasets import Dataset
from vae_core.film import Reel, recorder
from vae_core.run_config import RunConfig
from vae_core.runs.directory import RunDirectory, RunFile, Status, done
from vae_core.runs.work import result_of, work


def address(id: str) -> str:
    """Of the routes of a model as it stands now."""
    return f"/studio/models/{id}/{checkpoints.version(id)}"


def store_model(dataset: Dataset, checkpoint: Checkpoint) -> str:
    """The id of a finished run with this checkpoint."""
    stored_datasets.save(dataset)
    id = workspace.new_id()
    directory = RunDirectory(workspace.place("runs", id))
    directory.create(RunFile(name=checkpoint.name, config=checkpoint.config, created=1.0))
    checkpoints.save(checkpoint, directory.checkpoint)
    directory.append_epochs(checkpoint.history)
    directory.write_status(Status(state="done", done=1.0))
    return id


def store_film(dataset: Dataset, model: ModelConfig, epochs: int, name: str = "filmed") -> RunDirectory:
    """A finished run with a frame of every epoch, trained here."""
    stored_datasets.save(dataset)
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    train = TrainConfig(epochs=epochs, batch_size=16, learning_rate=0.01, device="cpu")
    config = RunConfig(dataset_id=dataset.id, model=model, train=train)
    directory.create(RunFile(name=name, config=config, created=1.0))
    with mock.patch.object(recorder, "SHARE", math.inf):  # of so short a training a frame would take too much
        directory.write_status(done(result_of(work(directory, dataset))))
    return directory


def film_address(directory: RunDirectory) -> str:
    """Of the routes of a film as it stands now."""
    return f"/studio/films/{directory.path.name}/{Reel(directory.film).version()}"
