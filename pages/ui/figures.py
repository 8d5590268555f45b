"""Arrays -> plotly figures. No Streamlit."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from plotly.colors import qualitative

from pages.ui.language import later, tr
from pages.ui.sentences import plain
from vae_core.diagnosis import best_epoch
from vae_core.records import EpochRecord, Terms
from vae_core.trials import Score

PALETTE = qualitative.D3
TRAIN, VALIDATION, BEST = "#7f8ea3", "#3b6fd4", "#e8833a"
Term = Literal["reconstruction_loss", "kl", "negative_elbo"]
TERMS: dict[Term, str] = {"reconstruction_loss": later("Reconstruction loss"), "kl": "KL", "negative_elbo": "−ELBO"}
MOST_EPOCHS, MOST_COLUMNS, MOST_DIMENSIONS, MOST_STEPS = 600, 120, 64, 400
"""More than that cannot be told apart, and would be sent every second."""
RGB = ("#d1495b", "#3a9d5d", "#3b6fd4")
MOST_TICKS, TICK_LETTERS = 30, 12
FULL_WIDTH_BARS = 20
"""Fewer bars are drawn narrow."""
MOST_CELLS_TOLD = 120
"""Of a matrix, whose numbers are written into it."""
MARGIN = {"l": 8, "r": 8, "t": 36, "b": 8}


def loss_curve(
    records: Sequence[EpochRecord],
    term: Term,
    marked: bool = False,
) -> go.Figure:
    """One term over the epochs, training and validation, in nats an example; `marked` shows the best epoch."""
    figure = go.Figure()
    shown = thinned(records, MOST_EPOCHS)
    mode = "lines+markers" if len(records) < 3 else "lines"
    for part, colour in ((later("train"), TRAIN), (later("validation"), VALIDATION)):
        values = [_nats(getattr(record, part), term) for record in shown]
        line = {"color": colour, "width": 2}
        epochs = [record.epoch for record in shown]
        figure.add_trace(go.Scatter(x=epochs, y=values, name=tr(part), mode=mode, line=line))
    if marked:
        best = records[best_epoch(records) - 1]
        value = _nats(best.validation, term)
        marker = {"symbol": "star", "size": 12, "color": BEST}
        figure.add_trace(
            go.Scatter(
                x=[best.epoch],
                y=[value],
                name=tr("best: epoch {epoch}", epoch=best.epoch),
                mode="markers",
                marker=marker,
            )
        )
    figure.update_xaxes(title_text=tr("epoch"), rangemode="tozero")
    figure.update_layout(
        title={"text": f"{tr(TERMS[term])} (nats)", "font": {"size": 14}},
        height=280,
        margin=MARGIN,
        legend={"orientation": "h", "y": -0.3},
        uirevision="curves",
    )
    return figure


def several_curves(
    histories: Mapping[str, Sequence[EpochRecord]], term: Term, without: Sequence[str] = ()
) -> go.Figure:
    """One validation term of several models over their epochs, by the models' titles; a title has one colour always."""
    figure = go.Figure()
    for k, (name, records) in enumerate(histories.items()):
        if name in without:
            continue
        shown = thinned(records, MOST_EPOCHS)
        values = [_nats(record.validation, term) for record in shown]
        line = {"color": PALETTE[k % len(PALETTE)], "width": 2}
        mode = "lines+markers" if len(records) < 3 else "lines"
        figure.add_trace(
            go.Scatter(x=[record.epoch for record in shown], y=values, name=plain(name), mode=mode, line=line)
        )
    figure.update_xaxes(title_text=tr("epoch"), rangemode="tozero")
    figure.update_layout(
        title={"text": f"{tr(TERMS[term])} (nats)", "font": {"size": 14}},
        height=320,
        margin=MARGIN,
        legend={"orientation": "h", "y": -0.3},
    )
    return figure


def _nats(terms: Terms, term: str) -> float:
    return -terms.elbo if term == "negative_elbo" else float(getattr(terms, term))


