"""Duplicates, blank pictures and statistics of a set."""

import numpy as np
import pytest

from tests.conftest import strokes
from vae_core.datasets.pictures import inspection
from vae_core.datasets.pictures.inspection import BINS, Inspection, Repeats, inspect_pictures


def test_duplicates_are_grouped_the_largest_group_first() -> None:
    x = strokes(10, 16).copy()
    x[:, 0, 0, 0] = np.arange(10)  # all different
    x[4] = x[1]
    x[[7, 9]] = x[2]
    facts = inspect_pictures(x)
    assert facts.duplicates == (Repeats(count=3, first=(2, 7, 9)), Repeats(count=2, first=(1, 4)))
    assert (facts.duplicate_groups, facts.repeats) == (2, 3)


def test_one_changed_pixel_is_no_duplicate() -> None:
    x = np.repeat(strokes(1, 16), 2, axis=0)
    assert inspect_pictures(x).duplicates == (Repeats(count=2, first=(0, 1)),)
    x[1, 5, 5] ^= 1
    facts = inspect_pictures(x)
    assert (facts.duplicates, facts.duplicate_groups, facts.repeats) == ((), 0, 0)


def test_nearly_blank_pictures_are_found_whatever_their_brightness() -> None:
    x = np.zeros((6, 8, 8, 3), dtype=np.uint8)
    x[1] = 250
    x[2, 0, 0] = 12  # within 5 % of the range
    x[3, 0, 0, 2] = 13  # just beyond it, in one channel
    x[4, 3] = x[5, :, 3] = 200  # a bar across, a bar down
    facts = inspect_pictures(x)
    assert (facts.blanks, facts.blank_count) == ((0, 1, 2), 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_std_and_histogram_are_numpys(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "CHUNK_BYTES", 1000 * 6 * 8)
    x = np.random.default_rng(0).integers(0, 256, (5000, 6, 8, channels), dtype=np.uint8)
    facts = inspect_pictures(x)
    np.testing.assert_allclose(facts.mean, x.reshape(-1, channels).mean(0), rtol=1e-12)
    np.testing.assert_allclose(facts.std, x.reshape(-1, channels).std(0), rtol=1e-9)
    for channel in range(channels):
        expected, _ = np.histogram(x[..., channel], bins=BINS, range=(0, 256))
        np.testing.assert_array_equal(facts.histogram[channel], expected)


def test_what_is_said_of_a_large_set_is_small_and_counts_everything() -> None:
    x = np.repeat(np.arange(250, dtype=np.uint8), 40).reshape(-1, 1, 1, 1) * np.ones((1, 8, 8, 1), dtype=np.uint8)
    facts = inspect_pictures(x)
    assert (facts.duplicate_groups, facts.repeats, facts.blank_count) == (250, 250 * 39, 10_000)
    assert facts.duplicates[0] == Repeats(count=40, first=tuple(range(10)))
    content = facts.model_dump_json()
    assert len(content) < 4000
    assert Inspection.model_validate_json(content) == facts


def test_whoever_watches_is_told_that_it_goes_on() -> None:
    seen = []
    inspect_pictures(np.zeros((3000, 128, 128, 1), dtype=np.uint8), lambda: seen.append(0))
    assert len(seen) >= 5
