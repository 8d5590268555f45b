"""Concept vectors on codes with a planted direction."""

import numpy as np
import pytest
from scipy.stats import binom

from vae_core.errors import ConfigError
from vae_core.latents import concepts
from vae_core.latents.concepts import FEW, chance_cosine, concept

DIMENSIONS = 6
PLANTED = np.array([1.5, -1.0, 0, 0, 0.5, 0])


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def planted(random: np.random.Generator, size: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, the numbers of those moved along PLANTED, and those of the others."""
    codes = random.normal(size=(2 * size, DIMENSIONS))
    group = random.permutation(2 * size)[:size]
    codes[group] += PLANTED
    return codes, group, np.setdiff1d(np.arange(2 * size), group)


def test_planted_direction_is_found() -> None:
    found = concept(*planted(np.random.default_rng(0), size=2000))
    np.testing.assert_allclose(found.vector, PLANTED, atol=0.1)
    assert cosine(found.vector, PLANTED) > 0.995
    assert found.cone < 6
    assert found.warning == ""


@pytest.mark.parametrize("size", [60, concepts.MOST_RESAMPLED + 500])
def test_intervals_and_cone_cover_the_planted_direction_as_often_as_they_say(size: int) -> None:
    inside, within = [], []
    for seed in range(200):
        found = concept(*planted(np.random.default_rng(seed), size), seed)
        inside.append((found.low <= PLANTED) & (found.high >= PLANTED))
        within.append(np.degrees(np.arccos(cosine(found.vector, PLANTED))) <= found.cone)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)  # 1200 intervals
    fewest, most = binom.interval(0.99, len(within), 0.95)  # so many of as many cones, if each covers with 95 %
    assert fewest <= np.sum(within) <= most


def test_large_groups_are_given_what_resampling_gives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skewed codes that go together, and one dimension that never changes."""
    random = np.random.default_rng(0)
    codes = random.exponential(size=(8000, 12)) @ random.normal(size=(12, 12))
    codes[:, 5] = 1
    group, other = np.arange(5000), np.arange(5000, 8000)
    found = {}
    for most in (len(codes), 0):
        monkeypatch.setattr(concepts, "MOST_RESAMPLED", most)
        found[most] = concept(codes, group, other)
    resampled, approximated = found.values()
    np.testing.assert_array_equal(resampled.vector, approximated.vector)
    for one in found.values():
        assert one.low[5] == one.high[5] == 0
    ends = [np.delete([one.vector - one.low, one.high - one.vector], 5, axis=1) for one in found.values()]
    ratio = ends[0] / ends[1]
    assert ratio == pytest.approx(1, abs=0.2)  # each end is the quantile of 1000 draws
    assert ratio.mean() == pytest.approx(1, abs=0.03)
    assert approximated.cone == pytest.approx(resampled.cone, rel=0.05)
    assert approximated.p_value == pytest.approx(resampled.p_value, abs=0.05)


@pytest.mark.parametrize("dimensions", [1, 2, 3, 16])
def test_chance_cosine_is_that_of_random_directions(dimensions: int) -> None:
    random = np.random.default_rng(0)
    directions = random.normal(size=(100_000, dimensions))
    cosines = np.abs(directions[:, 0]) / np.linalg.norm(directions, axis=1)
    assert chance_cosine(dimensions) == pytest.approx(np.quantile(cosines, 0.95), abs=0.005)


def test_small_groups_and_groups_that_are_alike_are_warned_of() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(400, DIMENSIONS))
    assert f"at least {FEW}" in concept(codes, np.arange(5), np.arange(5, 400)).warning
    assert "may be chance" in concept(codes, np.arange(200), np.arange(200, 400)).warning


def test_p_value_of_groups_that_do_not_differ_is_small_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    values = [concept(random.normal(size=(80, 3)), np.arange(40), np.arange(40, 80), k).p_value for k in range(300)]
    assert np.mean(np.array(values) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_group_of_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="these have 1 and 3"):
        concept(np.zeros((4, 2)), np.array([0]), np.arange(1, 4))


def test_alike_samples_have_no_direction_and_no_error() -> None:
    found = concept(np.ones((10, 3)), np.arange(5), np.arange(5, 10))
    assert (found.vector == 0).all()
    assert found.cone == pytest.approx(90)
    assert "small" in found.warning


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_codes_that_are_no_numbers_are_refused(value: float) -> None:
    codes = np.random.default_rng(0).normal(size=(10, 3))
    codes[2, 1] = value
    with pytest.raises(ConfigError, match="1 of these samples have codes that are no numbers"):
        concept(codes, np.arange(5), np.arange(5, 10))
    assert concept(codes, np.arange(3, 6), np.arange(6, 10)).sizes == (3, 4)
