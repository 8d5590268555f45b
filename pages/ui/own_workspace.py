"""A visitor's own workspace: what it takes of what it may, how long it is kept, and how to come back to it."""

import streamlit as st

from pages.ui import cache
from pages.ui.language import later, tr
from pages.ui.sentences import escape, in_bytes
from pages.ui.web import sign_in, visits
from vae_core import profiles, workspace
from vae_core.errors import WorkspaceError

DEMO = later(
    "This is a demo: explore the bundled models. To bring your own pictures and train on them, run VAE Studio on your "
    "own machine."
)

NAME_LETTERS = 6
"""Of a workspace's id: what it is called among people."""


def may_bring() -> bool:
    """Whether one may bring data and train here; where not, that is said in place of the means."""
    told = why_not()
    if told:
        st.info(escape(tr(told)), icon=":material/info:")
    return not told


def why_not() -> str:
    """Why nothing can be brought or trained here; empty where it can."""
    if not profiles.present().may_bring:
        return DEMO
    try:
        with workspace.visiting(None):  # a visitor's own folder is made when something is brought
            workspace.check_writable()
    except WorkspaceError as error:
        return str(error)
    return ""


def show() -> None:
    """Where everybody has one: in a fold, as it is looked for now and then only."""
    profile = profiles.present()
    if not (profile.has_visitors and profile.may_bring and profile.quota_bytes and profile.kept_seconds):
        return
    with st.expander(tr("Your workspace"), icon=":material/folder_shared:"):
        called = (workspace.visitor() or "")[:NAME_LETTERS]
        st.write(
            tr(
                "What you bring and train is yours: nobody else in the class sees it. The teacher sees what you train, "
                "and calls your workspace {name}.",
                name=f"**{called}**",
            )
        )
        used = cache.workspace_size()
        told = tr("{used} of {total} used", used=in_bytes(used), total=in_bytes(profile.quota_bytes))
        st.progress(min(used / profile.quota_bytes, 1.0), text=told)
        days = f"{profile.kept_seconds / profiles.DAY:.0f}"
        st.caption(tr("It is kept until you have not been here for {days} days.", days=days))
        if person := sign_in.of_script():
            st.write(tr("You find it wherever you sign in."))
            st.text(tr("Signed in as {name}.", name=person.name))
            st.button(tr("Sign out"), icon=":material/logout:", on_click=st.logout)
            return
        st.write(tr("This browser finds it by itself. For another one keep this link, and keep it to yourself:"))
        st.code(visits.link(), language=None, wrap_lines=True)
