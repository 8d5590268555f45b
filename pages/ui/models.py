"""Which models there are, and what is said of one in a line."""

import time

from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint
from vae_core.config import ModelConfig
from vae_core.objectives import Objective
from vae_core.records import Terms
from vae_core.run_config import RunConfig

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
    record = checkpoint.measured
    terms = record.validation
    example = "picture" if checkpoint.schema.kind == "image" else "row"
    return (
        f"{config.objective.title}{_beta(config.objective)} · {config.model.architecture.name} · "
        f"{latents(config.model)} · {config.model.likelihood.name} · {record.epoch} epochs · {_terms(config, terms)} "
        f"(nats a {example})"
    )


def _beta(objective: Objective) -> str:
    return f" {beta:g}" if (beta := getattr(objective, "beta", None)) is not None else ""


def _terms(config: RunConfig, terms: Terms) -> str:
    if config.objective.is_deterministic:
        return f"validation reconstruction loss {_nats(terms.reconstruction_loss)}"
    return (
        f"validation −ELBO {_nats(-terms.elbo)} = {_nats(terms.reconstruction_loss)} reconstruction + "
        f"{_nats(terms.kl)} KL"
    )


def _nats(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 1e6 else f"{value:.2g}"
