"""What the live explorer needs of a model and its dataset, as plain arrays and JSON. No Streamlit."""

import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pages.ui import browser_runtime, language, plotly_script, served
from pages.ui.answers import CODE_DIGEST, digest
from pages.ui.language import tr
from vae_core.brought import NoEncoder
from vae_core.card import snippet
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import AnySchema, Dataset, TableSchema
from vae_core.latents.codes import NOWHERE, Codes, principal_plane
from vae_core.latents.density import AggregatePosterior, aggregate_posterior, usual_densities
from vae_core.latents.manifold import OUTERMOST
from vae_core.priors import DiagonalMixture
from vae_core.records import ACTIVE_VARIANCE
from vae_core.vae import VAE

COMPONENTS = Path(__file__).resolve().parent / "components"
MOST_GROUPS = 24
"""More labels than this are grouped on the map by their first folder, so that the legend can be read."""
BROWSER_PARAMETERS = 20_000_000
"""Larger decoders and encoders run on the server: 14 million open in 2.3 s, 52 million (197 MB) in 7 s, 105 million in
21 s (`python -m tests.benchmarks.decoder_size`)."""
RANGE_QUANTILES = (0.005, 0.995)
COLLAPSED_RANGE = 3.0
"""The slider of a dimension that tells nothing reaches so many prior standard deviations either way."""
GRID_CELLS = 20
"""Of the prior grid, either way."""
MARGIN_SHARE, LEAST_MARGIN = 0.05, 0.05
"""A slider reaches so far beyond the outermost codes it is for."""
LIVE_CODES = 50_000
"""The browser judges a point by so many codes, evenly chosen, while it is dragged."""


def map_groups(label_names: tuple[str, ...]) -> dict[str, list[Any]]:
    """How the codes are coloured: a group a label; with very many labels a group a first folder; one without labels.

    Returns:
        `names` of the groups and, for every label, `of_label`: the index of its group.
    """
    if not label_names:
        return {"names": [tr("all")], "of_label": [0]}
    if len(label_names) <= MOST_GROUPS:
        return {"names": list(label_names), "of_label": list(range(len(label_names)))}
    folders = [name.split("/")[0] for name in label_names]
    names = sorted(set(folders))
    return {"names": names, "of_label": [names.index(folder) for folder in folders]}


@dataclass(frozen=True, eq=False)
class OpenModel:
    """A checkpoint with its model built, and the version of the file it came from."""

    id: str
    version: str
    checkpoint: Checkpoint
    vae: VAE


@dataclass(frozen=True)
class Layout:
    """Where the codes lie.

    Attributes:
        start: The latent [L] to begin at.
        ranges: Of every slider.
        order: All dimensions, those that tell the decoder most first.
        collapsed: Those that tell it nothing.
        kl: Mean KL of every dimension, in nats; to N(0, I), and 0 for an autoencoder.
        rows: The plane of greatest variance, [2, L].
        centre: A point of it, [L].
        density: The aggregate posterior.
        usual: Quantiles of its log-density at the codes, from `usual_densities`.
    """

    start: list[float]
    ranges: list[list[float]]
    order: list[int]
    collapsed: list[int]
    kl: list[float]
    rows: list[list[float]]
    centre: list[float]
    density: AggregatePosterior
    usual: list[float]


