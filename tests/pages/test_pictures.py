"""Sheets of pictures: every picture is in its place, and none is too large to be sent."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from pages.ui import cache, pictures
from tests.conftest import strokes
from tests.pages.test_pages import fresh_caches, open_page  # noqa: F401, a fixture
from vae_core import stored_datasets
from vae_core.datasets import Dataset, ImageSchema

LIMIT = 2**20


def noise(count: int, side: int, channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]))


@pytest.mark.parametrize(("count", "side", "columns"), [(120, 128, 12), (120, 128, 120), (1, 128, 1), (288, 128, 24)])
def test_sheet_of_the_largest_pictures_is_reduced_until_it_is_small_enough(count: int, side: int, columns: int) -> None:
    png = pictures.sheet(noise(count, side, 3), columns)
    assert len(png) <= LIMIT
    height, width, _ = opened(png).shape
    assert width / height == pytest.approx(columns / (count / columns), rel=0.03)
    assert len(png) > LIMIT / 2 or count == 1  # not smaller than needed


def test_sheet_that_is_small_enough_keeps_every_pixel() -> None:
    x = strokes(40, 28)
    found = opened(pictures.sheet(x, 20))
    factor = found.shape[1] // (20 * 29 - 1)
    np.testing.assert_array_equal(found[::factor, ::factor][29:57, 29:57], x[21, ..., 0])


def test_previews_of_a_preparation_are_small_enough() -> None:
    originals = [Image.fromarray(x) for x in noise(8, 512, 3)]
    assert len(pictures.before_and_after(originals, list(noise(8, 128, 3)), 112)) <= LIMIT
    assert len(pictures.before_and_after(originals, list(noise(8, 128, 3)), 400)) <= LIMIT


def test_every_picture_of_the_page_is_small_enough_and_of_our_own_making() -> None:
    x = noise(150, 128, 3)
    x[:50] = x[:1]  # copies
    x[50:100] = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)  # blank ones
    previews = tuple(noise(8, 512, 3))
    dataset = replace(Dataset("noise", x, ImageSchema(side=128, channels=3)), previews=previews)
    app = open_page("data", dataset=stored_datasets.save(dataset, upload="u" * 26))
    addresses = [address for image in app.get("image") for address in image.value]
    assert len(addresses) >= 4  # contact sheet, preparation, copies, blank ones
    for address in addresses:
        kind, _, content = address.partition(",")
        assert kind == "data:image/png;base64"
        assert len(base64.b64decode(content)) <= LIMIT


def test_pages_of_a_contact_sheet_show_every_picture_once() -> None:
    x = np.arange(200, dtype=np.uint8).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 1), dtype=np.uint8)
    id = stored_datasets.save(Dataset("greys", x, ImageSchema(side=8)))
    for order in (cache.SHUFFLED, cache.IN_ORDER):
        shown: list[int] = []
        for number in (0, 1):
            found = opened(cache.contact_sheet(id, order, number))
            factor = found.shape[1] // (20 * 9 + 1)  # pictures, gaps and frame
            shown += found[2 * factor :: 9 * factor, 2 * factor :: 9 * factor].reshape(-1).tolist()
        count = len(x)
        assert sorted(shown[:count]) == list(range(count))
        assert (shown[:count] == list(range(count))) == (order == cache.IN_ORDER)
    st.cache_resource.clear()
