"""A workspace into which nothing can be put: what is there is seen, the rest is refused with a sentence."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import stroke_dataset
from tests.core.exact import config_of
from tests.stored import store_model
from vae_core import checkpoints, export, runs, stored_concepts, stored_datasets, uploads, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset, ImageSchema
from vae_core.errors import WorkspaceError
from vae_core.foreign import bringing

Make = Callable[[], None]


def mounted_read_only(folder: Path) -> None:
    for command in (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder]):
        try:
            subprocess.run([str(word) for word in command], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root may mount a folder read-only, and root may write wherever it is not")


def unmounted(folder: Path) -> None:
    unmount = ["umount", "-l", str(folder)]
    subprocess.run(unmount, check=True)


@pytest.fixture(params=["no folder", "a disk"])
def read_only(
    request: pytest.FixtureRequest, workspace_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Makes it so: a file stands where the folder would be, or the disk is read-only."""
    mounts: list[Path] = []

    def make() -> None:
        workspace._scratch.cache_clear()
        if request.param == "no folder":
            (workspace_folder / "file").write_bytes(b"")
            monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(workspace_folder / "file"))
        else:
            (workspace_folder / "graphs").unlink()  # a link that leads out of it
            mounted_read_only(workspace_folder)
            mounts.append(workspace_folder)

    yield make
    for folder in mounts:
        unmounted(folder)


REFUSED: dict[str, Callable[[str, Dataset, Checkpoint], object]] = {
    "store a dataset": lambda run, dataset, model: stored_datasets.save(stroke_dataset(7)),
    "rename a dataset": lambda run, dataset, model: stored_datasets.rename(dataset.id, "x"),
    "restore a dataset": lambda run, dataset, model: stored_datasets.restore(dataset.id),
    "upload": lambda run, dataset, model: uploads.receive([("a", io.BytesIO(b""))]),
    "prepare again": lambda run, dataset, model: uploads.prepare_again("u" * 26, ImageSchema(side=8), dataset.id, "x"),
    "train": lambda run, dataset, model: runs.start("x", config_of("running sigma", dataset, 1)),
    "bring a model": lambda run, dataset, model: bringing.keep(model),
    "keep a concept": lambda run, dataset, model: stored_concepts.add(
        "digits-2d", "x", model.codes, np.arange(9), np.arange(9, 18)
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_whatever_would_be_kept_is_refused_with_a_sentence(
    what: str, read_only: Make, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    run = store_model(tiny_images, tiny_checkpoint)
    read_only()
    assert not workspace.is_writable()
    with pytest.raises(WorkspaceError, match="the workspace is read-only"):
        REFUSED[what](run, tiny_images, tiny_checkpoint)


def test_what_is_there_is_listed_and_bundled_models_are_exported(
    read_only: Make, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    id = store_model(tiny_images, tiny_checkpoint)
    read_only()
    is_there = workspace.root().is_dir()
    assert [run.id for run in runs.list_runs()] == [id] * is_there
    assert [about.id for about in stored_datasets.list_all()] == [tiny_images.id] * is_there
    assert stored_datasets.list_deleted() == uploads.running() == []
    runs.resume_interrupted()
    workspace.tidy()
    uploads.tidy()
    if is_there:
        for change in (runs.cancel, runs.resume, runs.keep_best, runs.delete):
            with pytest.raises(WorkspaceError):
                change(id)
        with pytest.raises(WorkspaceError):
            stored_datasets.delete(tiny_images.id)
    model = checkpoints.load(checkpoints.locate("digits-2d")).model()
    for half in (export.browser_decoder, export.browser_encoder):
        path = half("digits-2d", checkpoints.version("digits-2d"), model)
        assert path.stat().st_size > 1000
    assert stored_concepts.listed("digits-2d") == ()


def test_temporary_folder_goes_with_the_process(workspace_folder: Path) -> None:
    (workspace_folder / "file").write_bytes(b"")
    script = "from vae_core import workspace; path = workspace.folder('exports'); print(path); assert path.is_dir()"
    variables = os.environ | {"VAE_STUDIO_WORKSPACE": str(workspace_folder / "file")}
    ran = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True)
    assert not Path(ran.stdout.strip()).exists()


def test_full_disk_is_not_taken_for_a_read_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert workspace.is_writable()
