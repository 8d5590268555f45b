"""The routes of the ledger, in process: what they tell is what the core finds, and it adds up."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from pages.ui import cache, ledger_routes
from tests.conftest import CPU, stroke_dataset
from tests.small import LIKELIHOODS, small
from tests.stored import address, store_model
from vae_core import stored_datasets
from vae_core.checkpoints import Checkpoint, build
from vae_core.config import TrainConfig
from vae_core.datasets import SAMPLES, Dataset
from vae_core.latents.true_posterior import true_posterior
from vae_core.ledger import ledger, ledger_at_mean
from vae_core.objectives import OBJECTIVES, Step
from vae_core.run_config import RunConfig
from vae_core.training import Training, split

CLOSE = 1e-4
OPTIONS: dict[str, dict[str, Any]] = {"beta-vae": {"beta": 4.0}, "iwae": {"samples": 3}, "info-vae": {"weight": 7.0}}
BATCH = 16

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def ask(client: TestClient, path: str) -> Answer:
    given = client.get(path)
    assert given.status_code == 200, given.text
    assert "immutable" in given.headers["cache-control"]
    content = given.content
    length = int.from_bytes(content[:4], "little")
    head = json.loads(content[4 : 4 + length])
    values, place, arrays = np.frombuffer(content, "<f4", offset=4 + length), 0, {}
    for name, size in head["arrays"]:
        arrays[name] = values[place : place + size]
        place += size
    assert place == len(values)
    return head, arrays


def stored(dataset: Dataset, name: str = "vae", train: dict[str, Any] | None = None, **model: Any) -> str:
    """The id of a model trained for one epoch for an objective."""
    objective = OBJECTIVES[name].model_validate(OPTIONS.get(name, {}))
    posterior = "deterministic" if objective.is_deterministic else "log-variance"
    config = RunConfig(
        dataset_id=dataset.id,
        model=small(posterior=posterior, **model),
        objective=objective,  # type: ignore[arg-type]
        train=TrainConfig(epochs=1, batch_size=BATCH, **(train or {})),
    )
    vae = build(config, dataset.schema, len(dataset.label_names))
    history = tuple(Training(vae, dataset, config, CPU))
    names = dataset.label_names
    return store_model(dataset, Checkpoint("tiny", config, dataset.schema, history, vae.state_dict(), names))


def batch(dataset: Dataset, place: int, alone: bool) -> torch.Tensor:
    learn, _ = split(len(dataset), TrainConfig().validation, TrainConfig().seed)
    index = torch.cat([torch.tensor([place]), learn[learn != place][: 0 if alone else BATCH - 1]])
    x = torch.from_numpy(dataset.x[index.numpy()].astype(np.float32))
    return x.permute(0, 3, 1, 2) / 255 if x.ndim == 4 else x


@pytest.mark.parametrize("at_mean", [False, True])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_ledger_is_that_of_the_core_for_the_same_seed_and_adds_up(
    client: TestClient, tiny_images: Dataset, name: str, at_mean: bool
) -> None:
    id = stored(tiny_images, name)
    head, arrays = ask(client, f"{address(id)}/ledger?example=7&seed=5" + ("&epsilon=0" if at_mean else ""))
    model = cache.newest_model(id)
    x = batch(tiny_images, 7, alone=name not in ledger_routes.OF_A_BATCH)
    learn, held_out = split(len(tiny_images), TrainConfig().validation, TrainConfig().seed)
    step = Step(len(learn), 1.0, torch.Generator().manual_seed(5))
    find = ledger_at_mean if at_mean else ledger
    expected = find(model.vae, model.checkpoint.config.objective, x, 0, step)
    np.testing.assert_array_equal(arrays["x"], x[0].flatten())
    for found, wanted in [
        ("decoded", expected.decoded),
        ("reconstruction", expected.reconstruction),
        ("kl", expected.kl),
        ("latents", expected.latents),
        ("mean", expected.mean),
        *((f"term {k}", term) for k, term in enumerate(expected.terms.values())),
    ]:
        np.testing.assert_array_equal(arrays[found], wanted.flatten(), found)
    assert head["terms"] == list(expected.terms)
    assert (head["label"], head["is_held_out"]) == ("|", 7 in held_out)
    parts = [arrays["reconstruction"], *(arrays[f"term {k}"] for k in range(len(head["terms"])))]
    assert sum(float(part.sum(dtype=np.float64)) for part in parts) == pytest.approx(
        float(arrays["loss"][0]), rel=CLOSE
    )


@pytest.mark.parametrize("likelihood", ["gaussian", "continuous-bernoulli", "mixed"])
def test_ledger_adds_up_for_other_likelihoods_and_for_tables(client: TestClient, likelihood: str) -> None:
    dataset = SAMPLES["moons"]() if likelihood == "mixed" else stroke_dataset()
    id = stored(dataset, likelihood=likelihood)
    _, arrays = ask(client, f"{address(id)}/ledger?example=0&seed=1")
    total = float(arrays["reconstruction"].sum(dtype=np.float64) + arrays["term 0"].sum(dtype=np.float64))
    assert total == pytest.approx(float(arrays["loss"][0]), rel=CLOSE)
    assert len(LIKELIHOODS) == 4  # the fourth is what all others here have


@pytest.mark.parametrize("name", OBJECTIVES)
def test_weight_that_is_marked_is_what_the_objective_multiplies_the_kl_by(
    client: TestClient, tiny_images: Dataset, name: str
) -> None:
    id = stored(tiny_images, name)
    head, arrays = ask(client, f"{address(id)}/ledger?example=3&seed=0")
    about = ledger_routes.describe(cache.newest_model(id), tiny_images, "/studio")
    is_weighted = [
        weight
        for k in range(len(head["terms"]))
        if len(arrays[f"term {k}"]) == len(arrays["kl"])
        for weight in [about["kl_weight"]]
        if weight is not None and np.allclose(arrays[f"term {k}"], weight * arrays["kl"], rtol=1e-5)
    ]
    assert len(is_weighted) == (about["kl_weight"] is not None)
    assert about["batch"] == (BATCH if name in ledger_routes.OF_A_BATCH else 1)


@pytest.mark.parametrize("name", sorted(set(OBJECTIVES) - ledger_routes.OF_A_BATCH))
def test_objectives_without_terms_of_a_batch_leave_each_example_its_own(tiny_images: Dataset, name: str) -> None:
    model = cache.newest_model(stored(tiny_images, name))
    x, objective = batch(tiny_images, 7, alone=False), model.checkpoint.config.objective
    found = [
        ledger_at_mean(model.vae, objective, part, 0, Step(30, 1.0, torch.Generator().manual_seed(0))).total
        for part in (x, x[:1])
        if objective.name != "denoising"  # its damage is drawn for the batch at once
    ]
    assert found == pytest.approx(found[:1] * len(found), rel=1e-5)


def test_another_seed_draws_another_sample_of_the_same_example(client: TestClient, stored_model: str) -> None:
    first, again, other = (
        ask(client, f"{address(stored_model)}/ledger?example=2&seed={seed}")[1] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first["latents"], again["latents"])
    assert not np.array_equal(first["latents"], other["latents"])
    for name in ("x", "kl", "mean", "std"):
        np.testing.assert_array_equal(first[name], other[name])


def test_binarised_targets_are_one_draw_that_rolling_does_not_change(client: TestClient) -> None:
    dataset = stroke_dataset()
    id = stored(dataset, train={"targets": "binarised"})
    first, other = (ask(client, f"{address(id)}/ledger?example=2&seed={seed}")[1]["x"] for seed in (1, 2))
    assert set(first.tolist()) == {0.0, 1.0}
    np.testing.assert_array_equal(first, other)


def test_conditional_model_is_told_the_label(client: TestClient, tiny_images: Dataset) -> None:
    id = stored(tiny_images, conditional=True)
    _, arrays = ask(client, f"{address(id)}/ledger?example=3&seed=0")
    model, x = cache.newest_model(id), batch(tiny_images, 3, alone=True)
    mean = [model.vae.encode(x, torch.tensor([label])).mean[0].detach().numpy() for label in (0, 1)]
    np.testing.assert_allclose(arrays["mean"], mean[1], rtol=1e-5)
    assert not np.allclose(mean[0], mean[1])


def test_posterior_is_that_of_the_core_and_its_elbo_is_that_of_samples(
    client: TestClient, tiny_images: Dataset, stored_model: str
) -> None:
    _, arrays = ask(client, f"{address(stored_model)}/ledger/posterior?example=4")
    expected = true_posterior(cache.newest_model(stored_model).vae, batch(tiny_images, 4, alone=True))
    np.testing.assert_allclose(arrays["log_density"], expected.log_density.flatten(), rtol=1e-6)
    assert float(arrays["gap"][0]) == pytest.approx(expected.gap, rel=1e-5)
    assert float(arrays["mass"][0]) == pytest.approx(1, abs=0.01)
    by_grid = float(arrays["log_evidence"][0] - arrays["gap"][0])
    assert by_grid == pytest.approx(float(arrays["elbo"][0]), abs=5 * float(arrays["error"][0]) + 0.01)


@pytest.mark.parametrize(("name", "model"), [("vae", {"latents": 3}), ("autoencoder", {})])
def test_no_posterior_where_there_is_none(
    client: TestClient, tiny_images: Dataset, name: str, model: dict[str, Any]
) -> None:
    id = stored(tiny_images, name, **model)
    answer = client.get(f"{address(id)}/ledger/posterior?example=0")
    assert (answer.status_code, answer.text.endswith("two latents only.")) == (404, True)
    assert ledger_routes.describe(cache.newest_model(id), tiny_images, "")["posterior"] is None


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("example=40&seed=0", "There is no such example: the dataset has 40"),
        ("example=-1&seed=0", "There is no such example"),
        ("example=x&seed=0", "There is no such example"),
        ("example=²&seed=0", "There is no such example"),
        ("seed=0", "There is no such example"),
        ("example=0", "A seed is a whole number"),
        ("example=0&seed=2147483648", "A seed is a whole number"),
        ("example=0&seed=" + "9" * 5000, "A seed is a whole number"),
    ],
)
def test_what_is_no_example_or_seed_is_refused_in_a_sentence(
    client: TestClient, stored_model: str, asked: str, sentence: str
) -> None:
    answer = client.get(f"{address(stored_model)}/ledger?{asked}")
    assert (answer.status_code, answer.text[: len(sentence)]) == (404, sentence)


def test_model_of_another_version_or_none_and_a_dataset_that_is_gone_are_refused_in_a_sentence(
    client: TestClient, stored_model: str, tiny_images: Dataset
) -> None:
    for part in ("ledger", "ledger/posterior"):
        for model, sentence in ((f"{stored_model}/0", "trained on since"), ("b" * 26 + "/0", "is not here")):
            answer = client.get(f"/studio/models/{model}/{part}?example=0&seed=0")
            assert (answer.status_code, sentence in answer.text) == (404, True), answer.text
    assert client.get(f"{address(stored_model)}/ledger?example=0&seed=0").status_code == 200
    stored_datasets.delete(tiny_images.id)
    answer = client.get(f"{address(stored_model)}/ledger?example=0&seed=0")
    assert (answer.status_code, "not in the workspace" in answer.text) == (404, True)


def test_loss_that_overflows_is_told_of(client: TestClient, tiny_images: Dataset, tiny_checkpoint: Checkpoint) -> None:
    weights = {
        name: values * 1e30 if name.startswith("encoder") else values
        for name, values in tiny_checkpoint.weights.items()
    }
    id = store_model(tiny_images, replace(tiny_checkpoint, weights=weights, codes=None))
    answer = client.get(f"{address(id)}/ledger?example=0&seed=0")
    assert (answer.status_code, "no finite number" in answer.text) == (404, True)
