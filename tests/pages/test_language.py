"""Every page in a language of which each message stands between ⟦ and ⟧: what does not was left out."""

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from pages.ui import cache, ledger_routes, new_run
from pages.ui.language import asked, catalogue, catalogues, tr
from pages.ui.lessons import LESSONS, Lesson
from pages.ui.navigation import PAGES
from tests.conftest import png, stroke_dataset, strokes, trained, zip_of
from tests.pages.shown import check, told
from tests.pages.test_measuring_pages import compute
from tests.pages.test_pages import open_page, upload
from tests.pseudo import LOCALE, write_catalogue
from tests.small import small
from tests.stored import address, store_film, store_model
from vae_core import checkpoints, runs, stored_datasets
from vae_core.datasets import SAMPLES
from vae_core.objectives import DIPVAE, OBJECTIVES, BetaVAE
from vae_core.runs.directory import Status

ROOT = Path(__file__).resolve().parents[2]
STROKES = ("strokes", "tiny", "filmed")
"""Names of the data and runs of these tests."""
NOBODYS = ("silu", "relu", "tanh", "float32", "bfloat16", "cpu", "cuda", "mps", "imq", "rbf", "II")
"""Names of functions, numbers and devices, as programs have them."""


SETTINGS = ("model.posterior", "objective", "objective.beta", "deterministic", "autoencoder", "log-variance")
SETTINGS += ("vae", "beta-vae")
"""Settings and their values, as the command line has them."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("languages")
    write_catalogue(made)
    return made


@pytest.fixture(autouse=True)
def spoken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(catalogues.MORE, str(folder))
    forget()
    with asked(LOCALE):  # AppTest formats what it chooses in this thread
        yield
    forget()
    st.cache_resource.clear()
    st.cache_data.clear()


def forget() -> None:
    for cached in (catalogues.names, catalogues.catalogue, catalogues.nearest):
        cached.cache_clear()


def speak(name: str, **address: str) -> AppTest:
    return open_page(name, lang=LOCALE, **address)


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_page_of_an_empty_workspace_speaks_the_language(name: str) -> None:
    check(speak(name), *SETTINGS)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_lesson_speaks_the_language(lesson: Lesson) -> None:
    app = speak("learn", lesson=lesson.name)
    check(app)
    for answer in (lesson.prediction.right - 1, lesson.prediction.right):
        app.radio(key=f"predict-{lesson.name}").set_value(answer % len(lesson.prediction.answers)).run()
        app.button(key=f"predicted-{lesson.name}").click().run()
        check(app)
        app.button(key=f"check-{lesson.name}").click().run()
        check(app)
        app.button(key=f"again-{lesson.name}").click().run()


@pytest.mark.parametrize("name", ["explore", "ledger", "measure", "anomalies"])
def test_page_of_a_model_speaks_the_language(name: str, stored_model: str) -> None:
    check(speak(name, model=stored_model), *STROKES, *NOBODYS)


@pytest.mark.parametrize("name", ["explore", "ledger"])
def test_titles_of_bundled_models_are_told_in_the_language(name: str) -> None:
    app = speak(name, model="digits-2d")
    check(app)
    assert "⟦Digits 8×8, two latents⟧" in app.selectbox[1].options


def test_data_of_pictures_speaks_the_language() -> None:
    app = speak("data")
    pictures = {f"{'ab'[k % 2]}/{k}.png": png(strokes(30, 16)[k, ..., 0]) for k in range(30)}
    blank = png(strokes(1, 16)[0, ..., 0] * 0)
    upload(app, "set.zip", zip_of(pictures | {"a/blank.png": blank, "x.txt": b"?"}), "application/zip")
    check(app, "set.zip", "x.txt", "png")
    assert any("⟦x.txt (⟦not a picture⟧)⟧" in box.value.replace("\\", "") for box in app.info)
    assert "⟦not a picture⟧" in app.dataframe[-1].value.iloc[:, 1].tolist()


def test_data_of_a_table_speaks_the_language() -> None:
    app = speak("data")
    upload(app, "t.csv", b"height,kind\n" + b"".join(b"%d,%s\n" % (k, b"xy"[k % 2 : k % 2 + 1]) for k in range(40)), "")
    check(app, "t.csv", "height", "kind")
    assert "⟦Preparation⟧" in [text for kind, text in told(app) if kind == "tab"]


def test_builtin_sets_are_called_in_the_language(tiny_images: object) -> None:
    id = stored_datasets.save(SAMPLES["moons"]())
    app = speak("data", dataset=id)
    check(app)
    stored_datasets.delete(id)
    check(speak("data"))


def test_form_of_a_run_speaks_the_language() -> None:
    stored_datasets.save(stroke_dataset())
    app = speak("train")
    check(app, *STROKES, *NOBODYS)
    next(n for n in app.number_input if n.label == "⟦Latent dimensions⟧").set_value(0).run()
    check(app, *STROKES, *NOBODYS)
    assert any("⟦input should be greater than or equal to 1⟧" in text.value for text in app.markdown)


@pytest.mark.parametrize("state", ["done", "queued", "interrupted", "failed", "cancelled"])
def test_run_speaks_the_language(state: str) -> None:
    id = store_model(stroke_dataset(), trained(stroke_dataset(), small(latents=3), objective=BetaVAE(beta=4)))
    runs.get(id).directory.write_status(Status(state=state, attempts=2))  # type: ignore[arg-type]
    app = speak("train", run=id)
    check(app, *STROKES, *NOBODYS)
    assert any("⟦epoch⟧" in text for kind, text in told(app) if kind == "plotly_chart")


def test_film_speaks_the_language() -> None:
    filmed = store_film(stroke_dataset(), small(), epochs=2)
    check(speak("film", run=filmed.path.name), *STROKES)


def test_comparing_speaks_the_language(stored_model: str) -> None:
    other = store_model(stroke_dataset(), trained(stroke_dataset(), objective=BetaVAE(beta=4)))
    app = speak("compare", models=f"{stored_model},{other}")
    check(app, *STROKES, *SETTINGS)


@pytest.mark.slow
def test_measures_speak_the_language() -> None:
    id = store_model(stroke_dataset(120), trained(stroke_dataset(120)))
    app = speak("measure", model=id)
    compute(app, "⟦Measure⟧")
    names = ("CSV", "HTML", "JSON", "Markdown", "Parquet")
    check(app, *STROKES, *names)


@pytest.mark.slow
def test_anomalies_speak_the_language() -> None:
    id = store_model(stroke_dataset(120), trained(stroke_dataset(120)))
    app = speak("anomalies", model=id)
    compute(app, "⟦Score⟧")
    app.multiselect[0].select("-").run()
    check(app, *STROKES)
    score = app.button_group[0]
    score.set_value("pca").run()
    check(app, *STROKES)
    assert app.query_params["score"] in ("pca", ["pca"])
    with asked("en"):
        app.selectbox(key="language-chooser").select("en").run()
    assert app.button_group[0].value == "pca"


def test_sentence_of_the_core_is_told_in_the_language() -> None:
    app = speak("data")
    upload(app, "notes.zip", b"nothing like it", "application/zip")
    assert "notes.zip⟦" not in app.error[0].value
    assert app.error[0].value.startswith("⟦")
    assert "notes.zip" in app.error[0].value.replace("\\", "")
    assert speak("train", run="b" * 26).error[0].value.startswith("⟦There is no such run")


def test_route_refuses_in_the_language_of_its_reader(client: TestClient) -> None:
    client.cookies.set("studio-language", LOCALE)
    assert client.get("/studio/samples/none.png").text == "⟦There is no such built-in set.⟧"


def test_unknown_language_is_english() -> None:
    app = open_page("data", lang="tlh")
    assert app.title[0].value == "Data"
    assert not any("⟦" in text for _, text in told(app))


def test_language_stays_when_another_model_is_chosen(stored_model: str) -> None:
    app = speak("ledger", model=stored_model)
    box = next(box for box in app.selectbox if box.label == "⟦Model⟧")
    box.select("digits-2d").run()
    assert app.query_params["lang"] in (LOCALE, [LOCALE])
    assert app.query_params["model"] in ("digits-2d", ["digits-2d"])
    assert app.title[0].value == "⟦Ledger⟧"


def test_settings_stay_when_another_language_is_chosen() -> None:
    stored_datasets.save(stroke_dataset())
    with asked("en"):
        app = open_page("train")
        next(box for box in app.selectbox if box.label == "Objective").select("iwae").run()
        app.selectbox(key="language-chooser").select(LOCALE).run()
    check(app, *STROKES, *NOBODYS)
    assert next(box for box in app.selectbox if box.label == "⟦Objective⟧").value == "iwae"


def test_whole_line_of_every_objective_is_told_in_the_language() -> None:
    for name, objective in OBJECTIVES.items():
        with asked(LOCALE):
            assert new_run.what_it_is(name).startswith("⟦"), inspect.getmodule(objective)


def test_ledger_tells_its_terms_in_the_language(client: TestClient) -> None:
    dataset = stroke_dataset()
    id = store_model(dataset, trained(dataset, objective=DIPVAE()))
    about = checkpoints.version(id)
    with asked(LOCALE):
        url = ledger_routes.describe(cache.open_model(id, about), dataset, "/studio")["url"]
    content = client.get(url + "&example=0&seed=0").content
    head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    assert head["terms"] == ["KL", "⟦λ · covariances²⟧", "⟦λ · (variances − 1)²⟧"]


def test_page_in_one_file_speaks_the_language(client: TestClient, stored_model: str) -> None:
    client.cookies.set("studio-language", LOCALE)
    content = client.get(f"{address(stored_model)}/explorer.html").text
    assert f'<html lang="{LOCALE}">' in content
    assert "⟦Opening…⟧" in content
    assert f'/{LOCALE}.json" data-type' in content


def test_no_message_stands_inside_a_formatted_string() -> None:
    """There the extractor does not find it."""
    lost = [
        f"{path.name}: {call.args[0].value}"
        for path in (ROOT / "pages").rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("tr", "trn", "later")
        and isinstance(call.args[0], ast.Constant)
    ]
    assert lost == []


def test_every_page_has_its_title_in_the_menu() -> None:
    with asked(LOCALE):
        assert all(tr(text).startswith("⟦") for entry in PAGES for text in (entry.title, entry.help))
    assert catalogue("en").messages == {}
