"""For whom a server is there, and what each of them may take: chosen explicitly, by VAE_STUDIO_PROFILE.

local       one person on their own machine (the default)
classroom   many people who may not see each other's things, a teacher, a passcode
demo        anybody: the bundled models, and nothing to bring or train
"""

import os
from dataclasses import dataclass

from vae_core.errors import ConfigError

ENVIRONMENT = "VAE_STUDIO_PROFILE"
MB, GB, DAY = 2**20, 2**30, 24 * 3600.0


@dataclass(frozen=True)
class Profile:
    """What one may do here.

    Attributes:
        name: In `PROFILES`.
        has_visitors: Whether everybody has a workspace of their own, and only that.
        may_bring: Whether one may bring data and models, and train.
        upload_bytes: Of one file, at most.
        queue: Runs that may wait or train at the same time.
        queue_each: Of these, of one visitor; None where there is one person.
        computations: Measurements, maps and the like that may wait or go on at the same time; None likewise.
        computations_each: Of these, of one visitor: as many as there are models side by side.
        training_seconds: How long one run may train; None for as long as it takes.
        quota_bytes: Of a visitor's workspace; None where it may fill the disk.
        server_bytes: Of all workspaces together; None likewise.
        least_free_bytes: So much of the disk stays free when something is brought; None where that is one's own affair.
        kept_seconds: After their last visit a visitor's workspace is kept for so long; None for ever.
    """

    name: str
    has_visitors: bool = False
    may_bring: bool = True
    upload_bytes: int = 200 * MB
    queue: int = 20
    queue_each: int | None = None
    computations: int | None = None
    computations_each: int | None = None
    training_seconds: float | None = None
    quota_bytes: int | None = None
    server_bytes: int | None = None
    least_free_bytes: int | None = None
    kept_seconds: float | None = None


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("local"),
        Profile(
            "classroom",
            has_visitors=True,
            upload_bytes=50 * MB,
            queue_each=2,
            computations=20,
            computations_each=4,
            training_seconds=20 * 60.0,
            quota_bytes=500 * MB,
            server_bytes=20 * GB,
            least_free_bytes=GB,
            kept_seconds=30 * DAY,
        ),
        Profile(
            "demo",
            has_visitors=True,
            may_bring=False,
            computations=20,
            computations_each=4,
            kept_seconds=DAY,
        ),
    )
}


def present() -> Profile:
    """The profile of this server, or of the one that has started this process.

    Raises:
        ConfigError: if there is none of that name.
    """
    name = os.environ.get(ENVIRONMENT) or "local"
    if name not in PROFILES:
        raise ConfigError(f"{ENVIRONMENT} is {name!r}; it may be {', '.join(PROFILES)}. Set one of these.")
    return PROFILES[name]
