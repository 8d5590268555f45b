"""Anomaly scores on a page: a threshold to drag, the most unusual examples, and how well labels are told by them."""

import math

import numpy as np
import pandas as pd
import streamlit as st

from pages.ui import cache, explorer, figures, pictures, state
from pages.ui.components.threshold import threshold
from pages.ui.explorer import OpenModel
from pages.ui.language import later, tr
from pages.ui.sentences import sentences_for_errors
from pages.ui.tables import as_csv
from vae_core.anomalies import SCORES, Judged, auroc, auroc_interval, roc
from vae_core.computations import Request
from vae_core.datasets import Dataset, TableSchema
from vae_core.evaluation import NORMAL_QUANTILE, Measured

TITLES = {
    "elbo": "−ELBO",
    "error": later("Squared error"),
    "kl": "KL",
    "density": "−log q(z)",
    "pca": later("PCA residual"),
}
UNITS = {"elbo": " nats", "kl": " nats", "density": " nats"}
BINS, STEPS = 80, 1000
TAIL = 0.9995
"""The histogram ends at this quantile; what lies beyond is in its last bin."""
FLAGGED_AT_FIRST = 0.95
SHOWN = 24
FEW, FEW_PIXELS = 8, 96
"""So few pictures are not stretched over the page."""
LISTED = 200
SEED = 0


def request(model: OpenModel, dataset: str) -> Request:
    """What is to be computed."""
    options = {"dataset": dataset, "seed": SEED}
    return Request(kind="anomalies", checkpoint_id=model.id, version=model.version, options=options)