def layout(codes: Codes, has_standard_prior: bool) -> Layout:
    """Where to begin, how far to go, and what the map shows.

    Args:
        codes: Of the dataset on the map.
        has_standard_prior: Whether the codes are pressed towards N(0, I). Then the sliders hold 99 % of them, and one
            begins at its mean. Else they may lie anywhere: the sliders hold them all, and one begins at the code
            nearest to their centre, as the centre itself may be far from any.
    """
    rows, centre = principal_plane(codes)
    variance, kl = codes.mean.var(0), codes.kl.mean(0)
    collapsed = (variance <= ACTIVE_VARIANCE) & has_standard_prior
    if has_standard_prior:
        low, high = np.quantile(codes.mean, RANGE_QUANTILES, axis=0)
        start = np.zeros_like(centre)
    else:
        low, high = codes.mean.min(0), codes.mean.max(0)
        start = codes.mean[((codes.mean - centre) ** 2).sum(1).argmin()]
    margin = np.maximum(MARGIN_SHARE * (high - low), LEAST_MARGIN)
    low = np.where(collapsed, -COLLAPSED_RANGE, low - margin)
    high = np.where(collapsed, COLLAPSED_RANGE, high + margin)
    density = aggregate_posterior(codes)
    return Layout(
        start=[round(float(value), 4) for value in start],
        ranges=[[float(a), float(b)] for a, b in zip(low, high, strict=True)],
        order=np.argsort(-(kl if kl.any() else variance), kind="stable").tolist(),
        collapsed=np.flatnonzero(collapsed).tolist(),
        kl=kl.tolist(),
        rows=rows.tolist(),
        centre=centre.tolist(),
        density=density,
        usual=usual_densities(density).tolist(),
    )


@cache
def component_files() -> dict[str, Path]:
    """The components' modules by their paths, as `latent_pad/pad.js`."""
    found = {path.relative_to(COMPONENTS).as_posix(): path for path in sorted(COMPONENTS.glob("**/*.js"))}
    return {name: path for name, path in found.items() if not name.startswith("latent_pad/runtime/")}


@cache
def compressed(path: Path) -> bytes:
    """A module, gzipped."""
    return gzip.compress(path.read_bytes(), mtime=0)


@cache
def _components_digest() -> str:
    return digest(*component_files().values())


def component(name: str, base: str) -> dict[str, Any]:
    """What a component's loader needs: modules, the reader's language, what to say when they cannot be had.

    The address of the modules is another one with any change, as browsers may keep each for ever.
    """
    return {
        "modules": f"{base}/components/{_components_digest()}/{name}/",
        "words": language.words(base),
        "failed": tr("This part of the page could not be loaded. Reload the page."),
    }


def libraries(base: str) -> dict[str, Any]:
    """Where the component's modules are, and what they load for any model; everything is an address under `base`."""
    runtime, installed = f"{base}/runtime/{browser_runtime.version()}/", browser_runtime.is_installed()
    files = {"module": runtime + browser_runtime.MODULE, "wasm": runtime + browser_runtime.WASM}
    return component("latent_pad", base) | {
        "plotly": runtime + browser_runtime.PLOTLY if installed else f"{base}/plotly/{plotly_script.VERSION}.js",
        "runtime": files if installed else None,
    }


def describe(model: OpenModel, codes: Codes, layout: Layout, dataset: Dataset | None, base: str) -> dict[str, Any]:
    """What the component needs to know of a model; everything large is an address under `base`.

    Args:
        model: Checkpoint and model.
        codes: Of the dataset on the map.
        layout: Of these codes.
        dataset: The pictures of the codes, where they are in the workspace.
        base: Prefix of our routes.
    """
    here = f"{base}/models/{model.id}/{model.version}"
    installed = browser_runtime.is_installed()
    return libraries(base) | {
        "model": model.id,
        "version": model.version,
        "latents": model.vae.config.latents,
        "shape": list(model.vae.shape),
        "decoder": {
            "onnx": here + "/decoder.onnx",
            "socket": here + "/decode",
            "why_server": why_server(model.vae.decoder, "decoder", installed),
        },
        "encoder": {
            "onnx": here + "/encoder.onnx",
            "socket": here + "/encode" if model.vae.has_encoder else None,
            "why_server": why_server(model.vae.encoder, "encoder", installed),
        },
        "has_encoder": model.vae.has_encoder,
        "paths": here + "/path",
        "concepts": here + "/concepts",
        "tsne": here + "/tsne",
        "share": {
            "page": here + "/explorer.html",
            "archive": here + "/model.zip",
            "notebook": here + "/model.ipynb",
            "python": snippet(model.checkpoint, "{z}", "{label}"),
        },
        "is_dark": is_dark(model.vae),
        "preparation": model.checkpoint.schema.model_dump(include={"fit", "invert"}),
        "conditions": list(model.checkpoint.label_names) if model.vae.labels else [],
        "codes": {"url": here + f"/codes?code={CODE_DIGEST}", "count": len(codes)},
        "is_drawn": codes.dataset_id == NOWHERE,
        "labels": list(codes.label_names) or [""],
        "groups": map_groups(codes.label_names),
        "start": layout.start,
        "ranges": layout.ranges,
        "order": layout.order,
        "collapsed": layout.collapsed,
        "kl": layout.kl,
        "usual": layout.usual,
        "live_codes": LIVE_CODES,
        "prior": _prior(model.vae),
        "normal_quantiles": _normal_quantiles(model.vae),
        "principal": {"rows": layout.rows, "centre": layout.centre},
        "columns": _columns(model.checkpoint.schema),
        "probabilities": model.vae.config.likelihood.name == "mixed",
        "names": f"{base}/datasets/{dataset.id}/names" if dataset and dataset.names else None,
        "points": {"url": f"{base}/datasets/{dataset.id}/points"} if dataset and is_plane(dataset.schema) else None,
        "thumbnails": _thumbnails(dataset, base) if dataset and dataset.schema.kind == "image" else None,
    }


