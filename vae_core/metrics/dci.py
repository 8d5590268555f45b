"""Disentanglement, completeness and informativeness (DCI), from what a learner needs to tell the known factors.

Eastwood & Williams 2018, "A Framework for the Quantitative Evaluation of Disentangled Representations"
(https://openreview.net/forum?id=By-7dz-AZ; it is on no arXiv page), §2: one learner a factor learns its value from the
mean code, and says how important each dimension was: R [L, F]. Disentanglement of a dimension: 1 − the entropy of its
row of R, to base F, the mean weighted by the row's share of R. Completeness of a factor: 1 − the entropy of its column,
to base L; the mean is weighted by the column's share of R, as in disentanglement_lib (Locatello et al. 2019,
https://arxiv.org/abs/1811.12359), which makes no difference to trees, whose columns sum to 1. Informativeness: how well
the learner does on held-out examples. Of the examples 10,000 are learnt from and 5,000 tested on, as there; of fewer
than 15,000 two thirds and one third.

**Figures of different learners do not compare**: the same codes have had a disentanglement of .05 with one learner of
trees and .20 with another. So the result names its learner:

* `gradient-boosting`: of disentanglement_lib, scikit-learn's with its defaults. Many minutes where factors have
  dozens of values: it grows 100 trees a value.
* `random-forest`: ours, for speed: 20 trees on all dimensions, with leaves of at least 50 examples (1 in 100 of fewer
  than 5,000). Trees down to single examples, scikit-learn's default, or on a random part of the dimensions hand much
  importance to dimensions of noise, and where classes overlap are no more often right.
* `lasso`: of the paper, which sees straight lines only: standardised codes, and the factors' values standardised as
  numbers (so it means little for a factor whose values have no order, as a shape's). The importance is |weight|; the
  penalty is found by 5-fold cross-validation.

Where we deviate: a factor that does not vary among the examples learnt from is left out, and F counts the others; with
a single one disentanglement is 1, and with a single dimension completeness is (of nothing to choose from no entropy).
L counts constant dimensions, as in the paper: they have no importance and do not touch disentanglement, but a factor
spread over several dimensions looks the more complete the more of them there are.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from vae_core.errors import MetricError
from vae_core.metrics.examples import FEWEST_TO_SPLIT, checked, held_out, varying

Learner = Literal["random-forest", "gradient-boosting", "lasso"]
TREES, LEAF = 20, 50
FOLDS = 5


@dataclass(frozen=True, eq=False)
class DCI:
    """What was found. 0 throughout where no factor varies.

    Disentanglement and completeness have no standard error: what moves them is the learner, which would have to learn
    anew for every resample. Their spread over seeds is that of the split and of the forest.

    Attributes:
        disentanglement: Weighted mean over the dimensions, 0 to 1.
        completeness: Weighted mean over the factors, 0 to 1.
        informativeness: Mean over the factors that vary.
        informativeness_error: Its standard error over the draw of test examples: the standard deviation of what each
            adds, over √(examples tested); for R² by linearisation (the delta method). The learner is taken as given.
        informativeness_is: `accuracy` of a classifier, 0 to 1, which chance alone lifts above 0; or `r2` of the lasso,
            1 − squared error / variance, at most 1 and 0 for what knows nothing.
        learner: Whose importances these are.
        importance: float64 [L, F], not negative; 0 for a factor that does not vary.
        per_dimension: float64 [L]: disentanglement of each; 0 where it has no importance.
        dimension_weights: float64 [L]: its share of all importance.
        per_factor: float64 [F]: completeness of each; 0 where nothing is important.
        informativeness_per_factor: float64 [F]; 0 for a factor that does not vary.
        seed: Of the split and of the learner.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    informativeness_error: float
    informativeness_is: Literal["accuracy", "r2"]
    learner: Learner
    importance: np.ndarray
    per_dimension: np.ndarray
    dimension_weights: np.ndarray
    per_factor: np.ndarray
    informativeness_per_factor: np.ndarray
    seed: int


