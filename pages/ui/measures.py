"""Measures on a page: numbers with intervals, what each says and where it misleads, and pictures of the same."""

import json
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.ui import cache, figures, pictures
from pages.ui.explorer import OpenModel
from pages.ui.language import later, tr
from pages.ui.sentences import escape, named
from vae_core import stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.computations import Request
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets import TableSchema
from vae_core.measuring import Measures
from vae_core.metrics import METRICS, SECTIONS, Figure, Metric, Section
from vae_core.metrics.figures import number

SHOWN_SAMPLES = 60
SEED = 0
SOURCES = {
    "prior": later("samples of the prior"),
    "mixture": later("samples of the mixture"),
    "others": later("other real examples"),
}
SPACES = {"features": later("in features"), "pixels": later("in pixels"), "columns": later("in columns")}
PARTS = (later("prior"), later("mixture"), later("features"), later("pixels"), later("columns"))
"""The words of the core for what a figure is of: `tr` tells them."""
AGAINST, VALUE, EXAMPLES = later("to hold it against"), later("value"), later("examples")


def fitting(checkpoint: Checkpoint) -> dict[str, DatasetSummary]:
    """id -> the datasets on which a model can be measured; its own first."""
    own, schema = checkpoint.config.dataset_id, checkpoint.schema
    stored = [about for about in stored_datasets.list_all() if about.schema_.kind == schema.kind]
    if isinstance(schema, TableSchema):
        wanted = {column.name for column in schema.columns}
        tables = [about for about in stored if isinstance(about.schema_, TableSchema)]
        stored = [a for a in tables if isinstance(a.schema_, TableSchema) and wanted <= _columns(a.schema_)]
    stored.sort(key=lambda about: about.id != own)
    return {about.id: about for about in stored}


def titles(datasets: Mapping[str, DatasetSummary]) -> dict[str, str]:
    """id -> what a reader is shown of each."""
    return {id: f"{named(about)} · {about.count:,}" for id, about in datasets.items()}


def name_and_count(about: DatasetSummary) -> str:
    """The same of one, as files have it."""
    return f"{about.name} · {about.count:,}"


def _columns(schema: TableSchema) -> set[str]:
    return {column.name for column in schema.columns}


def request(model: OpenModel, dataset: str, part: str, code: str) -> Request:
    """What is to be computed."""
    options = {"dataset": dataset, "split": part, "code": code, "seed": SEED}
    return Request(kind="measures", checkpoint_id=model.id, version=model.version, options=options)


def key(request: Request) -> tuple[str, str, str]:
    """The same in strings, for the cache."""
    return request.checkpoint_id, request.version, json.dumps(request.options, sort_keys=True)


def show(model: OpenModel, found: Measures) -> None:
    """Everything, section by section."""
    _about(model, found)
    for section, title in SECTIONS.items():
        names = [name for name in found.found if METRICS[name].section == section]
        if not names and not any(METRICS[name].section == section for name in found.refused):
            continue
        st.subheader(tr(title))
        _pictures(model, found, section)
        for name in names:
            _metric(name, METRICS[name], found)
        for name, why in found.refused.items():
            if METRICS[name].section == section:
                st.caption(f"{tr(METRICS[name].title)}: {escape(tr(why))}")


def _about(model: OpenModel, found: Measures) -> None:
    count, available = f"{found.count:,}", f"{found.available:,}"
    if found.count == found.available:
        examples = tr("{count} examples", count=count)
    else:
        examples = tr("{count} examples of {available}, evenly chosen", count=count, available=available)
    st.caption(
        tr(
            "On {examples}, targets {targets}, seed {seed}, one training: ± and “a to b” are 95 % intervals over "
            "examples, and say nothing of another seed. Took {seconds} s, once.",
            examples=examples,
            targets=tr("binarised") if found.targets == "binarised" else tr("as they are"),
            seed=found.seed,
            seconds=f"{found.seconds:.0f}",
        )
    )
    if found.dataset_id != model.checkpoint.config.dataset_id:
        st.info(tr("The model was trained on another dataset: none of these examples was held out from it."))


