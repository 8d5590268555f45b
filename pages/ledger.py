"""One example's loss in full: every pixel and every dimension of it, adding up to what training minimises."""

import streamlit as st

from pages.ui import cache, ledger_routes, models, state
from pages.ui.components.ledger import ledger
from pages.ui.explorer import OpenModel
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import sentences_for_errors
from vae_core.datasets import Dataset

MISSING = later("This model is not here: it was removed, or the link is wrong. Choose one from the list.")


@st.fragment
@sentences_for_errors
def show(model: OpenModel, dataset: Dataset) -> None:
    """The live part; another example or another ε reruns nothing else."""
    example = state.example()
    if example is None or example >= len(dataset):
        st.error(
            tr("There is no such example: the dataset has {count}. The first one is shown.", count=f"{len(dataset):,}"),
            icon=":material/error:",
        )
        example = 0
    key = f"ledger-{model.id}-{model.version}"
    shown = {"example": example, "seed": state.seed(), "is_mean": state.is_at_mean(), "turn": state.turn(key, "shown")}
    about = ledger_routes.describe(model, dataset, base_path())
    ledger(about | {"shown": shown}, key=key, on_show=state.keep_example(model.id, key))


@sentences_for_errors
def open_model(id: str) -> None:
    """The ledger of a model, if its dataset is there."""
    model = cache.newest_model(id)
    st.caption(models.facts(model.checkpoint))
    dataset = cache.dataset_or_none(model.checkpoint.config.dataset_id)
    if dataset is None:
        st.info(
            tr("The dataset of this model is not in the workspace. Upload it again to see the ledger of an example."),
            icon=":material/photo_library:",
        )
        st.page_link(page("data"), label=tr("Go to Data"))
        return
    show(model, dataset)


st.title(tr("Ledger"))
titles = models.titles()
if titles:
    chosen = state.choose("model", titles, tr(MISSING))
    if chosen:
        open_model(chosen)
else:
    st.info(tr("There is no model yet. Train one first; it takes a minute or two."), icon=":material/model_training:")
    st.page_link(page("train"), label=tr("Go to Train"))
