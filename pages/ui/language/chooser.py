"""The choice of language, in the bar at the top."""

import streamlit as st

from pages.ui.language.catalogues import names
from pages.ui.language.session import COOKIE, choose, current

_KEY = "language-chooser"
# our routes have no visit, and a later visit shall begin in the language of this one
_KEEP = f"""
export default function ({{ data }}) {{
  document.documentElement.lang = data.locale.replaceAll("_", "-");
  document.cookie = `{COOKIE}=${{data.locale}}; path=/; max-age=31536000; SameSite=Lax`;
}}
"""
_in_the_bar = st.components.v2.component(
    "language_bar",
    html='<i class="language-bar"></i>',
    css="""
.st-key-language {
  position: fixed;
  top: 0.6rem;
  right: 3.75rem;
  width: 8rem;
  z-index: 999995;
}
[data-testid=stElementContainer]:has(.language-bar) {
  display: none;
}
""",
    js=_KEEP,
    isolate_styles=False,
)


def show() -> None:
    """Draw it."""
    st.session_state[_KEY] = current()
    with st.container(key="language"):
        _in_the_bar(key="language-bar", data={"locale": current()})
        st.selectbox(
            "Language / 语言",
            list(names()),
            format_func=lambda locale: names()[locale],
            key=_KEY,
            on_change=lambda: choose(st.session_state[_KEY]),
            label_visibility="collapsed",
        )
