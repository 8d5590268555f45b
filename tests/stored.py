"""Finished runs put straight into the workspace of the app under test, and where their routes are."""

from vae_core import checkpoints, stored_datasets, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.runs.directory import RunDirectory, RunFile, Status


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
