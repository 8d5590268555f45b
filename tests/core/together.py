"""`torchrun … -m tests.core.together FOLDER KIND…`: every kind trained by several processes; the first saves."""

import sys
from pathlib import Path

import safetensors.torch

from tests.conftest import CPU
from tests.core.exact import config_of, dataset_of
from vae_core import checkpoints, parallel
from vae_core.datasets import Dataset
from vae_core.run_config import RunConfig
from vae_core.training import HISTORY, Training

EPOCHS = 3


def recipe(named: str) -> tuple[RunConfig, Dataset]:
    """Of `KIND/OBJECTIVE`; batches of 7, so that the last one has a single example, and one process has none of it."""
    kind, objective = named.split("/")
    dataset = dataset_of(kind)
    changes = {"train": {} if kind == "table" else {"batch_size": 7}, "objective": {"name": objective}}
    return config_of(kind, dataset, EPOCHS).with_settings(
        {k: v for k, v in changes.items() if v != {"name": ""}}
    ), dataset


def trained(kind: str) -> Training:
    config, dataset = recipe(kind)
    training = Training(checkpoints.build(config, dataset.schema, len(dataset.label_names)), dataset, config, CPU)
    for _ in training:
        pass
    return training


if __name__ == "__main__":
    folder, *kinds = sys.argv[1:]
    with parallel.joined(CPU):
        for kind in kinds:
            training = trained(kind)
            if parallel.distributed.get_rank() == 0:
                file = Path(folder) / kind.replace("/", "-")
                file.with_suffix(".json").write_bytes(HISTORY.dump_json(training.history))
                weights = {name: tensor.contiguous() for name, tensor in training.model.state_dict().items()}
                safetensors.torch.save_file(weights, file.with_suffix(".safetensors"))
