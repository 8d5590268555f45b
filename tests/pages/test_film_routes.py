"""The film's routes, in process, and its page: what every frame shows, and what is said where there is no film."""

import io
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from pages.ui import cache, films
from tests.conftest import stroke_dataset
from tests.pages.test_pad_maths import node
from tests.pages.test_pages import open_page
from tests.small import small
from tests.stored import film_address, store_film
from vae_core import checkpoints, runs, stored_datasets
from vae_core.datasets import SAMPLES, Dataset
from vae_core.film import Reel, align, frames
from vae_core.film.aligned import decoder_of
from vae_core.runs.directory import RunDirectory


@pytest.fixture
def filmed(tiny_images: Dataset) -> RunDirectory:
    return store_film(tiny_images, small(), epochs=3)


def test_arrays_are_places_lifts_and_groups(client: TestClient, filmed: RunDirectory) -> None:
    answer = client.get(film_address(filmed) + "/arrays")
    assert "immutable" in answer.headers["cache-control"]
    film = align(Reel(filmed.film).read_all(3), is_normal=True)
    places, lifts = (np.asarray(part, dtype="<f4") for part in (film.places, film.lifts))
    groups = (np.arange(40) % 2).astype("<i4")
    assert answer.content == places.tobytes() + lifts.tobytes() + groups.tobytes()


