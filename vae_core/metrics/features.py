"""Where pictures and tables are compared: feature spaces of our own, without a downloaded network.

A measure of sample quality is as good as the space it measures in. Three are here:

- `random_features` of pictures: a fixed convolutional network with random weights (Naeem et al. 2020,
  https://arxiv.org/abs/2002.09797, recommend random embeddings where a network trained on ImageNet knows nothing of
  the pictures). They see edges, strokes, textures, colour and roughly where these are, at several scales. They miss
  meaning: a 4 that is nearly a 9 is near both, and a class that looks much like another does not stand out. Blur they
  see, but less than a network trained on photographs. Numbers are never comparable with a published FID.
- `pixels`: sees every shift of a stroke and every change of brightness, and no meaning at all; a blurred picture is
  near many sharp ones, which flatters a VAE.
- `standardised` columns of tables.

Decoded pictures are rounded to 0–255 first, as stored ones are. A VAE's decoded means carry no pixel noise: compared
with noisy pictures they are told apart by that alone.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

FEATURES = 64
CHANNELS = (32, 64)
"""Of the first layer and of all others."""
LAST_SIDE = 4
"""Pictures are halved until no side is longer."""
VALUES_AT_ONCE = 2**20
"""Pixels times channels of a batch: the first layer's output is then 32 MB for grey pictures."""


def _nobody(share: float) -> None:
    """Tell nobody."""


@torch.no_grad()
def random_features(pictures: np.ndarray, seed: int = 0, progress: Callable[[float], None] = _nobody) -> np.ndarray:
    """Features float32 [N, 64] of pictures uint8 [N, H, W, C], in no unit.

    3×3 convolutions of stride 2 with ReLU until a picture is at most 4×4, then a linear layer; weights normal with
    variance 2 / fan-in (He et al. 2015, https://arxiv.org/abs/1502.01852), which keeps the scale from layer to layer,
    biases normal with standard deviation 0.1. The same seed gives the same features, to rounding, on every machine;
    features of different seeds or picture sizes must not be compared.

    Args:
        pictures: The examples.
        seed: Of the weights.
        progress: Told the share of the pictures that is done, 0 to 1, after every batch.
    """
    _, height, width, channels = pictures.shape
    convolutions, last = _weights(height, width, channels, seed)
    size = max(VALUES_AT_ONCE // (height * width * channels), 1)
    parts = []
    for start in range(0, len(pictures), size):
        batch = torch.from_numpy(pictures[start : start + size].copy())  # stored ones may be read-only
        x = batch.permute(0, 3, 1, 2).float() / 127.5 - 1  # [B, C, H, W], −1 to 1
        for weight, bias in convolutions:
            x = F.relu(F.conv2d(x, weight, bias, stride=2, padding=1))
        parts.append(F.linear(x.flatten(1), last).numpy())
        progress(min(start + size, len(pictures)) / len(pictures))
    return np.concatenate(parts) if parts else np.zeros((0, FEATURES), np.float32)


def _weights(height: int, width: int, channels: int, seed: int) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
    """(weight, bias) of every convolution, and the last layer's weight."""
    random = np.random.RandomState(seed)  # numpy promises that its numbers never change
    convolutions: list[tuple[Tensor, Tensor]] = []
    while max(height, width) > LAST_SIDE or not convolutions:
        out = CHANNELS[min(len(convolutions), 1)]
        weight = random.standard_normal((out, channels, 3, 3)) * np.sqrt(2 / (9 * channels))
        bias = 0.1 * random.standard_normal(out)
        convolutions.append((torch.from_numpy(weight).float(), torch.from_numpy(bias).float()))
        height, width, channels = (height + 1) // 2, (width + 1) // 2, out
    inputs = channels * height * width
    return convolutions, torch.from_numpy(random.standard_normal((FEATURES, inputs)) * np.sqrt(1 / inputs)).float()


def pixels(pictures: np.ndarray) -> np.ndarray:
    """The values of pictures uint8 [N, H, W, C] in a row each, 0 to 1: float32 [N, H·W·C]."""
    return pictures.reshape(len(pictures), -1) / np.float32(255)


def standardised(table: np.ndarray, real: np.ndarray) -> np.ndarray:
    """The columns of a table [N, D] in units of the real table's standard deviations, about its means: float64.

    A column that does not vary in the real table [M, D] is only moved: samples that vary there stand out. Columns are
    weighed alike, also those that hold only noise or the same thing twice.

    Args:
        table: Real rows or samples.
        real: The rows that set the scale, the same for all that is compared.
    """
    spread = real.std(0, dtype=np.float64)
    return (table - real.mean(0, dtype=np.float64)) / np.where(spread > 0, spread, 1)
