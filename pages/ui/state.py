"""What a visit remembers, in the address or the session: ids, one latent point and the explorer's view of it.

No other file touches either.

The address is the truth: a widget is set from it before it is drawn, and writes to it only when the user changes it.
So a link, the Back button and a second tab all show what the address says.
"""

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
LONGEST_VIEW = 6000
VIEW = re.compile(rf"[a-z0-9:~,;.-]{{1,{LONGEST_VIEW}}}")
LARGEST_LATENT = 1e6
"""The codes of an autoencoder lie where they like."""
LARGEST_WHOLE = 2**31 - 1
"""Of an example's index or a seed."""
DOUBLE_CLICK_SECONDS = 3.0
SETTINGS = "settings-"
"""Keys of the widgets of a new run's form begin so."""


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
        parameter: The address parameter; the selectbox is labelled so.
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
    shown = _told_apart(titles)
    if wanted is not None and wanted not in titles:
        st.error(missing, icon=":material/error:")
    default = otherwise if otherwise in titles else ids[0]
    value = wanted if wanted in titles else (None if wanted else default)
    known = (value, shown.get(value or ""))  # the browser goes by what is shown: a new name must be told
    if st.session_state.get(key, "") != value or st.session_state.get(f"{key}-known") != known:
        st.session_state[key] = value  # not every time: that would close the list under the user's hand
        st.session_state[f"{key}-known"] = known
    return st.selectbox(
        parameter.capitalize(),
        ids,
        format_func=lambda id: shown[id],
        key=key,
        on_change=lambda: st.query_params.from_dict({**(beside or {}), parameter: st.session_state[key]}),
        label_visibility="collapsed" if hide_label else "visible",
        placeholder="Choose one",
    )


def _told_apart(titles: Mapping[str, str]) -> dict[str, str]:
    """A selectbox tells its options apart by what they show: with equal titles that is a part of the id too."""
    counts = Counter(titles.values())
    return {id: title if counts[title] == 1 else f"{title} ({id[:4]})" for id, title in titles.items()}


def point(latents: int) -> list[float] | None:
    """The latent point in the address, if it is one of that many dimensions."""
    try:
        values = [float(part) for part in st.query_params.get("z", "").split(",")]
    except ValueError:
        return None
    fits = len(values) == latents and all(math.isfinite(v) and abs(v) <= LARGEST_LATENT for v in values)
    return values if fits else None


