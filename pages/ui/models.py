"""Which models there are, and what is said of one in a line."""

import time

from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint
from vae_core.config import ModelConfig

BUNDLED_TITLES = {"digits-2d": "Digits 8×8, two latents", "mnist-2d": "MNIST, two latents"}


def titles() -> dict[str, str]:
    """id -> title: the user's own models, newest first, then the bundled ones."""
    own = {}
    for run in runs.list_runs():
        if run.has_model:
            when = time.strftime("%d %b %H:%M", time.localtime(run.created))
            unfinished = "" if run.status.state == "done" else f" · {run.status.state}"
            own[run.id] = f"{run.name} · {latents(run.config.model)} · {when}{unfinished}"
    return own | {name: BUNDLED_TITLES.get(name, name) for name in checkpoints.bundled()}


def latents(config: ModelConfig) -> str:
    """The number of latents in words."""
    return "1 latent" if config.latents == 1 else f"{config.latents} latents"


def facts(checkpoint: Checkpoint) -> str:
    """Architecture, latents, training and how well it does."""
    config = checkpoint.config
    last = checkpoint.history[-1]
    terms = last.validation
    example = "picture" if checkpoint.schema.kind == "image" else "row"
    return (
        f"{config.model.architecture} · {latents(config.model)} · {config.model.likelihood} · "
        f"β {config.objective.beta:g} · {last.epoch} epochs · validation −ELBO {_nats(-terms.elbo)} = "
        f"{_nats(terms.reconstruction_loss)} reconstruction + {_nats(terms.kl)} KL (nats a {example})"
    )


def _nats(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 1e6 else f"{value:.2g}"
