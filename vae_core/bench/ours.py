"""`ours.py X.npy HELD_OUT BATCH EPOCHS TARGET NETWORK`: our training of the benchmark's network; prints JSON."""

import json
import resource
import sys
import time
from itertools import pairwise

import numpy as np
import torch

from vae_core.checkpoints import build
from vae_core.config import Conv, Mlp, ModelConfig, TrainConfig
from vae_core.datasets import Dataset, ImageSchema
from vae_core.run_config import PRESETS, RunConfig
from vae_core.training import Training

NETWORKS = {
    "mlp": Mlp(widths=(512, 256), activation="relu", fourier=0),
    "conv": Conv(channels=32, width=256, fourier=0),
}


def main(data: str, held_out: int, batch: int, epochs: int, target: float, network: str) -> None:
    """Train, and tell how long it took."""
    torch.set_num_threads(1)
    x = np.lib.format.open_memmap(data, mode="r")
    dataset = Dataset("bench", x, ImageSchema(), known_id="bench")
    rate = PRESETS["mlp-256-128-64"].learning_rate  # of the plain networks
    settings = TrainConfig(epochs=epochs, batch_size=batch, learning_rate=rate)
    config = RunConfig(dataset_id="bench", model=ModelConfig(architecture=NETWORKS[network]), train=settings)
    training = Training(build(config, dataset.schema, 0), dataset, config, torch.device("cpu"))
    training.divide(*torch.arange(len(x)).split(len(x) - held_out))
    moments = [time.process_time()]
    measured = []
    for record in training:
        moments.append(time.process_time())
        measured.append(-record.validation.elbo)
        if epochs > 3 and measured[-1] <= target:
            break
    reached = next((moments[k + 1] - moments[0] for k, loss in enumerate(measured) if loss <= target), None)
    result = {
        "cpu_seconds": sum(b - a for a, b in pairwise(moments)) / len(measured),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "validation": measured[-1],
        "seconds_to_target": reached,
        "parameters": sum(p.numel() for p in training.model.parameters()),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), sys.argv[6])
