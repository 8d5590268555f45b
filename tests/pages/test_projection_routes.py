"""The routes of t-SNE, in process: started by our own pages, seen by everybody, had once it is computed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.conftest import stroke_dataset, trained
from tests.small import small
from tests.stored import address, store_model
from vae_core import checkpoints
from vae_core.latents import projection

SECONDS = 120.0


def stored(count: int = 60) -> str:
    dataset = stroke_dataset(count)
    return store_model(dataset, trained(dataset, small(latents=4)))


def test_map_is_started_by_a_visitor_seen_by_all_and_served(
    client: TestClient, wait_for: Callable[[Callable[[], bool], float], None]
) -> None:
    id = stored()
    here = address(id) + "/tsne"
    before = client.get(here + "/status")
    assert before.headers["cache-control"] == "no-store"
    assert before.json()["state"] == "absent"
    assert before.json()["seconds"] == pytest.approx(projection.seconds(60))
    assert client.get(here).status_code == 404
    started = client.post(here, headers={"origin": "http://testserver"})
    assert started.json()["state"] in ("queued", "running")
    assert started.headers["cache-control"] == "no-store"
    wait_for(lambda: client.get(here + "/status").json()["state"] == "done", SECONDS)
    answer = client.get(here)
    assert "immutable" in answer.headers["cache-control"]
    codes = checkpoints.load(checkpoints.locate(id)).codes
    assert codes is not None
    places = np.frombuffer(answer.content, "<f4").reshape(-1, 2)
    np.testing.assert_array_equal(places, projection.tsne(codes.mean))
    assert client.post(here).json()["state"] == "done"


def test_other_sites_start_nothing(client: TestClient) -> None:
    here = address(stored()) + "/tsne"
    for origin in ("https://elsewhere.example", "null"):
        assert client.post(here, headers={"origin": origin}).status_code == 403
    assert client.get(here + "/status").json()["state"] == "absent"


def test_codes_that_have_no_map_are_told_before_anybody_asks(client: TestClient) -> None:
    dataset = stroke_dataset(60)
    checkpoint = trained(dataset, small(latents=4))
    assert checkpoint.codes is not None
    same = replace(checkpoint.codes, mean=np.zeros_like(checkpoint.codes.mean))
    here = address(store_model(dataset, replace(checkpoint, codes=same))) + "/tsne"
    for status in (client.get(here + "/status").json(), client.post(here).json()):
        assert status["state"] in ("impossible", "failed")
        assert status["message"].startswith("All codes are the same")


@pytest.mark.parametrize("model", ["nothing/0", "..%2f..%2fetc/0", "digits-2d/0", "digits-2d/..%2f..%2fetc"])
def test_other_models_and_versions_have_none(client: TestClient, model: str) -> None:
    for ask in (client.get, client.post):
        assert ask(f"/studio/models/{model}/tsne").status_code == 404
    assert client.get(f"/studio/models/{model}/tsne/status").status_code == 404


def test_version_that_was_trained_on_is_gone_although_it_is_remembered(client: TestClient) -> None:
    import os

    id = stored()
    here = address(id) + "/tsne"
    assert client.get(here + "/status").json()["state"] == "absent"
    os.utime(checkpoints.locate(id), (5, 5))
    for answer in (client.get(here + "/status"), client.post(here), client.get(here)):
        assert answer.status_code == 404
        assert answer.text.startswith("This model has been trained on since")
