"""The form of a new run: what it offers, what it says, and that nothing impossible can be started."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui.new_run import what_it_is
from tests.conftest import stroke_dataset
from tests.pages.test_pages import open_page
from vae_core import memory, runs, stored_datasets
from vae_core.datasets import SAMPLES, Dataset
from vae_core.objectives import OBJECTIVES
from vae_core.run_config import PRESETS


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def form_for(dataset: Dataset) -> AppTest:
    stored_datasets.save(dataset)
    return open_page("train", dataset=dataset.id)


def choice(app: AppTest, label: str):
    return next(box for box in app.selectbox if box.label == label)


def labels(app: AppTest) -> set[str]:
    return {widget.label for kind in (app.selectbox, app.number_input, app.text_input, app.toggle) for widget in kind}


def captions(app: AppTest) -> str:
    return "\n".join(text.value for text in (*app.caption, *app.markdown))


def start(app: AppTest):
    return next(button for button in app.button if button.label == "Start training")


def change(app: AppTest, label: str, value: str) -> None:
    choice(app, label).set_value(value).run()
    assert not app.exception


def unlabelled() -> Dataset:
    houses = SAMPLES["moons"]()
    return Dataset("plain", houses.x[:50], houses.schema)


def test_training_that_would_not_fit_into_memory_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    app = form_for(stroke_dataset(count=41))
    assert "Training would take about" in app.warning[0].value
    assert start(app).disabled


def test_preset_shows_its_description_and_marks_the_suggested_one() -> None:
    app = form_for(stroke_dataset())
    assert choice(app, "Preset").options[0] == "Grey pictures (suggested)"
    assert PRESETS["grey"].description in captions(app)
    choice(app, "Preset").set_value("mlp-256-20").run()
    assert PRESETS["mlp-256-20"].description in captions(app)
    assert next(n for n in app.number_input if n.label == "Latent dimensions").value == 20


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_is_one_line_with_a_link_to_its_paper(name: str) -> None:
    line = what_it_is(name)
    assert "\n" not in line.split("[")[0]
    assert "](http" in line


def test_objective_brings_its_own_options() -> None:
    app = form_for(stroke_dataset())
    assert "β" not in labels(app)
    change(app, "Objective", "beta-vae")
    assert "β" in labels(app)
    change(app, "Objective", "capacity")
    assert {"γ", "Capacity (nats)", "Growth"} <= labels(app)


def test_autoencoder_is_asked_for_no_posterior_prior_or_warm_up() -> None:
    app = form_for(stroke_dataset())
    assert {"Posterior", "Prior", "KL warm-up"} <= labels(app)
    assert choice(app, "Posterior").options == ["log-variance", "softplus"]
    change(app, "Objective", "autoencoder")
    assert not {"Posterior", "Prior", "KL warm-up", "Cycles"} & labels(app)
    assert not start(app).disabled


def test_only_what_goes_with_the_data_is_offered() -> None:
    pictures = form_for(stroke_dataset())
    assert choice(pictures, "Architecture").options == ["mlp", "conv", "resnet"]
    assert choice(pictures, "Likelihood").options == ["bernoulli", "continuous-bernoulli", "gaussian"]
    assert choice(pictures, "Targets").options == ["grey", "binarised"]
    change(pictures, "Likelihood", "gaussian")
    assert choice(pictures, "Targets").options == ["grey"]
    assert "burgess" in choice(form_for(stroke_dataset(side=64)), "Architecture").options
    table = form_for(SAMPLES["houses"]())
    assert choice(table, "Architecture").options == ["mlp"]
    assert choice(table, "Likelihood").options == ["gaussian", "mixed"]


def test_conditional_is_offered_only_with_labels_and_without_pseudo_inputs() -> None:
    app = form_for(stroke_dataset())
    toggle = next(t for t in app.toggle if t.label == "Conditional")
    assert "vamp" in choice(app, "Prior").options
    toggle.set_value(True).run()
    assert choice(app, "Prior").options == ["standard", "mixture"]
    assert "Conditional" not in labels(form_for(unlabelled()))


@pytest.mark.parametrize("typed", ["abc", "5000", "1,2,3,4,5,6,7,8,9", "64, -3"])
def test_nonsense_is_a_sentence_beside_its_field_and_nothing_starts(typed: str) -> None:
    app = form_for(stroke_dataset())
    next(t for t in app.text_input if t.label == "Widths").set_value(typed).run()
    assert not app.exception
    assert not app.error
    assert ":red[Widths" in captions(app)
    assert start(app).disabled
    next(t for t in app.text_input if t.label == "Widths").set_value("64, 32").run()
    assert not start(app).disabled


def test_too_large_a_model_is_refused_before_it_is_started() -> None:
    app = form_for(stroke_dataset(count=4, side=128, channels=3))
    change(app, "Architecture", "mlp")
    next(t for t in app.text_input if t.label == "Widths").set_value("4096, 4096").run()
    assert "at most 50,000,000 are built" in app.warning[0].value
    assert start(app).disabled


def test_what_will_be_trained_is_said_in_a_line() -> None:
    app = form_for(stroke_dataset())
    assert "36 pictures in 300 steps; 4 are kept aside" in captions(app)
    assert " · about 1 s" in captions(app)
    change(app, "Architecture", "conv")
    assert " · about " not in captions(app)  # nobody has measured that


def test_clicking_start_twice_starts_one_run(end_runs: None) -> None:
    app = form_for(stroke_dataset())
    start(app).click().run()
    start(app).click().run()
    assert not app.exception
    assert len(runs.list_runs()) == 1
    next(n for n in app.number_input if n.label == "Latent dimensions").set_value(3).run()
    start(app).click().run()
    assert len(runs.list_runs()) == 2


def test_form_of_a_shown_run_begins_with_its_dataset(stored_model: str, tiny_images: Dataset) -> None:
    stored_datasets.save(stroke_dataset(count=30))
    app = open_page("train", run=stored_model)
    assert choice(app, "Dataset").value == tiny_images.id


def test_settings_are_kept_over_a_visit_to_another_dataset() -> None:
    stored_datasets.save(unlabelled())
    app = form_for(stroke_dataset())
    change(app, "Preset", "mlp-256-20")
    next(n for n in app.number_input if n.label == "Latent dimensions").set_value(4).run()
    change(app, "Objective", "iwae")
    change(app, "Dataset", unlabelled().id)
    assert choice(app, "Preset").value != "mlp-256-20"
    change(app, "Dataset", stroke_dataset().id)
    assert choice(app, "Preset").value == "mlp-256-20"
    assert next(n for n in app.number_input if n.label == "Latent dimensions").value == 4
    assert choice(app, "Objective").value == "iwae"
    assert not app.warning


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_starts_from_the_page_with_its_own_settings(preset: str, end_runs: None) -> None:
    dataset = stroke_dataset() if "image" in PRESETS[preset].kinds else unlabelled()
    app = form_for(dataset)
    change(app, "Preset", preset)
    start(app).click().run()
    assert not app.exception
    [run] = runs.list_runs()
    assert run.config == PRESETS[preset].run_config(dataset.id, len(dataset), dataset.schema)


@pytest.mark.parametrize(("runner", "is_offered"), [("local", False), ("ray:http://head:8265", True)])
def test_workers_are_asked_for_where_there_is_a_cluster(
    runner: str, is_offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_STUDIO_RUNNER", runner)
    assert ("Workers" in labels(form_for(stroke_dataset()))) is is_offered


def test_runner_that_is_not_there_is_told_of_and_nothing_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_STUDIO_RUNNER", "slurm")
    app = form_for(stroke_dataset())
    assert "There is no runner" in app.warning[0].value
    assert start(app).disabled
