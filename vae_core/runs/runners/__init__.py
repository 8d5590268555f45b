"""Who does the work of a run: a process of this machine, or a cluster that is there already.

A runner begins the work in a run's directory and ends it; how it stands, the directory says.
"""

import os
from collections.abc import Callable
from typing import ClassVar, Protocol

from vae_core.errors import ConfigError
from vae_core.runs import jobs
from vae_core.runs.directory import RunDirectory
from vae_core.runs.runners.local import Local
from vae_core.runs.runners.ray import Ray

__all__ = ["RUNNERS", "Runner", "chosen", "of"]

ENVIRONMENT = "VAE_STUDIO_RUNNER"
"""`local`; or `ray` for the cluster that Ray's own variables name; or `ray:http://HOST:8265`."""


class Runner(Protocol):
    """What does the work of runs."""

    address: str
    """Of its engine; empty for this machine, or where the engine finds itself."""

    is_cluster: ClassVar[bool]
    """Whether it has room for several workers, and a queue of its own."""

    def start(self, directory: RunDirectory) -> None:
        """Have the run in a directory done, by a process that outlives this one.

        Raises:
            TrainingError: if that cannot begin.
        """
        ...

    def stop(self, directory: RunDirectory) -> None:
        """Have a run that was cancelled end: politely, then by force; within five seconds."""
        ...


RUNNERS: dict[str, Callable[[str], Runner]] = {"local": Local, "ray": Ray}
"""name -> runner, made of its address."""


def chosen(setting: str | None = None) -> Runner:
    """The runner for new work: as said, or as the environment says, or this machine.

    Raises:
        ConfigError: if there is none of that name.
    """
    setting = setting or os.environ.get(ENVIRONMENT) or "local"
    name, _, address = setting.partition(":")
    if name not in RUNNERS:
        raise ConfigError(f"There is no runner “{name}”. Choose local, ray, or ray:http://HOST:8265 for a cluster.")
    return RUNNERS[name](address)


def of(directory: RunDirectory) -> Runner:
    """The runner that a run was handed to."""
    job = jobs.read(directory.path)
    return RUNNERS[job.runner](job.address) if job and job.runner in RUNNERS else Local("")
