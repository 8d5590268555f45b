"""FactorVAE score: where one known factor is held fixed, does always the same latent dimension hold still?

Kim & Mnih 2018, "Disentangling by Factorising" (https://arxiv.org/abs/1802.05983), §4: 64 examples that share one
factor's value; the dimension whose variance among them is the smallest share of its variance over the dataset votes
for that factor; each dimension then stands for the factor that it voted for most often. As in disentanglement_lib
(Locatello et al. 2019, https://arxiv.org/abs/1811.12359): 10,000 votes say what each dimension stands for, 5,000 others
are counted, and dimensions of standard deviation below 0.05 have no vote (the study's setting; the library's own
default is 0, with which a dimension that is constant but for rounding would win them all).

Where we deviate:

* Examples come from the dataset at hand, with replacement among those that share the value, and not from a generator:
  the other factors vary as they do there. On a dataset of every combination once, the two are the same.
* Values that a single example has are never held fixed: its variance is 0 in every dimension.
* A factor that does not vary is never held fixed.
* The variance over the dataset is that of all examples, not of 10,000.
* A dimension without a vote in the first round stands for nothing; there it stands for the first factor.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.errors import MetricError
from vae_core.metrics.examples import checked, varying

VOTES, HELD_OUT_VOTES, EXAMPLES = 10_000, 5_000, 64
ACTIVE_DEVIATION = 0.05
AT_ONCE = 500
"""Votes."""


@dataclass(frozen=True, eq=False)
class FactorVAEScore:
    """What was found.

    Attributes:
        score: The share of the held-out votes that are for the factor which their dimension stands for, 0 to 1; by
            chance about 1 / (factors that vary). 0 without an active dimension.
        error: Binomial standard error of that share, √(score (1 − score) / votes): of the drawing of votes only, with
            this dataset and this assignment; it says nothing of other examples or another training.
        votes: int [L, F]: the held-out votes of each dimension for each factor.
        stands_for: int [L]: the factor with most votes in the first round; −1 where there was none.
        active: bool [L]: which dimensions could vote.
    """

    score: float
    error: float
    votes: np.ndarray
    stands_for: np.ndarray
    active: np.ndarray


def factor_vae_score(codes: np.ndarray, factors: np.ndarray, *, seed: int = 0) -> FactorVAEScore:
    """FactorVAE score of mean codes [N, L] for factors int [N, F].

    Sign and order of dimensions change nothing, nor does scale as long as a dimension stays active. Of dimensions that
    hold equally still the first votes.

    Raises:
        MetricError: if codes and factors do not fit each other, some code is no finite number, no factor varies, or
            one does whose every value is that of a single example.
    """
    codes, factors = checked(codes, factors)
    active = codes.std(axis=0, ddof=1) >= ACTIVE_DEVIATION
    values = [_Values(factor, k) for k, factor in enumerate(factors.T) if varying(factors)[k]]
    if not values:
        raise MetricError("No factor varies: there is nothing to tell apart. Give examples of several values.")
    shape = codes.shape[1], factors.shape[1]
    if not active.any():
        return FactorVAEScore(0.0, 0.0, np.zeros(shape, np.int64), np.full(shape[0], -1), active)
    random = np.random.default_rng(seed)
    scaled = codes[:, active] / codes[:, active].std(axis=0, ddof=1)
    first, votes = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    held = [factor.index for factor in values]
    first[np.ix_(active, held)] = _votes(scaled, values, VOTES, random)
    votes[np.ix_(active, held)] = _votes(scaled, values, HELD_OUT_VOTES, random)
    stands_for = np.where(first.any(axis=1), first.argmax(axis=1), -1)
    known = stands_for >= 0
    score = float(votes[known, stands_for[known]].sum() / HELD_OUT_VOTES)
    return FactorVAEScore(score, float(np.sqrt(score * (1 - score) / HELD_OUT_VOTES)), votes, stands_for, active)


class _Values:
    """The examples of one factor, sorted by value, without those that have theirs alone."""

    def __init__(self, factor: np.ndarray, index: int) -> None:
        counts = np.bincount(factor)
        self.index = index
        self.order = np.argsort(factor, kind="stable")
        self.first = np.cumsum(counts) - counts  # place in the order of a value's first example
        self.counts = counts
        self.shared = factor[counts[factor] > 1]  # drawing from these holds a value as often as it occurs
        if not len(self.shared):
            raise MetricError(
                f"Factor {index + 1} has another value in every example: none can be held fixed. "
                "Give more examples, or round its values."
            )

    def draw(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Examples [count, 64]; those of a row share a value."""
        value = random.choice(self.shared, count)[:, None]
        place = (random.random((count, EXAMPLES)) * self.counts[value]).astype(np.int64)
        return np.asarray(self.order[self.first[value] + place])


def _votes(scaled: np.ndarray, values: list[_Values], count: int, random: np.random.Generator) -> np.ndarray:
    """How often each dimension of [N, L] held stillest while each factor was fixed: int [L, F]."""
    votes = np.zeros((scaled.shape[1], len(values)), dtype=np.int64)
    held = np.bincount(random.integers(len(values), size=count), minlength=len(values))
    for k, factor in enumerate(values):
        for start in range(0, held[k], AT_ONCE):
            drawn = scaled[factor.draw(min(AT_ONCE, held[k] - start), random)]  # [votes, 64, L]
            votes[:, k] += np.bincount(drawn.var(axis=1).argmin(axis=1), minlength=len(votes))
    return votes
