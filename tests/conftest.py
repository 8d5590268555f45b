"""Small real things, made in under a second: pictures, a trained model, a workspace of one's own."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from threadpoolctl import threadpool_limits  # comes with scikit-learn
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.small import small
from tests.stored import store_model
from vae_core import runs
from vae_core.checkpoints import Checkpoint, build
from vae_core.config import ModelConfig, TrainConfig
from vae_core.datasets import Dataset, ImageSchema
from vae_core.latents.codes import encode
from vae_core.objectives import AnyObjective, PlainVAE
from vae_core.run_config import RunConfig
from vae_core.training import Training


class OneBrowser(LoadScopeScheduling):
    """Of the processes of `pytest -n`, one has browser and app, whatever the others do meanwhile."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowser:
    return OneBrowser(config, log)


CPU = torch.device("cpu")
SMALL = small()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    threadpool_limits(1)  # NumPy's own: on busy cores two threads take ten times as long as one


@pytest.fixture(autouse=True)
def same_numbers_every_time() -> None:
    torch.manual_seed(2014)  # not 0: tests make generators of that seed, and two equal sources are none


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the exporter has drawn for any test: every use of a graph is checked against the model that it is for."""
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(autouse=True)
def workspace_folder(tmp_path_factory: pytest.TempPathFactory, graphs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a workspace of its own; all share what takes seconds and is the same for any model alike."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "graphs").symlink_to(graphs)
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(folder))
    return folder


def png(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, options.pop("format", "PNG"), **options)
    return buffer.getvalue()


def zip_of(files: dict[str, bytes]) -> bytes:
    """Without the time of day, so that tests that are named by such bytes are the same in every process."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def strokes(count: int, side: int, channels: int = 1) -> np.ndarray:
    """uint8 [N, side, side, C]: one bright bar each, across or down, at a place of its own."""
    random = np.random.default_rng(0)
    x = np.zeros((count, side, side, channels), dtype=np.uint8)
    for k in range(count):
        place = int(random.integers(1, side - 1))
        bar = (slice(None), place) if k % 2 else (place, slice(None))
        x[k][bar] = random.integers(128, 256, channels)
    return x


def stroke_dataset(count: int = 40, side: int = 8, channels: int = 1) -> Dataset:
    labels = np.arange(count, dtype=np.int32) % 2
    return Dataset(
        "strokes", strokes(count, side, channels), ImageSchema(side=side, channels=channels), labels, ("-", "|")
    )


@pytest.fixture
def tiny_images() -> Dataset:
    return stroke_dataset()


def trained(
    dataset: Dataset,
    model: ModelConfig | None = None,
    epochs: int = 2,
    name: str = "tiny",
    objective: AnyObjective = PlainVAE(),  # noqa: B008  # frozen
) -> Checkpoint:
    config = RunConfig(
        dataset_id=dataset.id,
        model=model or SMALL,
        objective=objective,
        train=TrainConfig(epochs=epochs, batch_size=16),
    )
    vae = build(config, dataset.schema, len(dataset.label_names))
    history = tuple(Training(vae, dataset, config, CPU))
    codes = encode(vae, dataset, CPU)
    return Checkpoint(name, config, dataset.schema, history, vae.state_dict(), dataset.label_names, codes=codes)


@pytest.fixture
def tiny_checkpoint(tiny_images: Dataset) -> Checkpoint:
    return trained(tiny_images)


@pytest.fixture
def stored_model(tiny_images: Dataset, tiny_checkpoint: Checkpoint) -> str:
    """The id of a finished run in the workspace, with its dataset."""
    return store_model(tiny_images, tiny_checkpoint)


@pytest.fixture
def end_runs(workspace_folder: Path) -> Iterator[None]:
    """Afterwards no worker is left that the test has started."""
    yield
    for run in runs.list_runs():
        runs.cancel(run.id)


@pytest.fixture(scope="session")
def wait_for() -> Iterator[Callable[[Callable[[], bool], float], None]]:
    import time

    def wait(condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not so after {seconds} s"
            time.sleep(0.05)

    yield wait
