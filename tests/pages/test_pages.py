"""Every page through the router, as a visitor without JavaScript would see it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.conftest import png, stroke_dataset, strokes, zip_of
from vae_core import runs, stored_datasets, uploads
from vae_core.datasets import Dataset

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"home": "See inside a variational autoencoder", "data": "Data", "train": "Train", "film": "Film"}


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def open_page(name: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/ui/router.py"), default_timeout=30)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    if name != "home":
        app.switch_page(f"../{name}.py")
        app.run()
    assert not app.exception
    return app


def upload(app: AppTest, name: str, content: bytes, kind: str) -> None:
    """Drop a file, and look again until it is read: on a busy machine that is not at once."""
    app.file_uploader[0].upload(name, content, kind).run()
    if not uploads.running():
        return
    deadline = time.monotonic() + 60
    while uploads.running() and time.monotonic() < deadline:
        time.sleep(0.2)
    app.run()


@pytest.mark.parametrize(("name", "title"), PAGES.items())
def test_page_opens_in_an_empty_workspace(name: str, title: str) -> None:
    assert open_page(name).title[0].value == title


def test_empty_workspace_says_what_to_do() -> None:
    assert "Drop a ZIP of pictures" in open_page("data").info[0].value
    assert "Upload some pictures" in open_page("train").info[0].value


def test_upload_is_stored_shown_and_its_bytes_let_go() -> None:
    app = open_page("data")
    content = zip_of({f"{'ab'[k % 2]}/{k}.png": png(strokes(30, 16)[k, ..., 0]) for k in range(30)} | {"x.txt": b"?"})
    upload(app, "set.zip", content, "application/zip")
    assert not app.exception
    assert [about.name for about in stored_datasets.list_all()] == ["set.zip"]
    assert [metric.value for metric in app.metric] == ["30", "16×16", "grey", "2"]
    assert "x.txt (not a picture)" in app.info[0].value.replace("\\", "")
    assert not app.file_uploader[0].value


def test_bad_upload_is_one_sentence_and_the_next_one_works() -> None:
    app = open_page("data")
    upload(app, "notes.zip", b"nothing like it", "application/zip")
    assert "notes.zip is no kind of file that is read here" in app.error[0].value.replace("\\", "")
    upload(app, "a.png", png(strokes(1, 16)[0, ..., 0]), "image/png")
    assert not app.error
    assert len(stored_datasets.list_all()) == 1


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_deleted_dataset_is_gone_until_it_is_brought_back(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    app = open_page("data", dataset=id)
    press(app, "Delete")
    assert stored_datasets.list_all() == []
    assert "“strokes” was deleted" in app.info[0].value
    press(app, "Undo")
    assert [about.id for about in stored_datasets.list_all()] == [id]
    assert app.selectbox[1].value == id


def test_link_to_a_dataset_that_is_gone_is_a_sentence_even_where_nothing_is_left() -> None:
    app = open_page("data", dataset="b" * 26)
    assert "This dataset is not here" in app.error[0].value
    assert "Drop a ZIP" in app.info[0].value


def test_what_was_deleted_or_replaced_is_listed_for_a_day(tiny_images: Dataset) -> None:
    for count in range(5, 20):
        stored_datasets.delete(stored_datasets.save(stroke_dataset(count=count)))
    stored_datasets.save(tiny_images)
    app = open_page("data")
    assert [expander.label for expander in app.expander if "Deleted" in expander.label] == ["Deleted or replaced (15)"]
    back = [button for button in app.button if button.label == "Bring back"]
    assert len(back) == 12  # of many, the last
    back[0].click().run()
    assert not app.exception
    assert app.metric[0].value == "19"
    assert len(stored_datasets.list_deleted()) == 14


def test_upload_that_became_nothing_is_no_dead_end(tiny_images: Dataset) -> None:
    stored_datasets.save(tiny_images)
    for upload in ("b" * 26, "../../etc"):
        app = open_page("data", upload=upload)
        assert app.selectbox[1].options == ["strokes"]
        assert len(app.error) == (upload == "b" * 26)


def test_renamed_dataset_has_its_new_name_in_the_list(tiny_images: Dataset) -> None:
    stored_datasets.save(tiny_images)
    app = open_page("data")
    app.text_input[0].set_value("Bars")
    press(app, "Rename")
    assert app.selectbox[1].options == ["Bars"]


def test_builtin_set_is_taken_with_one_click() -> None:
    app = open_page("data")
    next(button for button in app.button if button.key == "sample-moons").click().run()
    assert not app.exception
    assert [metric.value for metric in app.metric][:2] == ["2,000", "2"]


def test_other_preparation_replaces_the_dataset_and_keeps_its_name() -> None:
    app = open_page("data")
    content = zip_of({f"{k}.png": png(strokes(30, 16)[k, ..., 0]) for k in range(30)})
    upload(app, "set.zip", content, "application/zip")
    app.slider[0].set_value(12).run()
    press(app, "Prepare all pictures like this")
    app.run()  # AppTest does not refresh by itself
    assert not app.exception
    [about] = stored_datasets.list_all()
    assert (about.name, about.schema_.shape) == ("set.zip", (1, 12, 12))
    assert app.metric[1].value == "12×12"


@pytest.mark.slow
def test_training_starts_with_everything_at_its_defaults(tiny_images: Dataset) -> None:
    stored_datasets.save(tiny_images)
    app = open_page("train", dataset=tiny_images.id)
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    [run] = runs.list_runs()
    assert run.config.dataset_id == tiny_images.id
    assert run.config.model.latents == 2
    try:
        assert run.id in app.query_params["run"]
        next(button for button in app.button if button.label == "Cancel").click().run()
        assert runs.get(run.id).status.state == "cancelled"
    finally:
        runs.cancel(run.id)


@pytest.mark.parametrize(("label", "wrong"), [("Latent dimensions", 0), ("Epochs", 10_001), ("Learning rate", 0.0)])
def test_number_out_of_its_range_is_told_below_the_field_and_nothing_can_be_started(
    tiny_images: Dataset, label: str, wrong: float
) -> None:
    stored_datasets.save(tiny_images)
    app = open_page("train")
    field = next(n for n in app.number_input if n.label == label)
    assert field.help
    field.set_value(wrong).run()
    assert any(f"{label}\\: it cannot be {wrong}" in text.value for text in app.markdown)
    assert next(button for button in app.button if button.label == "Start training").disabled


def test_finished_run_is_listed_shown_and_explored(stored_model: str) -> None:
    app = open_page("train", run=stored_model)
    assert any(button.label == "Explore" for button in app.button)
    assert len(app.get("plotly_chart")) == 3  # the curves; a stored model of the tests has no preview
    assert any(button.label == "Remove for good" for button in app.button)


def test_explore_opens_the_model_of_the_address_and_says_how_good_it_is(stored_model: str) -> None:
    app = open_page("explore", model=stored_model)
    assert app.selectbox[1].value == stored_model
    assert "validation −ELBO" in app.caption[0].value


@pytest.mark.parametrize("model", ["b" * 26, "../../etc", "<script>"])
def test_wrong_link_is_one_sentence(model: str, stored_model: str) -> None:
    app = open_page("explore", model=model)
    assert len(app.error) == 1
    assert "/" not in app.error[0].value


def test_wrong_run_is_one_sentence() -> None:
    assert "no such run" in open_page("train", run="b" * 26).error[0].value


def test_datasets_of_the_same_name_are_told_apart(tiny_images: Dataset) -> None:
    ids = [stored_datasets.save(dataset) for dataset in (tiny_images, stroke_dataset(count=30))]
    app = open_page("data")
    assert len(set(app.selectbox[1].options)) == 2
    for id, count in zip(ids, ("40", "30"), strict=True):
        app.selectbox[1].select(id).run()
        assert app.metric[0].value == count
        assert app.query_params["dataset"] in (id, [id])
