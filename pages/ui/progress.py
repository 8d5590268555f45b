"""A run while it goes on: progress, curves, reconstructions and the map, refreshing by themselves."""

import time
from typing import Any, Literal

import numpy as np
import safetensors
import safetensors.numpy
import streamlit as st

from pages.ui import cache, explorer, figures, models, pictures, state
from pages.ui.navigation import page
from pages.ui.sentences import escape, sentences_for_errors
from vae_core import runs
from vae_core.datasets import Dataset, TableSchema
from vae_core.runs import Run
from vae_core.runs.directory import State

TICK_SECONDS = 1.0
BADGES: dict[State, tuple[Literal["orange", "blue", "green", "gray", "red"], str]] = {
    "queued": ("orange", ":material/schedule:"),
    "running": ("blue", ":material/model_training:"),
    "done": ("green", ":material/check:"),
    "cancelled": ("gray", ":material/cancel:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/power_off:"),
}


def watch(id: str) -> None:
    """One run, refreshed every second for as long as it is live."""
    live = runs.get(id).is_live
    st.fragment(sentences_for_errors(_show), run_every=TICK_SECONDS if live else None)(id, live)


def _show(id: str, was_live: bool) -> None:
    run = runs.get(id)
    if was_live and not run.is_live:
        st.rerun()  # the whole page: stop ticking, and let the list below know
    with st.container(border=True):
        _headline(run)
        records = run.directory.read_epochs()
        if records:
            st.plotly_chart(figures.loss_curves(records), key=f"curves-{id}", config={"displayModeBar": False})
            _preview(run)
        elif run.status.state == "running":
            st.caption("The first epoch is under way; curves, reconstructions and the map appear after it.")


def _headline(run: Run) -> None:
    colour, icon = BADGES[run.status.state]
    title, explore, stop = st.columns([4, 1.2, 1], vertical_alignment="center")
    with title:
        st.badge(run.status.state, color=colour, icon=icon)
        st.text(run.name)
    if run.has_model and explore.button(
        "Explore", key=f"explore-{run.id}", type="primary", icon=":material/explore:", width="stretch"
    ):
        st.switch_page(page("explore"), query_params={"model": run.id})
    if run.is_live and stop.button("Cancel", key=f"cancel-{run.id}", icon=":material/stop:", width="stretch"):
        runs.cancel(run.id)
        st.rerun()
    if run.status.state == "running":
        st.progress(run.status.done, text=_progress_text(run))
    elif run.status.state == "queued":
        ahead = runs.count_ahead(run)
        st.caption(f"Waiting for {ahead} run{'s' if ahead > 1 else ''} before this one." if ahead else "Starting…")
    elif run.status.message:
        st.caption(escape(run.status.message))


def _progress_text(run: Run) -> str:
    epochs = run.config.train.epochs
    left = "" if run.status.seconds_left is None else f" · about {duration(run.status.seconds_left)} left"
    return (
        run.status.message
        or f"Epoch {min(int(run.status.done * epochs) + 1, epochs)} of {epochs}{left} · on {run.status.device}"
    )


def duration(seconds: float) -> str:
    """Seconds or minutes, in words."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _preview(run: Run) -> None:
    try:
        arrays = safetensors.numpy.load_file(run.directory.preview)
    except (OSError, safetensors.SafetensorError):
        return
    dataset = cache.dataset_or_none(run.config.dataset_id)
    left, right = st.columns(2)
    with left:
        _reconstructions(arrays["originals"], arrays["reconstructions"], dataset)
    with right:
        names = dataset.label_names if dataset else ()
        groups = explorer.map_groups(names)
        of_code = (
            np.array(groups["of_label"])[arrays["labels"]] if names else np.zeros(len(arrays["labels"]), dtype=int)
        )
        st.plotly_chart(
            figures.code_map(arrays["codes"], of_code, groups["names"]),
            key=f"map-{run.id}",
            config={"displayModeBar": False},
        )


def _reconstructions(originals: np.ndarray, reconstructions: np.ndarray, dataset: Dataset | None) -> None:
    """Held-out examples and what the model makes of them: pictures, or rows in original units."""
    if originals.ndim == 4:
        st.caption("Pictures the model has not trained on, and below each its reconstruction")
        both = np.concatenate([pictures.as_bytes(originals), pictures.as_bytes(reconstructions)])
        st.image(pictures.inline(pictures.sheet(both, len(originals))), width="stretch")
    elif dataset and isinstance(dataset.schema, TableSchema):
        st.caption("A row the model has not trained on, and its reconstruction")
        row, again = (dataset.schema.to_original(x[:1]) for x in (originals, reconstructions))
        st.dataframe(
            [{"column": name, "row": _cell(row[name][0]), "reconstruction": _cell(again[name][0])} for name in row],
            hide_index=True,
            height=380,
        )


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def list_all() -> None:
    """All runs with their state."""
    everything = runs.list_runs()
    if not everything:
        return
    st.subheader("Runs")
    for run in everything:
        colour, icon = BADGES[run.status.state]
        badge, name, when, show, remove = st.columns([1.2, 3, 2, 1, 1], vertical_alignment="center")
        badge.badge(run.status.state, color=colour, icon=icon)
        name.text(run.name)
        when.caption(
            f"{time.strftime('%d %b %H:%M', time.localtime(run.created))} · {models.latents(run.config.model)}"
        )
        if show.button("Show", key=f"show-{run.id}", width="stretch"):
            state.set_run_id(run.id)
            st.rerun()
        if not run.is_live:
            with remove.popover("Remove", width="stretch"):
                st.write("The model and its history are deleted.")
                if st.button("Remove for good", key=f"remove-{run.id}"):
                    runs.delete(run.id)
                    if state.run_id() == run.id:
                        state.set_run_id(None)
                    st.rerun()
