"""The film of a training: one scrubber moves map, manifold, KL bars and curves; the cursor decodes on the map.

What tests and scripts may rely on:
  - the root has data-testid="film", data-frame (the number of the frame that is shown), data-loaded="true" once every
    frame can be shown without asking the server, data-decoders="all" once the cursor decodes in every one too, and
    data-decoder, the epoch that the cursor decodes with, or "" while its decoder is on its way;
  - the scrubber is a range input with the accessible name Epoch; its value is the number of the frame;
  - the canvases have data-testid "film-map", "film-manifold", "film-kl", "film-curves" and "film-decoded";
  - each painted frame adds a `performance.measure` named "film:paint", from the event to the last painted canvas.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.loading import loader

_HERE = Path(__file__).resolve().parent

_component = st.components.v2.component(
    "film",
    html='<div class="film" data-testid="film"></div>',
    css=(_HERE / "film.css").read_text("utf-8"),
    js=loader(".film", "film.js"),
    isolate_styles=False,  # as the explorer's: one way to find things for both
)


def film_player(data: dict[str, Any], key: str) -> None:
    """Show a film.

    Args:
        data: What `pages.ui.films.describe` says of it.
        key: Of the component.
    """
    _component(key=key, data=data)
