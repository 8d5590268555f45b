"""The computations there are. Each is imported when its process runs it: t-SNE needs no torch."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vae_core.computations.directory import ComputationDirectory, Request

if TYPE_CHECKING:
    from vae_core.checkpoints import Checkpoint


class Tell(Protocol):
    """Whoever wants to know how far a computation is."""

    def __call__(self, done: float, seconds: float | None = None) -> None:
        """The share that is done, 0 to 1; at the beginning also how many seconds to reckon, where that is known."""


def _tsne(directory: ComputationDirectory, tell: Tell) -> bytes:
    """The places on the map: float32 [N, 2], little-endian, in the order of the codes."""
    from vae_core.latents import projection

    mean = np.lib.format.open_memmap(directory.path / "codes.npy", mode="r")
    tell(0.0, projection.seconds(len(mean)))
    places = projection.tsne(mean, tell, int(os.environ.get("OMP_NUM_THREADS", "1")))
    return places.astype("<f4").tobytes()


def _measures(directory: ComputationDirectory, tell: Tell) -> bytes:
    """`vae_core.measuring.Measures` as JSON."""
    from vae_core import stored_datasets
    from vae_core.measuring import measure
    from vae_core.metrics import Material

    request = directory.read_request()
    options = request.options
    dataset = stored_datasets.load(options["dataset"])
    checkpoint = checkpoint_of(request)
    material = Material(checkpoint, dataset, options["split"], options["code"], options["seed"])
    return measure(material, tell).model_dump_json().encode()


def _anomalies(directory: ComputationDirectory, tell: Tell) -> bytes:
    """`vae_core.anomalies.Judged`, as a safetensors file."""
    from vae_core import stored_datasets
    from vae_core.anomalies import judge

    request = directory.read_request()
    checkpoint = checkpoint_of(request)
    own = stored_datasets.load(checkpoint.config.dataset_id)
    asked = stored_datasets.load(request.options["dataset"])
    return judge(checkpoint, asked, own, request.options["seed"], tell).to_bytes()


def checkpoint_of(request: Request) -> "Checkpoint":
    """The very version that is asked for.

    Raises:
        NotFoundError: if the model has been trained on since.
    """
    from vae_core import checkpoints

    return checkpoints.load_version(request.checkpoint_id, request.version)


COMPUTATIONS: dict[str, Callable[[ComputationDirectory, Tell], bytes]] = {
    "tsne": _tsne,
    "measures": _measures,
    "anomalies": _anomalies,
}
"""kind -> from the directory of a computation to its result."""

INPUTS = ("codes.npy",)
"""Deleted when the result is there."""
