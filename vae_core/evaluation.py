"""How good a model is on a dataset: the ELBO and its parts, a tighter bound, and what the codes hold.

All in nats an example, summed over pixels or columns, z sampled. A figure always goes with its targets, its split, the
number of examples and of samples, and its standard error.
"""

import math
from collections.abc import Iterator
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from vae_core.batches import Examples, binarise
from vae_core.datasets import Dataset
from vae_core.objectives.iwae import importance_bound
from vae_core.records import ACTIVE_VARIANCE
from vae_core.training import split
from vae_core.vae import VAE, VAEOutput

Split = Literal["all", "training", "validation"]
Targets = Literal["grey", "binarised"]
BATCH = 1024
DECODED_AT_ONCE = 8192
"""Examples times samples."""
DECODED_VALUES = 8_000_000
"""And pixels: of large pictures fewer."""
INFORMATION_SAMPLES = 2000
INFORMATION_CELLS = 2**23


NORMAL_QUANTILE = 1.96
"""Half of a 95 % interval, in standard errors."""


class Measured(BaseModel):
    """A mean over examples and its standard error."""

    model_config = ConfigDict(frozen=True)

    mean: float
    error: float

    @classmethod
    def of(cls, values: Tensor) -> "Measured":
        """Of values [N]."""
        values = values.cpu().double()  # not every device has float64
        error = float(values.std() / math.sqrt(len(values))) if len(values) > 1 else 0.0
        return cls(mean=float(values.mean()), error=error)


