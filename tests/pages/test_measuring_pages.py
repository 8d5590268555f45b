"""Measure and Anomalies through the router: from the button to the numbers, and what is said where there are none."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import unusual
from pages.ui.tables import as_csv
from tests.conftest import stroke_dataset, trained
from tests.pages.test_pages import open_page, press
from tests.small import small
from tests.stored import store_model
from vae_core import notebook, runs, stored_datasets
from vae_core.datasets import SAMPLES, Dataset
from vae_core.objectives import Autoencoder, BetaVAE


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


@pytest.fixture
def bars() -> Dataset:
    return stroke_dataset(120)


@pytest.fixture
def model(bars: Dataset) -> str:
    return store_model(bars, trained(bars))


def compute(app: AppTest, button: str) -> None:
    """Press, and look again until the result is there."""
    press(app, button)
    deadline = time.monotonic() + 120
    while not app.subheader and time.monotonic() < deadline:
        time.sleep(0.3)
        app.run()
    assert not app.exception
    assert not app.error


def told(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.parametrize("name", ["measure", "anomalies"])
def test_model_that_is_gone_is_a_sentence(name: str, model: str) -> None:
    assert "This model is not here" in open_page(name, model="b" * 26).error[0].value
    assert not open_page(name, model=model).error


def test_measure_tells_what_evaluate_finds_with_a_95_percent_interval(model: str, bars: Dataset) -> None:
    from vae_core import checkpoints

    app = open_page("measure", model=model, part="all")
    compute(app, "Measure")
    expected = notebook.evaluate(checkpoints.load(checkpoints.locate(model)), bars)
    assert expected.elbo is not None
    half = 1.96 * expected.elbo.error
    value, _, interval = told(app)["−ELBO (nats)"].partition(" ± ")
    assert float(value) == pytest.approx(-expected.elbo.mean, abs=0.06 * half + 0.01)
    assert float(interval) == pytest.approx(half, rel=0.06)
    sections = [header.value for header in app.subheader]
    assert sections == [
        "How well it explains the data",
        "How it uses its latents",
        "How good its samples are",
        "Take it away",
    ]


def test_result_of_measuring_is_there_at_once_the_next_time(model: str) -> None:
    compute(open_page("measure", model=model), "Measure")
    again = open_page("measure", model=model)
    assert "−ELBO (nats)" in told(again)
    other_part = open_page("measure", model=model, part="training")
    assert "−ELBO (nats)" not in told(other_part)


def test_dataset_with_known_factors_asks_on_which_code_to_measure(bars: Dataset) -> None:
    factors = np.stack([bars.labels, np.arange(len(bars)) % 3], 1).astype(np.int32)  # type: ignore[list-item]
    known = replace(bars, factors=factors, factor_names=("lies", "third"))
    id = store_model(known, trained(known))
    app = open_page("measure", model=id, code="all")
    assert [box.label for box in app.selectbox][-1] == "Code"
    compute(app, "Measure")
    assert "MIG" in told(app)
    assert any("all 2 dimensions" in caption.value for caption in app.caption)


def test_model_without_its_dataset_is_measured_on_another_that_fits_and_told_so(model: str, bars: Dataset) -> None:
    other = stroke_dataset(60, 16)
    stored_datasets.save(replace(other, name="others"))
    stored_datasets.delete(bars.id)
    app = open_page("measure", model=model, part="all")
    compute(app, "Measure")
    assert any("was trained on another dataset" in info.value for info in app.info)


def test_model_whose_data_are_gone_says_what_to_do(model: str, bars: Dataset) -> None:
    stored_datasets.delete(bars.id)
    assert "Upload it again" in open_page("measure", model=model).info[0].value
    assert "Upload it again" in open_page("anomalies", model=model).info[0].value


def test_anomalies_are_ranked_and_their_table_is_whole(model: str, bars: Dataset) -> None:
    app = open_page("anomalies", model=model)
    compute(app, "Score")
    assert [header.value for header in app.subheader] == ["The most unusual"]
    table = app.dataframe[0].value
    assert list(table["−ELBO"]) == sorted(table["−ELBO"], reverse=True)
    assert len(table) == 6  # of 120 the 5 % above the first threshold
    assert table["unusual"].all()


def test_labels_that_are_normal_give_an_area_under_the_curve_for_every_score(model: str) -> None:
    app = open_page("anomalies", model=model)
    compute(app, "Score")
    app.multiselect[0].select(0).run()
    areas = app.table[0].value["AUROC"]
    assert list(areas.index) == list(unusual.TITLES.values())
    for area in areas:
        mean, low, high = (float(number) for number in re.findall(r"\d\.\d{3}", area))
        assert area == f"{mean:.3f} ({low:.3f} to {high:.3f})"
        assert 0 <= low < mean < high <= 1


def test_table_of_a_model_of_rows_shows_them_in_original_units() -> None:
    houses = SAMPLES["houses"]()
    few = replace(houses, x=houses.x[:200], labels=None, label_names=(), known_id=None)
    id = store_model(few, trained(few, small("mlp", "mixed"), epochs=1))
    app = open_page("anomalies", model=id)
    compute(app, "Score")
    assert {column.name for column in few.schema.columns} <= set(app.dataframe[0].value.columns)  # type: ignore[union-attr]


def test_histogram_counts_what_lies_above_every_place_of_the_threshold() -> None:
    random = np.random.default_rng(0)
    values, is_anomaly = random.standard_cauchy(5000), random.random(5000) < 0.1
    told = unusual.histogram(values, is_anomaly, 1.0, "")
    places = np.linspace(told["low"], told["high"], len(told["above"]))  # type: ignore[arg-type,call-overload]
    for k in (0, 250, 500, 999):
        assert told["above"][k] == (values > places[k]).sum()  # type: ignore[index]
        assert told["anomalies"]["above"][k] == (values[is_anomaly] > places[k]).sum()  # type: ignore[index]
    counts = np.array(told["counts"])
    assert counts.sum() == 5000
    assert counts[1].sum() == is_anomaly.sum()


def test_scores_that_are_all_the_same_have_a_histogram() -> None:
    told = unusual.histogram(np.full(9, 2.5), None, 2.5, " nats")
    assert told["high"] > told["low"]  # type: ignore[operator]
    assert np.sum(told["counts"]) == 9


def test_compare_tells_only_the_settings_that_differ(bars: Dataset) -> None:
    wide = store_model(bars, trained(bars, small(latents=3)))
    plain = store_model(bars, trained(bars, small(), objective=BetaVAE(beta=3.0)))
    app = open_page("compare", models=f"{plain},{wide}")
    table = app.table[0].value
    assert list(table.columns) == ["β-VAE with β = 3 · 2 latents", "VAE · 3 latents"]
    assert list(table.index) == ["model.latents", "objective", "objective.beta", "epoch of the model", "parameters"]
    assert table.loc["objective.beta"].tolist() == ["3.0", "–"]


def test_compare_measures_every_model_with_intervals(bars: Dataset) -> None:
    plain = trained(bars, small(posterior="deterministic"), epochs=1, objective=Autoencoder())
    ids = [store_model(bars, checkpoint) for checkpoint in (trained(bars), plain)]
    app = open_page("compare", models=",".join(ids))
    press(app, "Measure all")
    deadline = time.monotonic() + 120
    while len(app.table) < 2 and time.monotonic() < deadline:
        time.sleep(0.3)
        app.run()
    figures = app.table[1].value
    assert list(figures.columns) == ["VAE · 2 latents", "Autoencoder · 2 latents"]
    assert figures.loc["−ELBO: Reconstruction loss"].str.contains("±").all()
    assert figures.loc["−ELBO: Reconstruction loss"].nunique() == 2
    assert figures.loc["−ELBO: −ELBO"].tolist()[1] == "–"


def test_compare_wants_two_models_of_one_dataset(bars: Dataset, model: str) -> None:
    assert "Choose two to four models" in open_page("compare", models=model).info[0].value
    other = stroke_dataset(70)
    foreign = store_model(other, trained(other))
    assert "different datasets" in open_page("compare", models=f"{model},{foreign}").error[0].value


def test_compare_says_that_a_link_names_more_than_are_shown(bars: Dataset, model: str) -> None:
    told = "The link names 5; the first 4 are shown."
    five = ["digits-2d", "digits-ae", "digits-beta", "mnist-2d", model]
    assert told in [caption.value for caption in open_page("compare", models=",".join(five)).caption]
    assert not any("The link names" in caption.value for caption in open_page("compare", models=model).caption)


def test_compare_warns_of_what_does_not_compare(bars: Dataset) -> None:
    other = store_model(bars, trained(bars, small("mlp", "gaussian")))
    app = open_page("compare", models=f"{store_model(bars, trained(bars))},{other}")
    assert "likelihoods differ" in app.warning[0].value


def test_words_that_a_spreadsheet_would_run_are_words() -> None:
    table = pd.DataFrame({"name": ["=HYPERLINK(1)", "plain", "+1", "-x", "@y"], "value": [-1.5, 2, 3, 4, 5]})
    lines = as_csv(table).splitlines()
    assert lines[1:] == ["'=HYPERLINK(1),-1.5", "plain,2.0", "'+1,3.0", "'-x,4.0", "'@y,5.0"]


def test_trio_is_trained_on_a_dataset_of_ones_own(bars: Dataset, end_runs: None) -> None:
    stored_datasets.save(bars)
    app = open_page("compare", models="")
    press(app, "Train the three")
    app = open_page("compare", models="")
    assert len(runs.list_runs()) == 3
    found = [run.config for run in runs.list_runs()]
    assert {config.objective.name for config in found} == {"autoencoder", "vae", "beta-vae"}
    assert {config.dataset_id for config in found} == {bars.id}
