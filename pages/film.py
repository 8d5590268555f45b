"""How a model became what it is: map, manifold, KL and curves over the epochs of its training."""

import streamlit as st

from pages.ui import cache, films, models, state
from pages.ui.components.film import film_player
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import sentences_for_errors
from vae_core import runs
from vae_core.film import Reel

MISSING = later("This run is not here: it was removed, or the link is wrong. Choose one from the list.")
NONE_YET = later("There is no film yet. Runs made from now on keep one: train one, and see how it learnt.")
NEWER_SECONDS = 3


@st.fragment(run_every=NEWER_SECONDS)
@sentences_for_errors
def newer(shown: films.OpenFilm) -> None:
    """While a training goes on: a way to its newest frames."""
    if cache.film_version(shown.id) != shown.version:
        if st.button(tr("The training has gone on: show its newest frames"), icon=":material/update:"):
            st.rerun()
    elif models.is_in_training(shown.id):
        st.caption(tr("Still in training; its next frames are offered here."))


@sentences_for_errors
def show(id: str) -> None:
    """The film of a run."""
    with st.spinner(tr("Aligning the frames…")):
        film = cache.newest_film(id)
    if models.is_in_training(id):
        newer(film)
    film_player(films.describe(film, base_path()), key=f"film-{id}-{film.version}")


@sentences_for_errors
def explain(id: str) -> None:
    """Why a run has no film."""
    model = cache.newest_model(id)
    examples = cache.dataset_size(model.checkpoint.config.dataset_id)
    st.info(films.why_none(model, examples), icon=":material/movie:")
    st.page_link(page("train"), label=tr("Go to Train"))


st.title(tr("Film"))
titles = models.titles()
trainings = [run for run in runs.list_runs() if run.id in titles]
filmed = [run.id for run in trainings if Reel(run.directory.film).epochs()]
asked = state.run_id()
listed = {run.id: titles[run.id] for run in trainings if run.id in filmed or run.id == asked}
chosen = state.choose("run", listed, tr(MISSING)) if listed else None
if chosen in filmed:
    show(chosen)
elif chosen:
    explain(chosen)
elif not listed:
    st.info(tr(NONE_YET), icon=":material/movie:")
    st.page_link(page("train"), label=tr("Go to Train"))
