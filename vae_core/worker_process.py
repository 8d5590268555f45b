"""Processes that work on a directory of the workspace and outlive whoever started them."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from vae_core import workspace

ROOT = Path(__file__).resolve().parents[1]


def start(
    module: str, directory: Path, log: Path, environment: Mapping[str, str], is_detached: bool = True
) -> subprocess.Popen:
    """Begin `python -m <module> <directory>`.

    Args:
        module: What to run, and perhaps what is said to it before the directory, as on a command line.
        directory: What it works on.
        log: The file to which what it says is added.
        environment: Variables beside ours. It works in our workspace for our visitor, unless they name another.
        is_detached: Whether it goes on when we are stopped from the keyboard.

    Returns:
        The process. Its end need not be waited for: that is done.
    """
    ours = {workspace.ENVIRONMENT: str(workspace.base()), workspace.VISITOR_ENVIRONMENT: workspace.visitor() or ""}
    variables = os.environ | ours | dict(environment)
    with log.open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *module.split(), str(directory)],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=is_detached,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # else it would stay a zombie after its end
    return process
