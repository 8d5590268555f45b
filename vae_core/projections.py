"""Maps that take a while: t-SNE of the codes of a model's version, computed once, by a process of its own."""

import io
from pathlib import Path

import numpy as np

from vae_core import computations
from vae_core.computations import Request, Status
from vae_core.latents import projection

__all__ = ["Status", "result", "start", "status"]

KIND = "tsne"


def start(checkpoint_id: str, version: str, mean: np.ndarray) -> None:
    """Begin t-SNE of a model's codes, unless that is done or going on.

    Args:
        checkpoint_id: Whose codes these are.
        version: Of the checkpoint.
        mean: Posterior means [N, L].

    Raises:
        NotFoundError: if there is no such version any more.
        ProjectionError: if there is no such map.
        ComputationError, QuotaError: as `computations.start`.
    """
    request = _request(checkpoint_id, version)
    computations.directory(request)
    projection.check(mean)
    buffer = io.BytesIO()
    np.save(buffer, mean.astype(np.float32))
    computations.start(request, {"codes.npy": buffer.getvalue()})


def status(checkpoint_id: str, version: str) -> Status:
    """Where it stands.

    Raises:
        NotFoundError: if there is no such version any more.
    """
    return computations.status(_request(checkpoint_id, version))


def result(checkpoint_id: str, version: str) -> Path:
    """The file of the places: float32 [N, 2], little-endian, in the order of the codes.

    Raises:
        NotFoundError: if there is no such version any more, or the map is not computed.
    """
    return computations.result(_request(checkpoint_id, version))


def _request(checkpoint_id: str, version: str) -> Request:
    return Request(kind=KIND, checkpoint_id=checkpoint_id, version=version)
