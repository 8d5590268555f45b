"""Hand-made factors, and codes of them whose scores are known."""

import numpy as np


def factors(count: int = 6000, values: int = 10, number: int = 2, seed: int = 0) -> np.ndarray:
    """Independent, each value as likely as another: int [N, F]."""
    return np.random.default_rng(seed).integers(0, values, size=(count, number))


def rotated(v: np.ndarray) -> np.ndarray:
    """Two factors, each in two dimensions alike."""
    return v @ np.array([[1, 1], [-1, 1]]) / np.sqrt(2)


def noise(count: int, dimensions: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def constant_beside(v: np.ndarray) -> np.ndarray:
    return np.concatenate([v.astype(float), np.full((len(v), 3), 0.7)], axis=1)
