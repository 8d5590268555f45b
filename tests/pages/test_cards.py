"""Built-in sets at a glance."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.ui.cards import card
from pages.ui.routes import routes
from tests.conftest import stroke_dataset
from tests.pages.test_pages import fresh_caches, open_page  # noqa: F401, a fixture
from vae_core.datasets import SAMPLES, Dataset, TableSchema


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png), formats=["PNG"])


def test_pictures_are_shown_as_they_are() -> None:
    dataset = stroke_dataset(count=24)
    found = np.asarray(opened(card(dataset)))
    factor = found.shape[1] // (6 * 9 - 1)
    cells = [
        found[row : row + 8, column : column + 8] for found in [found[::factor, ::factor]]
        for row in range(0, 36, 9) for column in range(0, 54, 9)
    ]  # fmt: skip
    assert sorted(cell.tobytes() for cell in cells) == sorted(x.tobytes() for x in dataset.x)


def test_points_have_the_colours_of_their_labels_and_true_proportions() -> None:
    columns = {"across": np.array([-3.0, 3.0, 0.0, 0.0]), "up": np.array([0.0, 0.0, 1.0, -1.0])}
    schema = TableSchema(columns=TableSchema.fit(columns).columns)
    x = np.column_stack(list(columns.values())).astype(np.float32)
    png = np.asarray(opened(card(Dataset("cross", x, schema, np.array([0, 0, 1, 2]), ("a", "b", "c")))))
    assert png.shape == (320, 480, 4)
    places = {}
    for name, colour in (("first", (31, 119, 180)), ("second", (255, 127, 14)), ("third", (44, 160, 44))):
        rows, found = np.nonzero((png[..., :3] == colour).all(-1) & (png[..., 3] == 255))
        places[name] = (rows.min(), rows.max(), found.min(), found.max())
    width = places["first"][3] - places["first"][2]
    height = places["third"][0] - places["second"][0]
    assert width / height == pytest.approx(3, rel=0.05)
    assert places["second"][1] < places["first"][0] < places["third"][0]  # upwards is up
    assert png[0, 0, 3] == 0  # on any ground


def test_every_built_in_set_is_offered_with_a_picture_that_is_served() -> None:
    texts = "".join(text.value for text in open_page("data").markdown)
    with TestClient(Starlette(routes=routes())) as client:
        for name in SAMPLES:
            assert f"/studio/samples/{name}.png)" in texts
            answer = client.get(f"/studio/samples/{name}.png")
            assert answer.headers["content-type"] == "image/png"
            assert 1000 < len(answer.content) < 2**17
            width, height = opened(answer.content).size
            assert width / height == pytest.approx(1.5, abs=0.03)
        assert client.get("/studio/samples/nothing.png").status_code == 404
