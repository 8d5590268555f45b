"""A model as one takes it away: a ZIP whose parts work without this app."""

import io
import json
import runpy
import zipfile
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.conftest import trained
from tests.small import small
from tests.stored import address, store_model
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset

FILES = "card.md checkpoint.safetensors codes.csv codes.parquet decode.py decoder.onnx encoder.onnx model.ipynb"


def folder_of(content: bytes, target: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(target)
    return target / "model"


@pytest.mark.parametrize("conditional", [False, True])
def test_notebook_and_snippet_run_beside_the_files_and_decode_what_the_model_does(
    conditional: bool, client: TestClient, tiny_images: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = trained(tiny_images, small(conditional=conditional))
    assert given.codes is not None
    answer = client.get(address(store_model(tiny_images, given)) + "/model.zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="model.zip"'
    folder = folder_of(answer.content, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == FILES.split()
    expected = given.decode(np.zeros((1, 2)), np.array([0]) if conditional else None)
    monkeypatch.chdir(folder)

    cells = json.loads((folder / "model.ipynb").read_text("utf-8"))["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    Path("cells.py").write_text("\nby_onnx = x\n".join(sources), "utf-8")
    found = runpy.run_path("cells.py")
    np.testing.assert_allclose(found["by_onnx"], expected, atol=1e-4)
    np.testing.assert_allclose(found["x"], expected, atol=1e-6)
    np.testing.assert_array_equal(found["codes"][["mean_1", "mean_2"]], given.codes.mean)
    assert list(found["codes"]["label"]) == ["-|"[k] for k in given.codes.labels]  # type: ignore[union-attr]

    np.testing.assert_allclose(runpy.run_path("decode.py")["x"], expected, atol=1e-6)
    kept = Checkpoint.load("checkpoint.safetensors")
    assert kept.codes is not None
    np.testing.assert_array_equal(kept.codes.mean, given.codes.mean)
    assert kept.optimizer == {}


def test_bundled_model_has_its_own_card(client: TestClient, tmp_path: Path) -> None:
    folder = folder_of(client.get(address("digits-2d") + "/model.zip").content, tmp_path)
    assert "CC BY 4.0" in (folder / "card.md").read_text("utf-8")


def test_notebook_is_had_alone_too(client: TestClient, stored_model: str) -> None:
    assert json.loads(client.get(address(stored_model) + "/model.ipynb").content)["nbformat"] == 4


def test_model_that_is_not_there_is_a_sentence(client: TestClient) -> None:
    for name in ("model.zip", "explorer.html", "model.ipynb"):
        answer = client.get(f"/studio/models/{'b' * 26}/1/{name}")
        assert answer.status_code == 404
        assert "This model is not here" in answer.text
