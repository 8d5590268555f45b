"""Two processes that train together come to the same as one, up to the order in which float32 numbers are added."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
from click.testing import CliRunner

from tests.conftest import SMALL, stroke_dataset
from tests.core.exact import KINDS, make_run
from tests.core.together import recipe, trained
from vae_core import checkpoints, runs, stored_datasets
from vae_core.checkpoint_file import Environment
from vae_core.cli import main
from vae_core.config import TrainConfig
from vae_core.objectives import OBJECTIVES
from vae_core.records import EpochRecord
from vae_core.run_config import RunConfig
from vae_core.runs import Run, grid
from vae_core.runs.directory import RunFile
from vae_core.selection import cross_validate
from vae_core.training import HISTORY
from vae_core.trials import Study

Wait = Callable[[Callable[[], bool], float], None]
ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
"""Of losses, relative; of weights, absolute. Seen: 1e-7 and 5e-7."""
NEEDED = [f"{kind}/" for kind in KINDS]
NEEDED += [f"{'denoising' if OBJECTIVES[name].is_deterministic else 'running sigma'}/{name}" for name in OBJECTIVES]
NEEDED += ["pseudo-inputs/iwae", "learnt mixture/info-vae", "learnt mixture/iwae"]  # a penalty that knows the prior


def ranks(run: Run) -> dict[str, int]:
    """RANK -> process number of the run's workers on this machine."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"vae_core.runs.worker" in command[2:4] and str(run.directory.path).encode() in command:
                variables = dict(v.split(b"=", 1) for v in (process / "environ").read_bytes().split(b"\0") if b"=" in v)
                found[variables.get(b"RANK", b"0").decode()] = int(process.name)
        except OSError:
            continue
    return found


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


@pytest.fixture
def shared_run(end_runs: None) -> Run:
    """On this machine; in the app only a cluster does that."""
    dataset = stroke_dataset()
    config = RunConfig(
        dataset_id=stored_datasets.save(dataset), model=SMALL, train=TrainConfig(epochs=10_000, batch_size=16)
    )
    return runs.start("strokes", config, workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("rank", ["0", "1"])
def test_lost_process_interrupts_the_run_at_once_and_it_goes_on(rank: str, shared_run: Run, wait_for: Wait) -> None:
    wait_for(lambda: runs.get(shared_run.id).has_model, 120)
    told = len(shared_run.directory.read_epochs())
    os.kill(ranks(shared_run)[rank], signal.SIGKILL)
    wait_for(lambda: runs.get(shared_run.id).status.state == "interrupted", 15)
    assert len(checkpoints.load(checkpoints.locate(shared_run.id)).history) >= told
    wait_for(lambda: not ranks(shared_run), 15)
    runs.resume_interrupted()
    wait_for(lambda: len(shared_run.directory.read_epochs()) > told and runs.get(shared_run.id).is_live, 120)
    started = time.monotonic()
    assert runs.cancel(shared_run.id).status.state == "cancelled"
    assert time.monotonic() - started < 5
    wait_for(lambda: not ranks(shared_run), 15)


@pytest.mark.slow
def test_command_line_shares_a_training_and_tells_of_its_epochs(tmp_path: Path) -> None:
    np.save(tmp_path / "strokes.npy", stroke_dataset().x[..., 0])
    told = {}
    for workers in ("1", "2"):
        words = ["train", str(tmp_path / "strokes.npy"), "--out", str(tmp_path / workers), "--workers", workers]
        words += ["--epochs", "2", "--batch-size", "16", "--device", "cpu", "--json"]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
        told[workers] = [EpochRecord.model_validate_json(line) for line in result.stdout.splitlines()]
    assert [numbers(record) for record in told["2"]] == [
        pytest.approx(numbers(record), rel=TOLERANCE, abs=TOLERANCE) for record in told["1"]
    ]


def test_old_run_has_one_worker_and_a_checkpoint_of_one_says_nothing_of_it(workspace_folder: Path) -> None:
    directory, _ = make_run()
    old = directory.read_run().model_dump(exclude={"workers"})
    assert RunFile.model_validate(old).workers == 1
    one, two = (Environment(version="2", threads=1, device="cpu", workers=workers) for workers in (1, 2))
    assert "workers" not in one.model_dump_json()
    assert Environment.model_validate_json(two.model_dump_json()) == two


@pytest.mark.slow
def test_grid_shared_by_two_workers_is_that_of_one(end_runs: None, wait_for: Wait) -> None:
    dataset = stroke_dataset()
    train = TrainConfig(epochs=2, batch_size=16, device="cpu")
    config = RunConfig(dataset_id=stored_datasets.save(dataset), model=SMALL, train=train)
    study = Study(grid={"latents": (1, 2), "beta": (1.0, 4.0)}, folds=2)
    alone = list(cross_validate(config, dataset, study.grid, study.folds))
    run = runs.start("compared", config, study, workers=2)
    wait_for(lambda: not runs.get(run.id).is_live, 120)
    assert runs.get(run.id).status.state == "done"
    shared = run.directory.read_trials()
    told = [[trial.model_dump(exclude={"seconds"}) for trial in trials] for trials in (alone, shared)]
    assert told[0] == told[1]
    assert len(list((run.directory.path / "trials").iterdir())) == 8


def test_grid_goes_on_with_the_trainings_that_are_left(workspace_folder: Path) -> None:
    directory, dataset = make_run(epochs=1)
    run = directory.read_run()
    study = Study(grid={"latents": (1, 2)}, folds=2)
    directory.create(run.model_copy(update={"study": study, "workers": 2}))
    grid.take_part(directory, dataset, 1)
    kept = (directory.path / "trials" / "1.json").stat().st_mtime_ns
    grid.take_part(directory, dataset, 1)
    assert (directory.path / "trials" / "1.json").stat().st_mtime_ns == kept
    assert directory.read_trials() == []
    steps: list[float] = []
    grid.take_part(directory, dataset, 0, steps.append)
    assert [trial.fold for trial in directory.read_trials()] == [0, 1, 0, 1]
    assert steps == [0.75, 1.0]
