"""The core of VAE Studio: data, models, training, checkpoints, latents. No web page is needed to use it."""

from vae_core.config import ModelConfig, TrainConfig
from vae_core.datasets import Dataset, ImageSchema
from vae_core.errors import VAECoreError
from vae_core.records import EpochRecord, Terms
from vae_core.run_config import PRESETS, RunConfig

__all__ = [
    "PRESETS",
    "Dataset",
    "EpochRecord",
    "ImageSchema",
    "ModelConfig",
    "RunConfig",
    "Terms",
    "TrainConfig",
    "VAECoreError",
]
