"""How many threads training takes: of the cores that this process may use, not of all that the machine has."""

import contextlib
import os

from vae_core.memory import CGROUP

FEW_CORES = 4


def environment(beside_server: bool) -> dict[str, str]:
    """Variables that torch reads when it is loaded, and never again.

    Args:
        beside_server: Whether there is a server that needs a core of its own: on small machines a second thread of
            training only fights it for one.
    """
    cores = _cores()
    if beside_server:
        cores = 1 if cores <= FEW_CORES else cores // 2
    idle = {"GOMP_SPINCOUNT": "10000"}  # threads that wait must not spin on the cores of others
    return {"OMP_NUM_THREADS": str(cores)} | idle


def settle() -> None:
    """For this process, before it loads torch; what a person has set already stays."""
    for name, value in environment(beside_server=False).items():
        os.environ.setdefault(name, value)


def _cores() -> int:
    """Cores that this process is bound to, and no more than its container is given the time of."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):  # without a limit the file says "max", or is not there
        quota, period = (CGROUP / "cpu.max").read_text().split()
        bound = min(bound, int(quota) // int(period))
    return max(bound, 1)
