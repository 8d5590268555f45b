"""Lists and rows of choices that follow the address and are followed by it."""

import re
from collections import Counter
from collections.abc import Mapping

import streamlit as st

from pages.ui.language import later, tr
from pages.ui.state.leading import lead_to

LABELS = {
    "model": later("Model"),
    "models": later("Models"),
    "dataset": later("Dataset"),
    "run": later("Run"),
    "part": later("Part"),
    "code": later("Code"),
    "score": later("Score"),
}
"""Of the address parameters that one chooses by."""
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def choose(
    parameter: str,
    titles: Mapping[str, str],
    missing: str,
    hide_label: bool = False,
    otherwise: str | None = None,
    beside: Mapping[str, str] | None = None,
) -> str | None:
    """A selectbox over ids that follows the address and is followed by it.

    Args:
        parameter: The address parameter; LABELS has the label of the selectbox.
        titles: id -> what is shown.
        missing: The sentence for an id in the address that is not among them.
        hide_label: Keep the label for screen readers alone.
        otherwise: The id to take when there is none in the address; the first one if it is not among them.
        beside: What else the address is to hold after a choice; all other parameters go.

    Returns:
        The id in the address, `otherwise` when there is none, or None when the address names another.
    """
    key = f"choice-{parameter}"
    wanted = st.query_params.get(parameter)
    ids = list(titles)
    shown = told_apart(titles)
    if wanted is not None and wanted not in titles:
        st.error(missing, icon=":material/error:")
    default = otherwise if otherwise in titles else ids[0]
    value = wanted if wanted in titles else (None if wanted else default)
    known = (value, shown.get(value or ""))  # the browser goes by what is shown: a new name must be told
    if st.session_state.get(key, "") != value or st.session_state.get(f"{key}-known") != known:
        st.session_state[key] = value  # not every time: that would close the list under the user's hand
        st.session_state[f"{key}-known"] = known
    return st.selectbox(
        tr(LABELS[parameter]),
        ids,
        format_func=lambda id: shown[id],
        key=key,
        on_change=lambda: lead_to({**(beside or {}), parameter: st.session_state[key]}),
        label_visibility="collapsed" if hide_label else "visible",
        placeholder=tr("Choose one"),
    )


def choose_several(parameter: str, titles: Mapping[str, str], otherwise: list[str], most: int) -> list[str]:
    """Several ids, that follow the address and are followed by it.

    Args:
        parameter: The address parameter, ids with commas between them.
        titles: id -> what is shown.
        otherwise: The ids to take when there are none in the address.
        most: So many at most.

    Returns:
        The ids in the address, in their order, also those that are not among the titles.
    """
    key = f"several-{parameter}"
    wanted = st.query_params.get(parameter)
    named = list(dict.fromkeys(filter(ID.fullmatch, wanted.split(",")))) if wanted is not None else otherwise
    ids = named[:most]
    shown = told_apart(titles)
    known = [id for id in ids if id in titles]
    if st.session_state.get(key) != known:
        st.session_state[key] = known
    st.multiselect(
        tr(LABELS[parameter]),
        list(titles),
        format_func=lambda id: shown[id],
        key=key,
        max_selections=most,
        on_change=lambda: lead_to({parameter: ",".join(st.session_state[key])}),
        placeholder=tr("Choose two to four"),
    )
    if len(named) > most:
        st.caption(tr("The link names {count}; the first {most} are shown.", count=len(named), most=most))
    return ids


def told_apart(titles: Mapping[str, str]) -> dict[str, str]:
    """A selectbox tells its options apart by what they show: with equal titles that is a part of the id too."""
    counts = Counter(titles.values())
    return {id: title if counts[title] == 1 else f"{title} ({id[:4]})" for id, title in titles.items()}


def option(parameter: str, titles: Mapping[str, str], beside: Mapping[str, str]) -> str:
    """A row of choices that follows the address and is followed by it; the first one where it names none.

    Args:
        parameter: The address parameter.
        titles: value -> what is shown.
        beside: What else the address is to hold after a choice; all other parameters go.
    """
    key = f"option-{parameter}"
    wanted = st.query_params.get(parameter, "")
    value = wanted if wanted in titles else next(iter(titles))
    known = (value, titles[value])  # as with a list: by what is shown
    if st.session_state.get(key) != value or st.session_state.get(f"{key}-known") != known:
        st.session_state[key] = value
        st.session_state[f"{key}-known"] = known

    def keep() -> None:
        chosen = st.session_state[key] or value  # a second click on the same one takes it back
        lead_to({**beside, parameter: chosen})

    st.segmented_control(
        tr(LABELS[parameter]), list(titles), format_func=lambda id: titles[id], key=key, on_change=keep
    )
    return value
