"""Which models there are, and what is said of one in a line."""

import time

from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint
from vae_core.config import ModelConfig
from vae_core.objectives import Objective, PlainVAE
from vae_core.records import Terms
from vae_core.run_config import RunConfig
from vae_core.runs.directory import UNCHECKED

BUNDLED_TITLES = {
    "digits-2d": "Digits 8×8, two latents",
    "digits-ae": "Digits 8×8, autoencoder",
    "digits-beta": "Digits 8×8, β-VAE",
    "mnist-2d": "MNIST, two latents",
    "mnist-16d": "MNIST, 16 latents",
    "faces-12d": "Faces 32×32, 12 latents",
    "shapes-tcvae": "Shapes, β-TCVAE",
    "shapes-vae": "Shapes, plain VAE",
    "moons-2d": "Two moons, two latents",
    "houses-2d": "Houses, two latents",
}
BUNDLED_TRIO = ("digits-ae", "digits-2d", "digits-beta")
"""AE, VAE and β-VAE of one dataset, alike in all else."""
BUNDLED_PAIR = ("shapes-tcvae", "shapes-vae")
"""Of one dataset with known factors, alike in all but the objective."""
LONGEST_NAME = 36
"""Of a run in the list of models: what comes after the name tells runs on one dataset apart."""
PRIORS = {"mixture": "mixture prior", "vamp": "VampPrior"}


def titles() -> dict[str, str]:
    """id -> title: the user's own models, newest first, then the bundled ones."""
    own = {}
    for run in runs.list_runs():
        if run.has_model:
            when = time.strftime("%d %b %H:%M", time.localtime(run.created))
            unfinished = "" if run.status.state == "done" else f" · {run.status.state}"
            unfinished = " · brought" if run.is_brought else unfinished
            own[run.id] = f"{_short(run.name)} · {sort(run.config)} · {when}{unfinished}"
    return own | {name: BUNDLED_TITLES.get(name, name) for name in checkpoints.bundled()}


def is_in_training(id: str) -> bool:
    """Whether there will be later epochs of a model."""
    return id not in checkpoints.bundled() and runs.get(id).is_live


def origin(id: str) -> str:
    """What is to be said of where a model comes from; nothing of those that were trained here or come with us."""
    return UNCHECKED if id not in checkpoints.bundled() and runs.get(id).is_brought else ""


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def sort(config: RunConfig) -> str:
    """What sort of model it is, in a few words."""
    conditional = "conditional " if config.model.conditional else ""
    return f"{conditional}{_objective(config.objective)} · {latents(config.model)}"


def latents(config: ModelConfig) -> str:
    """The number of latents in words."""
    return "1 latent" if config.latents == 1 else f"{config.latents} latents"


def settings(config: RunConfig) -> str:
    """What sort of model it is: objective, network, latents, likelihood and whatever is not the usual."""
    model = config.model
    parts = [_objective(config.objective), model.architecture.name, latents(model), model.likelihood.name]
    if model.prior.name != "standard":
        parts.append(f"{PRIORS[model.prior.name]} of {model.prior.components}")
    if model.conditional:
        parts.append("conditional")
    return " · ".join(parts)


def facts(checkpoint: Checkpoint) -> str:
    """What sort of model it is, how long it was trained and how well it does."""
    if not checkpoint.history:
        return settings(checkpoint.config)
    record, last = checkpoint.measured, checkpoint.history[-1]
    epochs = f"{last.epoch} epoch{'' if last.epoch == 1 else 's'}"
    best = "" if record is last else f", the model of epoch {record.epoch}"
    example = "picture" if checkpoint.schema.kind == "image" else "row"
    return (
        f"{settings(checkpoint.config)} · {epochs}{best} · {_terms(checkpoint.config, record.validation)} "
        f"(nats a {example})"
    )


def _objective(objective: Objective) -> str:
    beta = getattr(objective, "beta", None)
    if objective.name == "beta-vae" and beta == 1:
        return PlainVAE.title  # which it is
    return objective.title if beta is None else f"{objective.title} with β = {beta:g}"


def _terms(config: RunConfig, terms: Terms) -> str:
    if config.objective.is_deterministic:
        return f"validation reconstruction loss {_nats(terms.reconstruction_loss)}"
    return (
        f"validation −ELBO {_nats(-terms.elbo)} = {_nats(terms.reconstruction_loss)} reconstruction + "
        f"{_nats(terms.kl)} KL"
    )


def _nats(value: float) -> str:
    return (f"{value:.1f}" if abs(value) < 1e6 else f"{value:.2g}").replace("-", "−")
