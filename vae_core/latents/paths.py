"""Paths from one latent to another: straight, on a sphere, through the data, and the decoder's own shortest way."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize
from scipy.sparse.csgraph import dijkstra
from sklearn.neighbors import kneighbors_graph
from torch import Tensor

from vae_core.latents.codes import Codes
from vae_core.vae import VAE

STEPS = 48
"""Pieces of a path."""
MOST_CODES = 5000
NEIGHBOURS = 12
DETOUR = 3.0
"""Power of a hop's length: the larger, the more a path prefers many short hops, where codes lie densely."""
SMOOTHED = 6
"""A step is smoothed with so many to either side, the farthest of them three standard deviations away."""
GEODESIC_PIECES = (16, STEPS)
"""Of the chain: few let it go far in few rounds, but cut the decoder's bends, so that it may end longer than its start;
as many as the path has are measured as the path is."""
GEODESIC_ROUNDS = 100
GEODESIC_SECONDS = 2.0
"""From each start; a large decoder gets as far as it gets."""
WALKS = 4
"""So often a path is walked anew: where a step crosses a bend, its parts are not as long as they were reckoned."""
LEAST_ANGLE = 1e-4

Decode = Callable[[Tensor], Tensor]
"""Latents [T, L] -> x [T, D]."""


@dataclass(frozen=True, eq=False)
class Path:
    """Latents from one point to another, and how the picture changes on the way.

    Attributes:
        name: linear, spherical, density or geodesic.
        latents: float32 [T, L], both ends included.
        speed: Change of the picture ‖f(z_{t+1}) − f(z_t)‖ in each of the T − 1 pieces.
        length: Their sum, the length of the path in x-space.
    """

    name: str
    latents: np.ndarray
    speed: np.ndarray

    @property
    def length(self) -> float:
        """In x-space."""
        return float(self.speed.sum())


