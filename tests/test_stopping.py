"""The real server is told to stop while people and trainings are at work: it goes at once, and nothing is lost."""

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.browser.app_process import AppProcess
from tests.conftest import stroke_dataset
from tests.core.exact import config_of, read
from tests.stored import address
from vae_core import runs, stored_datasets, workspace
from vae_core.runs.directory import RunDirectory, RunFile, Status

Wait = Callable[[Callable[[], bool], float], None]
STOP_SECONDS = 10.0


@pytest.fixture
def app(workspace_folder: Path, end_runs: None) -> Iterator[AppProcess]:
    process = AppProcess(workspace_folder)
    yield process
    if process.process.poll() is None:
        process.stop(signal.SIGKILL)


def interrupted_run() -> str:
    """One that a starting server lets go on, with a worker of its own."""
    dataset = stroke_dataset()
    stored_datasets.save(dataset)
    directory = RunDirectory(workspace.place("runs", workspace.new_id()))
    directory.create(RunFile(name="long", config=config_of("running sigma", dataset, 10_000), created=1.0))
    directory.write_status(Status(state="running", pid=4_000_000, attempts=1))
    return directory.path.name


def get(app: AppProcess, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(app.address + path, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def reading_no_further(app: AppProcess) -> socket.socket:
    """A visitor who asks for much and takes none of it: the answer is under way for ever."""
    host, port = app.address.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.sendall(b"GET /studio/plotly/x.js HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    return line


def is_closed(socket: ClientConnection) -> bool:
    try:
        while True:
            socket.recv(timeout=5)
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


@pytest.mark.slow
def test_stopping_closes_connections_and_leaves_trainings_at_work(app: AppProcess, wait_for: Wait) -> None:
    id = interrupted_run()
    wait_for(lambda: runs.get(id).has_model, 90)
    before = runs.get(id)
    assert before.status.state == "running"
    assert get(app, "/studio/health") == (200, b"ok")
    status, content = get(app, "/studio/ready")
    assert status == (200 if json.loads(content)["ready"] else 503)
    status, content = get(app, "/studio/metrics")
    assert status == 200
    assert b'vae_studio_runs{state="running"} 1\n' in content

    stream = app.address.replace("http", "ws") + "/_stcore/stream"
    decode = app.address.replace("http", "ws") + address("digits-2d") + "/decode"
    with (
        connect(stream, subprotocols=[Subprotocol("streamlit")]) as page,
        connect(decode) as pad,
        reading_no_further(app) as slow,
    ):
        assert slow.fileno() >= 0
        app.process.send_signal(signal.SIGTERM)
        app.process.wait(STOP_SECONDS)
        assert is_closed(page)
        assert is_closed(pad)
    assert app.process.returncode in (0, -signal.SIGTERM)

    after = runs.get(id)
    assert (after.status.state, after.status.pid) == ("running", before.status.pid)
    epochs = len(read(after.directory.checkpoint).history)
    wait_for(lambda: len(read(after.directory.checkpoint).history) > epochs, 60)
    app.start()
    time.sleep(1)
    assert runs.get(id).status.pid == before.status.pid
