"""Upload pictures, look them over, or take what is built in."""

import numpy as np
import streamlit as st

from pages.ui import cache, pictures, state
from pages.ui.navigation import page
from vae_core import datasets, workspace
from vae_core.errors import VAECoreError

SHEET_COLUMNS, SHEET_ROWS = 20, 6


def take_upload() -> None:
    """Read what lies in the uploader, store it, and show it."""
    files = st.session_state[state.upload_key()]
    if not files:
        return
    try:
        with st.spinner("Reading the pictures…"):
            id = workspace.save_dataset(datasets.read_files([(file.name, file.getvalue()) for file in files]))
        state.set_dataset_id(id)
        state.set_upload_error("")
    except VAECoreError as error:
        state.set_upload_error(str(error))
    state.empty_uploader()


@st.cache_data(max_entries=32, show_spinner=False)
def contact_sheet(id: str) -> bytes:
    """Pictures from all over the dataset, every label in turn."""
    dataset = cache.dataset(id)
    count = min(len(dataset), SHEET_COLUMNS * SHEET_ROWS)
    order = np.arange(len(dataset)) if dataset.labels is None else np.argsort(dataset.labels, kind="stable")
    chosen = (
        np.sort(order[np.linspace(0, len(dataset) - 1, count).astype(int)])
        if dataset.labels is None
        else order[np.linspace(0, len(dataset) - 1, count).astype(int)]
    )
    return pictures.sheet(dataset.x[chosen], min(SHEET_COLUMNS, count))


def show(about: workspace.DatasetSummary) -> None:
    """Contact sheet and facts of one dataset."""
    count, side, labels, kind = st.columns(4)
    count.metric("Pictures", f"{about.count:,}")
    side.metric("Size", f"{about.schema_.side}×{about.schema_.side}")
    labels.metric("Labels", len(about.label_names) or "none")
    kind.metric("Colour", "grey" if about.schema_.channels == 1 else "colour")
    for sentence in about.warnings:
        st.info(sentence, icon=":material/info:")
    st.image(contact_sheet(about.id), width="stretch", output_format="PNG")
    if about.label_names:
        with st.expander(f"{len(about.label_names)} labels"):
            st.text(", ".join(about.label_names))
    train, remove, _ = st.columns([2, 1, 3])
    if train.button("Train a model on this", type="primary", icon=":material/model_training:", width="stretch"):
        st.switch_page(page("train"), query_params={"dataset": about.id})
    if remove.button("Remove", icon=":material/delete:", width="stretch"):
        workspace.delete_dataset(about.id)
        state.set_dataset_id(None)
        st.rerun()


st.title("Data")
st.file_uploader(
    "Drop pictures here: one ZIP (folders become labels), several image files, or an IDX file with its labels",
    accept_multiple_files=True,
    key=state.upload_key(),
    on_change=take_upload,
)
if state.upload_error():
    st.error(state.upload_error(), icon=":material/error:")
stored = {about.id: about for about in workspace.list_datasets()}
if not stored:
    st.info("Nothing here yet. Upload a ZIP of pictures to begin.", icon=":material/photo_library:")
else:
    ids = list(stored)
    wanted = state.dataset_id()
    chosen = st.selectbox(
        "Dataset", ids, index=ids.index(wanted) if wanted in stored else 0, format_func=lambda id: stored[id].name
    )
    state.set_dataset_id(chosen)
    show(stored[chosen])
