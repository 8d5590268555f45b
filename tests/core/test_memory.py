"""What a training is said to take, beside what it takes; and what is said when there is not as much."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.small import PICTURE, PICTURE_64, small
from vae_core import memory
from vae_core.config import Conv, ModelConfig, TrainConfig
from vae_core.errors import ConfigError
from vae_core.objectives import OBJECTIVES
from vae_core.run_config import RunConfig
from vae_core.vae import VAE

ROOT = Path(__file__).resolve().parents[2]
STEP = """
import re, torch
from pathlib import Path
from tests.core.test_memory import model_and_config
from vae_core.adam import Adam

def resident(kind):
    return int(re.search(kind + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

torch.set_num_threads(1)
model, config = model_and_config()
x, adam = torch.rand(config.train.batch_size, *model.shape), Adam(model.named_parameters())
model(x[:2]).reconstruction_loss.sum().backward()
before = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # let the peak begin anew
out = model(x)
(out.reconstruction_loss + out.kl.sum(1)).mean().backward()
adam.step(1e-3)
print(resident("VmHWM") - before)
"""


def model_and_config() -> tuple[VAE, RunConfig]:
    config = RunConfig(
        dataset_id="x", model=ModelConfig(architecture=Conv(channels=32)), train=TrainConfig(batch_size=256)
    )
    return VAE(config.model, PICTURE_64), config


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_estimate_is_near_what_a_step_takes() -> None:
    ran = subprocess.run([sys.executable, "-c", STEP], cwd=ROOT, capture_output=True, text=True, check=True)
    taken, told = int(ran.stdout), memory.training_bytes(*model_and_config())
    assert 0.5 < taken / told < 2


def test_estimate_grows_with_the_batch_and_the_draws() -> None:
    model, config = model_and_config()
    double = config.with_settings({"train": {"batch_size": 512}})
    several = RunConfig(dataset_id="x", model=config.model, objective=OBJECTIVES["iwae"](), train=config.train)
    told = [memory.training_bytes(model, c) for c in (config, double, several)]
    assert 1.5 < told[1] / told[0] < 2
    assert told[2] > 1.5 * told[0]


def test_too_little_memory_is_told_before_the_start_with_a_batch_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    model, config = model_and_config()
    needed = memory.training_bytes(model, config)
    monkeypatch.setattr(memory, "free_bytes", lambda: needed // 3)
    with pytest.raises(ConfigError, match=r"Choose a batch size of \d+, or a smaller network\.") as refusal:
        memory.check_memory(model, config)
    batch = int(str(refusal.value).split("batch size of ")[1].split(",")[0])
    memory.check_memory(model, config.with_settings({"train": {"batch_size": batch}}))
    with pytest.raises(ConfigError):
        memory.check_memory(model, config.with_settings({"train": {"batch_size": 2 * batch}}))
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(ConfigError, match=r"free. Choose a smaller network\.$"):
        memory.check_memory(model, config)


def test_asking_changes_nothing_in_the_model() -> None:
    config = RunConfig(dataset_id="x", model=small(likelihood="gaussian"))
    model = VAE(config.model, PICTURE).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    memory.training_bytes(model, config)
    assert model.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_conditional_model_is_estimated_too() -> None:
    config = RunConfig(dataset_id="x", model=small(conditional=True))
    assert memory.training_bytes(VAE(config.model, PICTURE), config) > 0
    assert (memory.free_bytes() or 1) > 0
