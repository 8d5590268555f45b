"""What the server writes on standard error with VAE_STUDIO_LOGS=json, as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SESSION = "0f8fad5b-d9cb-469f-a165-70867728950e"
BEFORE = "import logging, sys\nfrom streamlit.logger import get_logger\nearly = get_logger('streamlit.early')\n"
CONFIGURE = "from pages.ui import logs\nlogs.configure()\n"


def said(code: str, logs: str = "json", **environment: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", BEFORE + CONFIGURE + code],
        cwd=ROOT,
        env=os.environ | {"VAE_STUDIO_LOGS": logs} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == ""
    return ran.stderr.splitlines()


def told(code: str, **environment: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(code, **environment)]


def test_every_logger_writes_one_object_a_line_whenever_it_was_made() -> None:
    found = told(
        "early.warning('of Streamlit')\n"
        "get_logger('streamlit.late').error('of Streamlit, later')\n"
        "logging.getLogger('pages.ui.routes').warning('ours: %s', 'x')\n"
        "import uvicorn\n"
        "uvicorn.Config('app:app')\n"
        "logs.configure()\n"
        "logging.getLogger('uvicorn.error').error('of the server')\n"
        "import warnings\n"
        "warnings.warn('of Python')\n"
    )
    assert [(line["level"], line["message"]) for line in found[:4]] == [
        ("warning", "of Streamlit"),
        ("error", "of Streamlit, later"),
        ("warning", "ours: x"),
        ("error", "of the server"),
    ]
    assert "of Python" in found[4]["message"]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in found)
    assert found[0]["logger"] == "streamlit.early"
    assert found[0]["time"].endswith("+00:00")


def test_exception_tells_its_kind_and_where_it_was_but_not_what_it_quotes() -> None:
    [line] = told(
        "from vae_core.errors import DatasetError\n"
        "def read():\n"
        "    try:\n"
        "        float('what is in the file')\n"
        "    except ValueError as error:\n"
        "        raise DatasetError('a.csv cannot be read.') from error\n"
        "try:\n"
        "    read()\n"
        "except DatasetError:\n"
        "    logging.exception('Not read')\n"
    )
    assert line["exception"]["type"] == "DatasetError"
    assert line["exception"]["message"] == "a.csv cannot be read."
    assert line["exception"]["causes"] == ["ValueError"]
    assert line["exception"]["trace"][-1].endswith(" read")
    assert "what is in the file" not in json.dumps(line)


def test_what_nobody_catches_is_a_line_too() -> None:
    found = told(
        "import threading\n"
        "def fail():\n"
        "    float('what is in the file')\n"
        "thread = threading.Thread(target=fail)\n"
        "thread.start()\n"
        "thread.join()\n"
        "fail()\n"
    )
    assert [line["exception"]["type"] for line in found] == ["ValueError", "ValueError"]
    assert "what is in the file" not in json.dumps(found)


def test_neither_visits_nor_peoples_folders_are_told(tmp_path: Path) -> None:
    home = tmp_path / "alice"
    (home / "work").mkdir(parents=True)
    [line] = told(
        "import streamlit\n"
        f"path = '{home}/work/x.png'\n"
        "try:\n"
        "    open(path)\n"
        "except OSError:\n"
        f"    logging.exception('%s %s /_stcore/upload_file/{SESSION}/f visitors/{'v' * 26}/runs /home/bob/y', path, "
        f"'{SESSION}')\n",
        HOME=str(home),
    )
    text = json.dumps(line)
    for secret in ("alice", "bob", SESSION, "v" * 26, str(ROOT)):
        assert secret not in text
    assert line["message"].startswith("~/work/x.png")
    assert line["exception"]["message"] == "No such file or directory"


def test_names_cannot_write_lines_or_turn_text_around() -> None:
    [line] = told(r"logging.error('a\x1b[31m%s', 'b\u202ec\r{\"level\": 1}\n')")
    assert line["message"] == 'a\ufffd[31mb\ufffdc\ufffd{"level": 1}\n'


def test_files_of_the_project_are_told_from_its_top() -> None:
    [line] = told(
        "from vae_core import workspace\n"
        "try:\n"
        "    workspace.place('runs', 'x')\n"
        "except Exception:\n"
        "    logging.exception('x')\n"
    )
    assert line["exception"]["trace"][-1].startswith("vae_core/workspace.py:")


def test_where_everybody_has_a_workspace_the_server_needs_none_to_tell_a_line(tmp_path: Path) -> None:
    code = (
        "from pages.ui.web import visits\n"
        "from vae_core import workspace\n"
        "workspace.ask(visits.of_script)\n"
        f"logging.error('a plain line of {tmp_path}/visitors/{'v' * 26}/runs')\n"
    )
    [line] = told(code, VAE_STUDIO_PROFILE="classroom", VAE_STUDIO_WORKSPACE=str(tmp_path))
    assert line["message"] == "a plain line of <workspace>/visitors/…/runs"


@pytest.mark.parametrize("logs", ["", "text"])
def test_otherwise_it_is_as_streamlit_does(logs: str) -> None:
    lines = said("early.warning('of Streamlit')\nlogging.getLogger('x').warning('ours')\n", logs=logs)
    assert lines[-1] == "ours"
    assert lines[0].endswith("streamlit.early: of Streamlit")
