"""Encoders and decoders: for pictures of any side 8 to 128, 1 or 3 channels, and for rows of tables.

An encoder maps x [B, *shape] to [B, outputs] (what the posterior is made of); a decoder maps z [B, inputs] to
[B, *shape]. Of the decoder's inputs the first L are latents; a conditional model's label follows, one-hot.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from vae_core.brought import brought
from vae_core.config import Architecture, Brought, Burgess, Conv, Mlp, Resnet
from vae_core.errors import ConfigError
from vae_core.example import Shape

SMALLEST_MAP = 7
"""Convolutions halve the picture until its side is at most this."""
LAST_LAYER_SCALE = 0.3
NORM_CHANNELS = 8
"""Channels a group of group normalisation."""
ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU, "tanh": nn.Tanh}


@dataclass(frozen=True)
class Ends:
    """What an architecture connects.

    Attributes:
        seen: Shape of what the encoder sees.
        outputs: How many numbers the encoder gives.
        latents: How many latents the decoder takes.
        labels: How many entries of a one-hot label follow them.
        shape: Of the decoder's output.
    """

    seen: Shape
    outputs: int
    latents: int
    labels: int
    shape: Shape

    @property
    def inputs(self) -> int:
        """How many numbers the decoder takes."""
        return self.latents + self.labels


class FourierFeatures(nn.Module):
    """z [B, L + K] -> [z, sin(W z[:L] + b)] [B, L + K + F], with W and b learnt from a wide start.

    A decoder of two latents must bend sharply to tell thousands of pictures apart, and dense layers learn slow bends
    first: without these features its output is fog for long. Tancik et al. 2020, "Fourier Features Let Networks Learn
    High Frequency Functions in Low Dimensional Domains" (https://arxiv.org/abs/2006.10739). The more latents, the less
    each has to bend: the initial frequencies are drawn with the standard deviation 6 / L.
    """

    def __init__(self, latents: int, features: int) -> None:
        super().__init__()
        self.latents = latents
        self.frequencies = nn.Linear(latents, features)
        if not self.frequencies.weight.is_meta:  # where only shapes are wanted, it would load torch's compiler
            nn.init.normal_(self.frequencies.weight, std=6 / latents)
        nn.init.uniform_(self.frequencies.bias, -math.pi, math.pi)

    def forward(self, latents: Tensor) -> Tensor:
        """[B, L + K] -> [B, L + K + F]."""
        return torch.cat([latents, torch.sin(self.frequencies(latents[:, : self.latents]))], dim=1)


def mlp(options: Mlp, ends: Ends) -> tuple[nn.Module, nn.Module]:
    """Dense layers there and, over Fourier features of the latents if there are any, back."""
    values, seen = math.prod(ends.shape), math.prod(ends.seen)
    activation = ACTIVATIONS[options.activation]
    down = _dense((seen, *options.widths), activation)
    encoder = nn.Sequential(nn.Flatten(), *down, _last((seen, *options.widths)[-1], ends.outputs))
    widths = options.decoder_widths or options.widths[::-1]
    features, inputs = _features(options.fourier, ends)
    up = _dense((inputs, *widths), activation)
    decoder = nn.Sequential(*features, *up, _last((inputs, *widths)[-1], values), nn.Unflatten(1, ends.shape))
    return encoder, decoder


def conv(options: Conv, ends: Ends) -> tuple[nn.Module, nn.Module]:
    """Strided convolutions down to at most 7×7 and a dense layer, and the mirror image back."""
    sides = _halved(_side(ends))
    base = options.channels
    depths = [min(base * 2**i, 4 * base) for i in range(len(sides) - 1)]
    down: list[nn.Module] = []
    for depth_in, depth_out in pairwise([ends.seen[0], *depths]):
        down += [nn.Conv2d(depth_in, depth_out, 3, stride=2, padding=1), nn.SiLU()]
    flat = (depths or [ends.seen[0]])[-1] * sides[-1] ** 2
    encoder = nn.Sequential(*down, nn.Flatten(), *_dense((flat, options.width)), _last(options.width, ends.outputs))

    depths = [ends.shape[0], *depths]
    features, inputs = _features(options.fourier, ends)
    flat = depths[-1] * sides[-1] ** 2
    up = [*features, *_dense((inputs, options.width, flat)), nn.Unflatten(1, (depths[-1], sides[-1], sides[-1]))]
    for level in reversed(range(len(sides) - 1)):
        # side s comes back from ceil(s / 2): a transposed convolution gives 2 ceil(s / 2) - 1, plus 1 where s is even
        odd = 0 if sides[level] % 2 else 1
        up.append(nn.ConvTranspose2d(depths[level + 1], depths[level], 3, stride=2, padding=1, output_padding=odd))
        up.append(nn.SiLU())
    return encoder, nn.Sequential(*up[:-1])


def burgess(options: Burgess, ends: Ends) -> tuple[nn.Module, nn.Module]:
    """Four convolutions (4×4, stride 2, 32 channels) and two dense layers of 256, ReLU, and the mirror image back.

    Burgess et al. 2018, "Understanding disentangling in β-VAE" (https://arxiv.org/abs/1804.03599), App. A.1.
    """
    if _side(ends) != 64:
        raise ConfigError(f"burgess is built for 64×64 pictures, not {_side(ends)}×{_side(ends)}. Choose side 64.")
    down: list[nn.Module] = []
    for depth_in in (ends.seen[0], 32, 32, 32):
        down += [nn.Conv2d(depth_in, 32, 4, stride=2, padding=1), nn.ReLU()]
    encoder = nn.Sequential(*down, nn.Flatten(), *_dense((512, 256, 256), nn.ReLU), _last(256, ends.outputs))
    up: list[nn.Module] = [*_dense((ends.inputs, 256, 256, 512), nn.ReLU), nn.Unflatten(1, (32, 4, 4))]
    for depth_out in (32, 32, 32, ends.shape[0]):
        up += [nn.ConvTranspose2d(32, depth_out, 4, stride=2, padding=1), nn.ReLU()]
    return encoder, nn.Sequential(*up[:-1])


class Residual(nn.Module):
    """x + f(x), f two 3×3 convolutions after group normalisation and SiLU; [B, C, H, W] as it was.

    He et al. 2016, "Identity Mappings in Deep Residual Networks" (https://arxiv.org/abs/1603.05027); Wu & He 2018,
    "Group Normalization" (https://arxiv.org/abs/1803.08494).
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.GroupNorm(depth // NORM_CHANNELS, depth), nn.SiLU(), nn.Conv2d(depth, depth, 3, padding=1)]
        self.change = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H, W]."""
        return x + self.change(x)


def resnet(options: Resnet, ends: Ends) -> tuple[nn.Module, nn.Module]:
    """A residual block at every size below the full one, halved by strided convolutions, doubled by neighbours."""
    sides = _halved(_side(ends))
    depths = [min(options.channels * 2**i, 8 * options.channels) for i in range(len(sides))]
    down: list[nn.Module] = [nn.Conv2d(ends.seen[0], depths[0], 3, padding=1)]
    for depth_in, depth_out in pairwise(depths):
        down += [nn.Conv2d(depth_in, depth_out, 3, stride=2, padding=1), Residual(depth_out)]
    flat = depths[-1] * sides[-1] ** 2
    head = [nn.SiLU(), nn.Flatten(), *_dense((flat, options.width)), _last(options.width, ends.outputs)]
    up: list[nn.Module] = [*_dense((ends.inputs, options.width, flat)), nn.Unflatten(1, (depths[-1], *sides[-1:] * 2))]
    for level in reversed(range(len(sides) - 1)):
        up += [
            Residual(depths[level + 1]),
            nn.Upsample(size=(sides[level], sides[level])),
            nn.Conv2d(depths[level + 1], depths[level], 3, padding=1),
        ]
    up += [Residual(depths[0]), nn.SiLU(), nn.Conv2d(depths[0], ends.shape[0], 3, padding=1)]
    return nn.Sequential(*down, *head), nn.Sequential(*up)


ARCHITECTURES: dict[str, Callable[[Any, Ends], tuple[nn.Module, nn.Module]]] = {
    "mlp": mlp,
    "conv": conv,
    "burgess": burgess,
    "resnet": resnet,
}
"""name -> (encoder, decoder) for its options and what it connects. ConfigError where it cannot."""


def network(options: Architecture, ends: Ends) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder: one of our own, or one that was brought.

    Raises:
        ConfigError: if there can be no such network here.
    """
    if isinstance(options, Brought):
        return brought(options, ends.shape)
    return ARCHITECTURES[options.name](options, ends)


def _side(ends: Ends) -> int:
    if len(ends.shape) != 3:
        raise ConfigError("Convolutions need pictures, and this is a table. Choose the architecture mlp.")
    return ends.shape[1]


def _halved(side: int) -> list[int]:
    """The sides of the maps, halved until one is small enough."""
    sides = [side]
    while sides[-1] > SMALLEST_MAP:
        sides.append(math.ceil(sides[-1] / 2))
    return sides


def _features(count: int, ends: Ends) -> tuple[list[nn.Module], int]:
    """The decoder's first layer, if any, and how many numbers it gives."""
    return ([FourierFeatures(ends.latents, count)], ends.inputs + count) if count else ([], ends.inputs)


def _dense(widths: Sequence[int], activation: type[nn.Module] = nn.SiLU) -> list[nn.Module]:
    """A dense layer and an activation for every pair of neighbours."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [_he(nn.Linear(inputs, outputs)), activation()]
    return layers


def _last(inputs: int, outputs: int) -> nn.Linear:
    """A last layer begins small."""
    return _he(nn.Linear(inputs, outputs), LAST_LAYER_SCALE)


def _he(layer: nn.Linear, scale: float = 1.0) -> nn.Linear:
    """He's initialisation (https://arxiv.org/abs/1502.01852), scaled; zero biases."""
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    with torch.no_grad():
        layer.weight.mul_(scale)
        layer.bias.zero_()
    return layer
