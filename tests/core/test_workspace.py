"""Datasets stored once, opened from disk, found by id alone."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import stroke_dataset
from vae_core import stored_datasets, workspace
from vae_core.dataset_summary import read_summary
from vae_core.datasets import SAMPLES, Dataset, Origin
from vae_core.datasets.pictures.inspection import Inspection, inspect_pictures
from vae_core.errors import DatasetError, NotFoundError


def test_dataset_comes_back_memory_mapped(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    back = stored_datasets.load(id)
    assert isinstance(back.x, np.memmap)
    np.testing.assert_array_equal(back.x, tiny_images.x)
    np.testing.assert_array_equal(back.labels, tiny_images.labels)
    assert (back.id, back.name, back.label_names, back.schema) == (id, "strokes", ("-", "|"), tiny_images.schema)


def test_same_content_is_stored_once(tiny_images: Dataset, workspace_folder: Path) -> None:
    assert stored_datasets.save(tiny_images) == stored_datasets.save(stroke_dataset())
    assert len(list((workspace_folder / "datasets").iterdir())) == 1


def test_list_leaves_out_what_cannot_be_read(tiny_images: Dataset, workspace_folder: Path) -> None:
    id = stored_datasets.save(tiny_images)
    (workspace_folder / "datasets" / ("b" * 26)).mkdir()
    assert [about.id for about in stored_datasets.list_all()] == [id]


def test_damaged_and_removed_datasets_say_so(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    path = workspace.place("datasets", id) / "x.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match="damaged"):
        stored_datasets.load(id)
    stored_datasets.delete(id)
    with pytest.raises(NotFoundError, match="Upload it again"):
        stored_datasets.load(id)


@pytest.mark.parametrize("id", ["..", "a/b", "", "a" * 25, "A" * 26, "../" + "a" * 23, "a" * 26 + "\n"])
def test_only_ids_become_paths(id: str) -> None:
    with pytest.raises(NotFoundError):
        workspace.place("datasets", id)


def test_place_is_the_environments(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert workspace.root() == workspace_folder
    monkeypatch.delenv("VAE_STUDIO_WORKSPACE")
    assert workspace.root().name == "vae-studio"


def test_dataset_whose_files_were_lost_can_be_stored_again(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    (workspace.place("datasets", id) / "x.npy").unlink()
    assert stored_datasets.save(stroke_dataset()) == id
    assert len(stored_datasets.load(id)) == 40


def test_listing_while_others_store_and_remove() -> None:
    sets = [stroke_dataset(count) for count in range(5, 15)]

    def churn(dataset: Dataset) -> None:
        for _ in range(5):
            stored_datasets.delete(stored_datasets.save(dataset))

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(churn, dataset) for dataset in sets]
        while not all(task.done() for task in working):
            stored_datasets.list_all()
        for task in working:
            task.result()
    assert stored_datasets.list_all() == []


def test_deleted_dataset_comes_back_until_it_is_purged(tiny_images: Dataset, workspace_folder: Path) -> None:
    id = stored_datasets.save(tiny_images)
    stored_datasets.delete(id)
    assert stored_datasets.list_all() == []
    workspace.tidy()  # nothing is a day old yet
    stored_datasets.restore(id)
    assert len(stored_datasets.load(id)) == 40
    stored_datasets.delete(id)
    [aside] = (workspace_folder / "datasets").iterdir()
    os.utime(aside, (0, 0))
    workspace.tidy()
    assert list((workspace_folder / "datasets").iterdir()) == []
    with pytest.raises(NotFoundError, match="cannot be brought back"):
        stored_datasets.restore(id)


def test_renamed_dataset_keeps_its_id_and_its_examples(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    stored_datasets.rename(id, "  Bars\u202e and strokes\n ")
    assert stored_datasets.load(id).name == "Bars\ufffd and strokes"
    assert stored_datasets.load(id).id == id
    with pytest.raises(DatasetError, match="needs a name"):
        stored_datasets.rename(id, " \t")
    with pytest.raises(NotFoundError):
        stored_datasets.rename("b" * 26, "x")


def test_everything_known_of_a_dataset_comes_back(tiny_images: Dataset) -> None:
    known = replace(
        tiny_images,
        factors=np.arange(80, dtype=np.int32).reshape(40, 2),
        factor_names=("place", "direction"),
        names=tuple(f"{k}.png" for k in range(40)),
        origin=Origin(sizes=((8, 8, 40),), skipped=(("x", "broken"),), skipped_count=1, advice=("Take it.",)),
        previews=(np.zeros((9, 7), dtype=np.uint8), np.ones((9, 7, 3), dtype=np.uint8)),
    )
    back = stored_datasets.load(stored_datasets.save(known, upload="u" * 26))
    np.testing.assert_array_equal(back.factors, known.factors)
    assert (back.factor_names, back.names, back.origin) == (known.factor_names, known.names, known.origin)
    for one, other in zip(back.previews, known.previews, strict=True):
        np.testing.assert_array_equal(one, other)
    assert stored_datasets.list_all()[0].upload == "u" * 26
    assert known.id != tiny_images.id  # factors are content


def test_bringing_back_what_was_uploaded_again_changes_nothing(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    stored_datasets.delete(id)
    assert stored_datasets.save(stroke_dataset()) == id
    stored_datasets.restore(id)
    assert [about.id for about in stored_datasets.list_all()] == [id]


def test_newest_stays_first_whatever_is_done_to_the_others(tiny_images: Dataset) -> None:
    ids = [stored_datasets.save(tiny_images), stored_datasets.save(stroke_dataset(count=30))]
    stored_datasets.rename(ids[0], "Another name")
    stored_datasets.delete(ids[0])
    stored_datasets.restore(ids[0])
    stored_datasets.save(tiny_images, upload="u" * 26)  # the upload is noted
    os.utime(workspace.place("datasets", ids[0]) / "x.npy")  # as when a workspace is copied
    assert [about.id for about in stored_datasets.list_all()] == ids[::-1]


def test_datasets_stored_before_their_time_was_written_down_have_their_place(tiny_images: Dataset) -> None:
    newest = stored_datasets.save(tiny_images)
    old = [stored_datasets.save(stroke_dataset(count=count)) for count in (30, 31, 32)]
    for id, year in zip(old, (2, 3, 1), strict=True):
        home = workspace.place("datasets", id)
        about = read_summary(home)
        (home / "dataset.json").write_text(about.model_dump_json(exclude={"created"}))
        os.utime(home / "x.npy", (year * 10**7, year * 10**7))
    assert [about.id for about in stored_datasets.list_all()] == [newest, old[1], old[0], old[2]]


def test_pictures_are_looked_through_when_they_are_stored(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    home = workspace.place("datasets", id)
    facts = stored_datasets.inspection(id)
    assert facts == inspect_pictures(tiny_images.x)
    (home / "x.npy").unlink()
    assert stored_datasets.inspection(id) == facts  # it is read, not found anew
    table = stored_datasets.save(SAMPLES["moons"]())
    assert not (workspace.place("datasets", table) / "inspection.json").exists()


@pytest.mark.parametrize("damaged", [None, "{}", "no JSON"])
def test_pictures_stored_before_that_are_looked_through_once(tiny_images: Dataset, damaged: str | None) -> None:
    id = stored_datasets.save(tiny_images)
    path = workspace.place("datasets", id) / "inspection.json"
    path.unlink() if damaged is None else path.write_text(damaged)
    facts = stored_datasets.inspection(id)
    assert facts == inspect_pictures(tiny_images.x)
    assert Inspection.model_validate_json(path.read_bytes()) == facts


def test_deleted_datasets_are_listed_until_they_are_here_again(tiny_images: Dataset) -> None:
    ids = [stored_datasets.save(tiny_images), stored_datasets.save(stroke_dataset(count=30))]
    for seconds, id in enumerate(ids, 10**9):
        stored_datasets.delete(id)
        aside = workspace.folder("datasets") / f"{workspace.ASIDE}{id}"
        os.utime(aside, (seconds, seconds))
    assert [(when, about.id) for when, about in stored_datasets.list_deleted()] == [
        (10**9 + 1, ids[1]),
        (10**9, ids[0]),
    ]
    stored_datasets.restore(ids[1])
    stored_datasets.save(tiny_images)  # uploaded again
    assert stored_datasets.list_deleted() == []


def test_deleting_twice_can_still_be_undone(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    for _ in range(2):
        stored_datasets.delete(id)
    stored_datasets.restore(id)
    assert len(stored_datasets.load(id)) == 40


def test_first_visit_finds_the_smallest_built_in_sets_digits_first() -> None:
    stored_datasets.store_samples()
    assert [about.name for about in stored_datasets.list_all()] == ["Digits 8×8", "Two moons", "Houses"]
