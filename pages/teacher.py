"""The teacher's page: who trains what, what takes how much room, and what all may see."""

import streamlit as st

from pages.ui import classroom
from pages.ui.language import tr
from pages.ui.sentences import sentences_for_errors
from pages.ui.web import addresses, passcodes, sign_in, visits
from vae_core import profiles

st.title(tr("Class"))
if visits.is_teacher():
    st.fragment(sentences_for_errors(classroom.watch), run_every=classroom.TICK_SECONDS)()
    sentences_for_errors(classroom.share)()
elif sign_in.is_configured():
    st.info(tr("This page is for the teachers, whom the server knows by their e-mail address."), icon=":material/lock:")
elif profiles.present().has_visitors and passcodes.is_protected():
    st.info(tr("This page is for the teacher, who has another passcode."), icon=":material/lock:")
    st.link_button(tr("Tell the teacher's passcode"), addresses.base() + "/enter")
else:
    st.info(
        tr("One person has this server to themselves. A class has workspaces, passcodes and this page: see the guide."),
        icon=":material/groups:",
    )
