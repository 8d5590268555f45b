"""What the explorer's speed is measured with: each architecture at its own width, and a map of many codes."""

import numpy as np
import torch
from torch.nn.functional import interpolate

from tests.conftest import CPU
from tests.stored import store_model
from vae_core import checkpoints, export
from vae_core.checkpoints import Checkpoint
from vae_core.config import Burgess, Config, Conv, Gaussian, Mlp, ModelConfig, Resnet, TrainConfig
from vae_core.datasets import SAMPLES, Dataset, ImageSchema
from vae_core.latents.codes import encode
from vae_core.run_config import RunConfig
from vae_core.training import Training

PICTURES = 600
BATCH = 50
MANY = 50_000
NOISE = 24
"""Of 255: repeated digits are to be different pictures."""

KINDS: dict[str, tuple[str, int, Config]] = {
    "MLP 28×28": ("digits", 28, Mlp()),
    "conv 28×28": ("digits", 28, Conv()),
    "burgess 64×64": ("shapes", 64, Burgess()),
    "resnet 64×64×3": ("faces", 64, Resnet()),
}
"""name -> built-in set, side and network."""


def pictures(name: str, side: int, count: int) -> Dataset:
    """So many of a built-in set's pictures at that side, taken over and over again with noise where there are fewer."""
    dataset = SAMPLES[name]()
    random = np.random.default_rng(0)
    chosen = random.permutation(len(dataset))[np.arange(count) % len(dataset)]
    parts = []
    for part in np.array_split(chosen, max(count // 1000, 1)):
        x = torch.tensor(dataset.x[part], dtype=torch.float32).permute(0, 3, 1, 2)
        if x.shape[-1] != side:
            x = interpolate(x, size=(side, side), mode="bilinear", antialias=True)
        noisy = x.permute(0, 2, 3, 1).numpy() + (
            random.normal(0, NOISE, (len(part), side, side, 1)) * (count > len(dataset))
        )
        parts.append(noisy.clip(0, 255).astype(np.uint8))
    x = np.concatenate(parts)
    assert dataset.labels is not None
    schema = ImageSchema(side=side, channels=x.shape[-1])
    return Dataset(f"{name} {count}", x, schema, dataset.labels[chosen], dataset.label_names)


def make(name: str, count: int = PICTURES) -> str:
    """The id of a model, as a run of one epoch leaves it: how fast it is depends on its architecture alone."""
    of, side, architecture = KINDS[name]
    dataset = pictures(of, side, count)
    model = ModelConfig(architecture=architecture, likelihood=Gaussian())
    train = TrainConfig(epochs=1, batch_size=BATCH, warm_up=1, schedule="constant")
    config = RunConfig(dataset_id=dataset.id, model=model, train=train)
    vae = checkpoints.build(config, dataset.schema, len(dataset.label_names))
    history = tuple(Training(vae, dataset, config, CPU))
    codes = encode(vae, dataset, CPU)
    checkpoint = Checkpoint(name, config, dataset.schema, history, vae.state_dict(), dataset.label_names, codes=codes)
    id = store_model(dataset, checkpoint)
    for export_half in (export.browser_decoder, export.browser_encoder):  # as every run does when it ends
        export_half(id, checkpoints.version(id), vae.eval())
    return id
