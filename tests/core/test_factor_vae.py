"""FactorVAE score on hand-made codes of known answer."""

import numpy as np
import pytest

from tests.core.known_codes import constant_beside, factors, noise, rotated
from vae_core.errors import MetricError
from vae_core.metrics.factor_vae import factor_vae_score


def test_perfect_code_scores_one_whatever_sign_order_scale_and_constant_dimensions() -> None:
    v = factors(number=3)
    for codes in (v, v[:, ::-1], -3.0 * v, constant_beside(v)):
        assert factor_vae_score(codes.astype(float), v).score == 1


def test_votes_are_for_the_factor_that_was_held() -> None:
    v = factors(number=3)
    found = factor_vae_score(constant_beside(v[:, [2, 0, 1]]), v)
    assert found.stands_for.tolist() == [2, 0, 1, -1, -1, -1]
    assert found.active.tolist() == [True] * 3 + [False] * 3
    assert found.votes.sum() == 5000
    assert [np.flatnonzero(row).tolist() for row in found.votes] == [[2], [0], [1], [], [], []]
    assert found.votes.sum(axis=0) == pytest.approx(5000 / 3, rel=0.1)


def test_random_code_is_right_by_chance() -> None:
    v = factors(number=4)
    found = factor_vae_score(noise(len(v), 6), v)
    assert found.score == pytest.approx(0.25, abs=0.06)
    assert found.error == pytest.approx(np.sqrt(found.score * (1 - found.score) / 5000))


def test_pair_rotated_by_45_degrees_is_right_by_chance() -> None:
    v = factors()
    assert factor_vae_score(rotated(v), v).score == pytest.approx(0.5, abs=0.12)


def test_factor_in_two_dimensions_costs_nothing() -> None:
    v = factors()
    assert factor_vae_score(v[:, [0, 0, 1]].astype(float), v).score == 1


def test_dimension_that_holds_two_factors_is_right_for_one() -> None:
    """Three factors, two of them in one dimension: held, each makes it stiller than the other dimension."""
    v = factors(number=3)
    codes = np.stack([v[:, 0] + v[:, 1], v[:, 2]], axis=1).astype(float)
    assert factor_vae_score(codes, v).score == pytest.approx(2 / 3, abs=0.03)


def test_is_what_a_plain_loop_finds() -> None:
    """A second writing of the protocol, one vote at a time, with draws of its own."""
    v = factors(3000, values=5, number=3)
    codes = v @ np.array([[1, 0.5, 0, 0.2], [0.3, 1, 0.4, 0.5], [0, 0.2, 1, 0.9]]) + 3 * noise(3000, 4)
    random = np.random.default_rng(7)
    tables = []
    for votes in (1500, 1500):
        table = np.zeros((4, 3))
        for _ in range(votes):
            k = random.integers(3)
            same = np.flatnonzero(v[:, k] == v[random.integers(3000), k])
            batch = codes[random.choice(same, 64)]
            table[np.argmin(batch.var(axis=0, ddof=1) / codes.var(axis=0, ddof=1)), k] += 1
        tables.append(table)
    expected = sum(tables[1][j, tables[0][j].argmax()] for j in range(4)) / 1500
    found = factor_vae_score(codes, v)
    assert 0.5 < expected < 0.98
    assert found.score == pytest.approx(expected, abs=0.04)
    assert found.votes / 5000 == pytest.approx(tables[1] / 1500, abs=0.04)


def test_binomial_error_is_the_spread_over_seeds() -> None:
    v = factors(1000, values=3)
    codes = v + 2.5 * noise(1000, 2)
    found = [factor_vae_score(codes, v, seed=seed) for seed in range(16)]
    assert found[0].error == pytest.approx(np.std([f.score for f in found], ddof=1), rel=0.5)
    assert factor_vae_score(codes, v, seed=3).score == found[3].score


def test_without_an_active_dimension_the_score_is_zero() -> None:
    v = factors(100)
    found = factor_vae_score(0.01 * noise(100, 2), v)
    assert (found.score, found.error, found.votes.sum(), found.active.any()) == (0, 0, 0, False)


def test_factor_that_does_not_vary_is_never_held() -> None:
    v = factors(number=3)
    v[:, 1] = 4
    found = factor_vae_score(v[:, [0, 2]].astype(float), v)
    assert found.score == 1
    assert found.votes[:, 1].sum() == 0
    assert found.stands_for.tolist() == [0, 2]


def test_one_latent_is_right_for_one_factor() -> None:
    v = factors()
    assert factor_vae_score(v[:, :1].astype(float), v).score == pytest.approx(0.5, abs=0.03)
    assert factor_vae_score(v[:, :1].astype(float), v[:, :1]).score == 1


def test_values_of_a_single_example_are_never_held() -> None:
    """Else nothing would vary, and the first dimension would have the vote."""
    v = np.concatenate([factors(200, values=3), np.arange(10, 110).repeat(2).reshape(100, 2)])
    assert factor_vae_score(v[:, ::-1].astype(float), v).score == 1


def test_few_examples_and_nothing_that_varies_are_refused() -> None:
    with pytest.raises(MetricError, match="Factor 1 has another value in every example"):
        factor_vae_score(noise(5, 2), np.arange(10).reshape(5, 2))
    with pytest.raises(MetricError, match="No factor varies"):
        factor_vae_score(noise(5, 2), np.ones((5, 2), int))
    with pytest.raises(MetricError, match="Found 1 examples"):
        factor_vae_score(noise(1, 2), np.ones((1, 2), int))
