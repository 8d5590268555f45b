"""How unusual each example is to a model, by several scores, and the baseline that they must beat.

Which score does best differs from set to set: one and the same model can rank by its reconstruction error what its ELBO
ranks no better than chance (Nalisnick et al. 2019, "Do Deep Generative Models Know What They Don't Know?",
https://arxiv.org/abs/1810.09136). So all are reckoned, and beside them the residual of a PCA, which has no network.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from safetensors.numpy import load, save
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from torch import Tensor

from vae_core.batches import Examples, binarise
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.errors import MetricError
from vae_core.evaluation import NORMAL_QUANTILE, Measured, Targets, chosen_examples
from vae_core.latents.codes import encode
from vae_core.latents.density import AggregatePosterior, aggregate_posterior
from vae_core.vae import VAE

SCORES = {
    "elbo": "−ELBO in nats: what the model finds improbable, z sampled once.",
    "error": "Squared error of the reconstruction at the mean of q(z | x).",
    "kl": "KL(q(z | x), p(z)) in nats: codes far from the prior.",
    "density": "−log q(z) in nats at the code: codes where those of the learnt examples are thin.",
    "pca": "Squared error of a PCA of the learnt examples: the baseline, without any network.",
}
"""name -> what it is; the larger, the more unusual. An autoencoder has neither elbo nor kl."""
COMPONENTS = 30
"""At most, and never more than half of the columns: with all of them nothing is left over."""
LEARNT_AT_MOST = 10_000
"""Examples from which PCA and density are made, evenly chosen."""
PCA_VALUES, FEWEST_FOR_PCA = 30_000_000, 1000
"""Of large pictures fewer: the PCA looks at 240 MB at most."""
EXACT_PCA = 1000
"""From so many pixels on the components are found by a randomised method (Halko et al. 2011,
https://doi.org/10.1137/090771806)."""
LARGEST = float(np.finfo(np.float32).max)
"""Stands for a score that is beyond all numbers."""
NO_VARIANCE = 1e-9
"""Of the largest: which direction such a component takes is chance."""
BATCH = 512
USUAL, USUAL_AT_MOST = "usual.", 2000


@dataclass(frozen=True, eq=False)
class Learnt:
    """What is usual is known from these.

    Attributes:
        examples: That the model learnt from, as it wants them; thousands are enough.
        places: Where they are among the examples that are judged, int [n]; None where they are none of those. An
            example does not count in the density at its own code.
    """

    examples: Dataset
    places: np.ndarray | None = None


def learnt_part(checkpoint: Checkpoint, dataset: Dataset, is_judged: bool = False) -> Learnt:
    """Of the dataset that a model was trained on, the examples it learnt from, at most 10,000.

    Args:
        checkpoint: The model.
        dataset: That it was trained on.
        is_judged: Whether it is this dataset that is judged.
    """
    prepared = checkpoint.prepare(dataset)
    settings = checkpoint.config.train
    chosen = chosen_examples(prepared, "training", settings.validation, settings.seed).numpy()
    chosen = np.sort(chosen[_evenly(len(chosen), LEARNT_AT_MOST)])
    return Learnt(_of(prepared, chosen), chosen if is_judged else None)


@np.errstate(over="ignore", invalid="ignore")  # what is beyond all numbers is the largest
def anomaly_scores(
    model: VAE,
    dataset: Dataset,
    learnt: Learnt,
    targets: Targets = "grey",
    seed: int = 0,
    on_step: Callable[[float], None] = lambda done: None,
) -> dict[str, np.ndarray]:
    """Every score of every example, float64 [N], all finite.

    Args:
        model: In evaluation mode.
        dataset: What is judged, as the model wants it (see `vae_core.example.as_learnt`).
        learnt: What is usual.
        targets: Whether the model is shown pixels as they are, or binarised as in training; the PCA sees them as they
            are.
        seed: Of the samples of z, and of the binarisation.
        on_step: Told the share that is judged, 0 to 1.
    """
    cpu = torch.device("cpu")
    density = aggregate_posterior(encode(model, learnt.examples, cpu))
    places = np.full(len(dataset), -1)
    if learnt.places is not None:
        places[learnt.places] = np.arange(len(learnt.places))
    baseline = _pca(learnt.examples)
    examples = Examples(dataset.x, cpu, dataset.labels if model.labels else None)
    noise = torch.Generator().manual_seed(seed)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in SCORES}
    for index in examples.in_order(BATCH):
        x, labels = examples[index], examples.labels(index)
        seen = binarise(x, noise) if targets == "binarised" else x
        mean, scores = _judge(model, seen, labels, noise)
        scores["density"] = -_log_density(density, mean, places[index.numpy()])
        scores["pca"] = baseline(x.flatten(1).double().numpy())
        for name, values in scores.items():
            parts[name].append(np.nan_to_num(values, nan=LARGEST, posinf=LARGEST).astype(np.float64))
        on_step((int(index[-1]) + 1) / len(dataset))
    return {name: np.concatenate(values) for name, values in parts.items() if values}


