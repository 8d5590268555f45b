"""The live explorer: a map of codes, a handle, sliders, and the decoder's output while they move.

What tests and scripts may rely on:
  - the root has data-testid="latent-pad" (and data-decoder="browser" or "server" once the decoder is ready),
    the output canvas data-testid="decoded";
  - a conditional model has a select with the accessible name Label;
  - latent sliders are range inputs with the accessible names z1, z2, …;
  - each painted decode adds a `performance.measure` named "latent-pad:paint", from the pointer or key event to
    the painted canvas;
  - releasing the point, choosing a label, a tool or a layer reports the state "point": z, a list of L numbers, label,
    the number of the label or null, view, what else is shown in one line of text (`link.js`), and turn, which counts
    up: what is given with an older turn is no news.

Nothing asks the server for anything while a pointer is down.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_AHEAD = """
export default function ({ data }) {
  import(new URL(data.modules + "ahead.js", location.origin).href).then((module) => module.load(data)).catch(() => {});
}
"""

_component = st.components.v2.component(
    "latent_pad",
    html='<div class="latent-pad" data-testid="latent-pad"></div>',
    css=(_HERE / "latent_pad.css").read_text("utf-8"),
    js=loader(".latent-pad", "pad.js", 'root.commit = (point) => setStateValue("point", point);'),
    isolate_styles=False,  # plotly.js writes its styles into the document
)

_ahead = st.components.v2.component(
    "latent_pad_ahead",
    html='<div class="latent-pad-ahead"></div>',
    css="""
[data-testid=stElementContainer]:has(.latent-pad-ahead) {
  display: none;
}
""",
    js=_AHEAD,
    isolate_styles=False,
)


def ahead(data: dict[str, Any]) -> None:
    """Let the browser fetch what the explorer needs of any model, while one is being opened.

    Args:
        data: `pages.ui.explorer.libraries`.
    """
    _ahead(key="pad-ahead", data=data)


def latent_pad(data: dict[str, Any], key: str, on_release: Callable[[], None]) -> None:
    """Show the explorer.

    Args:
        data: What `pages.ui.explorer.describe` says of a model, the point `z` and `label` to stand at, the
            `view` to show and the `turn` of the component's last word.
        key: Of the component; its state `point` is the point last released.
        on_release: Called when the user has released the point at another place.
    """
    _component(key=key, data=data, on_point_change=on_release)
