"""How much memory each case takes at its peak: `python -m tests.corpus.memory 400` names those above 400 MB."""

import contextlib
import gc
import re
import sys
import warnings
from pathlib import Path

from tests.corpus import CASES
from vae_core import datasets
from vae_core.errors import DatasetError

PROCESS = Path("/proc/self")


def reset_peak() -> None:
    """Let the peak begin anew, where the system allows it."""
    with contextlib.suppress(OSError):
        (PROCESS / "clear_refs").write_text("5")


def resident(kind: str) -> float:
    """VmRSS (now) or VmHWM (at the peak) of this process, MB."""
    found = re.search(rf"{kind}:\s+(\d+) kB", (PROCESS / "status").read_text())
    assert found
    return int(found[1]) / 1024


def peaks() -> dict[str, float]:
    """Case -> what reading it added at the peak, MB."""
    added = {}
    gc.freeze()  # what the imports brought stays: to look through it 800 times would take half a minute
    for case in CASES:
        files = case.files()
        gc.collect()
        before = resident("VmRSS")
        reset_peak()
        with contextlib.suppress(DatasetError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            datasets.read_files(files)
        added[case.name] = resident("VmHWM") - before
    return added


if __name__ == "__main__":
    limit = float(sys.argv[1])
    above = {name: peak for name, peak in peaks().items() if peak > limit}
    for name, peak in above.items():
        print(f"{name}: {peak:.0f} MB")
    sys.exit(bool(above))
