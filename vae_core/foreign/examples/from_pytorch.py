"""A VAE in plain PyTorch, trained on scikit-learn's digits, as decoder.onnx and encoder.onnx in a folder.

    python vae_core/foreign/examples/from_pytorch.py FOLDER

Pixels are 0 to 1; beside the mean the encoder gives the logarithm of the variance. Only the two halves and `export`
matter: put your own model in their place. Sampling stays outside.
"""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

LATENTS, EPOCHS = 2, 40


class Encoder(nn.Module):
    """x [B, 1, 8, 8] -> mean and log-variance [B, L]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 128))
        self.mean, self.log_variance = nn.Linear(128, LATENTS), nn.Linear(128, LATENTS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both, side by side."""
        h = F.relu(self.body(x))
        return self.mean(h), self.log_variance(h)


class Decoder(nn.Module):
    """z [B, L] -> pixels [B, 1, 8, 8] in [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(LATENTS, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """The probability of every pixel."""
        return torch.sigmoid(self.up(self.body(z).unflatten(1, (16, 4, 4))))


def train() -> tuple[Encoder, Decoder]:
    """Both halves after a few seconds."""
    torch.manual_seed(0)
    x = torch.tensor(load_digits().images / 16, dtype=torch.float32)[:, None]
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 2e-3)
    for _ in range(EPOCHS):
        for batch in x[torch.randperm(len(x))].split(128):
            mean, log_variance = encoder(batch)
            z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            reconstruction = F.binary_cross_entropy(decoder(z), batch, reduction="sum")
            kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
            optimizer.zero_grad()
            ((reconstruction + kl) / len(batch)).backward()
            optimizer.step()
    return encoder.eval(), decoder.eval()


def export(network: nn.Module, example: Tensor, path: Path) -> None:
    """One half as ONNX, with a free batch size and everything in one file."""
    batch = torch.export.Dim("batch", min=1)
    torch.onnx.export(
        network, (example,), path, dynamo=True, dynamic_shapes=({0: batch},), external_data=False, verbose=False
    )


def main(folder: Path) -> None:
    """Train, and write both files."""
    encoder, decoder = train()
    export(encoder, torch.zeros(3, 1, 8, 8), folder / "encoder.onnx")
    export(decoder, torch.zeros(3, LATENTS), folder / "decoder.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
