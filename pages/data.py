"""Upload pictures, arrays or a table, look them over, or take what is built in."""

import streamlit as st

from pages.ui import builtin, cache, deleted, new_run, own_workspace, picture_set, routes, state, table_set, uploading
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.sentences import escape, in_bytes, named, sentences_for_errors
from vae_core import profiles, stored_datasets, workspace
from vae_core.dataset_summary import DatasetSummary
from vae_core.run_config import FEWEST_EXAMPLES

GONE = later("This dataset is not here: it was removed, or the link is wrong.")
MISSING = later("This dataset is not here: it was removed, or the link is wrong. Choose one from the list.")
NAME_PIXELS, FACT_PIXELS = 320, 160  # as wide as a phone has a name; two facts beside each other on it
EMPTY = later("Nothing here yet. Drop a ZIP of pictures above, or take a built-in set.")
UPLOAD_HELP = later(
    "Pictures: one ZIP (folders, or a CSV inside, become labels) or up to 500 files. Arrays: NPZ, NPY, or IDX with its "
    "labels. Tables: CSV, TSV or Parquet."
)


def headline(about: DatasetSummary) -> None:
    """Facts in figures."""
    schema = about.schema_
    facts: dict[str, int | str]
    if schema.kind == "image":
        colour = tr("grey") if schema.channels == 1 else tr("colour")
        facts = {tr("Pictures"): about.count, tr("Size"): f"{schema.side}×{schema.side}", tr("Colour"): colour}
    else:
        facts = {tr("Rows"): about.count, tr("Columns"): len(schema.columns), tr("Inputs"): schema.shape[0]}
    with st.container(horizontal=True):
        for name, value in (facts | {tr("Labels"): len(about.label_names) or tr("none")}).items():
            st.metric(name, f"{value:,}" if isinstance(value, int) else value, width=FACT_PIXELS)


def actions(about: DatasetSummary) -> None:
    """Train, rename, delete, and the room it takes."""
    enough = about.count >= FEWEST_EXAMPLES
    if not enough:
        st.caption(tr(new_run.TOO_FEW, count=FEWEST_EXAMPLES))
    train, rename, delete, room = st.columns([2, 1.2, 1.2, 2], vertical_alignment="center")
    if train.button(
        tr("Train a model on this"),
        type="primary",
        icon=":material/model_training:",
        width="stretch",
        disabled=not enough or bool(own_workspace.why_not()),
    ):
        st.switch_page(page("train"), query_params={"dataset": about.id})
    if workspace.is_shared(workspace.place("datasets", about.id)):
        rename.caption(tr("There for all who come here."))
        return
    shut = f"rename-{about.id}-{about.name}"  # another name, another popover: it closes
    with (
        rename.popover(tr("Rename"), icon=":material/edit:", width="stretch", key=shut),
        st.form(f"{shut}-form", border=False),
    ):
        name = st.text_input(tr("Name"), about.name, max_chars=stored_datasets.LONGEST_TITLE, width=NAME_PIXELS)
        if st.form_submit_button(tr("Rename")):
            stored_datasets.rename(about.id, name)
            st.rerun()
    with delete.popover(tr("Delete"), icon=":material/delete:", width="stretch"):
        st.write(tr("The data is deleted from the workspace; this can be undone for a day. Models trained on it stay."))
        if st.button(tr("Delete"), key=f"delete-{about.id}", type="primary"):
            stored_datasets.delete(about.id)
            state.set_deleted_dataset(about.id)
            st.rerun()
    used = workspace.size(workspace.place("datasets", about.id))
    kept = workspace.size(workspace.place("uploads", about.upload)) if about.upload else 0
    total = max(cache.workspace_size(), used + kept)  # the one is counted now and then only
    room.caption(tr("{used} of {total} in the workspace", used=in_bytes(used + kept), total=in_bytes(total)))


@sentences_for_errors
def show(about: DatasetSummary) -> None:
    """One dataset."""
    headline(about)
    for sentence in about.warnings:
        st.info(escape(tr(sentence)), icon=":material/info:")
    actions(about)
    if about.schema_.kind == "image":
        picture_set.show(about)
    else:
        table_set.show(about)


st.title(tr("Data"))
allowed = own_workspace.may_bring()
if allowed:
    st.file_uploader(
        tr("Drop your data here"),
        accept_multiple_files=True,
        key=state.upload_key(),
        on_change=uploading.take_upload,
        max_upload_size=profiles.present().upload_bytes // profiles.MB,
    )
    st.caption(tr(UPLOAD_HELP))
    builtin.offer(routes.base_path())
upload = state.upload_id()
reading = bool(upload and sentences_for_errors(uploading.watch)(upload))
uploading.tell()
deleted.offer_undo()
stored = {about.id: about for about in stored_datasets.list_all()}
if not reading:
    uploading.offer_running()
    if stored:
        titles = {id: named(about) for id, about in stored.items()}
        became = uploading.result(upload) if upload else None
        chosen = state.choose("dataset", titles, tr(MISSING), otherwise=became)
        if chosen:
            show(stored[chosen])
    else:
        if state.dataset_id():
            st.error(tr(GONE), icon=":material/error:")
        if allowed:
            st.info(tr(EMPTY), icon=":material/photo_library:")
    deleted.offer_all()
    own_workspace.show()
