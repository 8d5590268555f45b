"""A class as its teacher sees it: runs, workspaces, room on the disk, and what is there for all."""

from collections.abc import Sequence

import streamlit as st

from pages.ui import cache, models
from pages.ui.language import tr, trn
from pages.ui.own_workspace import NAME_LETTERS
from pages.ui.progress import BADGES, duration
from pages.ui.sentences import in_bytes, moment, named
from pages.ui.web import visits
from vae_core import oversight, runs, sharing, stored_datasets, workspace
from vae_core.errors import VAECoreError
from vae_core.oversight import Workspace
from vae_core.runs import Run

TICK_SECONDS = 3.0
ENDED_SHOWN = 10


def watch() -> None:
    """What goes on, refreshed by itself, for as long as it is the teacher who looks and presses."""
    if not visits.is_teacher():
        st.rerun()
    everybody = [one for one in cache.workspaces() if one.datasets or one.runs]
    live = [(one, run) for one in everybody for run in one.runs if run.is_live]
    live.sort(key=lambda pair: pair[1].created)
    with st.container(horizontal=True):
        for name, value in (
            (tr("Workspaces"), f"{len(everybody):,}"),
            (tr("Runs that wait or train"), f"{len(live):,}"),
            (tr("In all workspaces"), in_bytes(sum(one.bytes for one in everybody))),
            (tr("Free on the disk"), in_bytes(oversight.free_bytes())),
        ):
            st.metric(name, value, width="content")
    st.subheader(tr("Runs"))
    if not live:
        st.caption(tr("Nobody trains just now."))
    for place, (one, run) in enumerate(live):
        _live(one, run, place)
    _ended(everybody)
    st.subheader(tr("Workspaces"))
    if not everybody:
        st.caption(tr("Nobody has brought or trained anything yet."))
    for one in everybody:
        _workspace(one)


def share() -> None:
    """Of the teacher's own, what all may see; and what they see already."""
    st.subheader(tr("For all to see"))
    st.caption(tr("A copy of what is shared is there for everybody. They can use it, and nobody can change it."))
    own = [(about.id, f"{named(about)} · {about.count:,}") for about in stored_datasets.list_all()]
    own_runs = [(run.id, f"{run.name} · {models.sort(run.config)}") for run in runs.list_runs() if _can_be_shared(run)]
    _choice("datasets", tr("Dataset"), own)
    _choice("runs", tr("Model"), own_runs)


def _can_be_shared(run: Run) -> bool:
    return run.is_shared or (run.has_model and not run.is_live)


def _choice(kind: str, label: str, titles: Sequence[tuple[str, str]]) -> None:
    if not titles:
        st.caption(tr("{what}: you have none yet. What you bring or train yourself can be shared here.", what=label))
        return
    for id, title in titles:
        what, name, press = st.columns([1, 5, 1.5], vertical_alignment="center")
        what.caption(label)
        name.text(title)
        shared = sharing.is_shared(kind, id)
        text, icon = (tr("Withdraw"), ":material/lock:") if shared else (tr("Share"), ":material/share:")
        if press.button(text, key=f"share-{kind}-{id}", icon=icon, width="stretch"):
            if shared:
                sharing.withdraw(kind, id)
            elif kind == "datasets":
                sharing.share_dataset(id)
            else:
                sharing.share_run(id)
            st.rerun()


def _live(one: Workspace, run: Run, place: int) -> None:
    badge, name, told, stop = st.columns([1.2, 3, 3, 1], vertical_alignment="center")
    colour, icon = BADGES[run.status.state]
    badge.badge(tr(run.status.state), color=colour, icon=icon)
    name.text(run.name)
    facts = [_called(one), moment(run.created)]
    if run.status.state == "running":
        facts.append(tr("{share} % done", share=f"{run.status.done * 100:.0f}"))
        if run.status.seconds_left is not None:
            facts.append(tr("about {time} left", time=duration(run.status.seconds_left)))
    elif place:
        waiting = trn("Waiting for {count} run before this one.", "Waiting for {count} runs before this one.", place)
        facts.append(waiting)
    told.caption(" · ".join(facts))
    if stop.button(tr("Stop"), key=f"stop-{run.id}", icon=":material/stop:", width="stretch"):
        try:
            oversight.stop(one.visitor, run.id)
        except VAECoreError as error:
            st.toast(tr(str(error)), icon=":material/info:")
        st.rerun()


def _ended(everybody: Sequence[Workspace]) -> None:
    ended = [(one, run) for one in everybody for run in one.runs if not run.is_live]
    ended.sort(key=lambda pair: pair[1].created, reverse=True)
    if not ended:
        return
    with st.expander(tr("Ended ({count})", count=f"{len(ended):,}")):
        for one, run in ended[:ENDED_SHOWN]:
            badge, name, told = st.columns([1.2, 3, 4], vertical_alignment="center")
            colour, icon = BADGES[run.status.state]
            badge.badge(tr(run.status.state), color=colour, icon=icon)
            name.text(run.name)
            told.caption(f"{_called(one)} · {moment(run.created)} · {models.settings(run.config)}")
        if len(ended) > ENDED_SHOWN:
            st.caption(tr("And {count} before these.", count=f"{len(ended) - ENDED_SHOWN:,}"))


def _workspace(one: Workspace) -> None:
    name, facts, remove = st.columns([2, 4, 1.2], vertical_alignment="center")
    name.text(_called(one))
    datasets = trn("{count} dataset", "{count} datasets", one.datasets)
    trained = trn("{count} run", "{count} runs", len(one.runs))
    seen = tr("seen {when}", when=moment(one.seen))
    facts.caption(" · ".join((in_bytes(one.bytes), datasets, trained, seen)))
    with remove.popover(tr("Remove"), width="stretch"):
        st.write(tr("Everything in this workspace is deleted for good, and what it trains is stopped."))
        if st.button(tr("Remove for good"), key=f"remove-workspace-{one.visitor}", type="primary"):
            oversight.remove(one.visitor)
            st.rerun()


def _called(one: Workspace) -> str:
    if one.visitor == workspace.visitor():
        return tr("Yours")
    return tr("Workspace {name}", name=one.visitor[:NAME_LETTERS])
