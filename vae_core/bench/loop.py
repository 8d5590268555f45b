"""`loop.py X.npy HELD_OUT BATCH EPOCHS TARGET NETWORK`: a plain loop as PyTorch's VAE example has it; prints JSON.

https://github.com/pytorch/examples/tree/main/vae: a dataset that gives one PIL picture after the other, a DataLoader,
probabilities and binary cross-entropy, Adam at 1e-3, the loss read at every step. Written anew, with the benchmark's
network.
"""

import json
import resource
import sys
import time

import numpy as np
import torch
from peer_networks import LATENTS, halves  # type: ignore[import-not-found]
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader


class Pictures(torch.utils.data.Dataset[Tensor]):
    """One picture at a time, through PIL."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Tensor:
        picture = Image.fromarray(self.x[index])
        return torch.from_numpy(np.array(picture)).float().div(255)[None]


class Model(nn.Module):
    """One of the benchmark's networks."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.down, width, self.up = halves(network)
        self.mean, self.log_variance = nn.Linear(width, LATENTS), nn.Linear(width, LATENTS)

    def loss(self, x: Tensor) -> Tensor:
        """−ELBO of a batch, summed."""
        hidden = self.down(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        cross_entropy = F.binary_cross_entropy(torch.sigmoid(self.up(z)), x, reduction="sum")
        return cross_entropy - 0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())


def main(data: str, held_out: int, batch: int, epochs: int, network: str) -> None:
    """Train, and tell how long it took."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = np.array(np.lib.format.open_memmap(data, mode="r"))[..., 0]
    learn = DataLoader(Pictures(x[:-held_out]), batch_size=batch, shuffle=True)
    test = DataLoader(Pictures(x[-held_out:]), batch_size=batch)
    model = Model(network)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    started, total = time.process_time(), 0.0
    for _ in range(epochs):
        model.train()
        for pictures in learn:
            optimizer.zero_grad()
            loss = model.loss(pictures)
            loss.backward()
            total += loss.item()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            validation = sum(model.loss(pictures).item() for pictures in test) / held_out
    result = {
        "cpu_seconds": (time.process_time() - started) / epochs,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "validation": validation,
        "seconds_to_target": None,
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[6])