def why_server(half: nn.Module, name: str, installed: bool) -> str:
    """Why a half of a model cannot run in the browser; empty when it can."""
    if isinstance(half, NoEncoder):
        return tr("the model was brought without an encoder")
    if not installed:
        return tr("the browser runtime is not installed (it needs npm's registry once)")
    parameters = sum(p.numel() for p in half.parameters())
    if parameters > BROWSER_PARAMETERS:
        count = f"{parameters / 1e6:.0f}"
        return tr(
            "with {count} million parameters this {half} is too large for the browser", count=count, half=tr(name)
        )
    return ""


def is_dark(vae: VAE) -> bool:
    """Whether what a model learnt lies on a dark ground, by the border of the mean picture."""
    if len(vae.shape) != 3:
        return False
    border = torch.cat([vae.mean[:, 0], vae.mean[:, -1], vae.mean[:, :, 0], vae.mean[:, :, -1]], 1)
    return bool(border.mean() < 0.5)


@torch.inference_mode()
def _prior(vae: VAE) -> dict[str, Any] | None:
    """p(z) as a mixture of normals: logits [K], means and stds [K, L]; None for an autoencoder, which has none."""
    if vae.is_deterministic:
        return None
    prior = vae.present_prior()
    if isinstance(prior, DiagonalMixture):
        return {"logits": prior.logits.tolist(), "mean": prior.mean.tolist(), "std": prior.std.tolist()}
    latents = vae.config.latents
    return {"logits": [0.0], "mean": [[0.0] * latents], "std": [[1.0] * latents]}


def _normal_quantiles(vae: VAE) -> list[float] | None:
    """Even quantiles of N(0, 1); None where that is not the prior."""
    if vae.is_deterministic or vae.config.prior.name != "standard":
        return None
    return torch.distributions.Normal(0.0, 1.0).icdf(torch.linspace(OUTERMOST, 1 - OUTERMOST, GRID_CELLS)).tolist()


def is_plane(schema: AnySchema) -> bool:
    """Whether examples are points in the plane: rows of two numbers."""
    return isinstance(schema, TableSchema) and [column.kind for column in schema.columns] == ["numeric", "numeric"]


def _columns(schema: AnySchema) -> list[dict[str, Any]] | None:
    """What it takes to show a decoded row in original units; None for pictures."""
    return [column.model_dump(mode="json") for column in schema.columns] if isinstance(schema, TableSchema) else None


def _thumbnails(dataset: Dataset, base: str) -> dict[str, Any]:
    _, side, _, channels = dataset.x.shape
    plan = served.thumbnail_plan(len(dataset), side, channels)
    return {
        "url": f"{base}/datasets/{dataset.id}/thumbnails?code={CODE_DIGEST}",
        "side": plan.side,
        "channels": channels,
        "count": plan.count,
    }