def linear(a: np.ndarray, b: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """The straight line [T, L]."""
    return a + np.linspace(0, 1, steps + 1)[:, None] * (b - a)


def spherical(a: np.ndarray, b: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """slerp [T, L], at an even angular speed about the origin (Shoemake 1985, "Animating Rotation with Quaternion
    Curves").

    White 2016, "Sampling Generative Networks" (https://arxiv.org/abs/1609.04468), §2.1: in many dimensions the straight
    line crosses the middle, where hardly any sample of the prior lies. With nearly parallel ends it is the line.
    """
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(np.clip(a @ b / lengths, -1, 1)) if lengths > 0 else 1.0
    angle = np.arccos(cosine)
    if angle < LEAST_ANGLE or np.pi - angle < LEAST_ANGLE:
        return linear(a, b, steps)
    t = np.linspace(0, 1, steps + 1)[:, None]
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def through_data(a: np.ndarray, b: np.ndarray, codes: Codes, steps: int = STEPS) -> np.ndarray:
    """From code to code where they lie densely [T, L]: the shortest sum of hops to the power of 3, evenly walked.

    Such sums are Fermat distances: for many codes they approach the shortest path under the
    metric q(z)^(−2 · (3 − 1)/L) (Hwang, Damelin & Hero 2016, https://arxiv.org/abs/1202.0385). The corners are cut off
    twice (Chaikin 1974), and what still zigzags between codes is smoothed.
    """
    chosen = np.linspace(0, len(codes) - 1, min(len(codes), MOST_CODES)).astype(int)
    points = np.concatenate([a[None], b[None], codes.mean[chosen]]).astype(np.float64)
    graph = kneighbors_graph(points, min(NEIGHBOURS, len(points) - 1), mode="distance")
    graph.data = np.maximum(graph.data, 1e-12) ** DETOUR
    graph = graph.maximum(graph.T).tolil()
    graph[0, 1] = graph[1, 0] = max(float(np.linalg.norm(b - a)), 1e-12) ** DETOUR  # else there may be no way at all
    _, before = dijkstra(graph.tocsr(), indices=0, return_predecessors=True)
    way = [1]
    while way[-1] != 0:
        way.append(int(before[way[-1]]))
    return evenly(_smooth(evenly(_cut_corners(_cut_corners(points[way[::-1]])), steps)), steps)


def geodesic(a: np.ndarray, b: np.ndarray, decode: Decode, starts: list[np.ndarray], steps: int = STEPS) -> np.ndarray:
    """The shortest path found under the decoder's pull-back metric [T, L].

    As in Shao, Kumar & Fletcher 2018, "The Riemannian Geometry of Deep Generative Models"
    (https://arxiv.org/abs/1711.08014): the energy Σ‖f(z_{t+1}) − f(z_t)‖² of a chain of latents is minimised from every
    start by L-BFGS, and the shortest result is taken. It is evenly walked in x-space, unless a start is shorter as it
    stands: then it is that start, unchanged. Where the data has holes it may cross them: without its own uncertainty a
    decoder knows no holes (Syrota et al. 2024, https://arxiv.org/abs/2408.07507).

    Args:
        a: [L].
        b: [L].
        decode: The decoder.
        starts: Paths [T, L] to begin with.
        steps: Pieces of the result.
    """
    walked = [_walk(path, decode, steps) for path in (*starts, *(_relax(start, decode) for start in starts))]
    return min([*walked, *starts], key=lambda path: float(_speed(decode, path).sum()))


def _walk(path: np.ndarray, decode: Decode, steps: int) -> np.ndarray:
    """A chain of latents in pieces that are equal in x-space."""
    path = evenly(path, steps)
    for _ in range(WALKS):
        path = evenly(path, steps, weights=_speed(decode, path))
    return path


def _relax(start: np.ndarray, decode: Decode) -> np.ndarray:
    """A chain of latents of less energy, its ends where they were."""
    deadline = time.monotonic() + GEODESIC_SECONDS
    for pieces in GEODESIC_PIECES:
        start = _relax_chain(evenly(start, pieces), decode, deadline)
    return start


def _relax_chain(nodes: np.ndarray, decode: Decode, deadline: float) -> np.ndarray:
    first, *_, last = nodes

    def chain(inner: np.ndarray) -> np.ndarray:
        return np.concatenate([first[None], inner.reshape(-1, len(first)), last[None]])

    def energy(inner: np.ndarray) -> tuple[float, np.ndarray]:
        z = torch.from_numpy(chain(inner)).requires_grad_()
        total = decode(z).diff(dim=0).square().sum()
        (gradient,) = torch.autograd.grad(total, z)
        return total.item(), gradient[1:-1].numpy().ravel()

    def look_at_the_clock(inner: np.ndarray) -> None:
        if time.monotonic() > deadline:
            raise StopIteration

    options = {"maxiter": GEODESIC_ROUNDS}
    start_at = nodes[1:-1].ravel()
    found = minimize(energy, start_at, jac=True, method="L-BFGS-B", callback=look_at_the_clock, options=options)
    return chain(found.x)


def paths(vae: VAE, codes: Codes, a: np.ndarray, b: np.ndarray, label: int | None = None) -> list[Path]:
    """All four ways from a to b [L], with what the decoder makes of them.

    Args:
        vae: The model.
        codes: Of the dataset.
        a: Where they begin.
        b: Where they end.
        label: Of a conditional model: which one the decoder is told.
    """
    vae.eval()

    def decode(latents: Tensor) -> Tensor:
        told = None if label is None else torch.full((len(latents),), label)
        return vae.decode(latents.float(), told).flatten(1).double()

    a, b = a.astype(np.float64), b.astype(np.float64)
    ways = {"linear": linear(a, b), "spherical": spherical(a, b), "density": through_data(a, b, codes)}
    ways["geodesic"] = geodesic(a, b, decode, list(ways.values()))
    return [Path(name, way.astype(np.float32), _speed(decode, way)) for name, way in ways.items()]


def evenly(path: np.ndarray, steps: int, weights: np.ndarray | None = None) -> np.ndarray:
    """A chain of latents walked anew in equal pieces, [steps + 1, L]; `weights` are their lengths, if not in z."""
    pieces = np.linalg.norm(np.diff(path, axis=0), axis=1) if weights is None else weights
    place = np.concatenate([[0.0], np.cumsum(pieces)])
    if place[-1] <= 0:
        return np.repeat(path[:1], steps + 1, axis=0)
    wanted = np.linspace(0, place[-1], steps + 1)
    return np.stack([np.interp(wanted, place, column) for column in path.T], axis=1)


def _smooth(path: np.ndarray) -> np.ndarray:
    """A chain of latents without its small turns; mirrored at its ends, which so stay where they are."""
    width = min(SMOOTHED, len(path) - 1)
    longer = np.pad(path, ((width, width), (0, 0)), mode="reflect", reflect_type="odd")
    return np.asarray(gaussian_filter1d(longer, width / 3, axis=0, radius=width)[width:-width])


def _cut_corners(path: np.ndarray) -> np.ndarray:
    if len(path) < 3:
        return path
    cut = np.stack([0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]], axis=1)
    return np.concatenate([path[:1], cut.reshape(-1, path.shape[1]), path[-1:]])


@torch.no_grad()
def _speed(decode: Decode, path: np.ndarray) -> np.ndarray:
    return decode(torch.from_numpy(path)).diff(dim=0).norm(dim=1).numpy()
