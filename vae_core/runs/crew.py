"""`python -m vae_core.runs.crew RUN_DIRECTORY`: the job of a run in a Ray cluster.

It waits until the cluster has room for all workers of the run at once, on whatever machines, starts them and looks
after them: where one is lost, it takes the others along. It is a small process on the cluster's head and needs no room
of its own, so that nothing but the run's directory has to be looked at to know that a run waits; and Ray, which fails a
job that has waited for its room for a quarter of an hour, lets it wait as long as it takes.
"""

import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from vae_core.errors import NotFoundError
from vae_core.run_config import RunConfig
from vae_core.runs import jobs
from vae_core.runs.directory import RunDirectory, Status
from vae_core.runs.endings import LOST, CancelledError, ending

WAITING = "Waiting for room in the cluster."
LOOK_SECONDS = 1.0
GRACE_SECONDS = 4.0
"""So long the others may put their things in order when one worker is lost."""


def main(path: Path) -> int:
    """Do the run in the directory; the exit code is 0 when it ended as asked."""
    directory = RunDirectory(path)
    signal.signal(signal.SIGTERM, _raise_cancelled)
    try:
        directory.read_run()
        with jobs.Beat(path, is_quiet=directory.has_begun):
            codes = _work(directory)
    except NotFoundError:
        return 0  # removed before this process was up
    except (Exception, CancelledError) as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        logging.error("The job ended early", exc_info=error)
        _say(directory, ending(error, directory, details="log.txt in the run's folder"))
        return 1
    _say(directory, LOST)
    return max(codes)


def _say(directory: RunDirectory, status: Status) -> None:
    """The last word, if no worker has said it and the run is still ours."""
    if jobs.is_ours(directory.path) and directory.is_unfinished():
        directory.write_status(status)
        jobs.forget_beat(directory.path)


def _raise_cancelled(signal_number: int, frame: FrameType | None) -> None:
    raise CancelledError


def _work(directory: RunDirectory) -> list[int]:
    """Find room, start the workers, wait for them; returns their exit codes, 1 for those that were lost."""
    import ray
    from ray.util.placement_group import placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    run = directory.read_run()
    ray.init(address="auto", log_to_driver=False)
    needs = needs_of(run.config, ray.cluster_resources())
    group = placement_group([needs] * run.workers, strategy="PACK")
    directory.write_status(Status(state="queued", message=WAITING))
    while not ray.wait([group.ready()], timeout=LOOK_SECONDS)[0]:
        pass

    def at(place: int) -> Any:
        return ray.remote(
            num_cpus=needs["CPU"],
            num_gpus=needs.get("GPU", 0),
            max_retries=0,  # a run goes on by itself once, and from its last epoch
            scheduling_strategy=PlacementGroupSchedulingStrategy(group, place),
        )

    host, port = ray.get(at(0)(_meeting_place).remote())
    places = [
        {"RANK": str(k), "WORLD_SIZE": str(run.workers), "MASTER_ADDR": host, "MASTER_PORT": str(port)}
        for k in range(run.workers)
    ]
    path = str(directory.path)
    working = [at(k)(_member).remote(path, place if run.workers > 1 else {}) for k, place in enumerate(places)]
    return _looked_after(working)


def needs_of(config: RunConfig, there: dict[str, float]) -> dict[str, float]:
    """What a worker takes of a cluster: a GPU where one is wanted, or where there are any and nobody minds."""
    device = config.train.device
    wants_gpu = device == "cuda" or (device == "auto" and there.get("GPU", 0) > 0)
    return {"CPU": 1.0, "GPU": 1.0} if wants_gpu else {"CPU": 1.0}


def _looked_after(working: list[Any]) -> list[int]:
    """Wait for all; where one ends badly, for the others only a moment more: leaving, this job takes them along."""
    import ray

    codes: list[int] = []
    while working:
        troubled = any(codes)
        ended, working = ray.wait(working, timeout=GRACE_SECONDS if troubled else LOOK_SECONDS)
        if troubled and not ended:
            break
        for one in ended:
            try:
                codes.append(abs(ray.get(one)))
            except ray.exceptions.RayError as error:
                logging.warning("A worker was lost: %s", error)
                codes.append(1)
    return codes


def _meeting_place() -> tuple[str, int]:
    """Where the first worker is, and a port that is free there."""
    from multiprocessing.connection import Listener

    import ray

    host = ray.util.get_node_ip_address()
    with Listener((host, 0)) as listener:
        return host, listener.address[1]


def _member(path: str, place: dict[str, str]) -> int:
    """One worker, as a process of its own: the same command as on one machine; returns its exit code."""
    from vae_core import worker_process
    from vae_core.runs.directory import RunDirectory
    from vae_core.runs.runners.local import WORKER

    directory = RunDirectory(Path(path))
    process = worker_process.start(WORKER, directory.path, directory.log, place, is_detached=False)
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