def _log_density(density: AggregatePosterior, mean: np.ndarray, places: np.ndarray) -> np.ndarray:
    """log q(z) [n] at codes [n, L], of all codes but its own where a code is one of them."""
    found = np.empty(len(mean))
    own = places >= 0
    found[~own] = density.log_prob(mean[~own]) if not own.all() else 0
    if own.any():
        found[own] = density.log_prob(mean[own], places[own])
    return found


@torch.no_grad()
def _judge(
    model: VAE, x: Tensor, labels: Tensor | None, noise: torch.Generator
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Posterior means [n, L], and what the model itself says."""
    mean = model.encode(x, labels).mean
    error = (model.decode(mean, labels) - x).square().flatten(1).sum(1).numpy()
    if model.is_deterministic:
        return mean.numpy(), {"error": error}
    out = model(x, noise, labels)
    return mean.numpy(), {"elbo": -out.elbo.numpy(), "error": error, "kl": out.kl.sum(1).numpy()}


def _evenly(count: int, most: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def _of(dataset: Dataset, chosen: np.ndarray) -> Dataset:
    labels = None if dataset.labels is None else dataset.labels[chosen]
    return replace(dataset, x=dataset.x[chosen], labels=labels, factors=None, names=(), known_id=None)


def _pca(known: Dataset) -> Callable[[np.ndarray], np.ndarray]:
    """The squared error [n] that the components of largest variance leave of x [n, D]; those without any are none."""
    examples = Examples(known.x, torch.device("cpu"))
    values = math.prod(known.x.shape[1:])
    some = _evenly(len(examples), max(PCA_VALUES // values, FEWEST_FOR_PCA))
    x = examples[torch.from_numpy(some)].flatten(1).double().numpy()
    solver = "covariance_eigh" if values <= EXACT_PCA else "randomized"
    fitted = PCA(min(COMPONENTS, len(x) - 1, max(values // 2, 1)), svd_solver=solver, random_state=0).fit(x)
    variance = fitted.explained_variance_
    components = fitted.components_[variance > NO_VARIANCE * variance.max()]

    def residual(values: np.ndarray) -> np.ndarray:
        deviations = values - fitted.mean_
        return np.asarray(((deviations - deviations @ components.T @ components) ** 2).sum(1))

    return residual


@dataclass(frozen=True, eq=False)
class Judged:
    """What `judge` found.

    Attributes:
        scores: Of every example, float64 [N] each.
        usual: The same of examples that the model's own training held out, at most 2,000; empty where these are judged.
    """

    scores: dict[str, np.ndarray]
    usual: dict[str, np.ndarray]

    def to_bytes(self) -> bytes:
        """As the content of a safetensors file."""
        arrays = self.scores | {f"{USUAL}{name}": values for name, values in self.usual.items()}
        return save({name: np.ascontiguousarray(values) for name, values in arrays.items()})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Judged":
        """From what `to_bytes` made."""
        found = load(content)
        parts = [{name: found[f"{p}{name}"] for name in SCORES if f"{p}{name}" in found} for p in ("", USUAL)]
        return cls(*parts)


def judge(
    checkpoint: Checkpoint,
    dataset: Dataset,
    own: Dataset,
    seed: int = 0,
    on_step: Callable[[float], None] = lambda done: None,
) -> Judged:
    """Every score of every example of a dataset, and of usual ones to hold them against.

    Args:
        checkpoint: The model.
        dataset: What is judged; any that can be brought to the model's schema.
        own: That the model was trained on.
        seed: Of the samples of z, and of the binarisation.
        on_step: Told the share that is judged, 0 to 1.
    """
    model, targets, settings = checkpoint.model(), checkpoint.config.train.targets, checkpoint.config.train
    is_own = dataset.id == own.id
    learnt = learnt_part(checkpoint, own, is_judged=is_own)
    scores = anomaly_scores(model, checkpoint.prepare(dataset), learnt, targets, seed, on_step)
    if is_own:
        return Judged(scores, {})
    prepared = checkpoint.prepare(own)
    held_out = chosen_examples(prepared, "validation", settings.validation, settings.seed).numpy()
    usual = _of(prepared, held_out[_evenly(len(held_out), USUAL_AT_MOST)])
    return Judged(scores, anomaly_scores(model, usual, learnt, targets, seed))


def roc(scores: np.ndarray, is_anomaly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False alarms and finds, shares [K] from 0 to 1, as the threshold sinks; equal scores are one step.

    Fawcett 2006, "An introduction to ROC analysis" (https://doi.org/10.1016/j.patrec.2005.10.010), algorithm 1.

    Args:
        scores: [N], the larger the more unusual.
        is_anomaly: bool [N].

    Raises:
        MetricError: if there is no example of either.
    """
    if not is_anomaly.any() or is_anomaly.all():
        raise MetricError("There are no anomalies, or nothing else. Say which labels are normal.")
    order = np.argsort(-scores, kind="stable")
    finds = np.cumsum(is_anomaly[order])
    alarms = np.arange(1, len(order) + 1) - finds
    last = np.append(np.diff(scores[order]) != 0, True)  # of each value
    start = np.zeros(1)
    return (
        np.concatenate([start, alarms[last] / alarms[-1]]),
        np.concatenate([start, finds[last] / finds[-1]]),
    )


def auroc(scores: np.ndarray, is_anomaly: np.ndarray) -> Measured:
    """The chance that an anomaly scores above a normal example, and its standard error.

    The error is that of DeLong, DeLong & Clarke-Pearson 1988 (https://doi.org/10.2307/2531595), reckoned by ranks as in
    Sun & Xu 2014 (https://doi.org/10.1109/LSP.2014.2337313). Ties count half.

    Args:
        scores: [N], the larger the more unusual.
        is_anomaly: bool [N].

    Raises:
        MetricError: if there are not at least two of either.
    """
    anomalies, normal = scores[is_anomaly], scores[~is_anomaly]
    m, n = len(anomalies), len(normal)
    if min(m, n) < 2:
        raise MetricError(f"There are {m} anomalies and {n} normal examples. At least two of either are needed.")
    ranks = rankdata(np.concatenate([anomalies, normal]))
    above = (ranks[:m] - rankdata(anomalies)) / n  # of each anomaly: the share of normal examples below it
    below = 1 - (ranks[m:] - rankdata(normal)) / m
    error = np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n)
    return Measured(mean=float(above.mean()), error=float(error))


def auroc_interval(area: Measured) -> tuple[float, float] | None:
    """95 % of an area from `auroc`, even on the scale of logits, so that it stays within 0 and 1.

    Pepe 2003, "The Statistical Evaluation of Medical Tests for Classification and Prediction", section 5.2. None where
    all anomalies lie on one side: the error is then not known.
    """
    if not 0 < area.mean < 1 or area.error <= 0:
        return None
    middle = math.log(area.mean / (1 - area.mean))
    half = NORMAL_QUANTILE * area.error / (area.mean * (1 - area.mean))
    low, high = (1 / (1 + math.exp(-logit)) for logit in (middle - half, middle + half))
    return low, high
