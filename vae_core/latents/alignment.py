"""Turning codes so that they lie as others do: without it a film of a map would spin.

A VAE with the prior N(0, I) and an autoencoder tell their latents apart from rotated ones by nothing, so from epoch to
epoch the codes may turn and flip without a change of meaning.
"""

from collections.abc import Sequence

import numpy as np


def procrustes(codes: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, perhaps with a reflection, that brings codes nearest to others.

    The orthogonal R that minimises ‖A R − B‖ (Frobenius), for codes A and target B: with the singular value
    decomposition Aᵀ B = U S Vᵀ it is R = U Vᵀ. Schönemann 1966, "A generalized solution of the orthogonal Procrustes
    problem" (https://doi.org/10.1007/BF02289451). Nothing is scaled, and the origin, where the prior has its centre,
    stays where it is.

    Args:
        codes: A [N, L].
        target: B [N, L], of the same examples.

    Returns:
        float64 [L, L]: row vectors z become z R, and are had back as z Rᵀ.
    """
    u, _, vt = np.linalg.svd(codes.astype(np.float64).T @ target.astype(np.float64))
    return np.asarray(u @ vt)


def chain(frames: Sequence[np.ndarray]) -> np.ndarray:
    """The rotations that align codes over time to the last ones, each frame to its successor as that was aligned.

    Not each directly to the last: the first codes have little in common with the last, so that their best rotation is
    hardly better than others, and neighbours would jump. From the end backwards, each step asks for the least motion
    between two neighbours, which is what one sees.

    Args:
        frames: Codes [N, L] of the same examples, in order of time; at least one.

    Returns:
        float64 [F, L, L]; the last one is the identity.
    """
    rotations = [np.eye(frames[-1].shape[1])]
    for codes, successor in zip(frames[-2::-1], frames[:0:-1], strict=True):
        rotations.append(procrustes(codes, successor.astype(np.float64) @ rotations[-1]))
    return np.stack(rotations[::-1])
