"""A real Ray cluster of two nodes with one core each, on this machine, that asks for a token."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 120
MEMORY = 100_000_000


@dataclass(frozen=True)
class Cluster:
    """Where it is, and what it asks for."""

    address: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """What whoever hands runs to it must have set."""
        return {"VAE_STUDIO_RUNNER": f"ray:{self.address}", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Started like any other, `ray start --head` and `ray start --address`; stopped by its own processes only."""
    if importlib.util.find_spec("ray") is None:
        from tests.browser.conftest import go_without

        go_without("these tests need Ray: pip install -r tests/requirements.txt")
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # its sockets' paths must be short
    port, dashboard = free_port(), free_port()
    found = Cluster(f"http://127.0.0.1:{dashboard}", secrets.token_hex(16))
    head = ["--head", f"--port={port}", f"--dashboard-port={dashboard}", f"--temp-dir={folder}"]
    head += [f"--ray-client-server-port={free_port()}"]
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        for place in (head, [f"--address=127.0.0.1:{port}"]):
            nodes.append(_node(place, found, folder))
            _wait_until_up(found, folder, len(nodes))
        yield found
    finally:
        for node in reversed(nodes):
            node.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.wait(timeout=30)
            node.kill()
            node.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _node(place: list[str], found: Cluster, folder: Path) -> "subprocess.Popen[bytes]":
    ray = [sys.executable, "-c", "import sys; from ray.scripts.scripts import main; sys.exit(main())", "start"]
    ports = ["--min-worker-port=0", "--max-worker-port=0", f"--dashboard-agent-listen-port={free_port()}"]
    with (folder / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [*ray, *place, *ports, "--num-cpus=1", f"--object-store-memory={MEMORY}", "--block"],
            env=os.environ | found.environment | {"RAY_USAGE_STATS_ENABLED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def _wait_until_up(found: Cluster, folder: Path, nodes: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (_answers(found) and (folder / "said.txt").read_text("utf-8").count("Ray runtime started") >= nodes):
        assert time.monotonic() < deadline, (folder / "said.txt").read_text("utf-8")
        time.sleep(0.5)


def _answers(found: Cluster) -> bool:
    request = urllib.request.Request(found.address + "/api/version", headers={"Authorization": f"Bearer {found.token}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
