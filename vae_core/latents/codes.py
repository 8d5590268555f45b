"""Codes: where the encoder puts a dataset, and the planes on which a map can show it."""

from dataclasses import dataclass

import numpy as np
import torch

from vae_core.batches import Examples
from vae_core.datasets import Dataset
from vae_core.priors import kl_to_standard
from vae_core.vae import VAE

BATCH = 512
NOWHERE = ""
"""The dataset of codes that are of none: draws from the prior, beside a model that came without data."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Posterior means and stds of a dataset, in its order.

    Attributes:
        dataset_id: Whose codes these are.
        mean: float32 [N, L].
        std: float32 [N, L]; 0 for an autoencoder.
        kl: float32 [N, L] in nats, to N(0, I) whatever prior was learnt; 0 for an autoencoder.
        labels: int32 [N] or None.
        label_names: One name a label.
    """

    dataset_id: str
    mean: np.ndarray
    std: np.ndarray
    kl: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.mean)


@torch.no_grad()
def encode(model: VAE, dataset: Dataset, device: torch.device, resident: bool = True) -> Codes:
    """The codes of a whole dataset; `resident` lets its pictures lie on the device meanwhile."""
    model.to(device).eval()
    examples = Examples(dataset.x, device, dataset.labels if model.labels else None, resident)
    posteriors = [model.encode(examples[index], examples.labels(index)) for index in examples.in_order(BATCH)]
    mean = torch.cat([p.mean for p in posteriors]).cpu().numpy()
    std = torch.cat([p.stddev for p in posteriors]).cpu().numpy()
    divergence = [torch.zeros_like(p.mean) if model.is_deterministic else kl_to_standard(p) for p in posteriors]
    return Codes(dataset.id, mean, std, torch.cat(divergence).cpu().numpy(), dataset.labels, dataset.label_names)


def principal_plane(codes: Codes) -> tuple[np.ndarray, np.ndarray]:
    """The plane of greatest variance of the means (PCA; Pearson 1901).

    Returns:
        Two orthonormal rows [2, L] and the centre [L]; each row's largest entry is positive, so that the map does
        not flip from one run to the next.
    """
    return _principal(codes.mean)


def plane_of(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The plane to show means [N, L] on: two latents as they are, one across, more on their principal plane.

    Returns:
        Two rows [2, L], the second zero where there is one latent, and the centre [L].
    """
    latents = means.shape[1]
    if latents > 2:
        return _principal(means)
    return np.eye(2, latents, dtype=np.float32), np.zeros(latents, dtype=np.float32)


def _principal(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centre = means.mean(0)
    deviations = (means - centre).astype(np.float64)
    _, directions = np.linalg.eigh(deviations.T @ deviations)  # ascending variance
    plane = directions.T[::-1][:2]
    signs = np.sign(plane[np.arange(len(plane)), np.abs(plane).argmax(1)])
    return (plane * signs[:, None]).astype(np.float32), centre
