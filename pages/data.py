"""Upload pictures, look them over, or take what is built in."""

from typing import Literal

import streamlit as st

from pages.ui import cache, state
from pages.ui.navigation import page
from pages.ui.sentences import escape
from vae_core import datasets, workspace
from vae_core.errors import VAECoreError
from vae_core.run_config import FEWEST_EXAMPLES

MISSING = "This dataset is not here: it was removed, or the link is wrong. Choose one from the list."
PICTURE_PIXELS = 60  # about the width of a picture on the contact sheet of a small set


def take_upload() -> None:
    """Read what lies in the uploader, store it, and show it."""
    files = state.uploaded()
    if not files:
        return
    try:
        id = workspace.save_dataset(datasets.read_files([(file.name, file.getvalue()) for file in files]))
        state.set_dataset_id(id)
    except VAECoreError as error:
        state.set_upload_error(str(error))
    finally:
        state.empty_uploader()


def show(about: workspace.DatasetSummary) -> None:
    """Contact sheet and facts of one dataset."""
    count, side, labels, kind = st.columns(4)
    count.metric("Pictures", f"{about.count:,}")
    side.metric("Size", f"{about.schema_.side}×{about.schema_.side}")
    labels.metric("Labels", len(about.label_names) or "none")
    kind.metric("Colour", "grey" if about.schema_.channels == 1 else "colour")
    for sentence in about.warnings:
        st.info(escape(sentence), icon=":material/info:")
    columns = min(about.count, cache.SHEET_COLUMNS)
    width: Literal["stretch"] | int = "stretch" if columns == cache.SHEET_COLUMNS else columns * PICTURE_PIXELS
    st.image(cache.contact_sheet(about.id), width=width, output_format="PNG")
    if about.label_names:
        with st.expander(f"{len(about.label_names)} labels"):
            st.text(", ".join(about.label_names))
    enough = about.count >= FEWEST_EXAMPLES
    if not enough:
        st.caption(f"Training needs at least {FEWEST_EXAMPLES} pictures, and a good model some hundreds.")
    train, remove, _ = st.columns([2, 1, 3])
    if train.button(
        "Train a model on this", type="primary", icon=":material/model_training:", width="stretch", disabled=not enough
    ):
        st.switch_page(page("train"), query_params={"dataset": about.id})
    with remove.popover("Remove", icon=":material/delete:", width="stretch"):
        st.write("The pictures are deleted from the workspace. Models trained on them stay.")
        if st.button("Remove for good", key=f"remove-{about.id}"):
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
if error := state.take_upload_error():
    st.error(escape(error), icon=":material/error:")
stored = {about.id: about for about in workspace.list_datasets()}
if not stored:
    st.info("Nothing here yet. Upload a ZIP of pictures to begin.", icon=":material/photo_library:")
else:
    chosen = state.choose("Dataset", "dataset", {id: about.name for id, about in stored.items()}, MISSING)
    if chosen:
        show(stored[chosen])
