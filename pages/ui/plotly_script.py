"""plotly.js out of the plotly wheel, as the explorer's map loads it."""

import gzip
from functools import cache
from pathlib import Path

import plotly

FILE = Path(plotly.__file__).resolve().parent / "package_data" / "plotly.min.js"
VERSION = plotly.__version__
COMPILE_AT_ONCE = b"//# allFunctionsCalledOnLoad\n"
"""Lets Chromium compile all of it beside the page instead of function by function in it (explicit compile hints,
https://github.com/WICG/explicit-javascript-compile-hints-file-based); to other browsers it is a comment."""


@cache
def compressed() -> bytes:
    """The script, gzipped: nobody waits for that twice."""
    return gzip.compress(COMPILE_AT_ONCE + FILE.read_bytes(), mtime=0)
