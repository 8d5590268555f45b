"""`pythae.py X.npy HELD_OUT BATCH EPOCHS TARGET NETWORK`: pythae's trainer on the benchmark's network; prints JSON.

https://github.com/clementchadebec/benchmark_VAE. It is started in a Python that has pythae, which need not have us.
"""

import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path

from peer_networks import LATENTS, halves  # type: ignore[import-not-found]

sys.path.remove(str(Path(__file__).resolve().parent))  # else this file would be the pythae that is imported

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn


class Encoder(BaseEncoder):  # type: ignore[misc]
    """The way down."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.body, width, _ = halves(network)
        self.mean, self.log_variance = nn.Linear(width, LATENTS), nn.Linear(width, LATENTS)

    def forward(self, x: Tensor) -> ModelOutput:
        """x [B, 1, 28, 28] -> mean and log-variance."""
        hidden = self.body(x)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):  # type: ignore[misc]
    """The way back."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.body = halves(network)[2]

    def forward(self, z: Tensor) -> ModelOutput:
        """z [B, 2] -> pixels [B, 1, 28, 28]."""
        return ModelOutput(reconstruction=self.body(z).sigmoid())


def main(data: str, held_out: int, batch: int, epochs: int, target: float, network: str) -> None:
    """Train, and tell how long it took."""
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    x = torch.from_numpy(np.lib.format.open_memmap(data, mode="r").transpose(0, 3, 1, 2) / np.float32(255))
    model = VAE(
        VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENTS, reconstruction_loss="bce"),
        Encoder(network),
        Decoder(network),
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=batch,
            per_device_eval_batch_size=batch,
            no_cuda=True,
        )
        parts = [BaseDataset(part, torch.ones(len(part))) for part in (x[:-held_out], x[-held_out:])]
        trainer = BaseTrainer(model, *parts, settings)
        trainer.prepare_training()
        reached, started = None, time.process_time()
        for epoch in range(1, epochs + 1):
            trainer.train_step(epoch)
            loss = float(trainer.eval_step(epoch))
            if loss <= target:
                reached = time.process_time() - started
                break
        seconds = (time.process_time() - started) / epoch
    result = {
        "cpu_seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "validation": loss,
        "seconds_to_target": reached,
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    sys.stdout.write("\n" + json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), sys.argv[6])
