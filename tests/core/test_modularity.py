"""Modularity on hand-made codes of known answer, and the standard errors that come of information."""

import numpy as np
import pytest

from tests.core.known_codes import constant_beside, factors, noise, rotated
from vae_core.errors import MetricError
from vae_core.metrics.information import information, pointwise_information, surprise
from vae_core.metrics.mig import mutual_information_gap
from vae_core.metrics.modularity import modularity


def test_perfect_code_is_modular_whatever_sign_order_scale_and_constant_dimensions() -> None:
    v = factors()
    for codes in (v, v[:, ::-1], -3.0 * v, constant_beside(v)):
        assert modularity(codes.astype(float), v).score == pytest.approx(1, abs=0.001)


def test_factor_in_two_dimensions_is_still_modular() -> None:
    v = factors()
    assert modularity(v[:, [0, 1, 0]].astype(float), v).score == pytest.approx(1, abs=0.001)


def test_pair_rotated_by_45_degrees_is_not() -> None:
    v = factors()
    assert modularity(rotated(v), v).score < 0.05


def test_dimension_that_holds_two_factors_has_the_modularity_of_the_formula() -> None:
    """One dimension of 4 × 2 values tells log 4 and log 2: 1 − (1/2)² / 1, and of a third factor nothing."""
    grid = np.stack(np.meshgrid(range(4), range(2), range(3), indexing="ij"), axis=-1).reshape(-1, 3)
    codes = (grid[:, :1] + 4 * grid[:, 1:2]).astype(float)
    found = modularity(codes, grid)
    assert found.information[0] == pytest.approx([np.log(4), np.log(2), 0], abs=1e-12)
    assert found.score == pytest.approx(1 - 0.25 / 2)


def test_is_the_formula_on_any_code() -> None:
    v = factors(number=3)
    found = modularity(v @ np.random.default_rng(2).normal(size=(3, 4)), v)
    for row, score in zip(found.information, found.per_dimension, strict=True):
        template = np.where(np.arange(3) == row.argmax(), row.max(), 0)
        assert score == pytest.approx(1 - ((row - template) ** 2).sum() / (row.max() ** 2 * 2))
    assert found.score == pytest.approx(found.per_dimension.mean())


def test_random_code_is_far_from_modular_and_a_constant_one_has_no_score() -> None:
    v = factors()
    assert modularity(noise(len(v), 10), v).score < 0.3
    assert modularity(np.ones((len(v), 3)), v).score == 0


def test_rounding_is_no_information() -> None:
    """Over a whole grid a dimension that follows none of the factors is exactly independent of them."""
    grid = np.stack(np.meshgrid(range(3), range(6), range(10), indexing="ij"), axis=-1).reshape(-1, 3)
    found = modularity(grid[:, [0, 2]].astype(float), grid[:, :2])
    assert found.per_dimension == pytest.approx([1, 0])
    assert found.score == pytest.approx(1)


def test_values_that_differ_by_rounding_are_one_bin() -> None:
    v = factors(200)
    codes = np.concatenate([v, 1 + 2.0**-52 * v[:, :1]], axis=1)
    assert modularity(codes, v).per_dimension[2] == 0


def test_factor_that_does_not_vary_counts_for_nothing() -> None:
    v = factors(number=3)
    still = np.concatenate([v, np.full((len(v), 1), 4)], axis=1)
    mixed = v @ np.random.default_rng(2).normal(size=(3, 4))
    assert modularity(mixed, still).score == pytest.approx(modularity(mixed, v).score, abs=1e-12)
    assert modularity(v[:, :1].astype(float), v[:, :1]).score == 1


def test_means_of_the_pointwise_are_information_and_entropy() -> None:
    v = factors(500)
    v[:, 1] = (v[:, 0] + v[:, 1]) % 7
    assert pointwise_information(v[:, 0], v[:, 1]).mean() == pytest.approx(information(v[:, 0], v[:, 1]), abs=1e-12)
    assert surprise(v[:, 0]).mean() == pytest.approx(information(v[:, 0], v[:, 0]), abs=1e-12)


@pytest.mark.parametrize("measure", [mutual_information_gap, modularity])
def test_standard_error_is_the_spread_over_new_examples(measure: object) -> None:
    """200 datasets of the same kind, of whole numbers, so that all are cut alike."""
    assert callable(measure)
    found = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        v = random.choice(4, p=[0.6, 0.25, 0.1, 0.05], size=(1500, 2))
        told = np.stack([2 * v[:, 0] + v[:, 1], v[:, 1] + v[:, 0] // 2], axis=1)
        found.append(measure((told + random.integers(-1, 2, size=(1500, 2))).astype(float), v))
    spread = np.std([f.score for f in found], ddof=1)
    assert np.mean([f.error for f in found]) == pytest.approx(spread, rel=0.15)


def test_two_examples_have_an_answer_and_one_has_not() -> None:
    v = np.array([[0], [1]])
    assert modularity(v.astype(float), v).score == 1
    with pytest.raises(MetricError, match="Found 1 examples"):
        modularity(v[:1].astype(float), v[:1])


def test_what_does_not_fit_is_refused() -> None:
    v = factors(20)
    with pytest.raises(MetricError, match="do not belong together"):
        modularity(v[:10].astype(float), v)
    with pytest.raises(MetricError, match="no finite numbers"):
        modularity(np.full((20, 2), np.nan), v)
    with pytest.raises(MetricError, match="0 latent dimensions"):
        modularity(np.zeros((20, 0)), v)