def dci(codes: np.ndarray, factors: np.ndarray, *, learner: Learner = "random-forest", seed: int = 0) -> DCI:
    """DCI of mean codes [N, L] for factors int [N, F].

    Order and scale of dimensions change nothing but the learner's chance; nor does the sign.

    Raises:
        MetricError: if codes and factors do not fit each other, are fewer than 12, some code is no finite number, or
            there is no such learner.
    """
    if learner not in get_args(Learner):
        raise MetricError(f"There is no learner {learner!r}: take one of {', '.join(get_args(Learner))}.")
    codes, classes = checked(codes, factors, FEWEST_TO_SPLIT)
    training, test = held_out(len(codes), seed)
    codes = _standardised(codes, training)
    varies = varying(classes[training])
    importance = np.zeros((codes.shape[1], classes.shape[1]))
    informativeness = np.zeros(classes.shape[1])
    added = []  # what each test example adds to the informativeness of a factor: [N]
    for k in np.flatnonzero(varies):
        task = _Task(codes[training], codes[test], training, test, seed)
        if learner == "lasso":
            importance[:, k], each = task.lasso(factors[:, k].astype(np.float64))
        else:
            importance[:, k], each = task.trees(classes[:, k], learner)
        informativeness[k] = each.mean()
        added.append(each)
    rows, columns = importance.sum(axis=1), importance.sum(axis=0)
    per_dimension = _concentration(importance[:, varies])
    per_factor = _concentration(importance.T)
    whole = importance.sum() or 1.0
    mean = np.mean(added, axis=0) if added else np.zeros(1)
    return DCI(
        disentanglement=float(per_dimension @ rows / whole),
        completeness=float(per_factor @ columns / whole),
        informativeness=float(mean.mean()),
        informativeness_error=float(mean.std() / np.sqrt(len(mean))),
        informativeness_is="r2" if learner == "lasso" else "accuracy",
        learner=learner,
        importance=importance,
        per_dimension=per_dimension,
        dimension_weights=rows / whole,
        per_factor=per_factor,
        informativeness_per_factor=informativeness,
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class _Task:
    """Codes to learn a factor from, and to test that on. Each way gives importances [L], and a number an example."""

    known: np.ndarray
    asked: np.ndarray
    training: np.ndarray
    test: np.ndarray
    seed: int

    def trees(self, factor: np.ndarray, learner: Learner) -> tuple[np.ndarray, np.ndarray]:
        """Of classes [N]; right or wrong an example."""
        from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier  # late: a second to import

        if learner == "gradient-boosting":
            model = GradientBoostingClassifier(random_state=self.seed)
        else:
            leaf = max(1, min(LEAF, len(self.training) // 100))
            model = RandomForestClassifier(TREES, max_features=None, min_samples_leaf=leaf, random_state=self.seed)
        model.fit(self.known, factor[self.training])
        right = model.predict(self.asked) == factor[self.test]
        return np.asarray(model.feature_importances_), right.astype(np.float64)

    def lasso(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of numbers [N]; an example's part of R²: their mean is R², their spread that of its linearisation."""
        from sklearn.linear_model import LassoCV  # late: a second to import

        values = _standardised(values[:, None], self.training)[:, 0]
        told = np.zeros(len(self.test))
        importance = np.zeros(self.known.shape[1])
        if varying(self.known).any():
            model = LassoCV(cv=FOLDS).fit(self.known, values[self.training])
            importance, told = np.abs(model.coef_), model.predict(self.asked)
        missed = (values[self.test] - told) ** 2
        apart = (values[self.test] - values[self.test].mean()) ** 2
        if not apart.any():
            return importance, np.zeros(len(told))
        left = missed.mean() / apart.mean()
        return importance, 1 - left - (missed - left * apart) / apart.mean()


def _standardised(columns: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Columns [N, K] of mean 0 and deviation 1 over the training examples; 0 where they differ by rounding only."""
    mean, deviation = columns[training].mean(axis=0), columns[training].std(axis=0)
    varies = deviation > 1e-12 * np.abs(columns).max(axis=0)
    return np.where(varies, (columns - mean) / np.where(varies, deviation, 1), 0.0)


def _concentration(importance: np.ndarray) -> np.ndarray:
    """1 − entropy of each row [A, B], to base B: 1 where all is in one place, 0 where it is even, or nothing."""
    whole = importance.sum(axis=1, keepdims=True)
    shares = importance / np.where(whole > 0, whole, 1)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    return np.where(whole[:, 0] > 0, 1 - entropy / np.log(max(importance.shape[1], 2)), 0.0)
