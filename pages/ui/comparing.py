"""Several models of one dataset side by side."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import cache, explorer, figures, measures, models, pictures
from pages.ui.components.latent_pad import ahead
from pages.ui.components.linked_maps import linked_maps
from pages.ui.explorer import OpenModel
from pages.ui.language import later, tr
from pages.ui.sentences import escape, sentences_for_errors
from vae_core import computations
from vae_core.computations import Request
from vae_core.evaluation import chosen_examples
from vae_core.metrics import METRICS
from vae_core.report import settings

TICK_SECONDS = 1.0
SOURCES = {
    "prior": later("samples of the prior"),
    "mixture": later("samples of a mixture of normals fitted to the codes"),
}
SHOWN = 12
SAMPLES_SHOWN = 48


def told_apart(opened: Sequence[OpenModel]) -> list[str]:
    """A short title of each model, by what it is; numbered where two are the same."""
    titles = [models.sort(model.checkpoint.config) for model in opened]
    return [f"{title} ({k + 1})" if titles.count(title) > 1 else title for k, title in enumerate(titles)]


def show_maps(opened: Sequence[OpenModel], titles: Sequence[str], base: str) -> None:
    """The linked maps, if all have codes of the same examples."""
    ahead(explorer.libraries(base))
    with st.spinner(tr("Placing the examples on the maps…")):
        codes = [cache.codes(model.id, model.version) for model in opened]
    if len({(one.dataset_id, len(one)) for one in codes}) > 1:
        st.info(tr("The codes of these models are of different examples, so their maps cannot be linked."))
        return
    dataset = cache.dataset_or_none(codes[0].dataset_id)
    layouts = [cache.layout(model.id, model.version) for model in opened]
    described = [
        explorer.describe(model, one, layout, dataset, base)
        for model, one, layout in zip(opened, codes, layouts, strict=True)
    ]
    key = "-".join(f"{model.id}-{model.version}" for model in opened)
    linked_maps(explorer.component("linked_maps", base), described, list(titles), key)


def show_settings(opened: Sequence[OpenModel], titles: Sequence[str]) -> None:
    """What was set differently; all else is the same."""
    st.subheader(tr("Settings that differ"))
    flat = [dict(settings(model.checkpoint.config)) for model in opened]
    names = list(dict.fromkeys(name for one in flat for name in one))
    differing = [name for name in names if len({one.get(name) for one in flat}) > 1]
    rows = {name.replace(".name", ""): [one.get(name, "–") for one in flat] for name in differing}
    rows[tr("epoch of the model")] = [_epoch(model) for model in opened]
    rows[tr("parameters")] = [f"{sum(p.numel() for p in model.vae.parameters()):,}" for model in opened]
    st.table(pd.DataFrame.from_dict(rows, orient="index", columns=list(titles)), border="horizontal")


def _epoch(model: OpenModel) -> str:
    return str(model.checkpoint.measured.epoch) if model.checkpoint.history else tr("not trained here")


def warn(opened: Sequence[OpenModel]) -> None:
    """What makes numbers of these models another kind, or of other examples."""
    configs = [model.checkpoint.config for model in opened]
    if len({config.model.likelihood for config in configs}) > 1:
        st.warning(
            tr("The likelihoods differ: reconstruction loss and −ELBO are of different kinds and do not compare.")
        )
    if len({config.train.targets for config in configs}) > 1:
        st.warning(tr("Some learnt binarised pixels and some grey ones: their losses do not compare."))
    if len({(config.train.seed, config.train.validation) for config in configs}) > 1:
        st.warning(tr("Their held-out examples differ: a figure on them is of other examples for each model."))


def show_curves(opened: Sequence[OpenModel], titles: Sequence[str]) -> None:
    """Validation terms over the epochs."""
    st.subheader(tr("Validation, epoch by epoch"))
    histories = {title: model.checkpoint.history for title, model in zip(titles, opened, strict=True)}
    plain = [title for title, model in zip(titles, opened, strict=True) if model.vae.is_deterministic]
    for column, term in zip(st.columns(3), figures.TERMS, strict=True):
        chart = figures.several_curves(histories, term, () if term == "reconstruction_loss" else plain)
        column.plotly_chart(chart, key=f"several-{term}", config={"displayModeBar": False})
    if plain:
        st.caption(tr("An autoencoder has no KL and no ELBO: only its reconstruction loss is drawn."))


def show_measures(opened: Sequence[OpenModel], titles: Sequence[str]) -> None:
    """Every figure of every model, once all are measured."""
    st.subheader(tr("Measures on held-out examples"))
    dataset = opened[0].checkpoint.config.dataset_id
    if cache.dataset_or_none(dataset) is None:
        st.info(tr("The dataset of these models is not in the workspace. Upload it again to measure."))
        return
    requests = [measures.request(model, dataset, "validation", "active") for model in opened]
    states = [computations.status(request) for request in requests]
    if all(status.state == "done" for status in states):
        _table(requests, titles)
    elif any(status.state in ("queued", "running") for status in states):
        st.fragment(sentences_for_errors(_watch), run_every=TICK_SECONDS)(requests, titles)
    else:
        for title, status in zip(titles, states, strict=True):
            if status.message:
                st.error(escape(f"{title}: {tr(status.message)}"), icon=":material/error:")
        if st.button(tr("Measure all"), icon=":material/straighten:"):
            for request in requests:
                computations.start(request)
            st.rerun()


def _watch(requests: Sequence[Request], titles: Sequence[str]) -> None:
    states = [computations.status(request) for request in requests]
    if not any(status.state in ("queued", "running") for status in states):
        st.rerun()
    for title, status in zip(titles, states, strict=True):
        told = f"{status.done:.0%}" if status.state == "running" else tr(status.state)
        st.progress(status.done, text=f"{title}: {told}")


def _table(requests: Sequence[Request], titles: Sequence[str]) -> None:
    """A line a figure, a column a model; with a 95 % interval where there is one."""
    rows: dict[str, dict[str, str]] = {}
    for title, request in zip(titles, requests, strict=True):
        found = cache.measures(*measures.key(request))
        for name, one in found.found.items():
            for figure in one.figures:
                if figure.of.startswith("others"):
                    continue
                of = f" ({measures.told_of(figure)})" if figure.of else ""
                rows.setdefault(f"{tr(METRICS[name].title)}: {tr(figure.name)}{of}", {})[title] = tr(figure.told)
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(titles)).fillna("–")
    st.table(table, border="horizontal")
    st.caption(
        tr(
            "± and “a to b” are 95 % intervals over examples. One training each: another seed can move these figures "
            "more than another objective does (Locatello et al. 2019). What each says, and where it misleads, the "
            "Measure page tells."
        )
    )


def show_pictures(opened: Sequence[OpenModel], titles: Sequence[str]) -> None:
    """The same held-out examples reconstructed by each, and what each makes up."""
    if opened[0].checkpoint.schema.kind != "image":
        return
    dataset = cache.dataset_or_none(opened[0].checkpoint.config.dataset_id)
    if dataset is not None:
        st.subheader(tr("The same examples, reconstructed"))
        train = opened[0].checkpoint.config.train
        held_out = chosen_examples(dataset, "validation", train.validation, train.seed).numpy()
        chosen = np.sort(held_out[:SHOWN]).tolist()
        names = ",".join(f"{model.id}:{model.version}" for model in opened)
        sheet = cache.reconstructions_by(names, dataset.id, ",".join(map(str, chosen)))
        st.image(pictures.inline(sheet), width="stretch")
        told = tr(
            "Originals that were held out, and below each what {models} make of it, in this order.",
            models=", ".join(titles),
        )
        st.caption(told)
    st.subheader(tr("Samples"))
    _show_samples(opened, titles)


def _show_samples(opened: Sequence[OpenModel], titles: Sequence[str]) -> None:
    for wanted, told in SOURCES.items():
        for column, title, model in zip(st.columns(len(opened)), titles, opened, strict=True):
            source, words = wanted, tr(told)
            if source == "prior" and model.vae.is_deterministic:
                source, words = "normal", tr("no prior: what it makes of N(0, I), for which it was never trained")
            with column, st.spinner(tr("Drawing samples…")):
                sheet = cache.samples(model.id, model.version, source, SAMPLES_SHOWN)
            column.image(pictures.inline(sheet), width="stretch")
            column.caption(f"{title}: {words}")
