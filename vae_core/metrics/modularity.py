"""Modularity: does each latent dimension tell of one known factor only?

Ridgeway & Mozer 2018, "Learning Deep Disentangled Embeddings with the F-Statistic Loss"
(https://arxiv.org/abs/1802.05312), §2. Computed on the mean code cut into 20 bins of equal width, as
disentanglement_lib does (Locatello et al. 2019, https://arxiv.org/abs/1811.12359), but for this: there a dimension that
tells nothing counts as 0, so that spare dimensions lower the score; here it is left out. That holds for dimensions that
are constant: one of noise alone keeps the small informations that chance gives it, and what modularity those happen to
have. Give the active units. The paper's other half, explicitness, is not here: see the informativeness of `dci`.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.examples import checked, varying
from vae_core.metrics.information import bins, information_matrix, pointwise_information

TELLS = 1e-12
"""Nats; what is below is rounding."""


@dataclass(frozen=True, eq=False)
class Modularity:
    """What was found.

    Attributes:
        score: The mean over the dimensions that tell something, 0 to 1; 0 where none does.
        error: Standard error of the score over the draw of examples, by linearisation (the delta method): the standard
            deviation of what each example adds to the dimensions' modularities, over √N. The bins are taken as given.
            Too small where a dimension tells of one factor only and the rest is chance: there the slope vanishes.
        per_dimension: float64 [L]: 1 − Σ of the squared informations but the largest / (largest² (F − 1)); 0 for a
            dimension that tells nothing.
        information: float64 [L, F] in nats; 0 for a factor that does not vary.
    """

    score: float
    error: float
    per_dimension: np.ndarray
    information: np.ndarray


def modularity(codes: np.ndarray, factors: np.ndarray) -> Modularity:
    """Modularity of codes [N, L] for factors int [N, F]; F counts the factors that vary.

    With a single such factor each dimension that tells of it has modularity 1.

    Raises:
        MetricError: if codes and factors do not fit each other, or some code is no finite number.
    """
    codes, factors = checked(codes, factors)
    binned = np.stack([bins(column) for column in codes.T], axis=1)
    information = information_matrix(binned, factors)  # [L, F]
    others = max(int(varying(factors).sum()) - 1, 1)
    each = np.zeros(codes.shape[1])
    added = []  # what each example adds to a dimension's modularity, less its mean: [N] a dimension that tells
    for j, row in enumerate(information):
        top = int(row.argmax())
        if row[top] <= TELLS:
            continue
        rest = (row**2).sum() - row[top] ** 2
        each[j] = 1 - rest / (row[top] ** 2 * others)
        slopes = -2 * row / (row[top] ** 2 * others)
        slopes[top] = 2 * rest / (row[top] ** 3 * others)
        points = np.stack([pointwise_information(binned[:, j], v) for v in factors.T], axis=1)  # [N, F]
        added.append((points - row) @ slopes)
    if not added:
        return Modularity(0.0, 0.0, each, information)
    tells = information.max(axis=1) > TELLS
    error = np.mean(added, axis=0).std() / np.sqrt(len(codes))
    return Modularity(float(each[tells].mean()), float(error), each, information)
