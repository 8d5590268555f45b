"""A mixture of normals fitted to the codes of a trained model: a better sampler than the prior, for autoencoders too.

Ghosh et al. 2020, "From Variational to Deterministic Autoencoders" (https://arxiv.org/abs/1903.12436), §4: ex-post
density estimation closes most of the gap between codes and prior.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

COMPONENTS = 10
MOST_CODES = 20_000
REGULARISATION = 1e-6
"""Of the variances, relative to that of the codes."""


@dataclass(frozen=True, eq=False)
class FittedMixture:
    """Σ_k w_k N(mean_k, covariance_k) over L dimensions.

    Attributes:
        weights: [K].
        means: [K, L].
        covariances: [K, L, L].
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def sample(self, count: int, seed: int) -> np.ndarray:
        """float32 [count, L], in no order: scikit-learn's own samples come sorted by component."""
        random = np.random.default_rng(seed)
        chosen = random.choice(len(self.weights), size=count, p=self.weights)
        noise = random.standard_normal((count, self.means.shape[1]))
        roots = np.linalg.cholesky(self.covariances)
        return (self.means[chosen] + np.einsum("nij,nj->ni", roots[chosen], noise)).astype(np.float32)

    def log_prob(self, latents: np.ndarray) -> np.ndarray:
        """log density [n] in nats at latents [n, L]."""
        deviations = latents[:, None].astype(np.float64) - self.means  # [n, K, L]
        roots = np.linalg.cholesky(self.covariances)
        whitened = np.stack(
            [np.linalg.solve(root, d.T).T for root, d in zip(roots, deviations.swapaxes(0, 1), strict=True)]
        )
        volume = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(1)
        each = -0.5 * (whitened**2).sum(2) - volume[:, None] - 0.5 * latents.shape[1] * np.log(2 * np.pi)  # [K, n]
        return np.logaddexp.reduce(np.log(self.weights)[:, None] + each, axis=0)


def fit_mixture(codes: np.ndarray, components: int = COMPONENTS, seed: int = 0) -> FittedMixture:
    """The mixture that fits posterior means [N, L] best (expectation maximisation, Dempster et al. 1977).

    At most 20,000 evenly chosen codes are looked at; there are never more components than a tenth of the codes.
    """
    chosen = codes[np.linspace(0, len(codes) - 1, min(len(codes), MOST_CODES)).astype(int)].astype(np.float64)
    most = max(min(components, len(chosen) // 10), 1)
    floor = REGULARISATION * max(float(chosen.var(0).max()), 1e-12)
    model = GaussianMixture(most, reg_covar=floor, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a hundred rounds are near enough for a sampler
        model.fit(chosen)
    return FittedMixture(model.weights_ / model.weights_.sum(), model.means_, model.covariances_)
