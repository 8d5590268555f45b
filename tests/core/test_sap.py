"""Separated attribute predictability on hand-made codes of known answer."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.core.known_codes import constant_beside, factors, noise, rotated
from vae_core.errors import MetricError
from vae_core.metrics.examples import held_out
from vae_core.metrics.sap import separated_attribute_predictability


def test_perfect_code_of_two_values_has_half_to_give_whatever_sign_order_and_constant_dimensions() -> None:
    """All right in its own dimension, and by chance in the other."""
    v = factors(values=2)
    for codes in (v, v[:, ::-1], -3.0 * v, constant_beside(v)):
        found = separated_attribute_predictability(codes - 0.5, v)
        assert found.score == pytest.approx(0.5, abs=0.03)
        assert found.accuracy.max(axis=0).tolist() == [1, 1]


def test_pair_rotated_by_45_degrees_has_none() -> None:
    v = factors(values=2)
    assert separated_attribute_predictability(rotated(v), v).score < 0.03


def test_random_code_has_none() -> None:
    v = factors()
    found = separated_attribute_predictability(noise(len(v), 4), v)
    assert found.score < 0.02
    assert found.accuracy == pytest.approx(np.full((4, 2), 0.1), abs=0.03)


def test_factor_in_two_dimensions_alike_has_no_gap() -> None:
    v = factors(values=2)
    assert separated_attribute_predictability(v[:, [0, 0]].astype(float), v[:, :1]).score == 0


def test_dimension_that_holds_two_factors_has_the_gap_of_both() -> None:
    """Values 0 to 3 of two bits: the high one is told wholly; of the low one a single threshold tells three in four."""
    v = factors(9000, values=2)
    codes = np.concatenate([2.0 * v[:, :1] + v[:, 1:] - 1.5, noise(9000, 1)], axis=1)
    found = separated_attribute_predictability(10 * codes, v)
    assert found.accuracy[0, 0] == 1
    assert found.accuracy[0, 1] <= 0.77


def test_machines_are_those_of_the_formula() -> None:
    """½w² + C Σ weight · hinge², one class against the rest, the intercept punished too, solved by another solver.

    Weighed as liblinear does: N / (values · examples of the class) for the class, 1 for the rest.
    """
    v = np.random.default_rng(3).choice(4, p=[0.4, 0.3, 0.2, 0.1], size=(1500, 1))
    codes = 0.1 * v + 0.07 * noise(1500, 1)  # so small that C counts
    training, test = held_out(1500, 0)
    z = np.stack([codes[:, 0], np.ones(1500)], axis=1)
    known, y = z[training], v[training, 0]
    told = []
    for value in range(4):
        sign = np.where(y == value, 1, -1)
        weight = 0.01 * np.where(y == value, len(y) / (4 * (y == value).sum()), 1)

        def loss(w: np.ndarray, sign: np.ndarray = sign, weight: np.ndarray = weight) -> float:
            return float(w @ w / 2 + (weight * np.maximum(0, 1 - sign * (known @ w)) ** 2).sum())

        told.append(z[test] @ minimize(loss, np.zeros(2), tol=1e-10).x)
    expected = (np.argmax(told, axis=0) == v[test, 0]).mean()
    assert 0.4 < expected < 0.9
    assert separated_attribute_predictability(codes, v).accuracy[0, 0] == pytest.approx(expected, abs=0.005)


def test_score_is_the_mean_gap_and_its_error_that_of_the_pairs() -> None:
    v = factors(3000, values=2)
    three = np.concatenate([v + noise(3000, 2), v[:, :1] + 2 * noise(3000, 1, 5)], axis=1)
    found = separated_attribute_predictability(three, v)
    ordered = np.sort(found.accuracy, axis=0)
    assert found.score == pytest.approx((ordered[-1] - ordered[-2]).mean())
    found = separated_attribute_predictability(v + noise(3000, 2), v)
    spread = np.std([separated_attribute_predictability(v + noise(3000, 2, s), v, seed=s).score for s in range(40)])
    assert found.error == pytest.approx(spread, rel=0.35)


def test_factor_that_does_not_vary_is_left_out() -> None:
    v = factors(values=2)
    still = np.concatenate([v, np.ones((len(v), 1), int)], axis=1)
    found = separated_attribute_predictability(v - 0.5, still)
    assert found.score == separated_attribute_predictability(v - 0.5, v).score
    assert found.accuracy[:, 2].tolist() == [0, 0]
    assert separated_attribute_predictability(v - 0.5, still[:, 2:]).score == 0


def test_one_latent_is_measured_against_the_commonest_value() -> None:
    v = np.random.default_rng(0).choice(2, p=[0.3, 0.7], size=(6000, 1))
    assert separated_attribute_predictability(v - 0.5, v).score == pytest.approx(0.3, abs=0.03)
    assert separated_attribute_predictability(np.ones((6000, 1)), v).accuracy[0, 0] == pytest.approx(0.7, abs=0.03)


def test_examples_are_as_many_as_in_the_protocol_and_none_is_in_both() -> None:
    for count, sizes in ((20_000, (10_000, 5_000)), (15_000, (10_000, 5_000)), (12, (8, 4))):
        training, test = held_out(count, 0)
        assert (len(training), len(test)) == sizes
        assert len(np.unique(np.concatenate([training, test]))) == sum(sizes)


def test_few_examples_are_refused() -> None:
    v = factors(12, values=2)
    assert 0 <= separated_attribute_predictability(v.astype(float), v).score <= 1
    with pytest.raises(MetricError, match="at least 12"):
        separated_attribute_predictability(v[:11].astype(float), v[:11])
