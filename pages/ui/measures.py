"""Measures on a page: numbers with intervals, what each says and where it misleads, and pictures of the same."""

import json

import pandas as pd
import streamlit as st

from pages.ui import cache, figures, pictures
from pages.ui.explorer import OpenModel
from pages.ui.sentences import escape
from vae_core import stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.computations import Request
from vae_core.datasets import TableSchema
from vae_core.measuring import Measures
from vae_core.metrics import METRICS, SECTIONS, Figure, Metric, Section

SHOWN_SAMPLES = 60
SEED = 0
SOURCES = {"prior": "samples of the prior", "mixture": "samples of the mixture", "others": "other real examples"}
SPACES = {"features": "in features", "pixels": "in pixels", "columns": "in columns"}
AGAINST = "to hold it against"


def fitting(checkpoint: Checkpoint) -> dict[str, str]:
    """id -> title of the datasets on which a model can be measured; its own first."""
    own, schema = checkpoint.config.dataset_id, checkpoint.schema
    stored = [about for about in stored_datasets.list_all() if about.schema_.kind == schema.kind]
    if isinstance(schema, TableSchema):
        wanted = {column.name for column in schema.columns}
        tables = [about for about in stored if isinstance(about.schema_, TableSchema)]
        stored = [a for a in tables if isinstance(a.schema_, TableSchema) and wanted <= _columns(a.schema_)]
    stored.sort(key=lambda about: about.id != own)
    return {about.id: f"{about.name} · {about.count:,}" for about in stored}


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
        st.subheader(title)
        _pictures(model, found, section)
        for name in names:
            _metric(name, METRICS[name], found)
        for name, why in found.refused.items():
            if METRICS[name].section == section:
                st.caption(f"{METRICS[name].title}: {escape(why)}")


def _about(model: OpenModel, found: Measures) -> None:
    whole = "" if found.count == found.available else f" of {found.available:,}, evenly chosen"
    targets = "binarised" if found.targets == "binarised" else "as they are"
    st.caption(
        f"On {found.count:,} examples{whole}, targets {targets}, seed {found.seed}, one training: ± and “a to b” "
        f"are 95 % intervals over examples, and say nothing of another seed. Took {found.seconds:.0f} s, once."
    )
    if found.dataset_id != model.checkpoint.config.dataset_id:
        st.info("The model was trained on another dataset: none of these examples was held out from it.")


def _metric(name: str, metric: Metric, found: Measures) -> None:
    one = found.found[name]
    with st.container(border=True):
        st.markdown(f"**{metric.title}**")
        if len(one.figures) <= 3 and not any(figure.of for figure in one.figures):
            for column, figure in zip(st.columns(3), one.figures, strict=False):
                column.metric(_label(figure), figure.told, border=False)
                if figure.against is not None:
                    column.caption(f"to hold against {figure.told_against}")
        else:
            st.table(_rows(one.figures), border="horizontal")
        st.caption(metric.means + (f" {one.note}" if one.note else ""))
        st.caption(f":material/warning: {metric.misleads}")
        _drawing(name, found)


def _rows(shown: tuple[Figure, ...]) -> pd.DataFrame:
    """A line a figure and space, a column a source of samples."""
    rows: dict[str, dict[str, str]] = {}
    for figure in shown:
        source, _, space = figure.of.partition(", ")
        row = rows.setdefault(f"{figure.name} ({SPACES[space]})" if space else figure.name, {})
        row[SOURCES.get(source, "value")] = figure.told
        if figure.against is not None:
            row[AGAINST] = figure.told_against
        row["examples"] = f"{figure.count:,}"
    columns = [
        name for name in (*SOURCES.values(), "value", AGAINST, "examples") if any(name in r for r in rows.values())
    ]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).fillna("")


def _label(figure: Figure) -> str:
    return f"{figure.name} ({figure.unit})" if figure.unit else figure.name


def _drawing(name: str, found: Measures) -> None:
    arrays = found.found[name].arrays
    chart = None
    if name == "elbo" and arrays["kl"]:
        chart = figures.bars(arrays["kl"], None, "KL per dimension", "nats")
    elif name == "aggregate":
        chart = figures.bars(arrays["kl"], arrays["kl_error"], "KL(q(z_j), N(0, 1)) of each dimension alone", "nats")
    elif name == "gap":
        dimensions = [f"z{j + 1}" for j in found.dimensions]
        chart = figures.matrix(arrays["information"], dimensions, found.factor_names, "Mutual information", "nats")
    elif name == "importances":
        dimensions = [f"z{j + 1}" for j in found.dimensions]
        chart = figures.matrix(arrays["importance"], dimensions, found.factor_names, "Importance", "")
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
            "From the best to the worst of all, and below each its reconstruction: "
            f"{extremes[0].loss:.1f}, {extremes[len(extremes) // 2].loss:.1f} and {extremes[-1].loss:.1f} nats at the "
            "first, the middle and the last."
        )
    elif section == "samples":
        sources = (("prior", "of the prior"), ("mixture", "of a mixture of normals fitted to the codes"))
        shown = [(source, told) for source, told in sources if not (source == "prior" and model.vae.is_deterministic)]
        for column, (source, told) in zip(st.columns(2), shown, strict=False):
            column.image(
                pictures.inline(cache.samples(model.id, model.version, source, SHOWN_SAMPLES)), width="stretch"
            )
            column.caption(f"Samples {told}")
