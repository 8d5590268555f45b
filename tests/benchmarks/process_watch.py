"""What a process takes, from Linux's /proc: memory, threads, open files, processor time, descendants."""

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
LISTENING = "0A"


@dataclass(frozen=True)
class Sample:
    """Of a process at one moment.

    Attributes:
        rss_mb: Resident memory.
        threads: How many.
        files: Open descriptors.
        cpu_seconds: Since it was started, without that of its children.
        children: Numbers of its living descendants.
    """

    rss_mb: float
    threads: int
    files: int
    cpu_seconds: float
    children: tuple[int, ...]


def sample(pid: int) -> Sample:
    """Look once.

    Raises:
        OSError: if there is no such process.
    """
    fields = dict(line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines())
    times = _stat(pid)
    return Sample(
        rss_mb=int(fields["VmRSS"].split()[0]) / 1024,
        threads=int(fields["Threads"]),
        files=len(list((PROC / str(pid) / "fd").iterdir())),
        cpu_seconds=(int(times[11]) + int(times[12])) / TICKS,
        children=tuple(descendants(pid)),
    )


def _stat(pid: int) -> list[str]:
    """After the name, which may hold spaces: state, parent, …"""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def descendants(pid: int) -> list[int]:
    """Living processes that it, or one of these, has started and that nobody has adopted since."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                state, parent, *_ = _stat(int(entry.name))
            except OSError:  # it has ended meanwhile
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    found, before = {pid}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return sorted(found - {pid})


def working_in(workspace: Path) -> list[int]:
    """Processes that were told this workspace, workers above all: they outlive the server on purpose."""
    wanted = f"VAE_STUDIO_WORKSPACE={workspace}".encode()
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
                is_alive = _stat(int(entry.name))[0] != "Z"
            except OSError:  # it has ended, or is somebody else's
                continue
            if is_alive and any(v == wanted or v.startswith(wanted + b"/") for v in variables):
                found.append(int(entry.name))
    return sorted(found)


def listener(port: int) -> int:
    """The process that listens on a port of 127.0.0.1.

    Raises:
        LookupError: if none of ours does.
    """
    sockets = set()
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[1].endswith(f":{port:04X}") and parts[3] == LISTENING:
            sockets.add(f"socket:[{parts[9]}]")
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                links = [str(file.readlink()) for file in (entry / "fd").iterdir()]
            except OSError:
                continue
            if sockets & set(links):
                return int(entry.name)
    raise LookupError(f"nothing of ours listens on port {port}")


def until_idle(pid: int, share: float = 0.1, seconds: float = 120.0) -> None:
    """Wait until a process takes less than a share of a core for two looks on end."""
    deadline, calm = time.monotonic() + seconds, 0
    while calm < 2 and time.monotonic() < deadline:
        before = sample(pid).cpu_seconds
        time.sleep(2)
        calm = calm + 1 if sample(pid).cpu_seconds - before < 2 * share else 0


class Watch:
    """Looks at a process again and again, meanwhile.

    Attributes:
        samples: In the order of time, the last one at the end.
    """

    def __init__(self, pid: int, every: float = 1.0) -> None:
        self.pid, self.every = pid, every
        self.samples: list[Sample] = []
        self.seconds: list[float] = []

    def look(self) -> Sample:
        self.samples.append(sample(self.pid))
        self.seconds.append(time.monotonic())
        return self.samples[-1]

    async def __aenter__(self) -> "Watch":
        self.look()
        self._task = asyncio.create_task(self._keep_looking())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.look()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            self.look()

    @property
    def growth_mb(self) -> float:
        """From the first look to the largest."""
        return max(sample.rss_mb for sample in self.samples) - self.samples[0].rss_mb
