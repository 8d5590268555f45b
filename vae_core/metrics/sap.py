"""Separated attribute predictability: is one latent dimension by far the best at telling a known factor?

Kumar et al. 2018, "Variational Inference of Disentangled Latent Concepts from Unlabeled Observations"
(https://arxiv.org/abs/1711.00848), §3, for factors that are classes, as in disentanglement_lib (Locatello et al. 2019,
https://arxiv.org/abs/1811.12359): a linear support vector machine (squared hinge, one class against the rest, C = 0.01,
classes balanced) learns the factor from one dimension of the mean code at 10,000 examples; its accuracy on 5,000 others
is the entry of the matrix; the score is the mean over the factors of the largest less the second largest. Of fewer
than 15,000 examples two thirds are learnt from. Nothing else is cut short: the machine is solved exactly, and quickly,
as there are more examples than the two numbers it learns (in the primal; the reference solves the dual of the same).

What to know of this score: the codes are taken in their own scale, and C weighs differently in another (sign and order
do not matter); lines in one dimension tell many classes apart badly even where the code is perfect, so that it is near
1 only for factors of two values that are balanced.

Where we deviate: a factor that does not vary among the examples learnt from is left out of the mean; a dimension that
is constant, and the second best where there is one dimension only, is taken to say always the commonest value.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.examples import FEWEST_TO_SPLIT, checked, held_out, varying

PENALTY = 0.01


@dataclass(frozen=True, eq=False)
class SeparatedAttributePredictability:
    """What was found.

    Attributes:
        score: The mean over the factors of the largest less the second largest accuracy, 0 to 1; 0 if none varies.
        error: Standard error of the score over the draw of test examples, each of which is right or wrong in both:
            their standard deviation over √(examples tested). The machines and which are the best two are taken as
            given, as is the model.
        accuracy: float64 [L, F] on held-out examples; 0 for a factor that does not vary.
        seed: Of which examples were held out.
    """

    score: float
    error: float
    accuracy: np.ndarray
    seed: int


def separated_attribute_predictability(
    codes: np.ndarray, factors: np.ndarray, *, seed: int = 0
) -> SeparatedAttributePredictability:
    """SAP of mean codes [N, L] for factors int [N, F].

    Raises:
        MetricError: if codes and factors do not fit each other, are fewer than 12, or some code is no finite number.
    """
    codes, factors = checked(codes, factors, FEWEST_TO_SPLIT)
    training, test = held_out(len(codes), seed)
    accuracy = np.zeros((codes.shape[1], factors.shape[1]))
    gaps = []  # of each test example, a factor that varies: −1, 0 or 1 [N]
    for k in np.flatnonzero(varying(factors[training])):
        right = np.stack([_right(z, factors[:, k], training, test) for z in codes.T])  # [L, N]
        accuracy[:, k] = right.mean(axis=1)
        blind = factors[test, k] == np.bincount(factors[training, k]).argmax()
        order = np.argsort(-accuracy[:, k], kind="stable")
        second = right[order[1]] if len(order) > 1 else blind
        gaps.append(right[order[0]].astype(float) - second)
    if not gaps:
        return SeparatedAttributePredictability(0.0, 0.0, accuracy, seed)
    each = np.mean(gaps, axis=0)
    return SeparatedAttributePredictability(float(each.mean()), float(each.std() / np.sqrt(len(each))), accuracy, seed)


def _right(column: np.ndarray, factor: np.ndarray, training: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Which test examples a machine that knows this dimension [N] alone gets right."""
    from sklearn.svm import LinearSVC  # late: a second to import, and rarely needed

    if not varying(column[training, None])[0]:
        return np.asarray(factor[test] == np.bincount(factor[training]).argmax())
    machine = LinearSVC(C=PENALTY, class_weight="balanced", dual=False)
    machine.fit(column[training, None], factor[training])
    return np.asarray(machine.predict(column[test, None]) == factor[test])
