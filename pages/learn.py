"""Short lessons about variational autoencoders, each built from the live parts."""

import streamlit as st

from pages.ui import language, state, teaching
from pages.ui.language import tr
from pages.ui.lessons import LESSONS
from pages.ui.routes import base_path

titles = {lesson.name: tr(lesson.title) for lesson in LESSONS}
chosen = state.lesson(titles)
if chosen is None:
    st.title(tr("Learn"))
    st.markdown(
        tr(
            "Short lessons, each with something to drag: first you predict, then you see, then you check what you "
            "have understood. Every map and number comes from a model that was really trained."
        )
    )
    teaching.overview()
else:
    number = list(titles).index(chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(tr("All lessons"), icon=":material/arrow_back:", on_click=state.open_lesson, args=(None,))
        with st.popover(tr("Link"), icon=":material/link:"):
            st.caption(tr("Opens this lesson, in this language."))
            st.code(state.address({"lesson": chosen, language.PARAMETER: language.current()}), language=None)
    st.title(f"{number + 1}. {titles[chosen]}")
    teaching.teach(LESSONS[number], base_path())
    if number + 1 < len(LESSONS):
        following = LESSONS[number + 1].name
        label = tr("Next: {title}", title=titles[following])
        st.button(label, icon=":material/arrow_forward:", on_click=state.open_lesson, args=(following,))
