"""What was deleted, and how to have it back."""

import time

import streamlit as st

from pages.ui import state
from pages.ui.sentences import escape
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
    sentence.info(f"“{escape(about.name)}” was deleted.", icon=":material/delete:")
    if undo.button("Undo", icon=":material/undo:", width="stretch"):
        _bring_back(about.id)


def offer_all() -> None:
    """For a day: everything that was deleted, or replaced by another preparation."""
    everything = stored_datasets.list_deleted()
    if not everything:
        return
    with st.expander(f"Deleted or replaced ({len(everything):,})", icon=":material/delete:"):
        st.caption("Kept for a day." if len(everything) <= MOST else f"Kept for a day; these are the last {MOST}.")
        for when, about in everything[:MOST]:
            name, facts, back = st.columns([3, 3, 1.5], vertical_alignment="center")
            name.text(about.name)
            kind = "pictures" if about.schema_.kind == "image" else "rows"
            size = "×".join(str(n) for n in about.schema_.shape[1:])
            facts.caption(
                f"{about.count:,} {kind}{f' {size}' if size else ''} · "
                f"{time.strftime('%d %b %H:%M', time.localtime(when))}"
            )
            if back.button("Bring back", key=f"restore-{about.id}", icon=":material/undo:", width="stretch"):
                _bring_back(about.id)


def _bring_back(id: str) -> None:
    try:
        stored_datasets.restore(id)
        state.set_dataset_id(id)
    except VAECoreError as error:
        state.set_upload_notice(str(error))
    st.rerun()
