"""How long each measure takes: `python -m tests.benchmarks.measures CHECKPOINT DATA`, one thread."""

import argparse
import time

import torch
from threadpoolctl import threadpool_limits

from vae_core import checkpoints, read
from vae_core.cli.group import checkpoint_path
from vae_core.errors import MetricError
from vae_core.metrics import METRICS, Material


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("data")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = checkpoints.load(checkpoint_path(arguments.checkpoint))
    with threadpool_limits(1):
        material = Material(checkpoint, read(arguments.data, checkpoint.schema), "all")
        print(f"{len(material.part):,} examples\n\n| measure | seconds | CPU seconds |\n|---|---|---|")
        for metric in METRICS.values():
            began, cpu = time.perf_counter(), time.process_time()
            try:
                metric.measure(material)
            except MetricError:
                continue
            print(
                f"| {metric.title} | {time.perf_counter() - began:.1f} | {time.process_time() - cpu:.1f} |", flush=True
            )


if __name__ == "__main__":
    main()
