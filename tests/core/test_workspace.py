"""Datasets stored once, opened from disk, found by id alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import stroke_dataset
from vae_core import workspace
from vae_core.datasets import Dataset
from vae_core.errors import DatasetError, NotFoundError


def test_dataset_comes_back_memory_mapped(tiny_images: Dataset) -> None:
    id = workspace.save_dataset(tiny_images)
    back = workspace.load_dataset(id)
    assert isinstance(back.x, np.memmap)
    np.testing.assert_array_equal(back.x, tiny_images.x)
    np.testing.assert_array_equal(back.labels, tiny_images.labels)
    assert (back.id, back.name, back.label_names, back.schema) == (id, "strokes", ("-", "|"), tiny_images.schema)


def test_same_content_is_stored_once(tiny_images: Dataset, workspace_folder: Path) -> None:
    assert workspace.save_dataset(tiny_images) == workspace.save_dataset(stroke_dataset())
    assert len(list((workspace_folder / "datasets").iterdir())) == 1


def test_list_leaves_out_what_cannot_be_read(tiny_images: Dataset, workspace_folder: Path) -> None:
    id = workspace.save_dataset(tiny_images)
    (workspace_folder / "datasets" / ("b" * 26)).mkdir()
    assert [about.id for about in workspace.list_datasets()] == [id]


def test_damaged_and_removed_datasets_say_so(tiny_images: Dataset) -> None:
    id = workspace.save_dataset(tiny_images)
    path = workspace.place("datasets", id) / "x.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match="damaged"):
        workspace.load_dataset(id)
    workspace.delete_dataset(id)
    with pytest.raises(NotFoundError, match="Upload it again"):
        workspace.load_dataset(id)


@pytest.mark.parametrize("id", ["..", "a/b", "", "a" * 25, "A" * 26, "../" + "a" * 23, "a" * 26 + "\n"])
def test_only_ids_become_paths(id: str) -> None:
    with pytest.raises(NotFoundError):
        workspace.place("datasets", id)


def test_place_is_the_environments(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.root() == workspace_folder
    monkeypatch.delenv("VAE_STUDIO_WORKSPACE")
    assert workspace.root().name == "vae-studio"


def test_dataset_whose_files_were_lost_can_be_stored_again(tiny_images: Dataset) -> None:
    id = workspace.save_dataset(tiny_images)
    (workspace.place("datasets", id) / "x.npy").unlink()
    assert workspace.save_dataset(stroke_dataset()) == id
    assert len(workspace.load_dataset(id)) == 40


def test_listing_while_others_store_and_remove() -> None:
    sets = [stroke_dataset(count) for count in range(5, 15)]

    def churn(dataset: Dataset) -> None:
        for _ in range(5):
            workspace.delete_dataset(workspace.save_dataset(dataset))

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(churn, dataset) for dataset in sets]
        while not all(task.done() for task in working):
            workspace.list_datasets()
        for task in working:
            task.result()
    assert workspace.list_datasets() == []
