"""Concept vectors: the difference of two groups' means, and how far it can be trusted.

Larsen et al. 2016, "Autoencoding beyond pixels using a learned similarity metric" (https://arxiv.org/abs/1512.09300),
§4.2; confidence by the bootstrap (Efron 1979, "Bootstrap Methods: Another Look at the Jackknife").
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from vae_core.errors import ConfigError

RESAMPLES = 1000
MOST_RESAMPLED = 2000
"""A larger group is not resampled: its mean's bootstrap distribution is normal by then."""
CONFIDENCE = 0.95
FEW = 20
"""A group of fewer samples deserves a warning."""
LEAST = 2


@dataclass(frozen=True, eq=False)
class Concept:
    """A direction of latent space that leads from one group to another.

    Attributes:
        vector: Mean of the group with, minus mean of the group without, [L].
        low: Lower ends of its 95 % confidence interval per dimension, [L].
        high: Upper ends, [L].
        cone: With 95 % confidence the true direction lies within so many degrees of it.
        chance: |cos| between it and a random direction stays below this 95 % of the time.
        p_value: How often groups that do not differ would differ so much in their means.
        sizes: Samples in the group with and in the group without.
    """

    vector: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cone: float
    chance: float
    p_value: float
    sizes: tuple[int, int]

    @property
    def warning(self) -> str:
        """What is wrong with it, in a sentence; empty if nothing is."""
        if min(self.sizes) < FEW:
            return f"Groups of {self.sizes[0]} and {self.sizes[1]} are small: use at least {FEW} samples each."
        if self.p_value > 1 - CONFIDENCE:
            return "These groups hardly differ in their codes: the direction may be chance."
        return ""


def concept(codes: np.ndarray, group: np.ndarray, other: np.ndarray, seed: int = 0) -> Concept:
    """The direction from one group to another.

    Args:
        codes: Posterior means [N, L].
        group: Numbers of the samples that have it.
        other: Numbers of those that have not.
        seed: Of the resamples.

    Raises:
        ConfigError: if a group has fewer than two samples, or both have some in common, or a code is not finite.
    """
    shared = len(np.intersect1d(group, other))
    if shared:
        raise ConfigError(f"{shared} samples are in both groups: choose groups that have none in common.")
    if min(len(group), len(other)) < LEAST:
        raise ConfigError(
            f"A concept needs at least {LEAST} samples in each group; these have {len(group)} and {len(other)}."
        )
    having, lacking = codes[group].astype(np.float64), codes[other].astype(np.float64)
    astray = sum(int((~np.isfinite(values).all(1)).sum()) for values in (having, lacking))
    if astray:
        raise ConfigError(
            f"{astray} of these samples have codes that are no numbers: the training of this model went astray. "
            "Choose other samples, or another model."
        )
    vector = having.mean(0) - lacking.mean(0)
    random = np.random.default_rng(seed)
    noise = _noise_of_mean(having, random) - _noise_of_mean(lacking, random)  # [R, L]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(vector + noise, [tail, 1 - tail], axis=0)
    cosines = _cosines(vector + noise, vector)
    cone = float(np.degrees(np.arccos(np.clip(np.quantile(cosines, 1 - CONFIDENCE), -1, 1))))
    p_value = float((np.linalg.norm(noise, axis=1) >= np.linalg.norm(vector)).mean())
    return Concept(vector, low, high, cone, chance_cosine(codes.shape[1]), p_value, (len(group), len(other)))


def chance_cosine(dimensions: int) -> float:
    """Below this stays |cos| of two random directions of so many dimensions, 95 % of the time.

    cos² of a random direction follows Beta(1/2, (L − 1)/2).
    """
    return 1.0 if dimensions == 1 else float(np.sqrt(beta.ppf(CONFIDENCE, 0.5, (dimensions - 1) / 2)))


def _cosines(many: np.ndarray, one: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    return np.divide(many @ one, lengths, out=np.zeros(len(many)), where=lengths > 0)


def _noise_of_mean(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Bootstrap deviations of a group's mean [R, L], widened by n/(n − 1) so that small groups are not too sure.

    Those of a large group are drawn from the normal distribution to which they tend, whose covariance is that of the
    sample over n (Bickel & Freedman 1981, "Some Asymptotic Theory for the Bootstrap", theorem 2.1,
    https://doi.org/10.1214/aos/1176345637): resampling 60,000 codes takes seconds.
    """
    count, deviations = len(values), values - values.mean(0)
    if count > MOST_RESAMPLED:
        root = np.linalg.qr(deviations, mode="r") / np.sqrt(count * (count - 1))  # rootᵀ root is that covariance
        return np.asarray(random.normal(size=(RESAMPLES, len(root))) @ root)
    means = [random.multinomial(count, np.full(count, 1 / count)) @ deviations / count for _ in range(RESAMPLES)]
    return np.stack(means) * np.sqrt(count / (count - 1))