def kl_by_dimension(records: Sequence[EpochRecord]) -> go.Figure:
    """The validation KL of every dimension over the epochs; of very many dimensions those that hold most."""
    shown = thinned(records, MOST_COLUMNS)
    kl = np.array([record.validation.kl_per_dimension for record in shown]).T  # [L, epochs]
    largest = np.sort(np.argsort(-kl[:, -1], kind="stable")[:MOST_DIMENSIONS])
    names = [f"z{j + 1}" for j in largest]
    figure = go.Figure(
        go.Heatmap(
            x=[record.epoch for record in shown],
            y=names,
            z=kl[largest],
            zmin=0,
            colorscale=[[0, "rgba(59, 111, 212, 0.04)"], [1, VALIDATION]],
            colorbar={"thickness": 10, "title": {"text": "nats"}},
            hovertemplate="%{y}, " + tr("epoch") + " %{x}: %{z:.2f} nats<extra></extra>",
        )
    )
    title = tr("KL per dimension (validation)")
    if len(largest) < len(kl):
        title = tr("KL per dimension (validation, the {count} largest of {all})", count=len(largest), all=len(kl))
    figure.update_xaxes(title_text=tr("epoch"))
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_layout(
        title={"text": title, "font": {"size": 14}},
        height=min(130 + 14 * len(names), 420),
        margin=MARGIN,
    )
    return figure


def thinned(records: Sequence[EpochRecord], most: int) -> list[EpochRecord]:
    """Evenly chosen records, the first and the last among them."""
    chosen = np.unique(np.linspace(0, len(records) - 1, min(len(records), most)).round().astype(int))
    return [records[k] for k in chosen]


