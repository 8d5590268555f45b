"""What whoever runs the server sees of it, and who sees it."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.ui import browser_runtime, metrics, operations, operations_routes
from pages.ui.operations import LocalMetrics
from tests.stored import store_model
from vae_core import checkpoints, profiles, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.uploads import UploadDirectory
from vae_core.uploads.directory import UploadFile

Asked = tuple[str, dict[str, str]]


def client(address: str = "127.0.0.1") -> TestClient:
    """The server with our routes and a stand-in for Streamlit's own, asked from some address."""

    async def theirs(request: Request) -> Response:
        return PlainTextResponse("numbers")

    routes = [
        *operations_routes.routes("/studio"),
        Route("/_stcore/metrics", theirs),
        Route("/vae/_stcore/metrics", theirs),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(LocalMetrics)])
    return TestClient(app, client=(address, 50000))


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_runtime, "is_installed", lambda: True)
    operations._load_bundled.cache_clear()
    metrics._size_in.cache_clear()


def test_health_says_ok() -> None:
    answer = client("203.0.113.5").get("/studio/health")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok", "no-store")


def test_server_with_all_it_needs_is_ready() -> None:
    answer = client().get("/studio/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": {}})


@pytest.mark.parametrize("what", ["workspace", "runtime", "models"])
def test_what_is_missing_is_said_without_paths(
    what: str, workspace_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "workspace":
        (workspace_folder / "file").write_bytes(b"")
        monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(workspace_folder / "file"))
    elif what == "runtime":
        monkeypatch.setattr(browser_runtime, "is_installed", lambda: False)
    else:
        (tmp_path / "damaged.safetensors").write_bytes(b"x")
        monkeypatch.setattr(checkpoints, "PRETRAINED", tmp_path)
    answer = client().get("/studio/ready")
    assert answer.status_code == (200 if what == "runtime" else 503)  # without it the server decodes
    assert answer.json()["ready"] == (what == "runtime")
    assert list(answer.json()["missing"]) == [what]
    assert str(tmp_path) not in answer.text
    assert str(workspace_folder) not in answer.text


def test_demo_that_takes_nothing_in_is_ready_on_a_read_only_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(workspace.ENVIRONMENT, str(tmp_path / "file"))
    assert client().get("/studio/ready").status_code == 503
    monkeypatch.setenv(profiles.ENVIRONMENT, "demo")
    assert client().get("/studio/ready").status_code == 200


def test_models_that_could_not_be_opened_are_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "PRETRAINED", tmp_path)
        assert "models" in operations.missing()
    assert operations.missing() == {}


def test_metrics_are_read_by_prometheus(
    tiny_images: Dataset, tiny_checkpoint: Checkpoint, workspace_folder: Path
) -> None:
    store_model(tiny_images, tiny_checkpoint)
    UploadDirectory(workspace.place("uploads", "u" * 26)).ask(UploadFile(names=("a",), created=1.0))
    elsewhere = workspace_folder / "visitors" / ("v" * 26) / "runs"
    elsewhere.mkdir(parents=True)
    (workspace_folder / "runs" / next(workspace.homes("runs")).name).rename(elsewhere / ("r" * 26))
    answer = client().get("/studio/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert len(found) == 10
    assert all(family.documentation and family.type in ("gauge", "counter") for family in found.values())
    runs = {sample.labels["state"]: sample.value for sample in found["vae_studio_runs"].samples}
    assert runs == {"queued": 0, "running": 0, "done": 1, "cancelled": 0, "failed": 0, "interrupted": 0}
    value = {name: family.samples[0].value for name, family in found.items()}
    assert value["vae_studio_uploads_reading"] == 1
    assert value["vae_studio_workspace_bytes"] > 10_000
    assert value["vae_studio_disk_free_bytes"] > 0
    assert value["vae_studio_workspace_writable"] == 1
    assert value["process_resident_memory_bytes"] > 50 * 2**20
    assert value["process_cpu_seconds"] > 0
    assert value["process_threads"] >= 1
    assert value["process_open_fds"] >= 3


def test_metrics_of_no_workspace_at_all_are_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_bytes(b"")
    assert "vae_studio_workspace_writable 0\n" in client().get("/studio/metrics").text


@pytest.mark.parametrize("path", ["/studio/metrics", "/_stcore/metrics", "/vae/_stcore/metrics"])
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (("127.0.0.1", {}), 200),
        (("127.8.8.8", {}), 200),
        (("::1", {}), 200),
        (("::ffff:127.0.0.1", {}), 200),
        (("192.168.1.5", {}), 404),
        (("::ffff:192.168.1.5", {}), 404),
        (("2001:db8::1", {}), 404),
        (("testclient", {}), 404),
        (("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}), 404),
        (("127.0.0.1", {"Forwarded": "for=127.0.0.1"}), 404),
        (("127.0.0.1", {"X-Real-IP": "127.0.0.1"}), 404),
    ],
)
def test_numbers_about_all_visits_are_for_this_machine_alone(path: str, asked: Asked, status: int) -> None:
    address, headers = asked
    assert client(address).get(path, headers=headers).status_code == status
