"""How much faster several processes train than one, and what they send each other.

    python -m tests.benchmarks.parallel            # 1 and 2 processes of this machine

Each process has one thread. For every network: images a second in the best epoch after the first; the CPU time of an
image, of all processes together, which other work on the machine hardly moves; the bytes that a step sends, and how
long that takes by itself.
"""

import subprocess
import sys
import time

import torch

from tests.conftest import stroke_dataset
from vae_core import checkpoints, parallel
from vae_core.config import Conv, Mlp, ModelConfig, TrainConfig
from vae_core.run_config import RunConfig
from vae_core.training import Training

CPU = torch.device("cpu")
EXAMPLES, SIDE, BATCH, EPOCHS, REPEATS = 8_000, 28, 512, 4, 30
NETWORKS = {"mlp 384-256": Mlp(), "conv 24": Conv()}


def measured(name: str) -> str:
    dataset = stroke_dataset(EXAMPLES, SIDE)
    train = TrainConfig(epochs=EPOCHS, batch_size=BATCH, device="cpu")
    config = RunConfig(dataset_id=dataset.id, model=ModelConfig(architecture=NETWORKS[name]), train=train)
    model = checkpoints.build(config, dataset.schema, len(dataset.label_names))
    training, used = Training(model, dataset, config, CPU), time.process_time()
    seconds = min(record.seconds for record in list(training)[1:])
    used = parallel.size() * (time.process_time() - used) / EPOCHS / EXAMPLES
    parameters = list(model.parameters())
    count = sum(p.numel() for p in parameters)
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    started = time.perf_counter()
    for _ in range(REPEATS):
        parallel.add_gradients(parameters)
    one = (time.perf_counter() - started) / REPEATS
    speed = f"{EXAMPLES / seconds:8,.0f} images/s  {1000 * used:.2f} ms of CPU an image"
    return f"{name:12s} {speed}  {4 * count / 1e6:5.1f} MB a step, {1000 * one:5.1f} ms"


def main() -> None:
    if len(sys.argv) == 1:
        for count in (1, 2):
            print(f"{count} process{'es' if count > 1 else ''}", flush=True)
            together = ["torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "-m"]
            subprocess.run([sys.executable, "-m", *together, "tests.benchmarks.parallel", "one"], check=True)
        return
    torch.set_num_threads(1)
    with parallel.joined(CPU):
        for name in NETWORKS:
            told = measured(name)
            if not parallel.is_joined() or parallel.distributed.get_rank() == 0:
                print(told, flush=True)


if __name__ == "__main__":
    main()
