"""The gallery of Home: the bundled models, a card each, in an order that suits a newcomer."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.ui import cache, models
from pages.ui.language import later, tr
from pages.ui.navigation import page
from vae_core import checkpoints

View = Literal["map", "manifold", "samples", "traversals", "side by side"]
COLUMNS = 3
PICTURES = checkpoints.PRETRAINED / "pictures"
"""<name of the exhibit>.png, as `pages.ui.portraits` draws them: a visitor waits for no model to be opened."""


@dataclass(frozen=True)
class Exhibit:
    """A card.

    Attributes:
        name: Of its picture: the model it is about, or what several have in common.
        view: What its picture shows.
        text: Why one would open it.
        compared: The models to look at side by side, where there is more than one to see.
        title: Of the card; left empty, that of the model.
        example: At whose code one begins, where the prior's mean lies in a hole.
    """

    name: str
    view: View
    text: str
    compared: tuple[str, ...] = ()
    title: str = ""
    example: int | None = None


GALLERY = (
    Exhibit(
        "digits-2d",
        "manifold",
        later("The smallest: real digits on a map of two latents. Every place of it decodes to some digit."),
    ),
    Exhibit(
        "mnist-2d",
        "manifold",
        later(
            "Handwritten digits pressed into two numbers: drag from a 4 to a 9 and see where the one becomes the other."
        ),
    ),
    Exhibit(
        "mnist-16d",
        "samples",
        later(
            "The same digits with more room: sharp reconstructions, a slider a latent, and digits that nobody wrote."
        ),
    ),
    Exhibit(
        "faces-12d",
        "samples",
        later(
            "Little faces in colour, sharply drawn. Concepts find the way to a smile; samples show what a "
            "prior is worth."
        ),
        example=1_300,
    ),
    Exhibit(
        "shapes-tcvae",
        "traversals",
        later(
            "Pushed towards independent latents: one slider makes the shape grow and does nothing else. Place "
            "still mixes."
        ),
        models.BUNDLED_PAIR,
        example=5_000,
    ),
    Exhibit(
        "shapes-vae",
        "traversals",
        later(
            "The same without the push: every slider changes place, size and turn together, and outlines are sharper."
        ),
        models.BUNDLED_PAIR,
        example=5_000,
    ),
    Exhibit(
        "moons-2d",
        "map",
        later("Points in the plane, with data space beside latent space: see how a model bends one into the other."),
    ),
    Exhibit(
        "houses-2d",
        "map",
        later("A table: the home under the pointer, column by column in original units, and what each latent moves."),
    ),
    Exhibit(
        "trio",
        "side by side",
        later(
            "Three models that differ in one thing: how hard their codes are pressed towards N(0, I). Mind the holes."
        ),
        models.BUNDLED_TRIO,
        later("AE against VAE against β-VAE"),
    ),
)


def show() -> None:
    """All of it."""
    for start in range(0, len(GALLERY), COLUMNS):
        for column, exhibit in zip(st.columns(COLUMNS), GALLERY[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
                with st.container():
                    picture = str(PICTURES / f"{exhibit.name}.png")
                    st.image(picture, width="stretch", output_format="PNG")  # as it is: sharp, and nothing to encode
                    title = tr(exhibit.title or models.BUNDLED_TITLES[exhibit.name])
                    st.markdown(f"**{title}**")
                    st.caption(tr(exhibit.text))
                with st.container(horizontal=True):
                    _ways_in(exhibit)


def _ways_in(exhibit: Exhibit) -> None:
    """Explore for a model, Compare where there are several."""
    is_model = exhibit.name in models.BUNDLED_TITLES
    if is_model and st.button(tr("Explore"), key=f"open-{exhibit.name}", type="primary", width="stretch"):
        st.switch_page(page("explore"), query_params={"model": exhibit.name} | _beginning(exhibit))
    weight: Literal["primary", "secondary"] = "secondary" if is_model else "primary"
    if exhibit.compared and st.button(tr("Compare"), key=f"compare-{exhibit.name}", type=weight, width="stretch"):
        st.switch_page(page("compare"), query_params={"models": ",".join(exhibit.compared)})


def _beginning(exhibit: Exhibit) -> dict[str, str]:
    """The point to open a model at, as an address has it."""
    if exhibit.example is None:
        return {}
    code = cache.codes(exhibit.name, checkpoints.version(exhibit.name)).mean[exhibit.example]
    return {"z": ",".join(f"{value:.2f}" for value in code)}
