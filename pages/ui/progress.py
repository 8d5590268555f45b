"""A run while it goes on and when it has ended: where it stands, what can be done, what its curves say."""

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from pages.ui import cache, choosing, figures, findings, models, preview, state
from pages.ui.language import current, tr, trn
from pages.ui.navigation import page
from pages.ui.sentences import escape, moment, sentences_for_errors
from pages.ui.web.starts import starts
from vae_core import runs
from vae_core.diagnosis import best_epoch, diagnose
from vae_core.errors import VAECoreError
from vae_core.film import Reel
from vae_core.records import EpochRecord
from vae_core.runs import Run
from vae_core.runs.directory import State

TICK_SECONDS = 1.0
NOTICE_SECONDS = 3.0
"""So often a page looks whether a run has changed elsewhere: in another tab, by itself."""
BADGES: dict[State, tuple[Literal["orange", "blue", "green", "gray", "red"], str]] = {
    "queued": ("orange", ":material/schedule:"),
    "running": ("blue", ":material/model_training:"),
    "done": ("green", ":material/check:"),
    "cancelled": ("gray", ":material/cancel:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/power_off:"),
}
MODEBAR = {"displayModeBar": False}


def watch(id: str) -> None:
    """One run, refreshed every second for as long as it is live."""
    live = runs.get(id).is_live
    st.fragment(sentences_for_errors(_show), run_every=TICK_SECONDS if live else None)(id, live)


def _show(id: str, was_live: bool) -> None:
    run = runs.get(id)
    if was_live != run.is_live:
        st.rerun()  # the whole page: stop ticking, or begin to, and let the list below know
    written = run.directory.written()
    records = cache.history(id, written)
    with st.container(border=True):
        _headline(run)
        _actions(run, records)
        _standing(run)
        if run.study:
            choosing.show(run)
            return
        if examples := cache.dataset_size(run.config.dataset_id):
            best, present = _best_and_present(run, records)
            said = diagnose(records, run.config, examples)
            findings.show([one for one in said if one.kind != "overfitting" or not present or best != present])
        if records:
            _curves(run, written)
            preview.show(run, written)
        elif run.status.state == "running":
            st.caption(tr("The first epoch is under way; curves, reconstructions and the map appear after it."))