class Evaluation(BaseModel):
    """What was measured, on what, and how.

    Attributes:
        count: How many examples.
        split: All of the dataset, or the part that training with these settings learns from or keeps aside.
        targets: Grey pixels as they are, or binarised: then a Bernoulli term is a likelihood.
        is_likelihood: Whether −ELBO bounds −log p(x): not for grey targets under a Bernoulli.
        seed: Of the posterior samples and of the binarisation.
        reconstruction_loss: −log p(x | z), z sampled once.
        kl: KL(q(z | x), p(z)); None for an autoencoder, as all below.
        elbo: −(reconstruction_loss + kl).
        kl_per_dimension: The parts of kl.
        code_variance: Var_x E[z_j | x].
        active_units: Dimensions where that exceeds 0.01 (Burda et al. 2016).
        mutual_information: I(x; z) under q (Hoffman & Johnson 2016); at most log N, may come out slightly below 0.
        bound: The importance-weighted bound on log p(x) (Burda et al. 2016).
        bound_samples: K of that bound; 0 where it was not asked for.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    split: Split
    targets: Targets
    is_likelihood: bool
    seed: int
    reconstruction_loss: Measured
    kl: Measured | None = None
    elbo: Measured | None = None
    kl_per_dimension: tuple[float, ...] = ()
    code_variance: tuple[float, ...] = ()
    active_units: int = 0
    mutual_information: Measured | None = None
    bound: Measured | None = None
    bound_samples: int = 0


class Evaluator:
    """Measures one model on examples of one dataset.

    Args:
        model: Moved to the device and put into evaluation mode.
        dataset: As the model wants it (see `vae_core.example.as_learnt`).
        targets: Grey or binarised.
        device: Where to compute.
        seed: Of samples and binarisation.
    """

    def __init__(self, model: VAE, dataset: Dataset, targets: Targets, device: torch.device, seed: int = 0) -> None:
        self._model = model.to(device).eval()
        self._examples = Examples(dataset.x, device, dataset.labels if model.labels else None)
        self._targets: Targets = targets
        self._seed = seed
        self._device = device

    @torch.no_grad()
    def measure(self, part: Split, index: Tensor, samples: int = 0) -> Evaluation:
        """Everything, over the examples of `index`; with `samples` the bound of so many too."""
        outs = list(self._outputs(index, 1))
        losses = torch.cat([out.reconstruction_loss for out in outs])
        mean = torch.cat([out.posterior.mean for out in outs])
        variance = mean.cpu().double().var(0, correction=0).tolist()
        common = {
            "count": len(index),
            "split": part,
            "targets": self._targets,
            "is_likelihood": self._targets == "binarised" or self._model.config.likelihood.name != "bernoulli",
            "seed": self._seed,
            "reconstruction_loss": Measured.of(losses),
            "code_variance": variance,
            "active_units": sum(v > ACTIVE_VARIANCE for v in variance),
        }
        if self._model.is_deterministic:
            return Evaluation.model_validate(common)
        kl = torch.cat([out.kl for out in outs])
        std = torch.cat([out.posterior.stddev for out in outs])
        latents = torch.cat([out.latents for out in outs])
        return Evaluation.model_validate(
            common
            | {
                "kl": Measured.of(kl.sum(1)),
                "elbo": Measured.of(-(losses + kl.sum(1))),
                "kl_per_dimension": kl.cpu().double().mean(0).tolist(),
                "mutual_information": Measured.of(information(latents.cpu(), mean.cpu(), std.cpu())),
                "bound": Measured.of(self._bound(index, samples)) if samples else None,
                "bound_samples": samples,
            }
        )

    def _bound(self, index: Tensor, samples: int) -> Tensor:
        """The importance-weighted bound [N]; many samples in several draws."""
        at_once = min(samples, DECODED_AT_ONCE)
        draws = [at_once] * (samples // at_once) + ([samples % at_once] if samples % at_once else [])
        parts = []
        for number, count in enumerate(draws):
            weights = [out.log_weights for out in self._outputs(index, count, number)]
            parts.append(importance_bound(torch.cat(weights), count) + math.log(count))
        return torch.stack(parts).logsumexp(0) - math.log(samples)

    def _outputs(self, index: Tensor, samples: int, draw: int = 0) -> Iterator[VAEOutput]:
        """The model's output batch by batch; the same targets at every draw, other posterior samples."""
        pixels = torch.Generator(self._device).manual_seed(self._seed)
        noise = torch.Generator(self._device).manual_seed(self._seed + 1 + draw)
        at_once = min(DECODED_AT_ONCE, max(DECODED_VALUES // math.prod(self._model.shape), BATCH // 4))
        for part in index.split(max(at_once // samples, 1) if samples > 1 else min(BATCH, at_once)):
            x = self._examples[part]
            x = binarise(x, pixels) if self._targets == "binarised" else x
            yield self._model(x, noise, self._examples.labels(part), samples)


def chosen_examples(dataset: Dataset, part: Split, validation: float, seed: int) -> Tensor:
    """The indices of a split, as training with these settings makes it."""
    if part == "all":
        return torch.arange(len(dataset))
    learnt, held_out = split(len(dataset), validation, seed)
    return learnt if part == "training" else held_out


def information(latents: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """log q(z | x) − log q(z) [n] in nats at posterior samples; its mean is I(x; z) under q.

    Hoffman & Johnson 2016, "ELBO surgery" (http://approximateinference.org/accepted/HoffmanJohnson2016.pdf). q(z) is
    the mixture of the posteriors of all N examples; of these, at most 2,000 evenly chosen give a sample.

    Args:
        latents: A sample of each posterior, [N, L].
        mean: Of the posteriors, [N, L].
        std: [N, L].
    """
    count = len(mean)
    chosen = torch.linspace(0, count - 1, min(count, INFORMATION_SAMPLES), device=mean.device).long()
    z, mean, precision = latents[chosen].double(), mean.double(), std.double() ** -2
    constant = (0.5 * precision.log() - 0.5 * mean.square() * precision).sum(1)  # [N]
    found = []
    for part in torch.arange(len(z)).split(max(INFORMATION_CELLS // count, 1)):
        here = z[part]  # log N(z; mean, std), written out so that it is two matrix products
        log_density = (
            constant - 0.5 * here.square() @ precision.T + here @ (mean * precision).T
        )  # [n, N], without L/2 log 2π
        own = log_density.gather(1, chosen[part][:, None])[:, 0]
        found.append(own - (log_density.logsumexp(1) - math.log(count)))
    return torch.cat(found)
