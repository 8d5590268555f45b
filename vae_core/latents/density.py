"""How densely the data lies at a point of latent space, and how far that can be trusted.

The aggregate posterior q(z) = 1/N Σ_n q(z | x_n) (Makhzani et al. 2016, https://arxiv.org/abs/1511.05644) is the
density from which the decoder has seen codes in training: where it is low, what is decoded is a guess.

While a point is dragged the browser reckons both by itself; `log_prob` and `trust` are the reference against which that
is tested.
"""

from dataclasses import dataclass

import numpy as np

from vae_core.latents.codes import Codes

JUDGES = 1000
"""So many codes, evenly chosen, say what density is usual."""
CHUNK_VALUES = 2**19
"""So many stay in a processor's cache: a larger part takes twice as long."""
QUANTILES = 101
NOTHING = -50.0
"""Nats below the largest of N terms, at which one adds less than rounding does; yet smaller ones cost most of the time,
as they have no exponential."""


@dataclass(frozen=True, eq=False)
class AggregatePosterior:
    """q(z) over L dimensions: an even mixture of N normals with diagonal covariances.

    Attributes:
        mean: float [N, L].
        std: float [N, L].
    """

    mean: np.ndarray
    std: np.ndarray

    def log_prob(self, latents: np.ndarray, left_out: np.ndarray | None = None) -> np.ndarray:
        """log q(z) [n] in nats.

        Args:
            latents: [n, L].
            left_out: For every latent the number of a code that is not to count, [n].
        """
        count, dimensions = self.mean.shape
        precision = self.std.astype(np.float64) ** -2
        scaled = self.mean * precision
        constant = (
            -0.5 * (self.mean * scaled).sum(1) - np.log(self.std).sum(1) - 0.5 * dimensions * np.log(2 * np.pi)
        )  # [N]
        weights = np.concatenate([scaled, -0.5 * precision], axis=1)  # [N, 2 L]
        size = max(CHUNK_VALUES // count, 1)
        parts = []
        for start in range(0, len(latents), size):
            z = latents[start : start + size].astype(np.float64)
            each = np.concatenate([z, z**2], axis=1) @ weights.T  # [n, N]
            each += constant
            if left_out is not None:
                each[np.arange(len(z)), left_out[start : start + size]] = -np.inf
            parts.append(_log_sum_exp(each))
        return np.concatenate(parts) - np.log(count - (left_out is not None))


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    """Of the rows of [n, N], which are overwritten."""
    largest = values.max(axis=1, keepdims=True)
    values -= largest
    np.maximum(values, NOTHING, out=values)
    np.exp(values, out=values)
    return np.asarray(np.log(values.sum(axis=1)) + largest[:, 0])


def aggregate_posterior(codes: Codes) -> AggregatePosterior:
    """q(z) of a dataset; an autoencoder's codes, which have no spread, are given that of a kernel density estimate.

    The kernel is normal with Scott's bandwidth N^(−1/(L + 4)) · std (Scott 1992, "Multivariate Density Estimation",
    §6.5). So is that of a VAE in a dimension whose posterior is narrower than a thousandth of the codes' spread.
    """
    count, dimensions = codes.mean.shape
    spread = np.maximum(codes.mean.std(0), 1e-6)
    if (codes.std == 0).all():
        bandwidth = spread * count ** (-1 / (dimensions + 4))
        return AggregatePosterior(codes.mean, np.broadcast_to(bandwidth, codes.mean.shape).astype(np.float32))
    return AggregatePosterior(codes.mean, np.maximum(codes.std, 1e-3 * spread).astype(np.float32))


def usual_densities(density: AggregatePosterior) -> np.ndarray:
    """Quantiles 0, 1, …, 100 % [101] of log q at the data's own codes, in nats.

    Each code is left out where it is judged itself: else every code would lie on top of its own peak.
    """
    count = len(density.mean)
    if count == 1:
        return np.repeat(density.log_prob(density.mean), QUANTILES)
    chosen = np.linspace(0, count - 1, min(count, JUDGES)).astype(int)
    return np.quantile(density.log_prob(density.mean[chosen], chosen), np.linspace(0, 1, QUANTILES))


def trust(log_density: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """The share of the data's codes [n] that lie no more densely than a point does; 0 in a hole.

    Args:
        log_density: log q at the points [n].
        usual: Quantiles of log q at the codes, from `usual_densities`.
    """
    return np.interp(log_density, usual, np.linspace(0, 1, len(usual)), left=0.0, right=1.0)
