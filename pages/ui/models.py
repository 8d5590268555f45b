"""Which models there are, and what is said of one in a line."""

from pages.ui.language import later, tr, trn
from pages.ui.sentences import moment
from vae_core import checkpoints, runs
from vae_core.checkpoints import Checkpoint
from vae_core.config import ModelConfig
from vae_core.objectives import Objective, PlainVAE
from vae_core.records import Terms
from vae_core.run_config import RunConfig
from vae_core.runs.directory import UNCHECKED

BUNDLED_TITLES = {
    "digits-2d": later("Digits 8×8, two latents"),
    "digits-ae": later("Digits 8×8, autoencoder"),
    "digits-beta": later("Digits 8×8, β-VAE"),
    "mnist-2d": later("MNIST, two latents"),
    "mnist-16d": later("MNIST, 16 latents"),
    "faces-12d": later("Faces 32×32, 12 latents"),
    "shapes-tcvae": later("Shapes, β-TCVAE"),
    "shapes-vae": later("Shapes, plain VAE"),
    "moons-2d": later("Two moons, two latents"),
    "houses-2d": later("Houses, two latents"),
    "lesson-beta-005": later("Lesson: digits, β = 0.05"),
    "lesson-beta-025": later("Lesson: digits, β = 0.25"),
    "lesson-beta-05": later("Lesson: digits, β = 0.5"),
    "lesson-beta-1": later("Lesson: digits, β = 1"),
    "lesson-beta-15": later("Lesson: digits, β = 1.5"),
    "lesson-beta-2": later("Lesson: digits, β = 2"),
    "lesson-beta-3": later("Lesson: digits, β = 3"),
    "lesson-8d": later("Lesson: digits, eight latents"),
    "lesson-8d-beta-3": later("Lesson: digits, eight latents, β = 3"),
    "lesson-8d-warm-up": later("Lesson: digits, eight latents, warm-up"),
    "lesson-8d-free-bits": later("Lesson: digits, eight latents, free bits"),
}
BUNDLED_TRIO = ("digits-ae", "digits-2d", "digits-beta")
"""AE, VAE and β-VAE of one dataset, alike in all else."""
BUNDLED_PAIR = ("shapes-tcvae", "shapes-vae")
"""Of one dataset with known factors, alike in all but the objective."""
LONGEST_NAME = 36
"""Of a run in the list of models: what comes after the name tells runs on one dataset apart."""
PRIORS = {"mixture": later("mixture prior of {count}"), "vamp": later("VampPrior of {count}")}
STATES = (
    later("queued"),
    later("running"),
    later("done"),
    later("cancelled"),
    later("failed"),
    later("interrupted"),
)
"""The words of the core for how a run stands: `tr` tells them."""


def titles() -> dict[str, str]:
    """id -> title: the user's own models, newest first, then the bundled ones."""
    own = {}
    for run in runs.list_runs():
        if run.has_model:
            told = [_short(run.name), sort(run.config), moment(run.created)]
            if run.is_brought:
                told.append(tr("brought"))
            elif run.status.state != "done":
                told.append(tr(run.status.state))
            own[run.id] = " · ".join(told)
    bundled = sorted(checkpoints.bundled(), key=lambda name: name.startswith("lesson-"))  # these come last
    return own | {name: tr(BUNDLED_TITLES.get(name, name)) for name in bundled}


def is_in_training(id: str) -> bool:
    """Whether there will be later epochs of a model."""
    return id not in checkpoints.bundled() and runs.get(id).is_live


def origin(id: str) -> str:
    """What is to be said of where a model comes from; nothing of those that were trained here or come with us."""
    return tr(UNCHECKED) if id not in checkpoints.bundled() and runs.get(id).is_brought else ""


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def sort(config: RunConfig) -> str:
    """What sort of model it is, in a few words."""
    told = _objective(config.objective)
    if config.model.conditional:
        told = tr("conditional {model}", model=told)
    return f"{told} · {latents(config.model)}"


def latents(config: ModelConfig) -> str:
    """The number of latents in words."""
    return trn("{n} latent", "{n} latents", config.latents, n=config.latents)


def settings(config: RunConfig) -> str:
    """What sort of model it is: objective, network, latents, likelihood and whatever is not the usual."""
    model = config.model
    parts = [_objective(config.objective), tr(model.architecture.name), latents(model), tr(model.likelihood.name)]
    if model.prior.name != "standard":
        parts.append(tr(PRIORS[model.prior.name], count=model.prior.components))
    if model.conditional:
        parts.append(tr("conditional"))
    return " · ".join(parts)


def facts(checkpoint: Checkpoint) -> str:
    """What sort of model it is, how long it was trained and how well it does."""
    if not checkpoint.history:
        return settings(checkpoint.config)
    record, last = checkpoint.measured, checkpoint.history[-1]
    epochs = trn("{n} epoch", "{n} epochs", last.epoch, n=last.epoch)
    if record is not last:
        epochs = tr("{epochs}, the model of epoch {best}", epochs=epochs, best=record.epoch)
    terms = _terms(checkpoint.config, record.validation)
    is_picture = checkpoint.schema.kind == "image"
    terms = tr("{terms} (nats a picture)", terms=terms) if is_picture else tr("{terms} (nats a row)", terms=terms)
    return f"{settings(checkpoint.config)} · {epochs} · {terms}"


def _objective(objective: Objective) -> str:
    beta = getattr(objective, "beta", None)
    if objective.name == "beta-vae" and beta == 1:
        return tr(PlainVAE.title)  # which it is
    title = tr(objective.title)
    return title if beta is None else tr("{objective} with β = {beta}", objective=title, beta=f"{beta:g}")


def _terms(config: RunConfig, terms: Terms) -> str:
    if config.objective.is_deterministic:
        return tr("validation reconstruction loss {loss}", loss=_nats(terms.reconstruction_loss))
    return tr(
        "validation −ELBO {elbo} = {loss} reconstruction + {kl} KL",
        elbo=_nats(-terms.elbo),
        loss=_nats(terms.reconstruction_loss),
        kl=_nats(terms.kl),
    )


def _nats(value: float) -> str:
    return (f"{value:.1f}" if abs(value) < 1e6 else f"{value:.2g}").replace("-", "−")
