"""Encoders and decoders that were trained elsewhere, between pixels in [0, 1] and what they take and give."""

import math

import torch
from torch import Tensor, nn

from vae_core.config import Brought
from vae_core.errors import ConfigError
from vae_core.planned import PlannedNetwork

NO_ENCODER = "This model was brought without an encoder: it decodes, and nothing can be encoded. Bring both files."


def brought(options: Brought, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder for pictures of this shape (C, H, W).

    Raises:
        ConfigError: if the files are for other examples.
    """
    if options.encoder is not None and math.prod(options.seen) != math.prod(shape):
        raise ConfigError("Encoder and decoder are for pictures of different sizes. Bring two of one model.")
    return (BroughtEncoder(options) if options.encoder else NoEncoder()), BroughtDecoder(options, shape)


class _Scaled(nn.Module):
    """What a pixel is to these networks."""

    def __init__(self, options: Brought) -> None:
        super().__init__()
        self.is_last = options.layout == "channels-last"
        self.numbers = (options.scale, options.shift)

    def ends(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift [C or 1, 1, 1]: no part of the state, as they are settings."""
        scale, shift = (torch.tensor(numbers, device=like.device).reshape(-1, 1, 1) for numbers in self.numbers)
        return scale, shift


class BroughtEncoder(_Scaled):
    """x [B, C, H, W] in [0, 1] -> mean and std side by side [B, 2 L]; the mean alone [B, L] where there is no std."""

    def __init__(self, options: Brought) -> None:
        super().__init__(options)
        if options.encoder is None:
            raise ConfigError(NO_ENCODER)
        self.network = PlannedNetwork(options.encoder)
        self.seen, self.spread = options.seen, options.spread

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, 2 L] or [B, L]."""
        scale, shift = self.ends(x)
        x = x * scale + shift
        if self.is_last:
            x = x.permute(0, 2, 3, 1)
        outputs = self.network(x.reshape(-1, *self.seen))
        mean, spread = outputs if len(outputs) == 2 else (outputs[0], None)
        if self.spread == "none":
            return mean.flatten(1)
        if spread is None:
            mean, spread = mean.flatten(1).chunk(2, dim=1)
        std = torch.exp(0.5 * spread) if self.spread == "log-variance" else spread
        return torch.cat([mean.flatten(1), std.flatten(1)], dim=1)


class BroughtDecoder(_Scaled):
    """z [B, L] -> pixels in [0, 1], or their logits [B, C, H, W]."""

    def __init__(self, options: Brought, shape: tuple[int, ...]) -> None:
        super().__init__(options)
        self.network = PlannedNetwork(options.decoder)
        self.shape, self.is_logits = shape, options.gives == "logits"

    def forward(self, latents: Tensor) -> Tensor:
        """[B, L] -> [B, C, H, W]."""
        (y,) = self.network(latents)
        channels, height, width = self.shape
        if self.is_last:
            y = y.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
        else:
            y = y.reshape(-1, channels, height, width)
        scale, shift = self.ends(y)
        return y if self.is_logits else (y - shift) / scale


class NoEncoder(nn.Module):
    """In the place of one that nobody brought."""

    def forward(self, x: Tensor) -> Tensor:
        """Raises ConfigError."""
        raise ConfigError(NO_ENCODER)
