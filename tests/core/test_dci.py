"""Disentanglement, completeness and informativeness on hand-made codes of known answer."""

import numpy as np
import pytest
from scipy.stats import entropy

from tests.core.known_codes import constant_beside, factors, noise, rotated
from vae_core.errors import MetricError
from vae_core.metrics.dci import DCI, Learner, dci

LEARNERS: list[Learner] = ["random-forest", "gradient-boosting", "lasso"]


def few(learner: Learner) -> np.ndarray:
    """Factors that every learner is through with in a second: boosting grows 100 trees a value."""
    return factors(400, values=2) if learner == "gradient-boosting" else factors(1500, values=4)


def three(found: DCI) -> tuple[float, float, float]:
    return found.disentanglement, found.completeness, found.informativeness


@pytest.mark.parametrize("learner", LEARNERS)
def test_perfect_code_scores_one_whatever_sign_order_scale_and_constant_dimensions(learner: Learner) -> None:
    v = few(learner)
    for codes in (v, v[:, ::-1], -3e-4 * v + 10, constant_beside(v)):
        found = dci(codes.astype(float), v, learner=learner)
        assert three(found) == pytest.approx((1, 1, 1), abs=0.03)
        assert found.learner == learner
        assert found.informativeness_is == ("r2" if learner == "lasso" else "accuracy")


@pytest.mark.parametrize("learner", LEARNERS)
def test_pair_rotated_by_45_degrees_is_not_disentangled_but_tells_all(learner: Learner) -> None:
    v = factors(1500, values=2)
    found = dci(rotated(v), v, learner=learner)
    assert found.disentanglement < 0.1
    assert found.completeness < 0.1
    assert found.informativeness > 0.98


@pytest.mark.parametrize("learner", LEARNERS)
def test_random_code_tells_by_chance(learner: Learner) -> None:
    v = few(learner)
    found = dci(noise(len(v), 4), v, learner=learner)
    assert found.informativeness == pytest.approx(0 if learner == "lasso" else 1 / (v.max() + 1), abs=0.06)
    if learner != "lasso":  # whose weights may all be nought
        assert found.disentanglement < 0.1
        assert found.completeness < 0.1


def test_factor_in_two_dimensions_is_disentangled_but_not_complete() -> None:
    """The forest takes either copy by chance: about half of the importance each, log 2 of log 3."""
    v = factors(values=4)
    found = dci(v[:, [0, 0, 1]].astype(float), v)
    assert found.disentanglement == pytest.approx(1, abs=0.01)
    assert found.per_factor == pytest.approx([1 - np.log(2) / np.log(3), 1], abs=0.1)


def test_dimension_that_holds_two_factors_is_complete_but_not_disentangled() -> None:
    v = factors(values=3, number=3)
    codes = np.stack([3 * v[:, 0] + v[:, 1], v[:, 2]], axis=1).astype(float)
    found = dci(codes, v)
    assert found.completeness == pytest.approx(1, abs=0.01)
    assert found.per_dimension == pytest.approx([1 - np.log(2) / np.log(3), 1], abs=0.01)
    assert found.dimension_weights == pytest.approx([2 / 3, 1 / 3], abs=0.01)
    assert found.disentanglement == pytest.approx(1 - 2 / 3 * np.log(2) / np.log(3), abs=0.01)


@pytest.mark.parametrize("learner", ["random-forest", "lasso"])
def test_scores_are_the_papers_formulas_of_the_importance(learner: Learner) -> None:
    v = factors(3000, values=5, number=3)
    found = dci(v @ np.random.default_rng(4).normal(size=(3, 4)) + noise(3000, 4), v, learner=learner)
    r = found.importance
    assert r.shape == (4, 3)
    assert found.disentanglement == pytest.approx(np.average(1 - entropy(r, base=3, axis=1), weights=r.sum(1)))
    assert found.completeness == pytest.approx(np.average(1 - entropy(r, base=4, axis=0), weights=r.sum(0)))
    assert found.informativeness == pytest.approx(found.informativeness_per_factor.mean())