def label(count: int) -> int | None:
    """The number of the label in the address, the first one when there is none; None for a model without labels."""
    if not count:
        return None
    value = st.query_params.get("label", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 and int(value) < count else 0


def view() -> str:
    """What else the explorer shows, as tool and layers, in its own words; empty where it begins."""
    value = st.query_params.get("view", "")
    return value if VIEW.fullmatch(value) else ""


def keep_point(model_id: str, key: str) -> Callable[[], None]:
    """What a component of this key calls when its point was released: puts what it shows into the address."""

    def keep() -> None:
        told = st.session_state[key].point
        values, label = (told.get("z"), told.get("label")) if isinstance(told, Mapping) else (None, None)
        if isinstance(values, list) and all(isinstance(v, int | float) and math.isfinite(v) for v in values):
            z = ",".join(f"{v:.4f}".rstrip("0").rstrip(".") for v in values)
            chosen = {"label": str(label)} if isinstance(label, int) else {}
            shown = told.get("view")
            view = {"view": shown} if isinstance(shown, str) and VIEW.fullmatch(shown) else {}
            st.query_params.from_dict({"model": model_id, "z": z} | chosen | view)

    return keep


def turn(key: str, name: str = "point") -> int:
    """The number of what a component of this key told last by a state's name; 0 for one that has told nothing."""
    told = getattr(st.session_state.get(key), name, None)
    number = told.get("turn") if isinstance(told, Mapping) else None
    return number if isinstance(number, int) else 0


def example() -> int | None:
    """The index of the example in the address, 0 when there is none; None for what is no index."""
    return _whole("example")


def seed() -> int:
    """Of the noise, from the address; 0 when there is none."""
    return _whole("seed") or 0


def is_at_mean() -> bool:
    """Whether the address wants ε = 0."""
    return st.query_params.get("epsilon") == "0"


def _whole(parameter: str) -> int | None:
    """A whole number from 0 to `LARGEST_WHOLE`; 0 when there is none in the address."""
    value = st.query_params.get(parameter, "0")
    fits = value.isascii() and value.isdigit() and len(value) < 11 and int(value) <= LARGEST_WHOLE
    return int(value) if fits else None


def keep_example(model_id: str, key: str) -> Callable[[], None]:
    """What the ledger of this key calls when it shows something else: puts that into the address."""

    def keep() -> None:
        told = st.session_state[key].shown
        numbers = [told.get(name) for name in ("example", "seed")] if isinstance(told, Mapping) else [None]
        if all(isinstance(number, int) and 0 <= number <= LARGEST_WHOLE for number in numbers):
            example, seed = map(str, numbers)
            mean = {"epsilon": "0"} if told.get("is_mean") is True else {}
            st.query_params.from_dict({"model": model_id, "example": example, "seed": seed} | mean)

    return keep


def run_id() -> str | None:
    """The run shown on Train, from the address."""
    value = st.query_params.get("run")
    return value if value and ID.fullmatch(value) else None


def set_run_id(id: str | None) -> None:
    """Show a run on Train, or none."""
    st.query_params.from_dict({"run": id} if id else {})


def keep_settings() -> None:
    """Remember what was set in forms that are not shown just now: Streamlit forgets widgets that it does not draw."""
    for key in [key for key in st.session_state if str(key).startswith(SETTINGS)]:
        st.session_state[key] = st.session_state[key]


def start_once(digest: str, start: Callable[[], str]) -> str:
    """The id of what `start` begins; the second click of a double click is given that of the first.

    Args:
        digest: Of what is begun: something else may begin at once.
        start: Begins it and returns its id.
    """
    last, when, id = st.session_state.get("started", ("", 0.0, ""))
    if last != digest or time.monotonic() - when > DOUBLE_CLICK_SECONDS:
        id = start()
    st.session_state["started"] = (digest, time.monotonic(), id)
    return str(id)


def dataset_id() -> str | None:
    """The dataset in the address."""
    value = st.query_params.get("dataset")
    return value if value and ID.fullmatch(value) else None


def set_dataset_id(id: str | None) -> None:
    """Show a dataset, or none."""
    st.query_params.from_dict({"dataset": id} if id else {})


def upload_id() -> str | None:
    """The upload that is being read, from the address."""
    value = st.query_params.get("upload")
    return value if value and ID.fullmatch(value) else None


def set_upload_id(id: str) -> None:
    """Show how far the reading of an upload is."""
    watch_upload(id)
    st.query_params.from_dict({"upload": id})


def watch_upload(id: str | None) -> None:
    """Remember that this visit has seen an upload being read, and waits for what becomes of it."""
    st.session_state["watched_upload"] = id


def watched_upload() -> str | None:
    """The upload that this visit waits for."""
    return st.session_state.get("watched_upload")


def deleted_dataset() -> str | None:
    """The dataset deleted a moment ago, from the address: the visit has not gone on to something else."""
    value = st.query_params.get("deleted")
    return value if value and ID.fullmatch(value) else None


def set_deleted_dataset(id: str) -> None:
    """Offer to undo a deletion."""
    st.query_params.from_dict({"deleted": id})


def upload_key() -> str:
    """The uploader's key; a new one empties it."""
    return f"upload-{st.session_state.get('uploads', 0)}"


def uploaded() -> list[Any]:
    """The files that lie in the uploader."""
    return list(st.session_state.get(upload_key()) or [])


def empty_uploader() -> None:
    """Forget the uploaded bytes: the dataset is in the workspace by now."""
    st.session_state.pop(upload_key(), None)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def take_upload_notice() -> tuple[str, bool]:
    """What is to be said of the upload just made, and whether it is an error; told once."""
    return st.session_state.pop("upload_notice", ("", False))


def set_upload_notice(sentence: str, is_error: bool = True) -> None:
    """Remember what is to be said of an upload until it is told."""
    st.session_state["upload_notice"] = (sentence, is_error)
