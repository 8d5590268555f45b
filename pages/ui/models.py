"""Which models there are, and what is said of one in a line."""

from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint

BUNDLED_TITLES = {"digits-2d": "Digits 8×8, two latents", "mnist-2d": "MNIST, two latents"}


def titles() -> dict[str, str]:
    """id -> title: the user's own models, newest first, then the bundled ones."""
    own = {run.id: f"{run.name} · {run.status.state}" for run in runs.list_runs() if run.has_model}
    return own | {name: BUNDLED_TITLES.get(name, name) for name in checkpoints.bundled()}


def facts(checkpoint: Checkpoint) -> str:
    """Architecture, latents, training and how well it does."""
    model = checkpoint.config.model
    last = checkpoint.history[-1]
    return (
        f"{model.architecture}, {model.latents} latents, {model.likelihood}, β = {checkpoint.config.objective.beta:g}, "
        f"{last.epoch} epochs · validation −ELBO {-last.validation.elbo:.1f} = "
        f"{last.validation.reconstruction_loss:.1f} reconstruction + {last.validation.kl:.1f} KL (nats a picture)"
    )
