"""The app as a real process on a free port, and Chromium to look at it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
OFF = [  # every new window would load the address bar's list of suggestions: 1.2 CPU seconds that no page asked for
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    # Chromium heeds the last such list only, so what Playwright switches off and a local page may feel is said again
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    f"--disable-features={','.join(OFF)}",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]
START_SECONDS = 60


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, drawing in software."""
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)


def launch_keeping(playwright: Playwright, folder: Path) -> BrowserContext:
    """The same with a folder of its own: one that forgets everything keeps no compiled scripts either."""
    return playwright.chromium.launch_persistent_context(
        folder,
        executable_path=str(CHROMIUM),
        args=FLAGS,
        viewport={"width": 1280, "height": 900},
    )


class AppProcess:
    """`streamlit run app.py`, as the README starts it; or another script, in a folder with other settings or none."""

    def __init__(
        self,
        workspace: Path,
        script: Path = ROOT / "app.py",
        arguments: Sequence[str] = (),
        cwd: Path = ROOT,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.workspace = workspace
        self.command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            str(script),
            "--server.port",
            str(self.port),
            *arguments,
        ]
        self.cwd, self.settings = cwd, dict(settings or {})
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.process = subprocess.Popen(
            self.command,
            cwd=self.cwd,
            env=os.environ | {"VAE_STUDIO_WORKSPACE": str(self.workspace)} | self.settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None, "the app ended by itself"
            assert time.monotonic() < deadline, "the app does not answer"
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether the health address says ok."""
        try:
            with urllib.request.urlopen(self.address + "/_stcore/health", timeout=2) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """End it, with everything in its process group: what Ctrl-C does."""
        os.killpg(self.process.pid, signal_number)
        self.process.wait(timeout=30)
