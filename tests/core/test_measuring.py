"""Measuring a model with every measure of the table: what is told, of what, and what cannot be measured."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import store_model
from vae_core import checkpoints, computations, notebook, stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.computations import Request
from vae_core.config import ModelConfig
from vae_core.datasets import SAMPLES, Dataset
from vae_core.errors import MetricError, NotFoundError
from vae_core.evaluation import chosen_examples
from vae_core.example import ExampleSpec
from vae_core.measuring import Measures, measure
from vae_core.metrics import METRICS, Material
from vae_core.metrics.features import random_features
from vae_core.metrics.mmd import maximum_mean_discrepancy
from vae_core.metrics.precision_recall import precision_recall
from vae_core.objectives import Autoencoder

Wait = Callable[[Callable[[], bool], float], None]


@pytest.fixture(scope="module")
def many() -> Dataset:
    """A known factor says where the bar is, another whether it lies or stands."""
    plain = stroke_dataset(240)
    place = plain.x[..., 0].reshape(240, -1).argmax(1) % 8  # where the first bright pixel is
    factors = np.stack([place, np.asarray(plain.labels)], axis=1).astype(np.int32)
    return replace(plain, factors=factors, factor_names=("place", "lies"))


@pytest.fixture(scope="module")
def model(many: Dataset) -> Checkpoint:
    return trained(many, epochs=3)


@pytest.fixture(scope="module")
def found(model: Checkpoint, many: Dataset) -> Measures:
    return measure(Material(model, many, "all"))


def test_every_measure_of_the_table_is_told_with_its_count(found: Measures) -> None:
    assert set(found.found) == set(METRICS)
    assert found.refused == {}
    for one in found.found.values():
        for figure in one.figures:
            assert math.isfinite(figure.value)
            assert figure.error is None or figure.error >= 0
            assert figure.count > 1
            assert bool(figure.against_is) == (figure.against is not None)


def test_negative_elbo_is_that_of_evaluate_and_the_sum_of_its_parts(
    found: Measures, model: Checkpoint, many: Dataset
) -> None:
    negative, reconstruction, kl = found.found["elbo"].figures
    assert negative.value == pytest.approx(reconstruction.value + kl.value, abs=1e-3)
    assert sum(found.found["elbo"].arrays["kl"]) == pytest.approx(kl.value, abs=1e-3)
    evaluated = notebook.evaluate(model, many)
    assert evaluated.elbo is not None
    assert negative.value == pytest.approx(-evaluated.elbo.mean, abs=1e-3)
    assert negative.error == pytest.approx(evaluated.elbo.error, rel=1e-3)


def test_importance_weighted_bound_is_not_above_the_negative_elbo_beside_it(found: Measures) -> None:
    [bound] = found.found["bound"].figures
    assert bound.against is not None
    assert bound.value <= bound.against


def test_precision_is_that_of_decoded_prior_samples_as_the_dataset_would_store_them(
    found: Measures, model: Checkpoint, many: Dataset
) -> None:
    latents = model.sample(len(many), "prior", 0)
    pictures = np.rint(model.decode(latents) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    expected = precision_recall(random_features(many.x), random_features(pictures))
    told = {(f.name, f.of): f.value for f in found.found["neighbourhoods"].figures}
    assert told["Precision", "prior, features"] == expected.precision
    assert told["Recall", "prior, features"] == expected.recall


def test_other_real_examples_are_the_floor_where_there_are_some(model: Checkpoint, many: Dataset) -> None:
    held_out = Material(model, many, "validation")
    learnt = np.sort(chosen_examples(many, "training", 0.1, 0).numpy())
    evenly = learnt[np.linspace(0, len(learnt) - 1, 24).astype(int)]
    np.testing.assert_array_equal(held_out.samples("others"), many.x[evenly])
    assert not set(learnt) & set(held_out.index)
    assert "others" not in Material(model, many, "all").sources
    assert set(Material(model, many, "training").sources) == {"prior", "mixture", "others"}


def test_extremes_run_from_the_least_loss_to_the_largest(found: Measures, model: Checkpoint, many: Dataset) -> None:
    losses = [one.loss for one in found.extremes]
    assert losses == sorted(losses)
    vae = model.model()
    with torch.no_grad():
        x = torch.from_numpy(many.x).permute(0, 3, 1, 2) / 255
        each = vae.loss_map(x, vae.encode(x).mean).flatten(1).sum(1).numpy()
    assert found.extremes[0].loss == pytest.approx(each.min(), rel=1e-4)
    assert found.extremes[-1].loss == pytest.approx(each.max(), rel=1e-4)
    assert found.extremes[-1].index == each.argmax()


@pytest.mark.parametrize("code", ["active", "all", "samples"])
def test_measures_with_known_factors_say_on_which_code(many: Dataset, code: str) -> None:
    collapsed = trained(many, epochs=1)
    material = Material(collapsed, many, "all", code)  # type: ignore[arg-type]
    material.codes.mean[:] *= (100, 1e-3)  # one far above the variance of an active unit, the other below
    found = measure(material)
    assert len(found.found["gap"].arrays["information"]) == (1 if code == "active" else 2)
    assert found.dimensions == ((0,) if code == "active" else (0, 1))
    note = found.found["gap"].note
    said = {"active": "the 1 active of 2", "all": "means, all 2", "samples": "samples of the posteriors"}
    assert said[code] in note


def test_dataset_without_known_factors_has_no_such_measures(model: Checkpoint, many: Dataset) -> None:
    found = measure(Material(model, replace(many, factors=None, factor_names=()), "all"))
    assert {METRICS[name].section for name in found.found} == {"bound", "codes", "samples"}


def test_autoencoder_is_not_measured_by_what_it_has_not(many: Dataset) -> None:
    config = small(posterior="deterministic")
    found = measure(Material(trained(many, config, objective=Autoencoder()), many, "all"))
    assert [figure.name for figure in found.found["elbo"].figures] == ["Reconstruction loss"]
    assert "bound" not in found.found
    assert {"aggregate", "prior_mmd"} <= set(found.refused)
    assert {f.of.split(",")[0] for f in found.found["neighbourhoods"].figures} == {"mixture"}


@pytest.mark.parametrize("config", [small(conditional=True), small(prior="mixture"), small("conv", "gaussian")])
def test_every_sort_of_model_is_measured(many: Dataset, config: ModelConfig) -> None:
    found = measure(Material(trained(many, config, epochs=1), many, "all"))
    assert set(found.found) | set(found.refused) == set(METRICS)
    assert set(found.refused) == ({"aggregate"} if config.prior.name == "mixture" else set())


def test_table_is_compared_in_columns_and_names_are_drawn_whole() -> None:
    houses = SAMPLES["houses"]()
    few = replace(houses, x=houses.x[:300], labels=None, label_names=(), known_id=None)
    checkpoint = trained(few, small("mlp", "mixed"), epochs=1)
    material = Material(checkpoint, few, "all")
    found = measure(material)
    assert {f.of for f in found.found["neighbourhoods"].figures} == {"prior, columns", "mixture, columns"}
    start, stop = ExampleSpec.of(few.schema).names[0]
    assert (material.samples("prior")[:, start:stop].sum(1) == 1).all()


def test_split_that_is_too_small_is_a_sentence(model: Checkpoint, many: Dataset) -> None:
    few = replace(many, x=many.x[:3], labels=None, factors=None, known_id=None)
    with pytest.raises(MetricError, match="Measure on all of them"):
        Material(model, few, "validation")


def test_measuring_is_computed_once_and_kept_by_its_options(many: Dataset, model: Checkpoint, wait_for: Wait) -> None:
    id = store_model(many, model)
    version = checkpoints.version(id)
    options = {"dataset": many.id, "split": "all", "code": "active", "seed": 0}
    request = Request(kind="measures", checkpoint_id=id, version=version, options=options)
    computations.start(request)
    wait_for(lambda: computations.status(request).state in ("done", "failed"), 120)
    kept = computations.result(request)
    found = Measures.model_validate_json(kept.read_bytes())
    assert found.dataset_id == many.id
    before = kept.stat().st_mtime_ns
    computations.start(request)
    assert computations.result(request).stat().st_mtime_ns == before
    other = request.model_copy(update={"options": options | {"split": "training"}})
    assert computations.status(other).state == "absent"
    checkpoints.locate(id).touch()
    with pytest.raises(NotFoundError, match="trained on since"):
        computations.result(request)


def test_measuring_on_a_dataset_that_is_gone_fails_with_a_sentence(stored_model: str, wait_for: Wait) -> None:
    version = checkpoints.version(stored_model)
    options = {"dataset": "a" * 26, "split": "all", "code": "active", "seed": 0}
    request = Request(kind="measures", checkpoint_id=stored_model, version=version, options=options)
    computations.start(request)
    wait_for(lambda: computations.status(request).state == "failed", 120)
    assert computations.status(request).message.endswith(".")
    assert str(stored_datasets.workspace.root()) not in computations.status(request).message


def test_codes_are_held_against_the_prior_that_the_model_has(many: Dataset) -> None:
    checkpoint = trained(many, small(prior="mixture"), epochs=3)
    material = Material(checkpoint, many, "all")
    [figure] = measure(material).found["prior_mmd"].figures
    noise = np.random.default_rng(0).standard_normal(material.codes.mean.shape)
    latents = material.codes.mean + material.codes.std * noise
    own = maximum_mean_discrepancy(checkpoint.sample(len(many), "prior", 0), latents)
    other = maximum_mean_discrepancy(np.random.default_rng(1).standard_normal(latents.shape), latents)
    assert figure.value == pytest.approx(own.squared, abs=1e-6)
    assert abs(own.squared - other.squared) > 1e-3


def test_mixture_is_fitted_to_what_was_learnt_even_when_another_dataset_is_measured(
    model: Checkpoint, many: Dataset
) -> None:
    foreign = replace(many, x=255 - many.x, factors=None, labels=None, label_names=(), known_id=None)
    assert model.codes is not None
    latents = Material(model, foreign, "all").latents("mixture", 4000)
    np.testing.assert_allclose(latents.mean(0), model.codes.mean.mean(0), atol=0.1 * model.codes.mean.std())
    without = Material(replace(model, codes=None), foreign, "all")
    assert "mixture" not in without.sources


def test_value_beyond_all_numbers_refuses_its_measure_alone() -> None:
    houses = SAMPLES["houses"]()
    few = replace(houses, x=houses.x[:80].copy(), labels=None, label_names=(), known_id=None)
    checkpoint = trained(few, small("mlp", "mixed"), epochs=1)
    few.x[3, 0] = 1e22
    found = measure(Material(checkpoint, few, "all"))
    assert "no finite number" in found.refused["elbo"]
    assert Measures.model_validate_json(found.model_dump_json()) == found
    assert found.extremes[-1].index == 3
