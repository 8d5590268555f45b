"""What must hold on a CUDA GPU; passed over where there is none."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.conftest import CPU, stroke_dataset
from tests.core.exact import KINDS, config_of, dataset_of, losses, make_run
from vae_core import batches, checkpoints, runs, stored_datasets, workspace
from vae_core.batches import Examples
from vae_core.config import Gaussian, Mlp, ModelConfig, TrainConfig
from vae_core.errors import TrainingError
from vae_core.evaluation import Evaluator
from vae_core.run_config import RunConfig
from vae_core.runs import keeper
from vae_core.runs.directory import RunDirectory, RunFile
from vae_core.runs.endings import ending
from vae_core.runs.work import result_of, work
from vae_core.training import LOOK_EVERY, Training

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA GPU on this machine.")
Wait = Callable[[Callable[[], bool], float], None]
CUDA = torch.device("cuda")
SEEDS = 5
CLOSE = 0.02
"""Of the loss, by which two trainings may differ whose sums are added up in another order at every run."""


@pytest.fixture(autouse=True)
def every_epoch_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SAVE_SECONDS", 0)


def loss_of(directory: RunDirectory) -> float:
    """On the validation examples, after the last epoch."""
    last = directory.read_epochs()[-1].validation
    return last.reconstruction_loss + last.kl


@pytest.mark.parametrize("precision", ["auto", "float32"])
@pytest.mark.parametrize("kind", KINDS)
def test_run_broken_on_the_gpu_goes_on_and_ends_as_one_that_was_not(kind: str, precision: str) -> None:
    straight, dataset = make_run(kind, epochs=4, device="cuda", precision=precision)
    assert result_of(work(straight, dataset)) == ""
    broken, _ = make_run(kind, epochs=4, device="cuda", precision=precision)
    for _ in range(3):
        going = work(broken, dataset)
        next(going)
        going.close()
    assert "the numbers are close, not the same" in result_of(work(broken, dataset))
    assert [record.epoch for record in broken.read_epochs()] == [1, 2, 3, 4]
    assert loss_of(broken) == pytest.approx(loss_of(straight), rel=CLOSE)


@pytest.mark.parametrize("kind", KINDS)
def test_gpu_learns_what_the_cpu_learns(kind: str) -> None:
    """Their random numbers differ: its mean loss lies where those of the CPU do."""
    found: dict[str, list[float]] = {"cpu": [], "cuda": []}
    for device, losses_there in found.items():
        for seed in range(SEEDS):
            directory, dataset = make_run(kind, epochs=12, device=device, precision="float32", seed=seed)
            result_of(work(directory, dataset))
            last = directory.read_epochs()[-1].train
            losses_there.append(last.reconstruction_loss + last.kl)
    low, high = min(found["cpu"]), max(found["cpu"])
    assert low - (high - low) / 2 < sum(found["cuda"]) / SEEDS < high + (high - low) / 2, found


@pytest.mark.parametrize("kind", KINDS)
def test_model_of_the_gpu_opens_on_the_cpu_and_says_the_same(kind: str) -> None:
    directory, dataset = make_run(kind, epochs=2, device="cuda")
    result_of(work(directory, dataset))
    found = checkpoints.load(directory.checkpoint)
    assert all(tensor.device.type == "cpu" and tensor.dtype != torch.bfloat16 for tensor in found.weights.values())
    assert found.codes is not None
    x = Examples(dataset.x, CPU)[torch.arange(8)]
    labels = None if not found.model().labels else torch.from_numpy(dataset.labels[:8].astype(np.int64))
    here, there = found.model().eval(), found.model().to(CUDA).eval()
    moved = None if labels is None else labels.to(CUDA)
    with torch.no_grad():
        codes = here.encode(x, labels).mean
        torch.testing.assert_close(there.encode(x.to(CUDA), moved).mean.cpu(), codes, atol=1e-4, rtol=1e-3)
        decoded = there.decode(codes.to(CUDA), moved).cpu()
        torch.testing.assert_close(decoded, here.decode(codes, labels), atol=1e-4, rtol=1e-3)
    np.testing.assert_allclose(found.codes.mean[:8], codes.numpy(), atol=1e-4, rtol=1e-3)


def test_half_precision_learns_nearly_what_full_precision_does() -> None:
    found = {}
    for precision in ("bfloat16", "float32"):
        directory, dataset = make_run("convolutions", epochs=15, device="cuda", precision=precision)
        result_of(work(directory, dataset))
        found[precision] = loss_of(directory)
    assert found["bfloat16"] == pytest.approx(found["float32"], rel=0.05)


def test_set_larger_than_the_gpu_may_hold_is_read_from_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = stroke_dataset()
    config = config_of("importance weighted", dataset, epochs=2)
    told = []
    for room in (2**30, 10):
        monkeypatch.setattr(batches, "_room", lambda device, room=room: room)
        training = Training(checkpoints.build(config, dataset.schema, 0), dataset, config, CUDA)
        told.append([record.train.reconstruction_loss for record in training])
    assert told[0] == pytest.approx(told[1], rel=1e-3)
    assert Examples(dataset.x, CUDA).index_device.type == "cpu"


def test_loss_that_is_no_number_is_noticed_within_a_few_steps() -> None:
    dataset = stroke_dataset(400)
    model = ModelConfig(architecture=Mlp(widths=(8,)), likelihood=Gaussian(sigma="learned"))
    train = TrainConfig(epochs=3, batch_size=2, learning_rate=1.0, schedule="constant", device="cuda")
    config = RunConfig(dataset_id=dataset.id, model=model, train=train)
    built = checkpoints.build(config, dataset.schema, 0)
    steps = []
    training = Training(built, dataset, config, CUDA, steps.append)
    with torch.no_grad():
        next(built.encoder.parameters()).fill_(torch.nan)
    with pytest.raises(TrainingError, match="step 1 of epoch 1"):
        next(iter(training))
    assert len(steps) <= LOOK_EVERY


def test_full_gpu_is_told_with_what_to_do() -> None:
    dataset = stroke_dataset()
    stored_datasets.save(dataset)
    config = RunConfig(
        dataset_id=dataset.id,
        model=ModelConfig(architecture=Mlp(widths=(4096, 4096))),
        train=TrainConfig(epochs=1, batch_size=16, device="cuda"),
    )
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    directory.create(RunFile(name="too large", config=config, created=1.0))
    torch.cuda.set_per_process_memory_fraction(1e-5)
    try:
        with pytest.raises(RuntimeError) as caught:
            result_of(work(directory, dataset))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "ran out of memory with batches of 16" in ending(caught.value, directory, "the log").message


def test_measures_are_those_of_the_cpu() -> None:
    directory, dataset = make_run("binarised", epochs=6, device="cuda")
    result_of(work(directory, dataset))
    model, index = checkpoints.load(directory.checkpoint).model(), torch.arange(len(dataset))
    here, there = (
        Evaluator(model, dataset, "grey", device).measure("all", index, samples=200) for device in (CPU, CUDA)
    )
    assert there.elbo and here.elbo and there.bound and here.bound
    assert there.elbo.mean == pytest.approx(here.elbo.mean, abs=4 * here.elbo.error)
    assert there.bound.mean == pytest.approx(here.bound.mean, abs=here.bound.error)
    assert there.kl_per_dimension == pytest.approx(here.kl_per_dimension, rel=1e-3)


def test_same_seed_gives_the_same_losses_where_no_sum_is_in_disorder() -> None:
    dataset = dataset_of("importance weighted")
    config = config_of("importance weighted", dataset, epochs=3, precision="float32")
    first, second = (
        losses(list(Training(checkpoints.build(config, dataset.schema, 0), dataset, config, CUDA))) for _ in range(2)
    )
    assert first == second


@pytest.mark.slow
def test_worker_of_the_app_trains_on_the_gpu(wait_for: Wait) -> None:
    directory, _ = make_run("running sigma", epochs=3)
    run = runs.start("on the GPU", directory.read_run().config)
    wait_for(lambda: runs.get(run.id).status.state in ("done", "failed"), 120)
    assert runs.get(run.id).status.state == "done"
    assert checkpoints.load(runs.get(run.id).directory.checkpoint).environment.device != "cpu"
