"""The ledger of one example's loss: every pixel and every dimension, adding up to the number that training minimises.

    loss = Σ_pixels −log p(x_i | z) + Σ_terms (each a number, or a share for every latent dimension)

For a VAE that is −ELBO (Kingma & Welling 2014, https://arxiv.org/abs/1312.6114, eq. 3) with z sampled once. Terms that
an objective reckons for a whole batch, as a total correlation, are those of the batch that the example is put into.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vae_core.objectives import AnyObjective, Step
from vae_core.vae import VAE


@dataclass(frozen=True, eq=False)
class Ledger:
    """One example's loss in nats. With K samples an example all of it is their mean.

    Attributes:
        decoded: The reconstruction [*shape].
        reconstruction: What each pixel or column adds, [*shape].
        kl: KL(q(z_j | x), p(z_j)) of each dimension [L], without any weight.
        terms: What the objective adds, by name: [] or [L].
        loss: The number that training uses, reckoned as training does.
    """

    decoded: np.ndarray
    reconstruction: np.ndarray
    kl: np.ndarray
    terms: dict[str, np.ndarray]
    loss: float

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
    samples = objective.draws
    mine = slice(place * samples, (place + 1) * samples)
    out = model(x, step.generator, labels, samples, objective.corrupt(x, step.generator))
    state = step.generator.get_state() if step.generator else None
    loss = (out.reconstruction_loss + objective.penalty(out, step))[mine].mean()
    if step.generator and state is not None:
        step.generator.set_state(state)  # some terms draw from it too: the same draw once more
    terms = objective.terms(out, step)
    targets = x[place : place + 1].expand(samples, *x.shape[1:])
    label = labels[place : place + 1].expand(samples) if labels is not None else None
    latents = out.latents[mine]
    return Ledger(
        decoded=model.decode(latents, label).mean(0).numpy(),
        reconstruction=model.loss_map(targets, latents, label).mean(0).numpy(),
        kl=out.kl[mine].mean(0).numpy(),
        terms={name: term[mine].mean(0).numpy() for name, term in terms.items()},
        loss=float(loss),
    )