def _metric(name: str, metric: Metric, found: Measures) -> None:
    one = found.found[name]
    with st.container(border=True):
        st.markdown(f"**{tr(metric.title)}**")
        if len(one.figures) <= 3 and not any(figure.of for figure in one.figures):
            for column, figure in zip(st.columns(3), one.figures, strict=False):
                column.metric(_label(figure), tr(figure.told), border=False)
                if figure.against is not None:
                    column.caption(tr("to hold against {what}", what=_against(figure)))
        else:
            st.table(_rows(one.figures), border="horizontal")
        st.caption(tr(metric.means) + (f" {tr(one.note)}" if one.note else ""))
        st.caption(f":material/warning: {tr(metric.misleads)}")
        _drawing(name, found)


def _rows(shown: tuple[Figure, ...]) -> pd.DataFrame:
    """A line a figure and space, a column a source of samples."""
    rows: dict[str, dict[str, str]] = {}
    for figure in shown:
        source, _, space = figure.of.partition(", ")
        name = tr(figure.name)
        row = rows.setdefault(f"{name} ({tr(SPACES[space])})" if space else name, {})
        row[tr(SOURCES.get(source, VALUE))] = tr(figure.told)
        if figure.against is not None:
            row[tr(AGAINST)] = _against(figure)
        row[tr(EXAMPLES)] = f"{figure.count:,}"
    ordered = [tr(name) for name in (*SOURCES.values(), VALUE, AGAINST, EXAMPLES)]
    columns = [name for name in ordered if any(name in row for row in rows.values())]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).fillna("")


def told_of(figure: Figure) -> str:
    """Which of several things a figure is of, as "mixture, features"."""
    return ", ".join(tr(part) for part in figure.of.split(", "))


def _against(figure: Figure) -> str:
    return "" if figure.against is None else f"{number(figure.against)} ({tr(figure.against_is)})"


def _label(figure: Figure) -> str:
    return f"{tr(figure.name)} ({tr(figure.unit)})" if figure.unit else tr(figure.name)


def _drawing(name: str, found: Measures) -> None:
    arrays = found.found[name].arrays
    chart = None
    if name == "elbo" and arrays["kl"]:
        chart = figures.bars(arrays["kl"], None, tr("KL per dimension"), "nats")
    elif name == "aggregate":
        title = tr("KL(q(z_j), N(0, 1)) of each dimension alone")
        chart = figures.bars(arrays["kl"], arrays["kl_error"], title, "nats")
    elif name == "gap":
        dimensions = [f"z{j + 1}" for j in found.dimensions]
        chart = figures.matrix(arrays["information"], dimensions, found.factor_names, tr("Mutual information"), "nats")
    elif name == "importances":
        dimensions = [f"z{j + 1}" for j in found.dimensions]
        chart = figures.matrix(arrays["importance"], dimensions, found.factor_names, tr("Importance"), "")
    if chart is not None:
        st.plotly_chart(chart, key=f"drawing-{name}", config={"displayModeBar": False})


def _pictures(model: OpenModel, found: Measures, section: Section) -> None:
    """Reconstructions best to worst, or samples beside real examples; nothing for tables."""
    if model.checkpoint.schema.kind != "image":
        return
    if section == "bound":
        extremes = found.extremes
        indices = ",".join(str(one.index) for one in extremes)
        st.image(
            pictures.inline(cache.reconstructions(model.id, model.version, found.dataset_id, indices)), width="stretch"
        )
        st.caption(
            tr(
                "From the best to the worst of all, and below each its reconstruction: {first}, {middle} and {last} "
                "nats at the first, the middle and the last.",
                first=f"{extremes[0].loss:.1f}",
                middle=f"{extremes[len(extremes) // 2].loss:.1f}",
                last=f"{extremes[-1].loss:.1f}",
            )
        )
    elif section == "samples":
        sources = (
            ("prior", tr("Samples of the prior")),
            ("mixture", tr("Samples of a mixture of normals fitted to the codes")),
        )
        shown = [(source, told) for source, told in sources if not (source == "prior" and model.vae.is_deterministic)]
        for column, (source, told) in zip(st.columns(2), shown, strict=False):
            with column, st.spinner(tr("Drawing samples…")):
                sheet = cache.samples(model.id, model.version, source, SHOWN_SAMPLES)
            column.image(pictures.inline(sheet), width="stretch")
            column.caption(told)
