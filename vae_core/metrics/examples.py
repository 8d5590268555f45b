"""What every measure is given: codes and the known factors behind the same examples."""

import numpy as np

from vae_core.errors import MetricError

TRAINING, TEST = 10_000, 5_000
"""As disentanglement_lib has them (Locatello et al. 2019, https://arxiv.org/abs/1811.12359)."""
FEWEST_TO_SPLIT = 12


def checked(codes: np.ndarray, factors: np.ndarray, fewest: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Codes as float64 [N, L], and the factors' values as whole numbers from 0 up [N, F].

    Raises:
        MetricError: if the two do not fit each other, are fewer than `fewest`, or some code is no finite number.
    """
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise MetricError(
            f"Codes of shape {codes.shape} and factors of shape {factors.shape} do not belong together: "
            "give [N, L] and [N, F] of the same examples."
        )
    if len(codes) < fewest or not codes.shape[1] or not factors.shape[1]:
        raise MetricError(
            f"Found {len(codes)} examples, {codes.shape[1]} latent dimensions and {factors.shape[1]} factors; "
            f"this measure needs at least {fewest}, 1 and 1."
        )
    if not np.isfinite(codes).all():
        raise MetricError("Some codes are no finite numbers. Train the model again.")
    values = [np.unique(factor, return_inverse=True)[1].reshape(-1) for factor in factors.T]
    return codes.astype(np.float64), np.stack(values, axis=1)


def varying(columns: np.ndarray) -> np.ndarray:
    """Which columns of [N, K] hold more than one value: bool [K]."""
    return np.asarray((columns != columns[:1]).any(axis=0))


def held_out(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which examples to learn from, and which to test on: drawn without replacement, none in both.

    10,000 and 5,000; of fewer than 15,000 examples two thirds and one third.
    """
    order = np.random.default_rng(seed).permutation(count)
    training = min(TRAINING, count * TRAINING // (TRAINING + TEST))
    return order[:training], order[training : training + TEST]
