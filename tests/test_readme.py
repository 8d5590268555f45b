"""The README is a promise: its commands run, its picture and links exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from vae_core.cli import main
from vae_core.run_config import PRESETS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", README, re.S) for line in block.strip().splitlines()]


def test_command_line_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = [shlex.split(line)[3:] for line in COMMANDS if line.startswith("python -m vae_core")]
    assert [words[0] for words in examples] == ["train", "evaluate", "measure", "encode", "datasets"]
    for words in examples:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "codes.npz").exists()
    assert (tmp_path / "report.html").exists()


def test_notebook_example_runs_in_ten_lines(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.S)
    statements = [line for line in example.splitlines() if line.strip() and not line.startswith("from ")]
    assert len(statements) <= 10
    code = example + "print(pictures.shape)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "(5, 1, 8, 8)"
    assert (tmp_path / "digits.safetensors").exists()


def test_every_preset_is_listed() -> None:
    assert set(re.findall(r"`([\w-]+)`", README)) >= set(PRESETS)


def test_two_commands_install_start_and_test() -> None:
    install = [line for line in COMMANDS if line.startswith("pip install")]
    assert install == [
        "pip install -r requirements.txt && python -m streamlit run app.py",
        "pip install -r tests/requirements.txt && python -m pytest -n 2",
    ]
    assert "torch==2.13.0\n" in (ROOT / "requirements.txt").read_text("utf-8")
    assert "-r ../requirements.txt\n" in (ROOT / "tests" / "requirements.txt").read_text("utf-8")


def test_everything_it_points_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r"`((?:vae_core|pages|tests)/[\w./]+)`", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
    for module in re.findall(r"python -m (tests\.[\w.]+)", README):
        assert (ROOT / (module.replace(".", "/") + ".py")).exists()
    assert len(README.splitlines()) <= 150
