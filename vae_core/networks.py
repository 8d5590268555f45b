"""Encoders and decoders: any side 8 to 128, 1 or 3 channels.

An encoder maps x [B, C, H, W] to [B, 2 L] (mean and log-variance); a decoder maps z [B, L] to [B, C, H, W].
"""

import math
from collections.abc import Callable
from itertools import pairwise

from torch import nn

from vae_core.config import ModelConfig

Shape = tuple[int, int, int]
SMALLEST_MAP = 7
"""Convolutions halve the picture until its side is at most this."""


def mlp(config: ModelConfig, shape: Shape) -> tuple[nn.Module, nn.Module]:
    """Dense layers: pixels - width - width / 2 - latents, and back."""
    pixels = math.prod(shape)
    wide, narrow = config.width, max(config.width // 2, 8)
    encoder = nn.Sequential(
        nn.Flatten(),
        nn.Linear(pixels, wide),
        nn.ReLU(),
        nn.Linear(wide, narrow),
        nn.ReLU(),
        nn.Linear(narrow, 2 * config.latents),
    )
    decoder = nn.Sequential(
        nn.Linear(config.latents, narrow),
        nn.ReLU(),
        nn.Linear(narrow, wide),
        nn.ReLU(),
        nn.Linear(wide, pixels),
        nn.Unflatten(1, shape),
    )
    return encoder, decoder


def conv(config: ModelConfig, shape: Shape) -> tuple[nn.Module, nn.Module]:
    """Strided convolutions down to at most 7×7 and a dense layer, and the mirror image back."""
    channels, side, _ = shape
    sides = [side]
    while sides[-1] > SMALLEST_MAP:
        sides.append(math.ceil(sides[-1] / 2))
    base = max(config.width // 16, 4)
    depths = [channels] + [min(base * 2**i, 4 * base) for i in range(len(sides) - 1)]
    flat = depths[-1] * sides[-1] ** 2

    down: list[nn.Module] = []
    for depth_in, depth_out in pairwise(depths):
        down += [nn.Conv2d(depth_in, depth_out, 3, stride=2, padding=1), nn.ReLU()]
    encoder = nn.Sequential(
        *down, nn.Flatten(), nn.Linear(flat, config.width), nn.ReLU(), nn.Linear(config.width, 2 * config.latents)
    )

    up: list[nn.Module] = [nn.Linear(config.latents, config.width), nn.ReLU(), nn.Linear(config.width, flat), nn.ReLU()]
    up.append(nn.Unflatten(1, (depths[-1], sides[-1], sides[-1])))
    for level in reversed(range(len(sides) - 1)):
        # side s comes back from ceil(s / 2): a transposed convolution gives 2 ceil(s / 2) - 1, plus 1 where s is even
        odd = 0 if sides[level] % 2 else 1
        up.append(nn.ConvTranspose2d(depths[level + 1], depths[level], 3, stride=2, padding=1, output_padding=odd))
        up.append(nn.ReLU())
    return encoder, nn.Sequential(*up[:-1])


ARCHITECTURES: dict[str, Callable[[ModelConfig, Shape], tuple[nn.Module, nn.Module]]] = {"mlp": mlp, "conv": conv}
"""name -> (encoder, decoder) for a configuration and the shape (C, H, W) of x."""
