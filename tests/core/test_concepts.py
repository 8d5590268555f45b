"""Concept vectors on codes with a planted direction."""

import numpy as np
import pytest

from vae_core.errors import ConfigError
from vae_core.latents.concepts import FEW, chance_cosine, concept, cosine

DIMENSIONS = 6
PLANTED = np.array([1.5, -1.0, 0, 0, 0.5, 0])


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


def test_intervals_and_cone_cover_the_planted_direction_as_often_as_they_say() -> None:
    inside, within = [], []
    for seed in range(200):
        found = concept(*planted(np.random.default_rng(seed)), seed)
        inside.append((found.low <= PLANTED) & (found.high >= PLANTED))
        within.append(np.degrees(np.arccos(cosine(found.vector, PLANTED))) <= found.cone)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)  # 1200 intervals
    assert 0.90 <= np.mean(within) <= 1.0


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
