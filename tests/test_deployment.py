"""What deploys the app says the same as the app, and its command runs; no container is built here."""

import fnmatch
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pages.ui.web.upload_limits import FORM_BYTES, VISITOR_BYTES

ROOT = Path(__file__).resolve().parents[1]
DEPLOY, GITHUB = ROOT / ".deploy", ROOT / ".github"
PAGES = [
    ROOT / "README.md",
    DEPLOY / "README.md",
    DEPLOY / "cluster.md",
    GITHUB / "CONTRIBUTING.md",
    GITHUB / "CHANGELOG.md",
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
STREAMLIT = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
COMMAND = ["python", "-m", "streamlit", "run", "app.py"]
SPACE_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
START_SECONDS, STOP_SECONDS = 60, 10


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, what follows), comments gone and lines that go on joined."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in lines if line.strip()]


def said(instruction: str) -> list[str]:
    return [rest for name, rest in dockerfile() if name == instruction]


def words(instruction: str) -> list[str]:
    """Of the one such instruction in its JSON form."""
    [found] = said(instruction)
    command = yaml.safe_load(found.removeprefix("CMD").strip() if instruction == "CMD" else found)
    assert isinstance(command, list)
    return command


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def megabytes(size: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([kmg])", size.lower()).groups()  # type: ignore[union-attr]
    return int(number) * {"k": 1 / 1024, "m": 1, "g": 1024}[unit]


def unit() -> dict[str, list[str]]:
    """key -> its values, of the systemd unit."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "vae-studio.service").read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def copied() -> list[str]:
    return [source for copy in said("COPY") for source in copy.split()[:-1]]


def test_dockerfile_copies_what_is_there_and_all_that_the_app_is_made_of() -> None:
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    top = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    of_the_app = {name for name in top if (ROOT / name / "__init__.py").exists() or name.endswith(".py")}
    of_the_app |= {"pretrained", "requirements.txt", ".streamlit/config.toml"}
    assert set(copied()) == of_the_app - {"tests"}


def test_builder_is_sent_what_the_dockerfile_copies_and_nothing_that_was_made_here() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())
    ignored = [rule for rule in rules[1:] if not rule.startswith("!")]
    for made in ["pages/ui/components/latent_pad/runtime", "vae_core/datasets/__pycache__"]:
        assert any(fnmatch.fnmatch(made, rule) for rule in ignored), made


def test_requirements_come_before_the_code_so_that_their_layer_lasts() -> None:
    steps = dockerfile()
    installs = next(n for n, (_, rest) in enumerate(steps) if "pip install" in rest)
    before = [rest.split()[0] for name, rest in steps[:installs] if name == "COPY"]
    assert before == ["requirements.txt"]
    assert "-r requirements.txt" in steps[installs][1]
    assert "torch==2.13.0\n" in (ROOT / "requirements.txt").read_text("utf-8")
    assert any(argument.startswith("TORCH_INDEX=https://download.pytorch.org/whl/cpu") for argument in said("ARG"))


def test_image_runs_as_nobody_of_importance_with_its_data_outside() -> None:
    steps = dockerfile()
    assert said("USER") == ["1000"]
    assert any("useradd" in rest and "--uid 1000" in rest and "/data" in rest for rest in said("RUN"))
    assert said("VOLUME") == ["/data"]
    assert "VAE_STUDIO_WORKSPACE=/data" in " ".join(said("ENV")).split()
    assert [name for name, _ in steps].index("USER") > max(n for n, (name, _) in enumerate(steps) if name == "RUN")
    assert said("EXPOSE") == ["8501"]
    assert "--server.port=8501" in words("CMD")


def test_browser_runtime_is_fetched_when_the_image_is_built_and_can_be_read_by_its_user() -> None:
    [fetched] = [rest for rest in said("RUN") if "python -m pages.ui.browser_runtime" in rest]
    assert fetched.index("chmod -R a+rX pages/ui/components/latent_pad/runtime") > fetched.index("browser_runtime")


def test_versions_are_those_of_the_project() -> None:
    labels = dict(word.split("=", 1) for word in shlex.split(" ".join(said("LABEL"))))
    assert labels["org.opencontainers.image.version"] == PROJECT["version"]
    assert labels["org.opencontainers.image.licenses"] == PROJECT["license"]
    citation = yaml.safe_load((GITHUB / "CITATION.cff").read_text("utf-8"))
    assert citation.keys() >= {"cff-version", "message", "title", "authors", "version", "license"}
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["version"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert f"## [{PROJECT['version']}]" in (GITHUB / "CHANGELOG.md").read_text("utf-8")


def test_licence_is_where_the_project_says() -> None:
    [file] = PROJECT["license-files"]
    text = (ROOT / file).read_text("utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 The VAE Studio authors\n")


def test_compose_builds_this_image_keeps_its_data_and_opens_it_to_this_machine_alone() -> None:
    [app] = compose()["services"].values()
    context = (DEPLOY / app["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / app["build"]["dockerfile"]).is_file()
    assert app["ports"] == ["${VAE_STUDIO_ADDRESS:-127.0.0.1}:${VAE_STUDIO_PORT:-8501}:8501"]
    [volume] = [mount.split(":") for mount in app["volumes"]]
    assert volume[0] in compose()["volumes"]
    assert volume[1] == "/data"
    assert app["restart"] == "unless-stopped"
    assert megabytes(app["mem_limit"]) >= 2048
    assert app["init"] is True
    assert "?" in app["environment"]["VAE_STUDIO_PASSCODE"]  # no container without one


def test_every_setting_of_the_guide_is_one_of_the_app_and_the_other_way_round() -> None:
    pattern = re.compile(r"VAE_STUDIO_[A-Z_]+")
    told = set(pattern.findall((DEPLOY / "classroom.md").read_text("utf-8")))
    web = [*(ROOT / "pages/ui/web").glob("*.py"), ROOT / "vae_core/profiles.py", ROOT / "vae_core/workspace.py"]
    read = {name for path in web for name in pattern.findall(path.read_text("utf-8"))}
    assert read - {"VAE_STUDIO_VISITOR"} == told  # that one is for our own workers


def test_nothing_that_deploys_lets_onnxruntime_send_statistics() -> None:
    for environment in (" ".join(said("ENV")), unit()["Environment"][0]):
        assert "ORT_DISABLE_TELEMETRY=1" in environment.split()


def test_unit_runs_the_same_command_for_this_machine_alone() -> None:
    [line] = unit()["ExecStart"]
    interpreter, *rest = line.split()
    assert Path(interpreter).name == "python"
    assert rest[: len(COMMAND) - 1] == COMMAND[1:] == words("CMD")[1 : len(COMMAND)]
    assert "--server.address=127.0.0.1" in rest
    environment = dict(pair.split("=", 1) for pair in unit()["Environment"][0].split())
    assert environment["VAE_STUDIO_WORKSPACE"] == f"/var/lib/{unit()['StateDirectory'][0]}"


@pytest.mark.parametrize(
    ("key", "value"),
    [("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("PrivateTmp", "yes"), ("ProtectHome", "yes")],
)
def test_unit_may_do_no_more_than_it_must(key: str, value: str) -> None:
    assert unit()[key] == [value]


def test_stopping_the_unit_kills_trainings_which_go_on_rather_than_cancelling_them() -> None:
    assert unit()["KillMode"] == ["mixed"]


def test_proxy_passes_uploads_websockets_and_the_host_on_and_says_for_whom_it_asks() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx.conf").read_text("utf-8"))
    [size] = re.findall(r"client_max_body_size (\w+);", text)
    assert megabytes(size) * 2**20 >= VISITOR_BYTES + FORM_BYTES
    assert megabytes(size) >= STREAMLIT["server"]["maxUploadSize"]
    assert re.search(r"proxy_set_header Upgrade\s+\$http_upgrade;", text)
    assert re.search(r"proxy_set_header Connection\s+\$vae_studio_connection;", text)
    assert re.search(r"proxy_set_header Host\s+\$http_host;", text)
    assert "proxy_pass http://127.0.0.1:8501;" in text
    assert re.search(r"proxy_set_header X-Forwarded-For\s+\$remote_addr;", text)  # not what a client says of itself
    assert re.search(r"location ~ [^{]*metrics[^{]*\{\s*return 404;", text)
    assert text.count("{") == text.count("}")


def test_space_is_configured_as_the_image_is_made() -> None:
    text = (DEPLOY / "huggingface" / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front.keys() >= {"title", "emoji", "colorFrom", "colorTo", "sdk", "app_port", "license"}
    assert front["sdk"] == "docker"
    assert str(front["app_port"]) == said("EXPOSE")[0]
    assert {front["colorFrom"], front["colorTo"]} <= SPACE_COLOURS
    assert len(front["short_description"]) <= 60
    for name in re.findall(r"\.deploy/[\w./]+\w", text):
        assert (ROOT / name).is_file(), name


def test_issue_form_has_what_a_form_needs() -> None:
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8"))
    assert form.keys() >= {"name", "description", "body"}
    assert all(field["attributes"]["label"] for field in form["body"])
    assert len({field["id"] for field in form["body"]}) == len(form["body"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
    named = re.findall(r"`((?:vae_core|pages|tests|pretrained|\.deploy|\.github)/[\w./]+)`", page.read_text("utf-8"))
    assert links or named or page.name == "CHANGELOG.md"
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_instructions_are_short_and_name_no_module_that_is_not_there() -> None:
    assert len((DEPLOY / "README.md").read_text("utf-8").splitlines()) <= 150
    for page in PAGES:
        for module in re.findall(r"python -m ((?:pages|vae_core)[\w.]*)", page.read_text("utf-8")):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@contextmanager
def started(command: list[str], workspace: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *command[1:]],
        cwd=ROOT,
        env=os.environ | {"VAE_STUDIO_WORKSPACE": str(workspace)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout
        process.stdout.close()


@pytest.mark.slow
def test_command_of_the_image_answers_asks_nobody_for_its_address_and_stops_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [word.replace("0.0.0.0", "127.0.0.1").replace("8501", str(port)) for word in words("CMD")]  # noqa: S104
    [check] = said("HEALTHCHECK")
    [_, checked] = check.split("CMD")
    health = [word.replace("8501", str(port)) for word in yaml.safe_load(checked)]
    assert command[: len(COMMAND)] == COMMAND
    assert any(word.startswith("--browser.serverAddress=") for word in command)
    with started(command, tmp_path) as process:
        end = time.monotonic() + START_SECONDS
        while subprocess.run([sys.executable, *health[1:]], capture_output=True, check=False).returncode:
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
            assert answer.read() == b"ok"
        [stop] = said("STOPSIGNAL")
        process.send_signal(signal.Signals[stop])
        process.wait(STOP_SECONDS)
        assert process.returncode in (0, -signal.Signals[stop], 128 + signal.Signals[stop])
