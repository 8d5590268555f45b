"""How unusual each example is to a model, by several scores, and the baseline that they must beat.

Which score does best differs from set to set: one and the same model can rank by its reconstruction error what its ELBO
ranks no better than chance (Nalisnick et al. 2019, "Do Deep Generative Models Know What They Don't Know?",
https://arxiv.org/abs/1810.09136). So all are reckoned, and beside them the residual of a PCA, which has no network.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from safetensors.numpy import load, save
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from torch import Tensor

from vae_core.batches import Examples
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.errors import MetricError
from vae_core.evaluation import Measured, chosen_examples
from vae_core.latents.codes import encode
from vae_core.latents.density import aggregate_posterior
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
LEARNT_AT_MOST = 10_000
"""Examples from which PCA and density are made, evenly chosen."""
NO_VARIANCE = 1e-9
"""Of the largest: which direction such a component takes is chance."""
BATCH = 512


def learnt_part(checkpoint: Checkpoint, dataset: Dataset) -> Dataset:
    """Of the dataset that a model was trained on, the examples it learnt from, as it wants them."""
    prepared = checkpoint.prepare(dataset)
    settings = checkpoint.config.train
    return _of(prepared, chosen_examples(prepared, "training", settings.validation, settings.seed).numpy())


def anomaly_scores(
    model: VAE,
    dataset: Dataset,
    learnt: Dataset,
    seed: int = 0,
    on_step: Callable[[float], None] = lambda done: None,
) -> dict[str, np.ndarray]:
    """Every score of every example, float64 [N].

    Args:
        model: In evaluation mode.
        dataset: What is judged, as the model wants it (see `vae_core.example.as_learnt`).
        learnt: What the model was trained on, likewise.
        seed: Of the samples of z.
        on_step: Told the share that is judged, 0 to 1.
    """
    cpu = torch.device("cpu")
    known = _evenly(learnt, LEARNT_AT_MOST)
    density = aggregate_posterior(encode(model, known, cpu))
    baseline = _pca(known)
    examples = Examples(dataset.x, cpu, dataset.labels if model.labels else None)
    noise = torch.Generator().manual_seed(seed)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in SCORES}
    for index in examples.in_order(BATCH):
        x, labels = examples[index], examples.labels(index)
        for name, values in _judge(model, x, labels, noise).items():
            parts[name].append(values)
        with torch.no_grad():
            parts["density"].append(-density.log_prob(model.encode(x, labels).mean.numpy()))
        parts["pca"].append(baseline(x.flatten(1).double().numpy()))
        on_step((int(index[-1]) + 1) / len(dataset))
    return {name: np.concatenate(values).astype(np.float64) for name, values in parts.items() if values}


@torch.no_grad()
def _judge(model: VAE, x: Tensor, labels: Tensor | None, noise: torch.Generator) -> dict[str, np.ndarray]:
    """What the model itself says."""
    error = (model.decode(model.encode(x, labels).mean, labels) - x).square().flatten(1).sum(1).numpy()
    if model.is_deterministic:
        return {"error": error}
    out = model(x, noise, labels)
    return {"error": error, "elbo": -out.elbo.numpy(), "kl": out.kl.sum(1).numpy()}


def _evenly(dataset: Dataset, most: int) -> Dataset:
    return _of(dataset, np.linspace(0, len(dataset) - 1, min(len(dataset), most)).astype(np.int64))


def _of(dataset: Dataset, chosen: np.ndarray) -> Dataset:
    labels = None if dataset.labels is None else dataset.labels[chosen]
    return replace(dataset, x=dataset.x[chosen], labels=labels, factors=None, names=(), known_id=None)


def _pca(known: Dataset) -> Callable[[np.ndarray], np.ndarray]:
    """The squared error [n] that the components of largest variance leave of x [n, D]; those without any are none."""
    examples = Examples(known.x, torch.device("cpu"))
    x = examples[torch.arange(len(examples))].flatten(1).double().numpy()
    fitted = PCA(min(COMPONENTS, len(x) - 1, x.shape[1]), svd_solver="covariance_eigh").fit(x)
    variance = fitted.explained_variance_
    components = fitted.components_[variance > NO_VARIANCE * variance.max()]

    def residual(values: np.ndarray) -> np.ndarray:
        deviations = values - fitted.mean_
        return np.asarray(((deviations - deviations @ components.T @ components) ** 2).sum(1))

    return residual


def packed(scores: dict[str, np.ndarray]) -> bytes:
    """Scores as the content of a safetensors file."""
    return save({name: np.ascontiguousarray(values) for name, values in scores.items()})


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    """Scores from what `packed` made."""
    found = load(content)
    return {name: found[name] for name in SCORES if name in found}


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
