"""The routes of the app, in process: what the explorer fetches, and what must not be had."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pages.ui import answers, browser_runtime, cache, explorer, plotly_script, served
from pages.ui.routes import routes
from tests.conftest import stroke_dataset
from tests.stored import address
from vae_core import checkpoint_file, checkpoints, stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset, TableSchema
from vae_core.errors import NotFoundError, ReplacedError
from vae_core.latents.codes import Codes


def test_decoder_codes_and_pictures_are_served(client: TestClient, stored_model: str, tiny_images: Dataset) -> None:
    for half in ("decoder", "encoder"):
        assert len(client.get(f"{address(stored_model)}/{half}.onnx").content) > 1000
    codes = client.get(address(stored_model) + "/codes").content
    assert len(codes) == 40 * (2 * 4 + 2 * 4 + 4)
    kept = checkpoints.load(checkpoints.locate(stored_model)).codes
    assert kept is not None
    np.testing.assert_array_equal(np.frombuffer(codes[: 40 * 8], "<f4"), kept.mean.ravel())
    np.testing.assert_array_equal(np.frombuffer(codes[40 * 8 : 40 * 16], "<f4"), kept.std.ravel())
    np.testing.assert_array_equal(np.frombuffer(codes[40 * 16 :], "<i4"), tiny_images.labels)
    pictures = client.get(f"/studio/datasets/{tiny_images.id}/thumbnails")
    assert pictures.content == tiny_images.x.tobytes()
    assert "immutable" in pictures.headers["cache-control"]


def test_newest_model_opens_though_training_replaces_it_meanwhile(
    stored_model: str, tiny_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fast training is done with an epoch whenever one looks."""
    path, read, epochs = checkpoints.locate(stored_model), checkpoint_file.read, []

    def read_and_replace(path: Path) -> tuple:
        found = read(path)
        epochs.append(checkpoints.version(stored_model))
        checkpoints.save(tiny_checkpoint, path)
        return found

    monkeypatch.setattr(checkpoint_file, "read", read_and_replace)
    model = cache.newest_model(stored_model)
    assert [model.version] == epochs != [checkpoints.version(stored_model)]
    with pytest.raises(ReplacedError):
        cache.open_model(stored_model, "0")
    path.unlink()
    with pytest.raises(NotFoundError, match="is not here"):
        cache.newest_model(stored_model)