def test_newest_film_opens_though_it_goes_on_meanwhile(filmed: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    newest, earlier = cache.film_version, iter(["0"])
    monkeypatch.setattr(cache.models, "film_version", lambda id: next(earlier, newest(id)))
    assert cache.newest_film(filmed.path.name).version == newest(filmed.path.name)
    assert list(earlier) == []


def test_sheet_is_the_manifold_of_that_epochs_decoder(client: TestClient, filmed: RunDirectory) -> None:
    reel = Reel(filmed.film)
    film = align(reel.read_all(3), is_normal=True)
    checkpoint = checkpoints.load(filmed.checkpoint)
    seen = []
    for k, epoch in enumerate(reel.epochs()):
        answer = client.get(f"{film_address(filmed)}/sheets/{epoch}.png")
        sheet = np.asarray(Image.open(io.BytesIO(answer.content), formats=["PNG"]))
        with torch.no_grad():
            cells = decoder_of(checkpoint, reel.read(epoch)).decode_bounded(torch.from_numpy(film.grid(k, 12)))
        expected = cells[:, 0].unflatten(0, (12, 12)).permute(0, 2, 1, 3).flatten(0, 1).flatten(1) * 255
        np.testing.assert_allclose(sheet, expected.numpy(), atol=1)
        seen.append(sheet.tobytes())
    assert len(set(seen)) == 3


def test_graph_with_the_weights_of_an_epoch_decodes_as_that_epoch_did(client: TestClient, filmed: RunDirectory) -> None:
    here, described = film_address(filmed), films.describe(cache.newest_film(filmed.path.name), "/studio")
    content = client.get(here + "/decoder.onnx").content
    session = onnxruntime.InferenceSession(content)
    words = np.frombuffer(client.get(here + "/weights/1").content, "<f2").astype(np.float32)
    feeds, start = {"z": np.ones((1, 2), dtype=np.float32)}, 0
    for name, shape in zip(described["decoder"]["names"], described["decoder"]["shapes"], strict=True):
        size = int(np.prod(shape))
        feeds[name] = words[start : start + size].reshape(shape)
        start += size
    assert start == len(words)
    [decoded] = session.run(None, feeds)
    vae = decoder_of(checkpoints.load(filmed.checkpoint), Reel(filmed.film).read(1))
    with torch.no_grad():
        np.testing.assert_allclose(decoded, vae.decode_bounded(torch.ones(1, 2)).numpy(), atol=1e-4)


def test_gif_has_a_picture_of_every_frame(client: TestClient, filmed: RunDirectory) -> None:
    answer = client.get(film_address(filmed) + "/film.gif")
    assert answer.headers["content-disposition"] == 'attachment; filename="film.gif"'
    with Image.open(io.BytesIO(answer.content), formats=["GIF"]) as gif:
        assert gif.n_frames == 3
        shown = []
        for k in range(3):
            gif.seek(k)
            shown.append(gif.convert("RGB").tobytes())
    assert len(set(shown)) == 3


def test_film_of_a_table_has_no_manifold_and_a_gif_all_the_same(client: TestClient) -> None:
    directory = store_film(SAMPLES["moons"](), small("mlp", "gaussian"), epochs=2)
    here = film_address(directory)
    assert films.describe(cache.newest_film(directory.path.name), "/studio")["sheets"] is None
    assert client.get(here + "/sheets/1.png").status_code == 404
    assert client.get(here + "/film.gif").content[:3] == b"GIF"


def test_label_of_a_conditional_model_changes_its_manifold(client: TestClient, tiny_images: Dataset) -> None:
    here = film_address(store_film(tiny_images, small(conditional=True), epochs=2))
    sheets = [client.get(f"{here}/sheets/2.png?label={label}") for label in ("0", "1", "2", "x", "-1")]
    assert [answer.status_code for answer in sheets] == [200, 200, 404, 404, 404]
    assert sheets[0].content != sheets[1].content


@pytest.mark.parametrize(
    "path", ["sheets/7.png", "sheets/0.png", "weights/7", "weights/..%2f..%2frun.json", "sheets/-1.png"]
)
def test_other_epochs_are_not_found(client: TestClient, filmed: RunDirectory, path: str) -> None:
    assert client.get(f"{film_address(filmed)}/{path}").status_code == 404


@pytest.mark.parametrize("film", ["digits-2d/0", "..%2f..%2fetc/0", "b" * 26 + "/0"])
def test_other_films_are_not_found(client: TestClient, film: str) -> None:
    assert client.get(f"/studio/films/{film}/arrays").status_code == 404


def test_version_that_is_gone_says_so(client: TestClient, filmed: RunDirectory) -> None:
    answer = client.get(f"/studio/films/{filmed.path.name}/abc/arrays")
    assert (answer.status_code, answer.text) == (404, frames.GONE)


def test_frame_that_a_training_let_go_of_says_so(client: TestClient, filmed: RunDirectory) -> None:
    here = film_address(filmed)
    assert client.get(here + "/arrays").status_code == 200
    Reel(filmed.film).place(2).unlink()
    for path in ("sheets/2.png", "weights/2"):
        assert client.get(f"{here}/{path}").text == frames.GONE


def test_frame_that_is_newer_than_the_film_shown_is_none_of_it(client: TestClient, filmed: RunDirectory) -> None:
    here = film_address(filmed)
    assert client.get(here + "/arrays").status_code == 200
    reel = Reel(filmed.film)
    reel.place(4).write_bytes(reel.place(3).read_bytes())
    for path in ("sheets/4.png", "weights/4"):
        assert client.get(f"{here}/{path}").text == frames.GONE


def test_deleting_a_run_deletes_its_film(filmed: RunDirectory) -> None:
    runs.delete(filmed.path.name)
    assert not filmed.film.exists()


def test_frames_of_epochs_that_are_not_finished_on_disk_are_not_shown(filmed: RunDirectory) -> None:
    """A frame is written before its epoch is; whoever dies in between takes it again."""
    filmed.write_epochs(filmed.read_epochs()[:2])
    assert cache.newest_film(filmed.path.name).aligned.epochs == (1, 2)


def test_film_without_any_run_says_what_to_do() -> None:
    app = open_page("film")
    assert app.title[0].value == "Film"
    assert "There is no film yet" in app.info[0].value


def test_run_without_a_film_says_why_and_can_be_left_for_another(stored_model: str, filmed: RunDirectory) -> None:
    app = open_page("film", run=stored_model)
    assert "trained before there were films" in app.info[0].value
    assert len(app.selectbox[1].options) == 2


def test_model_that_is_too_large_for_a_film_says_so(stored_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST_BYTES", 100)
    assert "too much for a film" in open_page("film", run=stored_model).info[0].value


@pytest.mark.parametrize("run", ["b" * 26, "../../etc"])
def test_wrong_link_to_a_film_is_one_sentence(run: str, filmed: RunDirectory) -> None:
    [error] = open_page("film", run=run).error
    assert error.value.startswith("This run is not here")


def test_run_view_leads_to_the_film_where_there_is_one(stored_model: str, filmed: RunDirectory) -> None:
    assert any(button.label == "Film" for button in open_page("train", run=filmed.path.name).button)
    assert not any(button.label == "Film" for button in open_page("train", run=stored_model).button)


def test_gap_in_a_film_is_told(filmed: RunDirectory) -> None:
    Reel(filmed.film).place(3).unlink()
    told = films.describe(cache.newest_film(filmed.path.name), "/studio")["lacking"]
    assert told.startswith("The film ends at epoch 2 of 3")


def test_probe_set_is_at_most_a_thousand_evenly_chosen_examples(tmp_path: Path) -> None:
    dataset = stroke_dataset(count=2400)
    reel = Reel(store_film(dataset, small(), epochs=1).film)
    assert stored_datasets.load(dataset.id).labels is not None
    assert len(reel.read(1).codes) == frames.PROBE_EXAMPLES == len(reel.labels(0))


def test_browser_reads_half_precision_as_numpy_does() -> None:
    words = np.arange(65_536, dtype=np.uint16)
    script = """
    const { halves } = await from("../film/half.js");
    console.log(JSON.stringify(Array.from(halves(Uint16Array.from(given)), String)));
    """
    found = np.array([float(text.replace("Infinity", "inf")) for text in node(script, words.tolist())])
    np.testing.assert_array_equal(found, words.view(np.float16).astype(np.float64))
