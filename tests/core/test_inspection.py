"""Duplicates, blank pictures and statistics of a set."""

import numpy as np
import pytest

from tests.conftest import strokes
from vae_core.datasets.pictures.inspection import BINS, inspect_pictures


def test_duplicates_are_grouped_the_largest_group_first() -> None:
    x = strokes(10, 16).copy()
    x[:, 0, 0, 0] = np.arange(10)  # all different
    x[4] = x[1]
    x[[7, 9]] = x[2]
    assert inspect_pictures(x).duplicates == ((2, 7, 9), (1, 4))


def test_one_changed_pixel_is_no_duplicate() -> None:
    x = np.repeat(strokes(1, 16), 2, axis=0)
    assert inspect_pictures(x).duplicates == ((0, 1),)
    x[1, 5, 5] ^= 1
    assert inspect_pictures(x).duplicates == ()


def test_nearly_blank_pictures_are_found_whatever_their_brightness() -> None:
    x = np.zeros((4, 8, 8, 3), dtype=np.uint8)
    x[1] = 250
    x[2, 0, 0] = 12  # within 5 % of the range
    x[3, 0, 0, 2] = 13  # just beyond it, in one channel
    assert inspect_pictures(x).blanks == (0, 1, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_std_and_histogram_are_numpys(channels: int) -> None:
    x = np.random.default_rng(0).integers(0, 256, (5000, 8, 8, channels), dtype=np.uint8)
    facts = inspect_pictures(x)
    np.testing.assert_allclose(facts.mean, x.reshape(-1, channels).mean(0), rtol=1e-12)
    np.testing.assert_allclose(facts.std, x.reshape(-1, channels).std(0), rtol=1e-9)
    for channel in range(channels):
        expected, _ = np.histogram(x[..., channel], bins=BINS, range=(0, 256))
        np.testing.assert_array_equal(facts.histogram[channel], expected)
