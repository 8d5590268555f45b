"""Two processes that train together come to the same as one, up to the order in which float32 numbers are added."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch

from tests.core.exact import KINDS
from tests.core.together import recipe, trained
from vae_core.objectives import OBJECTIVES
from vae_core.records import EpochRecord
from vae_core.training import HISTORY

Wait = Callable[[Callable[[], bool], float], None]
ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
"""Of losses, relative; of weights, absolute. Seen: 1e-7 and 5e-7."""
NEEDED = [f"{kind}/" for kind in KINDS]
NEEDED += [f"{'denoising' if OBJECTIVES[name].is_deterministic else 'running sigma'}/{name}" for name in OBJECTIVES]
NEEDED += ["pseudo-inputs/iwae", "learnt mixture/info-vae", "learnt mixture/iwae"]  # a penalty that knows the prior


def torchrun(processes: int, *command: str) -> list[str]:
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *command]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes come to, of every kind: they are started once."""
    path = tmp_path_factory.mktemp("together")
    ran = subprocess.run(
        torchrun(2, "-m", "tests.core.together", str(path), *NEEDED),
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return path


@pytest.mark.slow
@pytest.mark.parametrize("named", NEEDED)
def test_two_processes_come_to_the_same_as_one(named: str, folder: Path) -> None:
    alone = trained(named)
    file = folder / named.replace("/", "-")
    history = HISTORY.validate_json(file.with_suffix(".json").read_bytes())
    assert [numbers(record) for record in history] == [
        pytest.approx(numbers(record), rel=TOLERANCE, abs=TOLERANCE) for record in alone.history
    ]
    weights = safetensors.torch.load_file(file.with_suffix(".safetensors"))
    for name, tensor in alone.model.state_dict().items():
        assert (weights[name] - tensor).abs().max() < TOLERANCE, name


def numbers(record: EpochRecord) -> list[float]:
    both = (record.train, record.validation)
    return [x for terms in both for x in (terms.reconstruction_loss, *terms.kl_per_dimension, *terms.code_variance)]


def test_batches_do_not_divide_evenly_so_that_a_process_may_have_nothing_of_one() -> None:
    config, dataset = recipe("running sigma/")
    assert (len(dataset) - round(len(dataset) * config.train.validation)) % config.train.batch_size == 1
