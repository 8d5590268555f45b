"""From examples as stored, perhaps memory-mapped, to batches x [B, *shape] on a device."""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from vae_core.errors import ConfigError

RESIDENT_BYTES = 2**30
"""Sets up to this size lie on a GPU as uint8, on CUDA up to half of what is free there; larger ones are read from disk
batch by batch."""


def choose_device(wanted: str = "auto") -> torch.device:
    """The device asked for; with "auto" CUDA, then Apple's GPU, then the CPU.

    Raises:
        ConfigError: if this machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(kind for kind, available in there.items() if available))
    if not there[wanted]:
        raise ConfigError(f"There is no {wanted} device on this machine. Choose auto or cpu.")
    return torch.device(wanted)


class Examples:
    """Examples by index: `examples[index]` is x [B, *shape], float32, on the device.

    Pictures, uint8 [N, H, W, C], become [B, C, H, W] in [0, 1]; a table, float32 [N, D], stays as it is.

    Args:
        x: As stored.
        device: Where batches are wanted.
        labels: int [N], for conditional models.
        resident: Whether all of x may lie on the device.
    """

    def __init__(
        self, x: np.ndarray, device: torch.device, labels: np.ndarray | None = None, resident: bool = True
    ) -> None:
        self.device = device
        self._mapped = x
        self._labels = None if labels is None else torch.from_numpy(labels.astype(np.int64)).to(device)
        resident = device.type == "cpu" or (resident and x.nbytes <= _room(device))
        self._resident = _as_tensor(x).to(device) if resident else None
        self.index_device = device if resident else torch.device("cpu")
        """Where an index is used: one that lies there already is not copied batch by batch."""

    def __len__(self) -> int:
        return len(self._mapped)

    def __getitem__(self, index: Tensor) -> Tensor:
        if self._resident is not None:
            chosen = self._resident[index.to(self.index_device)]
        else:
            chosen = torch.from_numpy(self._mapped[index.cpu().numpy()]).to(self.device)
        return chosen.permute(0, 3, 1, 2).float().div_(255) if chosen.ndim == 4 else chosen.float()

    def labels(self, index: Tensor) -> Tensor | None:
        """int64 [B] on the device, if there are labels."""
        return None if self._labels is None else self._labels[index.to(self.device)]

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """The indices of all examples once, in order, in parts."""
        yield from torch.arange(len(self)).split(batch_size)


def _room(device: torch.device) -> int:
    """Bytes that a dataset may take on a device."""
    return torch.cuda.mem_get_info(device)[0] // 2 if device.type == "cuda" else RESIDENT_BYTES


def _as_tensor(x: np.ndarray) -> Tensor:
    """The same memory as a tensor, a mapped file too: the system keeps of it what is used, and nothing is copied."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable.*")  # nobody writes
        return torch.from_numpy(np.asarray(x))


def binarise(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Every pixel drawn, 1 with the probability of its grey value (Salakhutdinov & Murray 2008).

    "On the quantitative analysis of deep belief networks" (https://doi.org/10.1145/1390156.1390266).
    """
    return (torch.rand(x.shape, generator=generator, device=x.device) < x).float()
