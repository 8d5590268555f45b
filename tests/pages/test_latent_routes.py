"""The routes of ways through latent space and of concepts, in process."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import address, store_model
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset


def test_paths_are_served_with_their_pictures(client: TestClient, stored_model: str) -> None:
    here = address(stored_model)
    given = client.get(f"{here}/paths?a=0,1&b=1,-0.5")
    assert given.headers["cache-control"] == "no-store"  # another machine, or hour, finds another geodesic
    answer = given.json()
    assert list(answer) == ["linear", "spherical", "density", "geodesic"]
    for way in answer.values():
        assert way["latents"][0] == pytest.approx([0, 1], abs=1e-5)
        assert way["latents"][-1] == pytest.approx([1, -0.5], abs=1e-5)
        assert sum(way["speed"]) == pytest.approx(way["length"], rel=1e-5)
    for kind, beginning in (("gif", b"GIF89a"), ("png", b"\x89PNG")):
        pictures = client.get(f"{here}/path.{kind}?a=0,1&b=1,-0.5&name=spherical")
        assert pictures.content.startswith(beginning)
        assert pictures.headers["cache-control"] == "no-store"
        assert f"path-spherical.{kind}" in pictures.headers["content-disposition"]


@pytest.mark.parametrize(
    "asked",
    ["paths?a=0,1", "paths?a=0,1&b=1", "paths?a=0,1&b=nan,1", "paths?a=0,1&b=x,1", "paths?a=0,1&b=1e9,1",
     "path.gif?a=0,1&b=1,1&name=shortcut", "path.exe?a=0,1&b=1,1&name=linear"],
)  # fmt: skip
def test_paths_between_no_points_are_refused(client: TestClient, stored_model: str, asked: str) -> None:
    answer = client.get(f"{address(stored_model)}/{asked}")
    assert answer.status_code == 404
    assert answer.text.startswith(("A point of this model is 2 numbers", "There is no such path"))


@pytest.mark.parametrize("label", ["", "2", "-1", "x", "²", "9" * 5000])
def test_paths_of_a_conditional_model_want_one_of_its_labels(client: TestClient, label: str) -> None:
    dataset = stroke_dataset()
    here = address(store_model(dataset, trained(dataset, small(conditional=True))))
    answer = client.get(f"{here}/paths?a=0,1&b=1,1&label={label}")
    assert (answer.status_code, answer.text) == (404, "This model wants the number of one of its labels.")
    assert client.get(f"{here}/path.png?a=0,1&b=1,1&label=1").status_code == 200


def test_concepts_are_made_listed_and_forgotten(
    client: TestClient, stored_model: str, tiny_checkpoint: Checkpoint
) -> None:
    at = address(stored_model) + "/concepts"
    question = {"name": "high", "group": list(range(20)), "other": list(range(20, 40))}
    assert client.get(at).json() == []
    made = client.post(at, json=question)
    assert made.status_code == 201
    assert tiny_checkpoint.codes is not None
    mean = tiny_checkpoint.codes.mean
    np.testing.assert_allclose(made.json()["vector"], mean[:20].mean(0) - mean[20:].mean(0), rtol=1e-5)
    assert client.get(at).json() == [made.json()]
    assert made.json()["is_current"] is True
    assert client.get(at).headers["cache-control"] == "no-store"
    assert client.delete(f"{at}/{made.json()['id']}").status_code == 204
    assert client.get(at).json() == []


def test_codes_are_hashed_once_however_many_concepts_are_listed(
    client: TestClient, stored_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = address(stored_model) + "/concepts"
    for name in "abc":
        client.post(at, json={"name": name, "group": list(range(20)), "other": list(range(20, 40))})
    hashed, sha256 = [], hashlib.sha256
    monkeypatch.setattr(hashlib, "sha256", lambda content: hashed.append(len(content)) or sha256(content))
    assert [one["is_current"] for one in client.get(at).json()] == [True] * 3
    assert hashed == [40 * 2 * 4]


def test_codes_that_are_no_numbers_are_told_of_and_the_question_is_not_blamed(
    client: TestClient, tiny_images: Dataset, tiny_checkpoint: Checkpoint
) -> None:
    """Of a model so far astray that its codes overflow, read from a file that holds none."""
    weights = {
        name: values * 1e30 if name.startswith("encoder") else values
        for name, values in tiny_checkpoint.weights.items()
    }
    id = store_model(tiny_images, replace(tiny_checkpoint, weights=weights, codes=None))
    answer = client.post(address(id) + "/concepts", json={"name": "a", "group": [2, 3], "other": [4, 5]})
    assert answer.status_code == 400
    assert answer.text.startswith("4 of these samples have codes that are no numbers")


@pytest.mark.parametrize(
    ("question", "headers", "status", "sentence"),
    [
        (b"{}", {}, 400, "made of a name and two groups"),
        (b'{"name": "a", "group": [0.5], "other": [1]}', {}, 400, "made of a name and two groups"),
        (b'{"name": "a", "group": [0, 40], "other": [1, 2]}', {}, 404, "codes of 40 samples"),
        (b'{"name": "a", "group": [-1, 0], "other": [1, 2]}', {}, 404, "codes of 40 samples"),
        (b'{"name": "a", "group": [99999999999999999999], "other": [1, 2]}', {}, 400, "made of a name and two groups"),
        (b'{"name": "a", "group": [0, 1], "other": [1, 2]}', {}, 400, "1 samples are in both"),
        (b'{"name": " ", "group": [0, 1], "other": [2, 3]}', {}, 400, "Give the concept a name"),
        (b'{"name": "a", "group": [0, 1], "other": [2, 3]}', {"origin": "https://elsewhere.example"}, 403, "our own"),
        (b" " * (8 * 2**20 + 1), {}, 413, "too large"),
    ],
)  # fmt: skip
def test_no_concept_is_made_of_what_is_none(
    client: TestClient, stored_model: str, question: bytes, headers: dict[str, str], status: int, sentence: str
) -> None:
    at = address(stored_model) + "/concepts"
    answer = client.post(at, content=question, headers=headers)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert client.get(at).json() == []
    elsewhere = {"origin": "https://elsewhere.example"}
    assert client.delete(at + "/any", headers=elsewhere).status_code == 403
    assert client.delete(at + "/any").status_code == 404
