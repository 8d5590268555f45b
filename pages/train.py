"""Train a VAE on a dataset and watch it learn."""

import streamlit as st

from pages.ui import explorer, new_run, own_workspace, progress, state
from pages.ui.components.latent_pad import ahead
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import named, sentences_for_errors
from vae_core import runs, stored_datasets
from vae_core.run_config import FEWEST_EXAMPLES

MISSING = later("This dataset is not here: it was removed, or the link is wrong. Choose one from the list.")


def begin(shown: str | None) -> None:
    """Choose a dataset, then everything else."""
    stored = {about.id: about for about in stored_datasets.list_all()}
    if not stored:
        st.info(tr("There is no dataset yet. Upload some pictures or a table first."), icon=":material/photo_library:")
        st.page_link(page("data"), label=tr("Go to Data"))
        return
    titles = {id: f"{named(a)} · {new_run.examples(a.count, a.schema_.kind)}" for id, a in stored.items()}
    of_run = next((run.config.dataset_id for run in runs.list_runs() if run.id == shown), None)
    chosen = state.choose("dataset", titles, tr(MISSING), otherwise=of_run)
    if chosen is None:
        return
    if stored[chosen].count < FEWEST_EXAMPLES:
        st.info(tr(new_run.TOO_FEW, count=FEWEST_EXAMPLES), icon=":material/info:")
        return
    new_run.compose(stored[chosen])


st.title(tr("Train"))
shown = state.run_id()
if own_workspace.may_bring():
    with st.expander(tr("New run"), expanded=shown is None, key=f"new-run-{shown}"):
        begin(shown)
if shown:
    sentences_for_errors(progress.watch)(shown)
    ahead(explorer.libraries(base_path()))  # while it trains the browser has time
progress.list_all()
