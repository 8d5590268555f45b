"""Routes of the ledger: one example's loss, and for two latents its true posterior.

…/ledger?example=…&seed=…      GET: what `vae_core.ledger` finds; &epsilon=0 for z at the mean of q(z | x)
…/ledger/posterior?example=…   GET: what `vae_core.latents.true_posterior` finds

An answer is the length of a JSON head in bytes (uint32), the head padded with spaces to a multiple of four, and float32
numbers: the head's `arrays` says how many are called what. Browsers keep it for ever, so addresses have the digest of
the code (&code=…).

With targets of 0 and 1 drawn anew at every step of the training, one draw stands for the example here.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from torch import Tensor, nn

from pages.ui import cache, explorer
from pages.ui.answers import FOR_EVER, ROOT, answer, digest
from pages.ui.explorer import OpenModel
from pages.ui.language import SOURCE, asked, current, later, tr
from pages.ui.state import LARGEST_WHOLE
from vae_core.batches import Examples, binarise
from vae_core.datasets import Dataset, TableSchema
from vae_core.errors import MetricError, NotFoundError
from vae_core.latents.true_posterior import true_posterior
from vae_core.ledger import Ledger, ledger, ledger_at_mean
from vae_core.objectives import DIPVAE, BetaTCVAE, BetaVAE, InfoVAE, Objective, PlainVAE, Step
from vae_core.training import penalty_weight, split
from vae_core.vae import VAE

OF_A_BATCH = {"capacity", "beta-tcvae", "dip-vae", "info-vae", "free-bits"}
"""Objectives with terms that are reckoned for a whole batch."""
LARGEST_BATCH = 256
DRAWS = 4096
"""Samples of z by which the ELBO is estimated beside the true posterior."""
TERMS = (later("λ · covariances²"), later("λ · (variances − 1)²"), later("−L_K − reconstruction loss"))
"""Names of the core for terms that have words in them: `tr` tells them."""
CODE_DIGEST = digest(
    Path(__file__),
    *(ROOT / "vae_core" / f"{name}.py" for name in ("ledger", "latents/true_posterior", "likelihoods", "vae")),
)


def routes(path: str) -> list[BaseRoute]:
    """Both, under a path with an {id} and a {version}."""
    return [Route(path, answer(_ledger)), Route(path + "/posterior", answer(_posterior))]


def describe(model: OpenModel, dataset: Dataset, base: str) -> dict[str, Any]:
    """What the component needs to know of a model; everything large is an address under `base`.

    Args:
        model: Checkpoint and model.
        dataset: What it was trained on.
        base: Prefix of our routes.
    """
    here = f"{base}/models/{model.id}/{model.version}/ledger"
    config, schema = model.checkpoint.config, model.checkpoint.schema
    objective = config.objective
    columns = schema.columns if isinstance(schema, TableSchema) else None
    return explorer.component("ledger", base) | {
        "url": here + f"?code={CODE_DIGEST}" + ("" if current() == SOURCE else f"&lang={current()}"),
        "posterior": here + f"/posterior?code={CODE_DIGEST}" if has_posterior_grid(model.vae) else None,
        "is_posterior_slow": any(
            isinstance(part, nn.ConvTranspose2d | nn.Conv2d) for part in model.vae.decoder.modules()
        ),
        "count": len(dataset),
        "shape": list(model.vae.shape),
        "columns": columns and [column.model_dump(mode="json") for column in columns],
        "probabilities": config.model.likelihood.name == "mixed",
        "objective": {"name": objective.name, "title": tr(objective.title)},
        "draws": objective.draws,
        "batch": batch_size(model, dataset) if objective.name in OF_A_BATCH else 1,
        "kl_weight": kl_weight(objective),
        "warm_up": penalty_weight(config.train, np.nextafter(_done(model), 0.0)),
        "is_deterministic": model.vae.is_deterministic,
        "is_exact": config.model.prior.name == "standard",
        "is_binarised": _is_binarised(model),
        "largest": LARGEST_WHOLE,
    }


def has_posterior_grid(vae: VAE) -> bool:
    """Whether the true posterior of an example can be shown."""
    return vae.config.latents == 2 and not vae.is_deterministic


def kl_weight(objective: Objective) -> float | None:
    """What an objective multiplies every KL(q(z_j | x), p(z_j)) by; None if it has no such term."""
    match objective:
        case BetaVAE():
            return objective.beta
        case InfoVAE():
            return 1 - objective.alpha
        case PlainVAE() | BetaTCVAE() | DIPVAE():
            return 1.0
    return None


def batch_size(model: OpenModel, dataset: Dataset) -> int:
    """Of the batch that an example is put into: that of the training, as far as there are as many."""
    config = model.checkpoint.config.train
    learn, _ = split(len(dataset), config.validation, config.seed)
    return min(config.batch_size, LARGEST_BATCH, len(learn))


def _done(model: OpenModel) -> float:
    """The share of the training after which the weights were as they are."""
    checkpoint = model.checkpoint
    return checkpoint.measured.epoch / checkpoint.config.train.epochs if checkpoint.history else 1.0


@dataclass(frozen=True, eq=False)
class _Chosen:
    """An example at the beginning of a batch, with what is known of it."""

    model: OpenModel
    x: Tensor
    labels: Tensor | None
    learnt: int
    told: dict[str, Any]


def _chosen(request: Request, alone: bool) -> _Chosen:
    """The example that the address names.

    Raises:
        NotFoundError: if there is none, or no such model, or its dataset is gone.
    """
    model = cache.open_model(request.path_params["id"], request.path_params["version"])
    config = model.checkpoint.config
    dataset = cache.dataset(config.dataset_id)
    place = _number(request, "example")
    if place is None or place >= len(dataset):
        missing = later("There is no such example: the dataset has {count}, and the first has the index 0.")
        raise NotFoundError(missing.format(count=f"{len(dataset):,}"))
    learn, held_out = split(len(dataset), config.train.validation, config.train.seed)
    others = learn[learn != place][: 0 if alone else batch_size(model, dataset) - 1]
    index = torch.cat([torch.tensor([place]), others])
    examples = Examples(dataset.x, torch.device("cpu"), dataset.labels if model.vae.labels else None)
    x = examples[index]
    if _is_binarised(model):
        x = binarise(x, torch.Generator().manual_seed(place))
    told = {
        "label": dataset.label_names[int(dataset.labels[place])] if dataset.labels is not None else "",
        "name": dataset.names[place] if dataset.names else "",
        "is_held_out": bool((held_out == place).any()),
    }
    return _Chosen(model, x, examples.labels(index), len(learn), told)


def _is_binarised(model: OpenModel) -> bool:
    return model.checkpoint.config.train.targets == "binarised"


def _number(request: Request, name: str) -> int | None:
    value = request.query_params.get(name, "")
    fits = value.isascii() and value.isdigit() and len(value) < 11 and int(value) <= LARGEST_WHOLE
    return int(value) if fits else None


def _ledger(request: Request) -> Response:
    seed = _number(request, "seed")
    if seed is None:
        raise NotFoundError(later("A seed is a whole number from 0 to {most}.").format(most=f"{LARGEST_WHOLE:,}"))
    name = cache.open_model(request.path_params["id"], request.path_params["version"]).checkpoint.config.objective.name
    chosen = _chosen(request, alone=name not in OF_A_BATCH)
    step = Step(chosen.learnt, _done(chosen.model), torch.Generator().manual_seed(seed))
    find = ledger_at_mean if request.query_params.get("epsilon") == "0" else ledger
    objective = chosen.model.checkpoint.config.objective
    found = find(chosen.model.vae, objective, chosen.x, 0, step, chosen.labels)
    if not math.isfinite(found.total):
        raise MetricError(
            later("The loss of this example is no finite number. Train the model anew at a smaller learning rate.")
        )
    with asked(request.query_params.get("lang")):  # the browser keeps the answer for ever, by its address
        terms = [tr(term) for term in found.terms]
    return _packed(chosen.told | {"terms": terms}, _arrays(chosen.x[0], found))


def _arrays(x: Tensor, found: Ledger) -> dict[str, np.ndarray]:
    terms = {f"term {k}": term for k, term in enumerate(found.terms.values())}
    return {
        "x": x.numpy(),
        "decoded": found.decoded,
        "reconstruction": found.reconstruction,
        "kl": found.kl,
        "latents": found.latents,
        "mean": found.mean,
        "std": found.std,
        "loss": np.array(found.loss),
    } | terms


def _posterior(request: Request) -> Response:
    chosen = _chosen(request, alone=True)
    vae, x, label = chosen.model.vae, chosen.x, chosen.labels
    found = true_posterior(vae, x, label)
    elbo, error = _elbo(vae, x, label)
    arrays = {
        "u": found.u,
        "v": found.v,
        "log_density": found.log_density,
        "log_evidence": np.array(found.log_evidence),
        "gap": np.array(found.gap),
        "elbo": np.array(elbo),
        "error": np.array(error),
        "mass": np.exp(found.log_guess).sum() * (found.u[1] - found.u[0]) * (found.v[1] - found.v[0]),
    }
    return _packed({"draws": DRAWS}, arrays)


@torch.no_grad()
def _elbo(vae: VAE, x: Tensor, label: Tensor | None) -> tuple[float, float]:
    """The ELBO of an example [1, *shape] by `DRAWS` samples of z, without the grid, and its standard error."""
    posterior = vae.encode(x, label)
    noise = torch.randn(DRAWS, vae.config.latents, generator=torch.Generator().manual_seed(0))
    latents = posterior.mean + posterior.stddev * noise
    losses, prior = [], vae.present_prior()
    for z in latents.split(LARGEST_BATCH):
        labels = None if label is None else label.expand(len(z))
        loss = vae.loss_map(x.expand(len(z), *x.shape[1:]), z, labels).flatten(1).sum(1)
        losses.append(loss + prior.kl(posterior, z).sum(1))
    loss = torch.cat(losses).double()
    return -float(loss.mean()), float(loss.std()) / DRAWS**0.5


def _packed(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> Response:
    sizes = [[name, int(np.size(values))] for name, values in arrays.items()]
    told = json.dumps(head | {"arrays": sizes}).encode()
    told += b" " * (-len(told) % 4)
    body = b"".join(np.asarray(values).astype("<f4").tobytes() for values in arrays.values())
    content = len(told).to_bytes(4, "little") + told + body
    return Response(content, media_type="application/octet-stream", headers=FOR_EVER)
