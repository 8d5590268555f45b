"""The core of VAE Studio: data, models, training, checkpoints, latents. No web page is needed to use it.

What needs torch is loaded when it is first asked for: a page that lists datasets, or a worker that waits, stays small.
"""

import os
from typing import TYPE_CHECKING, Any

# onnxruntime gathers statistics of its use unless it is told not to; our workers inherit this
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from vae_core.config import ModelConfig, TrainConfig
from vae_core.datasets import Dataset, ImageSchema, TableSchema
from vae_core.errors import VAECoreError
from vae_core.records import EpochRecord, Terms
from vae_core.run_config import PRESETS, RunConfig

if TYPE_CHECKING:
    from vae_core.checkpoints import Checkpoint
    from vae_core.evaluation import Evaluation
    from vae_core.notebook import evaluate, read, train

__all__ = [
    "PRESETS",
    "Checkpoint",
    "Dataset",
    "EpochRecord",
    "Evaluation",
    "ImageSchema",
    "ModelConfig",
    "RunConfig",
    "TableSchema",
    "Terms",
    "TrainConfig",
    "VAECoreError",
    "evaluate",
    "read",
    "train",
]

_LATE = ("Checkpoint", "Evaluation", "evaluate", "read", "train")


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from vae_core import checkpoints, evaluation, notebook

    homes = (checkpoints, evaluation, notebook, notebook, notebook)
    return getattr(homes[_LATE.index(name)], name)
