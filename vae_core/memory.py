"""How much memory a training takes, told before it begins, and how much is free."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from vae_core.errors import ConfigError
from vae_core.run_config import RunConfig

if TYPE_CHECKING:  # a worker asks what is free before it loads torch
    from torch import Tensor

    from vae_core.vae import VAE

CGROUP = Path("/sys/fs/cgroup")
"""What a container says of itself."""
SHARE = 0.9
"""Of what is free, a training may take so much."""
TRIED = 2
"""So many examples tell what a batch takes."""


def free_bytes() -> int | None:
    """Bytes that a training may take of what is free, on the machine or in this container; None where nobody says."""
    free = []
    about = Path("/proc/meminfo")
    if about.exists():
        kilobytes = next(line.split()[1] for line in about.read_text().splitlines() if line.startswith("MemAvailable"))
        free.append(int(kilobytes) * 1024)
    with contextlib.suppress(OSError, ValueError):  # without a limit the file says "max", or is not there
        free.append(int((CGROUP / "memory.max").read_text()) - int((CGROUP / "memory.current").read_text()))
    return int(SHARE * max(min(free), 0)) if free else None


def training_bytes(model: "VAE", config: RunConfig) -> int:
    """About how many bytes a training takes on top of the dataset: what it keeps, without what it needs in passing.

    Weights, gradients and Adam's two moments; and what a batch leaves for the way back, scaled up from two examples.
    """
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return 4 * weights + _kept(model, config.objective.draws) * config.train.batch_size // TRIED


def check_memory(model: "VAE", config: RunConfig) -> None:
    """Whether a training on the CPU has room.

    Raises:
        ConfigError: if it has not; the sentence says what batch would have, if one would.
    """
    free, needed = free_bytes(), training_bytes(model, config)
    if free is None or needed <= free:
        return
    batch = config.train.batch_size // 2
    while batch and training_bytes(model, config.with_settings({"train": {"batch_size": batch}})) > free:
        batch //= 2
    cure = f"Choose a batch size of {batch}, or a smaller network." if batch else "Choose a smaller network."
    raise ConfigError(
        f"Training would take about {needed / 2**30:.1f} GB of memory, and {free / 2**30:.1f} GB are free. {cure}"
    )


def _kept(model: "VAE", draws: int) -> int:
    """Bytes that a forward pass over two examples leaves for the way back."""
    import torch

    device = model.mean.device
    storages: dict[int, int] = {}

    def keep(tensor: "Tensor") -> "Tensor":
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    labels = torch.zeros(TRIED, dtype=torch.int64, device=device) if model.labels else None
    noise = torch.Generator(device).manual_seed(0)
    was_training = model.training
    model.eval()  # a running σ must not learn from this
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = model(torch.zeros(TRIED, *model.shape, device=device), noise, labels, draws)
        (out.reconstruction_loss.sum() + out.kl.sum()).detach()
    model.train(was_training)
    return sum(size for pointer, size in storages.items() if pointer not in own)
