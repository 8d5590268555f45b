"""How far the aggregate posterior is from the prior: whether samples of N(0, I) fall where codes lie.

Makhzani et al. 2016, "Adversarial Autoencoders" (https://arxiv.org/abs/1511.05644); Hoffman & Johnson 2016, "ELBO
surgery" (http://approximateinference.org/accepted/HoffmanJohnson2016.pdf); Rosca et al. 2018, "Distribution Matching
in Variational Inference" (https://arxiv.org/abs/1802.06847).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from vae_core.latents.codes import Codes
from vae_core.latents.density import AggregatePosterior, aggregate_posterior

MOST = 10_000
DRAWS = 2000
STEPS = 200
"""Quantiles of the prior at which distribution functions are compared."""


@dataclass(frozen=True, eq=False)
class AggregateGap:
    """What was found, in nats where nothing else is said.

    The aggregate posterior is that of the examples given, a mixture of their posteriors, whose density is known: the
    divergences are Monte Carlo means of log q − log p over draws of it, without a histogram's bias, and may come out
    slightly below 0. Of other examples of the same kind it would be nearer to the prior: a mixture of few narrow
    posteriors has holes between them. The total is the mean KL of the posteriors less I(x; z), which is at most
    log N, so for a model that keeps more than log N nats it says how many examples there are, rather than how well
    they fill the prior. A sum of `kl` over dimensions far below the total tells of dependent dimensions or of such
    holes.

    Attributes:
        kl: KL(q(z_j), N(0, 1)) of every dimension alone, [L].
        kl_error: Monte Carlo standard errors, [L].
        mean: Of q(z_j), exact, [L].
        variance: Of q(z_j), exact: the variance of the posterior means plus the mean posterior variance, [L].
        ks: The largest difference of the distribution functions of q(z_j) and N(0, 1), 0 to 1, exact but for at most
            1 / 200 too small, [L].
        total: KL(q(z), N(0, I)).
        total_error: Its Monte Carlo standard error.
        count: Of examples in the mixture.
        draws: Of the mixture.
    """

    kl: np.ndarray
    kl_error: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    ks: np.ndarray
    total: float
    total_error: float
    count: int
    draws: int


def aggregate_gap(codes: Codes, draws: int = DRAWS, most: int = MOST, seed: int = 0) -> AggregateGap:
    """The gap between q(z) and N(0, I).

    An autoencoder's codes have no spread: q(z) is then a kernel density estimate, which is wider than they lie, and
    with many dimensions holds little but its own kernels (see `vae_core.latents.density.aggregate_posterior`).

    Args:
        codes: Of the dataset.
        draws: How many of the mixture; time grows with draws · examples · dimensions.
        most: So many examples at most, drawn, make the mixture.
        seed: Of both draws.
    """
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(codes))[:most]
    density = aggregate_posterior(replace(codes, mean=codes.mean[chosen], std=codes.std[chosen]))
    mean, std = density.mean.astype(np.float64), density.std.astype(np.float64)
    component = generator.integers(len(mean), size=draws)
    latents = mean[component] + std[component] * generator.standard_normal((draws, mean.shape[1]))
    prior = -0.5 * latents**2 - 0.5 * np.log(2 * np.pi)  # [n, L]
    alone = np.stack(
        [
            AggregatePosterior(mean[:, j : j + 1], std[:, j : j + 1]).log_prob(latents[:, j : j + 1])
            for j in range(mean.shape[1])
        ],
        axis=1,
    )
    kl, kl_error = _mean_and_error(alone - prior)
    total, total_error = _mean_and_error((density.log_prob(latents) - prior.sum(1))[:, None])
    return AggregateGap(
        kl,
        kl_error,
        mean.mean(0),
        mean.var(0) + (std**2).mean(0),
        np.array([_kolmogorov_smirnov(*column) for column in zip(mean.T, std.T, strict=True)]),
        float(total[0]),
        float(total_error[0]),
        len(mean),
        draws,
    )


def _mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of every column of [n, L]."""
    return values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))


def _kolmogorov_smirnov(mean: np.ndarray, std: np.ndarray) -> float:
    """The largest difference of the distribution functions of a mixture of normals [N] and of N(0, 1).

    Between two of the prior's quantiles both functions only rise, so it is at most 1 / STEPS larger than at them.
    """
    shares = np.arange(1, STEPS) / STEPS
    mixture = np.array([ndtr((z - mean) / std).mean() for z in ndtri(shares)])
    return float(np.abs(mixture - shares).max())
