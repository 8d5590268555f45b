"""What was deleted, and how to have it back."""

import streamlit as st

from pages.ui import state
from pages.ui.language import tr
from pages.ui.sentences import escape, moment, named
from vae_core import stored_datasets
from vae_core.errors import VAECoreError

MOST = 12
"""Each takes a row with a button."""


def offer_undo() -> None:
    """Just after a deletion: bring the dataset back."""
    id = state.deleted_dataset()
    about = next((about for _, about in stored_datasets.list_deleted() if about.id == id), None) if id else None
    if about is None:
        return
    sentence, undo = st.columns([5, 1], vertical_alignment="center")
    sentence.info(tr("“{name}” was deleted.", name=escape(named(about))), icon=":material/delete:")
    if undo.button(tr("Undo"), icon=":material/undo:", width="stretch"):
        _bring_back(about.id)


def offer_all() -> None:
    """For a day: everything that was deleted, or replaced by another preparation."""
    everything = stored_datasets.list_deleted()
    if not everything:
        return
    with st.expander(tr("Deleted or replaced ({count})", count=f"{len(everything):,}"), icon=":material/delete:"):
        few = len(everything) <= MOST
        st.caption(tr("Kept for a day.") if few else tr("Kept for a day; these are the last {count}.", count=MOST))
        for when, about in everything[:MOST]:
            name, facts, back = st.columns([3, 3, 1.5], vertical_alignment="center")
            name.text(named(about))
            count, size = f"{about.count:,}", "×".join(str(n) for n in about.schema_.shape[1:])
            is_picture = about.schema_.kind == "image"
            told = (
                tr("{count} pictures {size}", count=count, size=size) if is_picture else tr("{count} rows", count=count)
            )
            facts.caption(f"{told} · {moment(when)}")
            if back.button(tr("Bring back"), key=f"restore-{about.id}", icon=":material/undo:", width="stretch"):
                _bring_back(about.id)


def _bring_back(id: str) -> None:
    try:
        stored_datasets.restore(id)
        state.set_dataset_id(id)
    except VAECoreError as error:
        state.set_upload_notice(str(error))
    st.rerun()