@st.fragment
@sentences_for_errors
def show(model: OpenModel, dataset_id: str, judged: Judged, base: str) -> None:
    """Everything below the choice of model and dataset; moving the threshold reruns this alone.

    Args:
        model: Whose scores.
        dataset_id: Of the examples.
        judged: What was found.
        base: Prefix of our routes.
    """
    dataset, scores = cache.dataset(dataset_id), judged.scores
    place = {"model": model.id, "dataset": dataset_id}
    score = state.option("score", {name: tr(TITLES[name]) for name in SCORES if name in scores}, place)
    st.caption(tr(SCORES[score]))
    values = scores[score]
    is_anomaly = _anomalies(dataset)
    usual = judged.usual.get(score, values)
    both = np.concatenate([values, usual])
    at = state.threshold(float(np.quantile(usual, FLAGGED_AT_FIRST)))
    at = float(np.clip(at, both.min(), both.max()))
    key = f"threshold-{model.id}-{dataset_id}-{score}"
    threshold(
        explorer.component("threshold", base) | histogram(values, is_anomaly, at, UNITS.get(score, "")),
        key,
        state.keep_threshold(key, place | {"score": score}),
    )
    if dataset_id == model.checkpoint.config.dataset_id:
        st.caption(tr("The model has learnt from most of these: new examples look more unusual than they do."))
    else:
        st.caption(
            tr(
                "The threshold begins where {share} of the examples lie below it that the model's own training held "
                "out.",
                share=f"{FLAGGED_AT_FIRST:.0%}",
            )
        )
    if is_anomaly is not None:
        sentences_for_errors(_how_well)(scores, is_anomaly)
    order = np.argsort(-values, kind="stable")
    flagged = order[: max(int((values > at).sum()), 1)]
    st.subheader(tr("The most unusual"))
    _gallery(model, dataset_id, flagged[:SHOWN])
    listed = _table(dataset, scores, at, score, flagged[:LISTED]).rename(columns=_column_titles())
    st.dataframe(listed, hide_index=True, height=300)
    st.download_button(
        tr("Save all {count} as CSV", count=f"{len(dataset):,}"),
        lambda: as_csv(_table(dataset, scores, at, score, order)),
        "anomalies.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def histogram(values: np.ndarray, is_anomaly: np.ndarray | None, at: float, unit: str) -> dict[str, object]:
    """What the threshold component draws and counts.

    Args:
        values: Scores [N].
        is_anomaly: bool [N], or None where nobody said.
        at: The threshold.
        unit: Of the scores, with a space before it.
    """
    low, high = min(float(values.min()), at), max(float(np.quantile(values, TAIL)), at)
    high = high if high > low else low + max(abs(low), 1.0) * 1e-6
    edges = np.linspace(low, high, BINS + 1)
    places = np.linspace(low, high, STEPS + 1)
    inside = values.clip(low, high)
    parts = [np.full(len(values), True)] if is_anomaly is None else [~is_anomaly, is_anomaly]
    above = np.searchsorted(np.sort(values), places, side="right")
    about = tr("height is the root of the count; the last bin holds all beyond it")
    told: dict[str, object] = {
        "low": low,
        "high": high,
        "threshold": at,
        "counts": [np.histogram(inside[part], edges)[0].tolist() for part in parts],
        "groups": [tr("examples")] if is_anomaly is None else [tr("normal"), tr("anomalies")],
        "above": (len(values) - above).tolist(),
        "total": len(values),
        "unit": unit,
        "about": f" · {about}",
    }
    if is_anomaly is not None:
        sorted_anomalies = np.sort(values[is_anomaly])
        found = len(sorted_anomalies) - np.searchsorted(sorted_anomalies, places, side="right")
        told["anomalies"] = {"above": found.tolist(), "total": len(sorted_anomalies)}
    return told


def _anomalies(dataset: Dataset) -> np.ndarray | None:
    """Which examples are anomalies, if the labels say it; asks which labels are normal."""
    if dataset.labels is None or len(dataset.label_names) < 2:
        return None
    names = dict(enumerate(dataset.label_names))
    normal = st.multiselect(
        tr("Which labels are normal? Then the scores are judged by the others."),
        list(names),
        format_func=lambda k: names[k],
        key=f"normal-{dataset.id}",
        placeholder=tr("Choose labels"),
    )
    if len(normal) == len(names):
        st.caption(tr("Leave at least one label out: its examples are what is looked for."))
    if not normal or len(normal) == len(names):
        return None
    return ~np.isin(dataset.labels, normal)


def _how_well(scores: dict[str, np.ndarray], is_anomaly: np.ndarray) -> None:
    """ROC curves, and the area under each with its interval."""
    left, right = st.columns([3, 2])
    curves = {tr(TITLES[name]): roc(values, is_anomaly) for name, values in scores.items()}
    left.plotly_chart(figures.roc(curves), key="roc", config={"displayModeBar": False})
    areas = {name: auroc(values, is_anomaly) for name, values in scores.items()}
    rows = {tr(TITLES[name]): _area(area) for name, area in areas.items()}
    right.table(pd.DataFrame({"AUROC": rows}), border="horizontal")
    best = max(areas, key=lambda name: areas[name].mean)
    ahead = areas[best].mean - areas["pca"].mean
    spread = NORMAL_QUANTILE * math.hypot(areas[best].error, areas["pca"].error)
    if ahead <= spread:
        told = tr("No score of the model is clearly above the PCA: for these anomalies the network is not needed.")
    else:
        told = tr(
            "{score} does best, {ahead} above the PCA. It was chosen by these very labels: on others it may be "
            "another.",
            score=tr(TITLES[best]),
            ahead=f"{ahead:.3f}",
        )
    right.caption(told)


def _area(area: Measured) -> str:
    """With a 95 % interval; without one where all anomalies lie on one side, as the error is then not known."""
    interval = auroc_interval(area)
    mean = f"{area.mean:.3f}"
    if not interval:
        return mean
    return tr("{mean} ({low} to {high})", mean=mean, low=f"{interval[0]:.3f}", high=f"{interval[1]:.3f}")


def _gallery(model: OpenModel, dataset_id: str, chosen: np.ndarray) -> None:
    if model.checkpoint.schema.kind != "image":
        return
    sheet = cache.differences(model.id, model.version, dataset_id, ",".join(map(str, chosen.tolist())))
    st.image(pictures.inline(sheet), width="stretch" if len(chosen) > FEW else FEW_PIXELS * len(chosen))
    st.caption(tr("From the most unusual on; below each its reconstruction, and below that where the two differ."))


def _column_titles() -> dict[str, str]:
    """Those of `_table` as a reader is shown them; a file has them in English."""
    ours = (later("example"), later("name"), later("label"), later("unusual"), *TITLES.values())
    return {name: tr(name) for name in ours}


def _table(dataset: Dataset, scores: dict[str, np.ndarray], at: float, score: str, rows: np.ndarray) -> pd.DataFrame:
    """A line an example of those wanted: which it is, its scores, and whether it is above the threshold."""
    columns: dict[str, object] = {"example": rows + 1}
    if dataset.names:
        columns["name"] = [dataset.names[k] for k in rows]
    if dataset.labels is not None:
        columns["label"] = np.asarray(dataset.label_names, dtype=object)[dataset.labels[rows]]
    columns["unusual"] = scores[score][rows] > at
    for name, values in scores.items():
        columns[TITLES[name]] = np.round(values[rows], 3)
    if isinstance(dataset.schema, TableSchema):
        columns |= dataset.schema.to_original(np.asarray(dataset.x[rows]))
    return pd.DataFrame(columns)
