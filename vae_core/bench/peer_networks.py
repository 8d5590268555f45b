"""The benchmark's networks in plain PyTorch, for contenders whose Python need not have ours.

A script finds this file as its neighbour.
"""

from torch import nn

LATENTS = 2


def halves(network: str) -> tuple[nn.Module, int, nn.Module]:
    """The encoder's body, pixels [B, 1, 28, 28] -> [B, W]; W; and the decoder, z [B, 2] -> logits [B, 1, 28, 28].

    Args:
        network: mlp is 784-512-256-2 and back with ReLU; conv is two strided convolutions, a dense layer of 256, and
            back with SiLU.
    """
    if network == "mlp":
        down = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU())
        up = nn.Sequential(nn.Linear(LATENTS, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784))
        return down, 256, nn.Sequential(up, nn.Unflatten(1, (1, 28, 28)))
    down = nn.Sequential(
        nn.Conv2d(1, 32, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(3136, 256),
        nn.SiLU(),
    )
    up = nn.Sequential(
        nn.Linear(LATENTS, 256),
        nn.SiLU(),
        nn.Linear(256, 3136),
        nn.SiLU(),
        nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
        nn.SiLU(),
        nn.ConvTranspose2d(32, 1, 3, stride=2, padding=1, output_padding=1),
    )
    return down, 256, up
