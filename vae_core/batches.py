"""From pictures as stored (uint8 [N, H, W, C], perhaps memory-mapped) to batches x [B, C, H, W] on a device."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from vae_core.errors import ConfigError

RESIDENT_BYTES = 2**30
"""Sets up to this size lie on the device as uint8; larger ones are read from disk batch by batch."""


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


class Pictures:
    """Pictures by index: `pictures[index]` is x [B, C, H, W], float32 in [0, 1], on the device."""

    def __init__(self, x: np.ndarray, device: torch.device, resident: bool = True) -> None:
        self.device = device
        self._mapped = x
        resident = resident and x.nbytes <= RESIDENT_BYTES
        self._resident = torch.from_numpy(np.array(x)).to(device) if resident else None

    def __len__(self) -> int:
        return len(self._mapped)

    def __getitem__(self, index: Tensor) -> Tensor:
        if self._resident is not None:
            pictures = self._resident[index.to(self.device)]
        else:
            pictures = torch.from_numpy(self._mapped[index.numpy()]).to(self.device)
        return pictures.permute(0, 3, 1, 2).float().div_(255)

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """All pictures once, in order."""
        for start in range(0, len(self), batch_size):
            yield self[torch.arange(start, min(start + batch_size, len(self)))]
