"""Mutual information gap: does each known factor live in one latent dimension?

Chen et al. 2018, "Isolating Sources of Disentanglement in Variational Autoencoders"
(https://arxiv.org/abs/1802.04942), §4. Computed on the mean code cut into 20 bins of equal width, as
disentanglement_lib does (Locatello et al. 2019, https://arxiv.org/abs/1811.12359); the mutual information is our own,
so that no other library's version moves it. On the mean code collapsed dimensions can leak: say which were taken.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.metrics.examples import checked, varying
from vae_core.metrics.information import bins, entropy, information_matrix, pointwise_information, surprise


@dataclass(frozen=True, eq=False)
class MutualInformationGap:
    """What was found.

    Attributes:
        score: The mean gap over the factors, 0 to 1.
        error: Standard error of the score over the draw of examples, by linearisation (the delta method): the standard
            deviation of what each example adds to the gaps, over √N. Cheap, and needs no seed; the bins are taken as
            given, and it means nothing where a factor's two largest are equal. It says nothing of another training.
        gaps: float64 [F]: (largest − second largest mutual information) / entropy of the factor.
        information: float64 [L, F] in nats.
    """

    score: float
    error: float
    gaps: np.ndarray
    information: np.ndarray


def mutual_information_gap(codes: np.ndarray, factors: np.ndarray) -> MutualInformationGap:
    """MIG of codes [N, L] for factors int [N, F]; a factor that does not vary is left out of the mean.

    With a single latent dimension the second largest is 0.

    Raises:
        MetricError: if codes and factors do not fit each other, or some code is no finite number.
    """
    codes, factors = checked(codes, factors)
    binned = np.stack([bins(column) for column in codes.T], axis=1)
    information = information_matrix(binned, factors)  # [L, F]
    gaps = np.zeros(factors.shape[1])
    added = []  # what each example adds to a gap, less the gap: [N] a factor that varies
    for k, factor in enumerate(factors.T):
        spread = entropy(np.bincount(factor))
        if spread == 0:
            continue
        order = np.argsort(-information[:, k], kind="stable")[:2]
        each = pointwise_information(binned[:, order[0]], factor)
        gaps[k] = information[order[0], k] / spread
        if len(order) == 2:
            each = each - pointwise_information(binned[:, order[1]], factor)
            gaps[k] -= information[order[1], k] / spread
        added.append((each - gaps[k] * surprise(factor)) / spread)
    if not added:
        return MutualInformationGap(0.0, 0.0, gaps, information)
    error = np.mean(added, axis=0).std() / np.sqrt(len(codes))
    return MutualInformationGap(float(gaps[varying(factors)].mean()), float(error), gaps, information)
