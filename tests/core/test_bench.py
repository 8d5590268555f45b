"""The benchmark's contenders are the same network on the same data; those that need nothing more are run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import strokes
from vae_core import bench
from vae_core.checkpoints import build
from vae_core.datasets import ImageSchema
from vae_core.run_config import RunConfig

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("network", bench.NETWORKS)
def test_ours_and_the_plain_loop_train_as_many_parameters_to_a_like_loss(network: str, tmp_path: Path) -> None:
    data = tmp_path / "x.npy"
    np.save(data, strokes(600, 28))
    told = {}
    for name in ("ours", "loop"):
        script = ROOT / "vae_core" / "bench" / f"{name}.py"
        command = [sys.executable, str(script), str(data), "100", "64", "2", "1.0", network]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        told[name] = json.loads(ran.stdout.splitlines()[-1])
    assert told["ours"]["parameters"] == told["loop"]["parameters"]
    assert all(result["cpu_seconds"] > 0 and result["peak_mb"] > 50 for result in told.values())
    assert told["ours"]["validation"] == pytest.approx(told["loop"]["validation"], rel=0.5)


def test_benchmark_says_what_its_networks_have() -> None:
    from vae_core.bench.ours import NETWORKS

    for name, architecture in NETWORKS.items():
        config = RunConfig(dataset_id="x").with_settings({"model": {"architecture": architecture.model_dump()}})
        model = build(config, ImageSchema(), 0, meta=True)
        count = sum(p.numel() for p in model.parameters())
        assert f"{count:,} parameters" in (bench.__doc__ or ""), (name, count)
        assert torch.device("meta") == model.mean.device
