"""Pages and routes over a workspace into which nothing can be put: a sentence in place of what cannot be done."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from starlette.testclient import TestClient

from tests.conftest import stroke_dataset
from tests.core.test_read_only import mounted_read_only, unmounted
from tests.pages.test_pages import open_page
from tests.small import small
from tests.stored import address, film_address, store_film, store_model
from vae_core import workspace
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset

TOLD = "Nothing can be kept here: the workspace is read-only."


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.mark.parametrize("name", ["home", "data", "train"])
@pytest.mark.parametrize("is_read_only", [True, False])
def test_what_cannot_be_done_is_not_offered_and_one_sentence_says_why(
    name: str, is_read_only: bool, stored_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_read_only:
        monkeypatch.setattr(workspace, "can_write_in", lambda folder: False)
    app = open_page(name)
    told = [info.value.replace("\\", "")[: len(TOLD)] for info in app.info]
    assert told.count(TOLD) == is_read_only
    buttons = {button.label for button in app.button if not button.disabled}
    offered = {
        "home": "Bring a model" in [expander.label for expander in app.expander],
        "data": bool(app.file_uploader) and "Train a model on this" in buttons,
        "train": "Start training" in buttons,
    }
    assert offered[name] == (not is_read_only)
    assert not app.error


@pytest.fixture
def make_read_only(workspace_folder: Path) -> Iterator[Callable[[], None]]:
    """Makes the workspace's disk read-only when called."""
    workspace._scratch.cache_clear()
    mounts: list[Path] = []

    def make() -> None:
        (workspace_folder / "graphs").unlink()  # a link that leads out of it
        mounted_read_only(workspace_folder)
        mounts.append(workspace_folder)

    yield make
    for folder in mounts:
        unmounted(folder)


def test_every_file_of_a_model_and_a_film_is_made_where_nothing_can_be_kept(
    client: TestClient, tiny_images: Dataset, tiny_checkpoint: Checkpoint, make_read_only: Callable[[], None]
) -> None:
    model, film = store_model(tiny_images, tiny_checkpoint), store_film(stroke_dataset(41), small(), epochs=2)
    film.film.joinpath("decoder.onnx").unlink(missing_ok=True)
    make_read_only()
    assert not workspace.is_writable()
    files = {
        address(model): ("decoder.onnx", "encoder.onnx", "codes", "concepts"),
        film_address(film): ("decoder.onnx", "arrays", "sheets/1.png", "weights/1", "film.gif"),
    }
    for at, names in files.items():
        for name in names:
            answer = client.get(f"{at}/{name}")
            assert (name, answer.status_code) == (name, 200)
            assert answer.content
    without = client.get(film_address(film).replace(film.path.name, model) + "/decoder.onnx")
    assert (without.status_code, "no film" in without.text) == (404, True)
