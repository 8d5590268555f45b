"""The server in numbers, in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import functools
import mmap
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from streamlit import runtime

from vae_core import uploads, workspace
from vae_core.errors import NotFoundError
from vae_core.runs.directory import RunDirectory, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SIZE_SECONDS = 60
"""All files are looked at for the size of a workspace, and at most so often."""
PROCESS = Path("/proc/self")
PAGE_BYTES = mmap.PAGESIZE
Labelled = Mapping[str, float]


def text() -> str:
    """All series, each with its help and type."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    root = workspace.base()
    states: Labelled = {f'{{state="{state}"}}': count for state, count in _runs().items()}
    yield _series("vae_studio_sessions", "gauge", "Visits that are connected.", _sessions())
    yield _series("vae_studio_runs", "gauge", "Trainings in the workspace, by how they stand.", states)
    yield _series("vae_studio_uploads_reading", "gauge", "Uploads that are being read.", _reading())
    yield _series("vae_studio_workspace_bytes", "gauge", "Size of the workspace, at most a minute old.", _size(root))
    if root.exists():
        yield _series("vae_studio_disk_free_bytes", "gauge", "Room on its disk.", shutil.disk_usage(root).free)
    writable = int(workspace.is_writable())
    yield _series("vae_studio_workspace_writable", "gauge", "Whether anything can be put into it.", writable)
    yield _series("process_cpu_seconds_total", "counter", "CPU time of the server.", time.process_time())
    if PROCESS.exists():
        resident = int((PROCESS / "statm").read_text().split()[1]) * PAGE_BYTES
        yield _series("process_resident_memory_bytes", "gauge", "Memory of the server.", resident)
        yield _series("process_threads", "gauge", "Threads of the server.", len(os.listdir(PROCESS / "task")))  # noqa: PTH208
        yield _series("process_open_fds", "gauge", "Files the server has open.", len(os.listdir(PROCESS / "fd")))  # noqa: PTH208


def _series(name: str, kind: str, told: str, value: float | Labelled) -> str:
    values = value if isinstance(value, Mapping) else {"": value}
    return f"# HELP {name} {told}\n# TYPE {name} {kind}\n" + "".join(f"{name}{of} {n}\n" for of, n in values.items())


def _sessions() -> int:
    if not runtime.exists():
        return 0
    found = runtime.get_instance().stats_mgr.get_stats(family_names=["active_sessions"])
    return sum(int(getattr(stat, "value", 0)) for stat in found.get("active_sessions", ()))


def _runs() -> Counter[str]:
    """Every state, those in which nothing is among them: a series that comes and goes cannot be watched."""
    found = Counter(dict.fromkeys(get_args(State), 0))
    for home in workspace.everywhere("runs"):
        found[RunDirectory(home).read_status().state] += 1
    return found


def _reading() -> int:
    count = 0
    for home in workspace.everywhere("uploads"):
        try:
            count += uploads.UploadDirectory(home).read_status().state == "reading"
        except NotFoundError:  # it has just been removed
            continue
    return count


def _size(root: Path) -> int:
    return _size_in(str(root), int(time.time() // SIZE_SECONDS))


@functools.lru_cache(maxsize=1)
def _size_in(root: str, moment: int) -> int:
    return workspace.size(Path(root))
