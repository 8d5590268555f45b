"""Encoders and decoders: for pictures of any side 8 to 128, 1 or 3 channels, and for rows of tables.

An encoder maps x [B, *shape] to [B, 2 L] (mean and log-variance); a decoder maps z [B, L] to [B, *shape].
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from vae_core.config import ModelConfig
from vae_core.errors import ConfigError

Shape = tuple[int, ...]
"""Of one example: (C, H, W) of a picture, (D,) of a row of a table."""
SMALLEST_MAP = 7
"""Convolutions halve the picture until its side is at most this."""
FOURIER_FEATURES = 64
FIRST_LOG_VARIANCE = -4.0
LAST_LAYER_SCALE = 0.3


class FourierFeatures(nn.Module):
    """z [B, L] -> [z, sin(W z + b)] [B, L + F], with W and b learnt from a wide start.

    A decoder of two latents must bend sharply to tell thousands of pictures apart, and dense layers learn slow bends
    first: without these features its output is fog for long. Tancik et al. 2020, "Fourier Features Let Networks Learn
    High Frequency Functions in Low Dimensional Domains" (https://arxiv.org/abs/2006.10739). The more latents, the less
    each has to bend: the initial frequencies are drawn with the standard deviation 6 / L.
    """

    def __init__(self, latents: int, features: int) -> None:
        super().__init__()
        self.frequencies = nn.Linear(latents, features)
        nn.init.normal_(self.frequencies.weight, std=6 / latents)
        nn.init.uniform_(self.frequencies.bias, -math.pi, math.pi)

    def forward(self, latents: Tensor) -> Tensor:
        """[B, L] -> [B, L + F]."""
        return torch.cat([latents, torch.sin(self.frequencies(latents))], dim=1)


def mlp(config: ModelConfig, shape: Shape) -> tuple[nn.Module, nn.Module]:
    """Dense layers: values - width - ⅔ width - latents, and back over Fourier features of the latents."""
    values = math.prod(shape)
    wide, narrow = config.width, max(config.width * 2 // 3, 8)
    encoder = nn.Sequential(
        nn.Flatten(), *_dense(values, wide), *_dense(wide, narrow), _posterior(narrow, config.latents)
    )
    decoder = nn.Sequential(
        FourierFeatures(config.latents, FOURIER_FEATURES),
        *_dense(config.latents + FOURIER_FEATURES, narrow),
        *_dense(narrow, narrow),
        *_dense(narrow, wide),
        _he(nn.Linear(wide, values), LAST_LAYER_SCALE),
        nn.Unflatten(1, shape),
    )
    return encoder, decoder


def _he(layer: nn.Linear, scale: float = 1.0) -> nn.Linear:
    """He's initialisation (https://arxiv.org/abs/1502.01852), scaled; zero biases."""
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    with torch.no_grad():
        layer.weight.mul_(scale)
        layer.bias.zero_()
    return layer


def _dense(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    """A dense layer and SiLU."""
    return _he(nn.Linear(inputs, outputs)), nn.SiLU()


def _posterior(inputs: int, latents: int) -> nn.Module:
    """The encoder's last layer: small variances at first, so that the decoder sees distinct codes at once."""
    layer = _he(nn.Linear(inputs, 2 * latents), LAST_LAYER_SCALE)
    with torch.no_grad():
        layer.bias[latents:] = FIRST_LOG_VARIANCE
    return layer


def conv(config: ModelConfig, shape: Shape) -> tuple[nn.Module, nn.Module]:
    """Strided convolutions down to at most 7×7 and a dense layer, and the mirror image back.

    Raises:
        ConfigError: if the examples are no pictures.
    """
    if len(shape) != 3:
        raise ConfigError("Convolutions need pictures, and this is a table. Choose the architecture mlp.")
    channels, side, _ = shape
    sides = [side]
    while sides[-1] > SMALLEST_MAP:
        sides.append(math.ceil(sides[-1] / 2))
    base = max(config.width // 16, 4)
    depths = [channels] + [min(base * 2**i, 4 * base) for i in range(len(sides) - 1)]
    flat = depths[-1] * sides[-1] ** 2

    down: list[nn.Module] = []
    for depth_in, depth_out in pairwise(depths):
        down += [nn.Conv2d(depth_in, depth_out, 3, stride=2, padding=1), nn.SiLU()]
    encoder = nn.Sequential(*down, nn.Flatten(), *_dense(flat, config.width), _posterior(config.width, config.latents))

    up: list[nn.Module] = [
        FourierFeatures(config.latents, FOURIER_FEATURES),
        *_dense(config.latents + FOURIER_FEATURES, config.width),
        *_dense(config.width, flat),
    ]
    up.append(nn.Unflatten(1, (depths[-1], sides[-1], sides[-1])))
    for level in reversed(range(len(sides) - 1)):
        # side s comes back from ceil(s / 2): a transposed convolution gives 2 ceil(s / 2) - 1, plus 1 where s is even
        odd = 0 if sides[level] % 2 else 1
        up.append(nn.ConvTranspose2d(depths[level + 1], depths[level], 3, stride=2, padding=1, output_padding=odd))
        up.append(nn.SiLU())
    return encoder, nn.Sequential(*up[:-1])


ARCHITECTURES: dict[str, Callable[[ModelConfig, Shape], tuple[nn.Module, nn.Module]]] = {"mlp": mlp, "conv": conv}
"""name -> (encoder, decoder) for a configuration and the shape of an example."""
