"""Two to four models of one dataset side by side: maps that are linked, settings, curves, measures, pictures."""

import streamlit as st

from pages.ui import cache, comparing, models, state, trio
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.routes import base_path
from pages.ui.sentences import escape, sentences_for_errors

FEWEST, MOST = 2, 4
DIFFERENT = later(
    "These models were trained on different datasets: their numbers and maps do not compare. Choose models of one."
)


@sentences_for_errors
def compare(ids: list[str]) -> None:
    """Everything, part by part."""
    opened = [cache.newest_model(id) for id in ids]
    titles = comparing.told_apart(opened)
    if len({model.checkpoint.config.dataset_id for model in opened}) > 1:
        st.error(tr(DIFFERENT), icon=":material/error:")
        return
    if set(ids) == set(models.BUNDLED_TRIO):
        heading, lesson = tr("AE against VAE against β-VAE."), tr(trio.LESSON)
        st.markdown(f"**{heading}** {lesson}")
    comparing.warn(opened)
    comparing.show_maps(opened, titles, base_path())
    comparing.show_pictures(opened, titles)
    comparing.show_curves(opened, titles)
    comparing.show_settings(opened, titles)
    comparing.show_measures(opened, titles)


st.title(tr("Compare"))
titles = models.titles()
bundled = [id for id in models.BUNDLED_TRIO if id in titles]
chosen = state.choose_several("models", titles, bundled, MOST)
missing = [id for id in chosen if id not in titles]
if missing:
    st.error(
        tr("There is no model {id}: it was removed, has no epoch yet, or the link is wrong.", id=escape(missing[0])),
        icon=":material/error:",
    )
elif len(chosen) < FEWEST:
    st.info(tr("Choose two to four models of one dataset."), icon=":material/compare:")
    if not titles:
        st.page_link(page("train"), label=tr("Go to Train"))
else:
    compare(chosen)
sentences_for_errors(trio.offer)()
