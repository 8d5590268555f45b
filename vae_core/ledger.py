"""The ledger of one example's loss: every pixel and every dimension, adding up to the number that training minimises.

    loss = Σ_pixels −log p(x_i | z) + Σ_terms (each a number, or a share for every latent dimension)

For a VAE that is −ELBO (Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, eq. 3) with z sampled once. Terms that
an objective reckons for a whole batch, as a total correlation, are those of the batch that the example is put into.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vae_core.objectives import AnyObjective, Step
from vae_core.vae import VAE, VAEOutput


@dataclass(frozen=True, eq=False)
class Ledger:
    """One example's loss in nats. With K samples an example all of it is their mean.

    Attributes:
        decoded: The reconstruction [*shape].
        reconstruction: What each pixel or column adds, [*shape].
        kl: KL(q(z_j | x), p(z_j)) of each dimension [L], without any weight.
        terms: What the objective adds, by name: [] or [L].
        loss: The number that training uses, reckoned as training does.
        latents: The samples of z, [K, L].
        mean: Of q(z | x), [L].
        std: Of q(z | x), [L]; 0 for an autoencoder.
    """

    decoded: np.ndarray
    reconstruction: np.ndarray
    kl: np.ndarray
    terms: dict[str, np.ndarray]
    loss: float
    latents: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    @property
    def total(self) -> float:
        """The sum of all parts."""
        parts = [self.reconstruction, *self.terms.values()]
        return float(sum(part.sum(dtype=np.float64) for part in parts))


@torch.no_grad()
def ledger(
    model: VAE, objective: AnyObjective, x: Tensor, place: int, step: Step, labels: Tensor | None = None
) -> Ledger:
    """The ledger of one example of a batch.

    Args:
        model: In evaluation mode, as when a trained model is measured.
        objective: What it was trained for.
        x: The batch [B, *shape].
        place: Which of it is looked at.
        step: Where training stands, with the source of the noise ε.
        labels: Of a conditional model, int64 [B].
    """
    out = model(x, step.generator, labels, objective.draws, objective.corrupt(x, step.generator))
    return _entered(model, objective, out, step, _Example.of(x, place, labels))


@torch.no_grad()
def ledger_at_mean(
    model: VAE, objective: AnyObjective, x: Tensor, place: int, step: Step, labels: Tensor | None = None
) -> Ledger:
    """The same with every z at the mean of its posterior, ε = 0, which training never uses."""
    out = model(x, step.generator, labels, objective.draws, objective.corrupt(x, step.generator))
    mean = out.posterior.mean
    told = None if labels is None else labels.repeat_interleave(objective.draws, 0)
    loss = model.loss_map(x.repeat_interleave(objective.draws, 0), mean, told).flatten(1).sum(1)
    kl = out.kl if model.is_deterministic else out.prior.kl(out.posterior, mean)
    at_mean = replace(out, latents=mean, reconstruction_loss=loss, kl=kl)
    return _entered(model, objective, at_mean, step, _Example.of(x, place, labels))


@dataclass(frozen=True, eq=False)
class _Example:
    x: Tensor
    label: Tensor | None
    place: int

    @classmethod
    def of(cls, x: Tensor, place: int, labels: Tensor | None) -> "_Example":
        """One of a batch: [1, *shape], [1]."""
        mine = slice(place, place + 1)
        return cls(x[mine], None if labels is None else labels[mine], place)


def _entered(model: VAE, objective: AnyObjective, out: VAEOutput, step: Step, example: _Example) -> Ledger:
    samples = objective.draws
    mine = slice(example.place * samples, (example.place + 1) * samples)
    state = step.generator.get_state() if step.generator else None
    loss = (out.reconstruction_loss + objective.penalty(out, step))[mine].mean()
    if step.generator and state is not None:
        step.generator.set_state(state)  # some terms draw from it too: the same draw once more
    terms = objective.terms(out, step)
    targets = example.x.expand(samples, *example.x.shape[1:])
    label = None if example.label is None else example.label.expand(samples)
    latents = out.latents[mine]
    return Ledger(
        decoded=model.decode(latents, label).mean(0).numpy(),
        reconstruction=model.loss_map(targets, latents, label).mean(0).numpy(),
        kl=out.kl[mine].mean(0).numpy(),
        terms={name: term[mine].mean(0).numpy() for name, term in terms.items()},
        loss=float(loss),
        latents=latents.numpy(),
        mean=out.posterior.mean[mine.start].numpy(),
        std=out.posterior.stddev[mine.start].numpy(),
    )
