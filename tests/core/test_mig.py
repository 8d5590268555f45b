"""MIG on hand-made codes of known answer."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from vae_core.metrics.mig import mutual_information_gap


def factors(count: int = 20_000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 10, size=(count, 2))


def test_perfect_code_has_a_gap_of_one_whatever_sign_order_and_constant_dimensions() -> None:
    v = factors()
    for codes in (v, v[:, ::-1], -3.0 * v, np.concatenate([v, np.ones((len(v), 3))], axis=1)):
        assert mutual_information_gap(codes.astype(float), v).score == pytest.approx(1, abs=0.01)


def test_pair_rotated_by_45_degrees_has_none() -> None:
    v = factors()
    rotated = v @ np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    assert mutual_information_gap(rotated, v).score < 0.05


def test_random_code_has_none() -> None:
    v = factors()
    assert mutual_information_gap(np.random.default_rng(1).normal(size=(len(v), 5)), v).score < 0.01


def test_factor_in_two_dimensions_alike_has_no_gap() -> None:
    v = factors()
    assert mutual_information_gap(v[:, [0, 0]].astype(float), v[:, :1]).score == pytest.approx(0, abs=1e-9)


def test_information_is_scikit_learns() -> None:
    v = factors(3000)
    codes = v + np.random.default_rng(2).normal(size=v.shape)
    found = mutual_information_gap(codes, v).information
    edges = [np.histogram_bin_edges(c, 20)[1:-1] for c in codes.T]
    for j in range(2):
        for k in range(2):
            assert found[j, k] == pytest.approx(
                mutual_info_score(np.digitize(codes[:, j], edges[j]), v[:, k]), abs=1e-9
            )


def test_one_dimension_and_a_factor_that_does_not_vary() -> None:
    v = np.stack([factors()[:, 0], np.zeros(20_000, dtype=int)], axis=1)
    assert mutual_information_gap(v[:, :1].astype(float), v).score == pytest.approx(1, abs=0.01)