def _headline(run: Run) -> None:
    colour, icon = BADGES[run.status.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(tr(run.status.state), color=colour, icon=icon)
        st.text(run.name)
    st.caption(models.settings(run.config) if run.study is None else choosing.told(run.study))


def _actions(run: Run, records: Sequence[EpochRecord]) -> None:
    """The buttons that apply now."""
    with st.container(horizontal=True):
        if run.has_model and st.button(
            tr("Explore"), key=f"explore-{run.id}", type="primary", icon=":material/explore:"
        ):
            st.switch_page(page("explore"), query_params={"model": run.id})
        if (
            Reel(run.directory.film).epochs()
            and run.has_model
            and st.button(
                tr("Film"),
                key=f"film-{run.id}",
                icon=":material/movie:",
                help=tr("How it became what it is, epoch by epoch."),
            )
        ):
            st.switch_page(page("film"), query_params={"run": run.id})
        if run.is_shared:
            return
        if run.is_live:
            _button(runs.cancel, run, "cancel", tr("Cancel"), ":material/stop:")
        onward = tr("With the trainings that are left.") if run.study else tr("From its last finished epoch.")
        if run.status.state in ("interrupted", "cancelled", "failed"):
            _button(starts.limited(runs.resume), run, "go-on", tr("Go on"), ":material/resume:", onward)
        best, present = _best_and_present(run, records)
        if best != present:
            told = tr(
                "The model becomes that of epoch {epoch}, which did best on validation. It cannot go on after that.",
                epoch=best,
            )
            _button(starts.limited(runs.keep_best), run, "best", tr("Take the best epoch"), ":material/star:", told)
    if present and present != records[-1].epoch:
        st.caption(tr("The model is that of epoch {epoch}, the best one; so are the pictures below.", epoch=present))


def _button(action: Callable[[str], Run], run: Run, name: str, label: str, icon: str, told: str | None = None) -> None:
    """What changes a run is done before anything is drawn: a part of the page that begins the whole page anew would
    else swallow a press that came at the same moment."""
    st.button(label, key=f"{name}-{run.id}", icon=icon, help=told, on_click=_press, args=(action, run.id))


def _press(action: Callable[[str], Run], id: str) -> None:
    """Do it; that it is done already, perhaps in another tab, is told in passing."""
    try:
        action(id)
    except VAECoreError as error:
        st.toast(escape(tr(str(error))), icon=":material/info:", duration="long")


def _best_and_present(run: Run, records: Sequence[EpochRecord]) -> tuple[int, int]:
    """Of a run that has ended and kept its best epoch: which one that is, and of which one the model is; else zeros."""
    if run.is_live or run.is_shared or not records or not run.directory.best.is_file():
        return 0, 0
    try:
        return best_epoch(records), cache.newest_model(run.id).checkpoint.measured.epoch
    except VAECoreError:
        return 0, 0


def _standing(run: Run) -> None:
    """Progress, or how it ended."""
    status = run.status
    if status.state == "running":
        st.progress(status.done, text=_progress_text(run))
    elif status.state == "queued" and run.directory.is_best_asked():
        st.caption(tr("Taking the best epoch: placing every example on the map…"))
    elif status.state == "queued":
        ahead = runs.count_ahead(run)
        waiting = trn("Waiting for {count} run before this one.", "Waiting for {count} runs before this one.", ahead)
        st.caption(waiting if ahead else escape(tr(status.message)) if status.message else tr("Starting…"))
    elif status.state == "failed":
        st.warning(escape(tr(status.message)), icon=":material/error:")
    elif status.state == "interrupted" and status.attempts == 1:
        st.caption(tr("The training process ended before it was finished. It goes on by itself in a moment."))
    elif run.study and status.state in ("cancelled", "interrupted"):
        st.caption(escape(choosing.ending(run, run.study)))
    elif status.message:
        st.caption(escape(tr(status.message)))


def _progress_text(run: Run) -> str:
    status, epochs = run.status, run.config.train.epochs
    if run.study:
        count = run.study.trainings
        told = [tr("Training {k} of {count}", k=min(len(run.directory.read_trials()) + 1, count), count=count)]
    else:
        told = [tr("Epoch {k} of {count}", k=min(int(status.done * epochs) + 1, epochs), count=epochs)]
    if status.seconds_left is not None:
        told.append(tr("about {time} left", time=duration(status.seconds_left)))
    told.append(tr("on {device}", device=status.device))
    at = " · ".join(told)
    return f"{at}  \n{escape(tr(status.message))}" if status.message else at


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, in words."""
    if seconds < 90:
        return tr("{count} s", count=f"{seconds:.0f}")
    if seconds < 90 * 60:
        return tr("{count} min", count=f"{seconds / 60:.0f}")
    return tr("{count} h", count=f"{seconds / 3600:.1f}")


def _curves(run: Run, written: str) -> None:
    """The terms of the loss over the epochs, one figure each; and where the nats are."""
    drawn = cache.curves(run.id, written, current())
    terms = [name for name in drawn if name in figures.TERMS]
    for column, term in zip(st.columns(len(terms)), terms, strict=True):
        column.plotly_chart(drawn[term], key=f"{term}-{run.id}", config=MODEBAR)
    if "dimensions" in drawn:
        st.plotly_chart(drawn["dimensions"], key=f"dimensions-{run.id}", config=MODEBAR)


def list_all() -> None:
    """All runs with their state."""
    everything = runs.list_runs()
    if not everything:
        return
    st.subheader(tr("Runs"))
    for run in everything:
        _line(run)
    st.fragment(_notice, run_every=NOTICE_SECONDS)(_states(everything))


def _states(everything: Sequence[Run]) -> dict[str, str]:
    return {run.id: run.status.state for run in everything}


def _notice(seen: dict[str, str]) -> None:
    """Draw the page anew when a run is not any more what the page shows."""
    if _states(runs.list_runs()) != seen:
        st.rerun()


def _line(run: Run) -> None:
    colour, icon = BADGES[run.status.state]
    badge, name, when, show, remove = st.columns([1.2, 3, 2, 1, 1], vertical_alignment="center")
    badge.badge(tr(run.status.state), color=colour, icon=icon)
    name.text(run.name)
    told = models.settings(run.config) if run.study is None else choosing.told(run.study)
    when.caption(f"{moment(run.created)} · {told}")
    if show.button(tr("Show"), key=f"show-{run.id}", width="stretch"):
        state.set_run_id(run.id)
        st.rerun()
    if not run.is_live and not run.is_shared:
        with remove.popover(tr("Remove"), width="stretch"):
            st.write(tr("The model and its history are deleted."))
            if st.button(tr("Remove for good"), key=f"remove-{run.id}"):
                runs.delete(run.id)
                if state.run_id() == run.id:
                    state.set_run_id(None)
                st.rerun()
