"""A film as one looks at it: all frames on one map that does not spin, and the way back from the map to latents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vae_core.checkpoints import Checkpoint, build
from vae_core.film.frames import Frame
from vae_core.latents.alignment import chain
from vae_core.latents.codes import plane_of
from vae_core.latents.manifold import OUTERMOST
from vae_core.vae import VAE

NORMAL_REACH = 2.0537489
"""The prior's quantile 0.98, where the manifold ends."""


@dataclass(frozen=True, eq=False)
class AlignedFilm:
    """All frames on one map.

    Attributes:
        epochs: Of the frames, F.
        places: float32 [F, n, 2], the probe set on the map.
        lifts: float32 [F, 3, L]: a latent, and how it changes by 1 across and 1 up. The latent of frame t over the
            map's (u, v) is lifts[t, 0] + u lifts[t, 1] + v lifts[t, 2].
        reach: The manifold's ends on the map, (least u, greatest u, least v, greatest v).
    """

    epochs: tuple[int, ...]
    places: np.ndarray
    lifts: np.ndarray
    reach: tuple[float, float, float, float]

    def latents(self, frame: int, places: np.ndarray) -> np.ndarray:
        """float32 [..., L]: the latents of frame number `frame` over places [..., 2] of the map."""
        origin, across, up = self.lifts[frame]
        return np.asarray(origin + places[..., :1] * across + places[..., 1:] * up, dtype=np.float32)

    def grid(self, frame: int, cells: int) -> np.ndarray:
        """float32 [cells · cells, L]: the manifold's latents, row by row from the upper left."""
        share = np.linspace(OUTERMOST, 1 - OUTERMOST, cells)
        quantiles = torch.distributions.Normal(0.0, 1.0).icdf(torch.from_numpy(share)).numpy()
        steps = (quantiles / NORMAL_REACH + 1) / 2  # 0 to 1
        u0, u1, v0, v1 = self.reach
        u, v = np.meshgrid(u0 + (u1 - u0) * steps, v1 - (v1 - v0) * steps)
        return self.latents(frame, np.stack([u.ravel(), v.ravel()], 1))


def align(frames: Sequence[Frame], is_normal: bool) -> AlignedFilm:
    """Put frames on one map: that of the last one, to which the others are turned (see `latents.alignment`).

    With two latents the map is their plane, with more the last frame's plane of greatest variance, after aligning in
    all of them; one latent lies across, and the examples are spread upwards so that each can be seen.

    Args:
        frames: In order of time; at least one.
        is_normal: Whether the prior is N(0, I): then the manifold spans its quantiles, else the last frame's codes.
    """
    rotations = chain([frame.codes for frame in frames])
    rows, centre = plane_of(frames[-1].codes)
    turned = [frame.codes.astype(np.float64) @ turn for frame, turn in zip(frames, rotations, strict=True)]
    places = np.stack([(codes - centre) @ rows.T for codes in turned])
    if frames[-1].codes.shape[1] == 1:
        places[..., 1] = (np.arange(places.shape[1]) * 0.618034) % 1 - 0.5
    back = rotations.transpose(0, 2, 1)
    lifts = np.stack([np.stack([centre @ turn, *(rows @ turn)]) for turn in back])
    reach = (-NORMAL_REACH, NORMAL_REACH, -NORMAL_REACH, NORMAL_REACH)
    if not is_normal:
        low, high = np.quantile(places[-1], (OUTERMOST, 1 - OUTERMOST), axis=0)
        reach = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
    return AlignedFilm(
        tuple(frame.epoch for frame in frames),
        places.astype(np.float32),
        lifts.astype(np.float32),
        reach,
    )


def decoder_of(checkpoint: Checkpoint, frame: Frame) -> VAE:
    """A frame's model, which can decode and nothing else."""
    vae = build(checkpoint.config, checkpoint.schema, len(checkpoint.label_names), meta=True)
    vae.load_state_dict({name: tensor.float() for name, tensor in frame.weights.items()}, strict=False, assign=True)
    return vae.eval()