def test_addresses_of_codes_and_thumbnails_change_with_the_code_that_makes_them(
    client: TestClient, stored_model: str, tiny_images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept for ever: a size or a floor that is another in a later release must be seen."""
    model, source = cache.newest_model(stored_model), tmp_path / "code.py"
    codes, layout = (made(model.id, model.version) for made in (cache.codes, cache.layout))
    seen = set()
    for text in ("SIZE = 1", "SIZE = 2"):
        source.write_text(text)
        monkeypatch.setattr(explorer, "CODE_DIGEST", answers.digest(source))
        told = explorer.describe(model, codes, layout, tiny_images, "/studio")
        addresses = told["codes"]["url"], told["thumbnails"]["url"]
        assert all(client.get(address).status_code == 200 for address in addresses)
        seen |= set(addresses)
    assert len(seen) == 4
    assert {source.name for source in answers.MADE_BY} >= {"explorer.py", "density.py", "codes.py"}
    assert explorer.CODE_DIGEST != answers.CODE_DIGEST == answers.digest(*answers.MADE_BY)


def test_points_in_the_plane_are_served_whole_and_other_rows_are_not(client: TestClient, stored_model: str) -> None:
    random = np.random.default_rng(0)
    for width, status in ((2, 200), (3, 404)):
        columns = {f"c{k}": random.normal(size=60_000) for k in range(width)}
        schema = TableSchema.fit(columns)
        dataset = Dataset("rows", schema.to_x(columns), schema, None, ())
        stored_datasets.save(dataset)
        answer = client.get(f"/studio/datasets/{dataset.id}/points")
        assert answer.status_code == status
        if status == 200:
            assert answer.content == dataset.x.tobytes()
            assert "immutable" in answer.headers["cache-control"]
    pictures = cache.newest_model(stored_model).checkpoint.config.dataset_id
    assert client.get(f"/studio/datasets/{pictures}/points").status_code == 404


def test_socket_decodes_what_the_model_decodes(
    client: TestClient, stored_model: str, tiny_checkpoint: Checkpoint
) -> None:
    vae = tiny_checkpoint.model()
    with client.websocket_connect(address(stored_model) + "/decode") as socket:
        for z in torch.randn(5, 1, 2):
            socket.send_bytes(z.numpy().astype("<f4").tobytes())
            found = np.frombuffer(socket.receive_bytes(), "<f4").reshape(1, 1, 8, 8)
            np.testing.assert_allclose(found, vae.decode(z).detach().numpy(), atol=1e-6)


def test_socket_encodes_what_the_model_encodes(
    client: TestClient, stored_model: str, tiny_checkpoint: Checkpoint, tiny_images: Dataset
) -> None:
    vae = tiny_checkpoint.model()
    with client.websocket_connect(address(stored_model) + "/encode") as socket:
        for x in torch.rand(3, 1, 1, 8, 8):
            socket.send_bytes(x.numpy().astype("<f4").tobytes())
            mean, std = np.split(np.frombuffer(socket.receive_bytes(), "<f4"), 2)
            posterior = vae.encode(x)
            np.testing.assert_allclose(mean, posterior.mean[0].detach().numpy(), atol=1e-6)
            np.testing.assert_allclose(std, posterior.stddev[0].detach().numpy(), atol=1e-6)


def test_names_of_examples_are_served(client: TestClient, stored_model: str, tiny_images: Dataset) -> None:
    assert client.get(f"/studio/datasets/{tiny_images.id}/names").json() == []
    named = replace(stroke_dataset(4), names=("a", "=b", "c", "d"))
    stored_datasets.save(named)
    assert client.get(f"/studio/datasets/{named.id}/names").json() == ["a", "=b", "c", "d"]


@pytest.mark.parametrize("deterministic", [False, True])
def test_sliders_stand_in_order_and_hold_their_own_codes(deterministic: bool) -> None:
    random = np.random.default_rng(0)
    mean = random.normal(size=(500, 4)) * [0.01, 1.0, 5.0, 0.5] + [0, 2, 0, 0]
    kl = np.zeros((500, 4)) if deterministic else np.tile([0.0, 1.5, 0.7, 2.0], (500, 1))
    std = np.zeros_like(mean) if deterministic else np.full_like(mean, 0.1)
    codes = Codes("0" * 12, mean.astype("f4"), std.astype("f4"), kl.astype("f4"), None, ())
    found = explorer.layout(codes, has_standard_prior=not deterministic)
    assert found.order == ([2, 1, 3, 0] if deterministic else [3, 1, 2, 0])
    assert found.collapsed == ([] if deterministic else [0])
    low, high = np.array(found.ranges).T
    inside = (mean >= low) & (mean <= high)
    assert (inside.mean(0) >= 0.99).all()
    assert ((high - low)[1:] < 1.2 * np.ptp(mean, 0)[1:] + 0.2).all()
    assert (high - low)[0] == (6 if not deterministic else pytest.approx(np.ptp(mean[:, 0]), rel=2))


def test_socket_refuses_other_sites_wrong_sizes_and_unknown_models(client: TestClient, stored_model: str) -> None:
    path = address(stored_model) + "/decode"
    for where, headers in ((path, {"origin": "https://elsewhere.example"}), ("/studio/models/none/0/decode", {})):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(where, headers=headers):
            pass
    for message in ({"bytes": b"123"}, {"text": "1,2"}):
        with client.websocket_connect(path, headers={"origin": "http://testserver"}) as socket:
            socket.send({"type": "websocket.receive", **message})
            with pytest.raises(WebSocketDisconnect):
                socket.receive_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "/studio/models/nothing/0/codes",
        "/studio/models/..%2f..%2fetc/0/codes",
        "/studio/datasets/../../../etc/passwd/thumbnails",
        "/studio/components/0/latent_pad/__init__.py",
        "/studio/components/0/latent_pad/package.json",
        "/studio/runtime/0/package.json",
        "/studio/models/digits-2d/anything/codes",
        "/studio/models/digits-2d/0/decoder.onnx",
    ],
)
def test_nothing_else_can_be_had(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert str(Path.cwd()) not in answer.text


def test_components_modules_and_plotly_are_served_as_javascript(client: TestClient) -> None:
    modules = explorer.component("film", "/studio")["modules"].removesuffix("film/")
    for name in explorer.component_files():
        answer = client.get(modules + name)
        assert answer.headers["content-type"].startswith("text/javascript")
    script = client.get("/studio/plotly/7.1.0.js")
    assert script.headers["content-encoding"] == "gzip"
    assert script.content == b"//# allFunctionsCalledOnLoad\n" + plotly_script.FILE.read_bytes()


def test_base_path_of_the_server_is_kept() -> None:
    st.config.set_option("server.baseUrlPath", "class/vae")
    try:
        assert {route.path.split("/studio/")[0] for route in routes()} == {"/class/vae"}  # type: ignore[attr-defined]
    finally:
        st.config.set_option("server.baseUrlPath", "")


def test_description_says_why_the_server_decodes(
    stored_model: str, tiny_images: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = cache.newest_model(stored_model)
    assert explorer.why_server(model.vae.decoder, "decoder", installed=True) == ""
    assert "not installed" in explorer.why_server(model.vae.decoder, "decoder", installed=False)
    monkeypatch.setattr(explorer, "BROWSER_PARAMETERS", 10)
    assert "too large" in explorer.why_server(model.vae.decoder, "decoder", installed=True)


def test_many_labels_are_grouped_by_their_first_folder() -> None:
    names = tuple(f"{a}/{k:02}" for a in ("Greek", "Latin") for k in range(20))
    assert explorer.map_groups(names) == {"names": ["Greek", "Latin"], "of_label": [0] * 20 + [1] * 20}
    assert explorer.map_groups(("x", "y")) == {"names": ["x", "y"], "of_label": [0, 1]}
    assert explorer.map_groups(()) == {"names": ["all"], "of_label": [0]}


@pytest.mark.parametrize(
    ("count", "side", "channels", "expected"),
    [(1797, 8, 1, (8, 1797)), (60_000, 28, 1, (28, 16_049)), (2720, 128, 1, (64, 2720)), (5000, 48, 3, (32, 4096))],
)
def test_thumbnails_fit_their_budget(count: int, side: int, channels: int, expected: tuple[int, int]) -> None:
    plan = served.thumbnail_plan(count, side, channels)
    assert plan.side**2 * plan.count * channels <= served.THUMBNAIL_BYTES
    assert (plan.side, plan.count) == expected


def test_thumbnails_are_reduced_pictures_in_order() -> None:
    dataset = stroke_dataset(count=6, side=64)
    assert served.thumbnails(dataset).shape == (6, 64, 64, 1)


def test_missing_npm_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(browser_runtime, "FOLDER", tmp_path / "runtime")
    monkeypatch.setattr(browser_runtime, "_npm", lambda: ["/nowhere/npm"])
    assert browser_runtime.install() is False
    assert not browser_runtime.is_installed()
    told = explorer.libraries("/studio")
    assert (told["plotly"], told["runtime"]) == ("/studio/plotly/7.1.0.js", None)


def test_bundle_of_plotly_is_of_the_wheels_version() -> None:
    [version] = re.findall(rb"plotly\.js v([\d.]+)", plotly_script.FILE.read_bytes()[:200])
    assert browser_runtime.pinned()["plotly.js"] == version.decode()