def test_lasso_weights_and_r2_are_those_of_the_straight_line() -> None:
    """y = 3a + 4b of independent standard codes, rounded: weights as 3 to 4; of codes with noise R² = 1 / (1 + σ²)."""
    z = noise(9000, 2)
    y = np.round(10 * (3 * z[:, :1] + 4 * z[:, 1:])).astype(int)
    found = dci(z * [5, 0.1], y, learner="lasso")
    assert found.importance[:, 0] == pytest.approx([0.6, 0.8], abs=0.02)
    assert found.informativeness == pytest.approx(1, abs=0.01)
    noisy = y + y.std() * noise(9000, 1, seed=9) * 0.5
    assert dci(noisy, y, learner="lasso").informativeness == pytest.approx(0.8, abs=0.02)


def test_accuracy_is_that_of_the_best_guess() -> None:
    """One example in five shows another of four values in the code."""
    v = factors(values=4, number=1)
    random = np.random.default_rng(5)
    shown = np.where(random.random(v.shape) < 0.2, (v + random.integers(1, 4, v.shape)) % 4, v)
    found = dci(shown.astype(float), v)
    assert found.informativeness == pytest.approx(0.8, abs=0.03)
    assert found.informativeness_error == pytest.approx(np.sqrt(0.8 * 0.2 / 2000), rel=0.1)


def test_error_of_r2_is_its_spread_over_new_examples() -> None:
    found = []
    for seed in range(20):
        v = factors(600, values=6, number=1, seed=seed)
        found.append(dci(v + 1.5 * noise(600, 1, 100 + seed), v, learner="lasso", seed=seed))
    spread = np.std([f.informativeness for f in found], ddof=1)
    assert np.mean([f.informativeness_error for f in found]) == pytest.approx(spread, rel=0.35)


def test_factor_that_does_not_vary_is_left_out() -> None:
    v = factors(1500, values=3)
    still = np.concatenate([v, np.full((1500, 1), 7)], axis=1)
    codes = v + noise(1500, 2)
    for learner in ("random-forest", "lasso"):
        assert three(dci(codes, still, learner=learner)) == pytest.approx(three(dci(codes, v, learner=learner)))
        assert dci(codes, still, learner=learner).importance[:, 2].tolist() == [0, 0]
        assert three(dci(codes, still[:, 2:], learner=learner)) == (0, 0, 0)


def test_one_latent_and_one_factor_leave_nothing_to_choose_from() -> None:
    v = factors(600, values=3)
    assert dci(v[:, :1].astype(float), v).completeness == pytest.approx(1)
    assert dci(v.astype(float), v[:, :1]).disentanglement == pytest.approx(1)


def test_constant_code_is_nothing() -> None:
    v = factors(600, values=2)
    for learner in LEARNERS:
        found = dci(np.full((600, 2), 0.1), v, learner=learner)
        assert (found.disentanglement, found.completeness) == (0, 0)
        assert found.informativeness == pytest.approx(0 if learner == "lasso" else 0.5, abs=0.07)


def test_seed_decides_all() -> None:
    v = factors(600, values=3)
    codes = v + noise(600, 2)
    assert three(dci(codes, v, seed=1)) == three(dci(codes, v, seed=1)) != three(dci(codes, v, seed=2))


def test_few_examples_and_unknown_learners_are_refused() -> None:
    v = factors(12, values=2)
    for learner in LEARNERS:
        assert np.isfinite(three(dci(v.astype(float), v, learner=learner))).all()
    with pytest.raises(MetricError, match="at least 12"):
        dci(v[:11].astype(float), v[:11])
    with pytest.raises(MetricError, match="no learner 'oracle'"):
        dci(v.astype(float), v, learner="oracle")  # type: ignore[arg-type]
