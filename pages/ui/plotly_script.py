"""plotly.js out of the plotly wheel: what the map takes where npm could not bring the strict bundle."""

import gzip
from functools import cache
from pathlib import Path

import plotly

from pages.ui.browser_runtime import COMPILE_AT_ONCE

FILE = Path(plotly.__file__).resolve().parent / "package_data" / "plotly.min.js"
VERSION = plotly.__version__


@cache
def compressed() -> bytes:
    """The script, gzipped: nobody waits for that twice."""
    return gzip.compress(COMPILE_AT_ONCE + FILE.read_bytes(), mtime=0)
