"""Arrays -> plotly figures. No Streamlit."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import qualitative
from plotly.subplots import make_subplots

from pages.ui.sentences import plain
from vae_core.records import EpochRecord

PALETTE = qualitative.D3
TRAIN, VALIDATION = "#7f8ea3", "#3b6fd4"
RGB = ("#d1495b", "#3a9d5d", "#3b6fd4")
MOST_TICKS, TICK_LETTERS = 30, 12
MARGIN = {"l": 8, "r": 8, "t": 36, "b": 8}


def loss_curves(records: Sequence[EpochRecord]) -> go.Figure:
    """Reconstruction loss and KL apart, training and validation, in nats an example."""
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("Reconstruction loss (nats)", "KL (nats)"), horizontal_spacing=0.1
    )
    epochs = [record.epoch for record in records]
    for column, term in enumerate(("reconstruction_loss", "kl"), start=1):
        for part, colour in (("train", TRAIN), ("validation", VALIDATION)):
            values = [getattr(getattr(record, part), term) for record in records]
            mode = "lines+markers" if len(records) < 3 else "lines"
            trace = go.Scatter(
                x=epochs,
                y=values,
                name=part,
                mode=mode,
                line={"color": colour, "width": 2},
                legendgroup=part,
                showlegend=column == 1,
            )
            figure.add_trace(trace, row=1, col=column)
    figure.update_xaxes(title_text="epoch", rangemode="tozero")
    figure.update_layout(height=280, margin=MARGIN, legend={"orientation": "h", "y": -0.3}, uirevision="curves")
    return figure


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
    figure.update_yaxes(title_text="examples", rangemode="tozero")
    figure.update_layout(height=240, margin=MARGIN, bargap=0.15)
    return figure


def histograms(counts: np.ndarray) -> go.Figure:
    """Brightness of all pixels, [1 or 3, bins] over 0 to 255."""
    figure = go.Figure()
    places = (np.arange(counts.shape[1]) + 0.5) * 256 / counts.shape[1]
    names, colours = (("grey",), (TRAIN,)) if len(counts) == 1 else (("red", "green", "blue"), RGB)
    for row, name, colour in zip(counts, names, colours, strict=True):
        figure.add_trace(
            go.Scatter(x=places, y=row / row.sum(), name=name, mode="lines", line={"color": colour, "shape": "hvh"})
        )
    figure.update_xaxes(title_text="pixel value", range=[0, 255])
    figure.update_yaxes(title_text="share", rangemode="tozero")
    figure.update_layout(height=240, margin=MARGIN, showlegend=len(counts) > 1)
    return figure


def code_map(codes: np.ndarray, groups: np.ndarray, names: Sequence[str]) -> go.Figure:
    """Codes [N, ≥ 1], the first two dimensions, one colour a group."""
    figure = go.Figure()
    up = codes[:, 1] if codes.shape[1] > 1 else np.zeros(len(codes))
    for index, name in enumerate(names):
        chosen = groups == index
        marker = {"size": 4, "opacity": 0.7, "color": PALETTE[index % len(PALETTE)]}
        figure.add_trace(
            go.Scattergl(
                x=codes[chosen, 0], y=up[chosen], mode="markers", name=plain(name), marker=marker, hoverinfo="skip"
            )
        )
    figure.update_xaxes(title_text="z1")
    figure.update_yaxes(title_text="z2", scaleanchor="x")
    figure.update_layout(
        height=380, margin=MARGIN, showlegend=len(names) > 1, legend={"itemsizing": "constant"}, uirevision="map"
    )
    return figure
