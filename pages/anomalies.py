"""Which examples are unusual to a model: ranked by several scores, beside a baseline that they must beat."""

import streamlit as st

from pages.ui import cache, measures, models, own_workspace, state, unusual, uploading
from pages.ui.computing import result_of
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import sentences_for_errors

NO_MODEL = later("This model is not here: it was removed, or the link is wrong. Choose one from the list.")
NO_DATASET = later(
    "This dataset is not here, or is not of the kind that the model was trained on. Choose one from the list."
)
TOLD = later(
    "Scores every example five ways: −ELBO, squared error, KL, density of the code, and the residual of a PCA as the "
    "baseline. It takes seconds, for a large set a minute or two; the result is kept."
)


@sentences_for_errors
def rank(id: str) -> None:
    """One model on a dataset that is chosen."""
    model = cache.newest_model(id)
    st.caption(models.facts(model.checkpoint))
    own = model.checkpoint.config.dataset_id
    if cache.dataset_or_none(own) is None:
        st.info(
            tr(
                "The dataset that this model was trained on is not in the workspace: what is usual is reckoned from "
                "it. Upload it again, or choose another model."
            ),
            icon=":material/photo_library:",
        )
        st.page_link(page("data"), label=tr("Go to Data"))
        return
    upload = state.upload_id()
    if upload and uploading.watch(upload, beside={"model": id}):
        return
    uploading.tell()
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        fitting = measures.titles(measures.fitting(model.checkpoint))
        dataset = state.choose("dataset", fitting, tr(NO_DATASET), otherwise=own, beside={"model": id})
    shut = f"new-{state.upload_key()}"  # another key closes it
    closed = bool(own_workspace.why_not())
    with right, st.popover(tr("Score new files"), icon=":material/upload:", key=shut, disabled=closed):
        st.file_uploader(
            tr("Drop files like those the model was trained on"),
            accept_multiple_files=True,
            key=state.upload_key(),
            on_change=uploading.take_upload,
            kwargs={"beside": {"model": id}},
        )
    if dataset is None:
        return
    request = unusual.request(model, dataset)
    if result_of(request, tr("Score"), tr(TOLD)):
        unusual.show(model, dataset, cache.anomalies(*measures.key(request)), base_path())


st.title(tr("Anomalies"))
titles = models.titles()
if titles:
    chosen = state.choose("model", titles, tr(NO_MODEL))
    if chosen:
        rank(chosen)
else:
    st.info(tr("There is no model yet. Train one first; it takes a minute or two."), icon=":material/model_training:")
    st.page_link(page("train"), label=tr("Go to Train"))