def class_counts(names: Sequence[str], counts: Sequence[int]) -> go.Figure:
    """How many examples every label has, as bars; a long name is whole under the pointer only."""
    figure = go.Figure(
        go.Bar(
            x=list(range(len(names))),
            y=list(counts),
            marker_color=VALIDATION,
            customdata=[plain(name) for name in names],
            hovertemplate="%{customdata}: %{y}<extra></extra>",
        )
    )
    named = range(0, len(names), -(-len(names) // MOST_TICKS))
    short = [name if len(name) <= TICK_LETTERS else name[: TICK_LETTERS - 1] + "…" for name in names]
    figure.update_xaxes(tickmode="array", tickvals=list(named), ticktext=[plain(short[k]) for k in named])
    figure.update_yaxes(title_text=tr("examples"), rangemode="tozero")
    figure.update_layout(height=240, margin=MARGIN, bargap=0.15)
    return figure


def histograms(counts: np.ndarray) -> go.Figure:
    """Brightness of all pixels, [1 or 3, bins] over 0 to 255."""
    figure = go.Figure()
    places = (np.arange(counts.shape[1]) + 0.5) * 256 / counts.shape[1]
    names, colours = ((tr("grey"),), (TRAIN,)) if len(counts) == 1 else ((tr("red"), tr("green"), tr("blue")), RGB)
    for row, name, colour in zip(counts, names, colours, strict=True):
        figure.add_trace(
            go.Scatter(x=places, y=row / row.sum(), name=name, mode="lines", line={"color": colour, "shape": "hvh"})
        )
    figure.update_xaxes(title_text=tr("pixel value"), range=[0, 255])
    figure.update_yaxes(title_text=tr("share"), rangemode="tozero")
    figure.update_layout(height=240, margin=MARGIN, showlegend=len(counts) > 1)
    return figure


def code_map(codes: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Codes [N, ≥ 1], the first two dimensions, one colour a group; in SVG.

    The plotly.js that comes with Streamlit makes code out of text for WebGL, which our pages may not do: there would be
    no map. The few thousand points of a preview do without.
    """
    figure = go.Figure()
    up = codes[:, 1] if codes.shape[1] > 1 else np.zeros(len(codes))
    for index, name in enumerate(names):
        chosen = groups == index
        marker = {"size": 4, "opacity": 0.7, "color": PALETTE[index % len(PALETTE)]}
        figure.add_trace(
            go.Scatter(
                x=codes[chosen, 0], y=up[chosen], mode="markers", name=plain(name), marker=marker, hoverinfo="skip"
            )
        )
    figure.update_xaxes(title_text="z1")
    figure.update_yaxes(title_text="z2", scaleanchor="x")
    figure.update_layout(
        height=380, margin=MARGIN, showlegend=len(names) > 1, legend={"itemsizing": "constant"}, uirevision="map"
    )
    return figure


def scores(found: Sequence[Score], criterion: str) -> go.Figure:
    """What the combinations are ranked by, with its spread over folds, the best on top."""
    ordered = list(reversed(found))
    figure = go.Figure(
        go.Scatter(
            x=[score.negative_elbo for score in ordered],
            y=[plain(score.told) for score in ordered],
            error_x={"type": "data", "array": [score.spread for score in ordered]},
            mode="markers",
            marker={"size": 9, "color": VALIDATION},
            hoverinfo="x+y",
        )
    )
    figure.update_xaxes(title_text=tr("validation {criterion} (nats), less is better", criterion=tr(criterion)))
    figure.update_yaxes(type="category", automargin=True)
    figure.update_layout(height=110 + 34 * len(ordered), margin=MARGIN)
    return figure


def bars(values: Sequence[float], errors: Sequence[float] | None, title: str, unit: str) -> go.Figure:
    """One number a latent dimension, with standard errors; of very many dimensions the largest."""
    chosen = np.sort(np.argsort(-np.asarray(values), kind="stable")[:MOST_DIMENSIONS])
    spread = None if errors is None else {"type": "data", "array": np.asarray(errors)[chosen].tolist()}
    figure = go.Figure(
        go.Bar(
            x=[f"z{j + 1}" for j in chosen],
            y=np.asarray(values)[chosen].tolist(),
            error_y=spread,
            marker_color=VALIDATION,
            hovertemplate="%{x}: %{y:.3f} " + unit + "<extra></extra>",
        )
    )
    if len(chosen) < len(values):
        title = tr("{title}, the {count} largest of {all}", title=title, count=len(chosen), all=len(values))
    figure.update_xaxes(type="category")
    figure.update_yaxes(title_text=unit)
    gap = max(1 - len(chosen) / FULL_WIDTH_BARS, 0.2)
    figure.update_layout(title={"text": title, "font": {"size": 14}}, height=240, margin=MARGIN, bargap=gap)
    return figure


def matrix(
    values: Sequence[Sequence[float]], dimensions: Sequence[str], factors: Sequence[str], title: str, unit: str
) -> go.Figure:
    """Numbers [L, F], a row a latent dimension and a column a factor."""
    figure = go.Figure(
        go.Heatmap(
            x=[plain(name) for name in factors],
            y=list(dimensions),
            z=[list(row) for row in values],
            zmin=0,
            colorscale=[[0, "rgba(59, 111, 212, 0.04)"], [1, VALIDATION]],
            texttemplate="%{z:.2f}" if len(dimensions) * len(factors) <= MOST_CELLS_TOLD else "",
            colorbar={"thickness": 10, "title": {"text": unit}},
            hovertemplate="%{y} " + tr("and") + " %{x}: %{z:.3f} " + unit + "<extra></extra>",
        )
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_layout(
        title={"text": title, "font": {"size": 14}}, height=min(140 + 26 * len(dimensions), 560), margin=MARGIN
    )
    return figure


def roc(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> go.Figure:
    """(false alarms, finds) of several scores, by their names."""
    figure = go.Figure(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", name=tr("chance"), line={"color": TRAIN, "dash": "dot"})
    )
    for k, (name, (alarms, finds)) in enumerate(curves.items()):
        some = np.unique(np.linspace(0, len(alarms) - 1, min(len(alarms), MOST_STEPS)).astype(int))
        line = {"color": PALETTE[k % len(PALETTE)], "width": 2}
        figure.add_trace(go.Scatter(x=alarms[some], y=finds[some], mode="lines", name=name, line=line))
    figure.update_xaxes(title_text=tr("false alarms"), range=[0, 1])
    figure.update_yaxes(title_text=tr("anomalies found"), range=[0, 1.01])
    figure.update_layout(height=320, margin=MARGIN)
    return figure
