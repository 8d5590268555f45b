"""The oldest versions that are safe to open other people's files with; checked when the program starts."""

import sys
from importlib.metadata import PackageNotFoundError, version

from vae_core.errors import ConfigError

PYTHON = (3, 11)
FLOORS = {
    "torch": "2.13.0",
    "numpy": "2.0",
    "pillow": "13.0.0",
    "safetensors": "0.8",
    "pyarrow": "14.0.1",
    "onnx": "1.23",
    "onnxruntime": "1.31",
    "streamlit": "1.67",
    "starlette": "1.3.1",
}
"""Package -> version. Older ones have known holes in reading files, or were never tried with this program."""


def check() -> None:
    """Refuse to start on versions below the floors.

    Raises:
        ConfigError: naming what is too old or missing, and the cure.
    """
    if sys.version_info < PYTHON:
        raise ConfigError(f"This is Python {sys.version.split()[0]}; at least 3.11 is needed. Install a newer one.")
    for package, floor in FLOORS.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            found = ""
        if not found or _numbers(found) < _numbers(floor):
            raise ConfigError(
                f"{package} {found or 'is not installed'}; at least {floor} is needed. "
                "Install the versions of requirements.txt: pip install -r requirements.txt"
            )


def _numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: 2.13.0+cpu is (2, 13, 0)."""
    numbers = []
    for part in text.split("+", maxsplit=1)[0].split("."):
        digits = "".join(c for c in part if c.isdigit())
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
