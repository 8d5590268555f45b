"""The pages, in the order of the menu."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from pages.ui.language import later, tr
from pages.ui.web import visits

FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class PageEntry:
    """One line of the menu; the file is `pages/<name>.py` and the address `/<name>`."""

    name: str
    title: str
    icon: str
    help: str
    is_for_teacher: bool = False


PAGES = (
    PageEntry(
        "home",
        later("Home"),
        ":material/home:",
        later("Bundled models to look into at once, and how to begin with your own pictures."),
    ),
    PageEntry(
        "data",
        later("Data"),
        ":material/photo_library:",
        later("Upload pictures, look them over, or take what is built in."),
    ),
    PageEntry(
        "train", later("Train"), ":material/model_training:", later("Train a VAE on a dataset and watch it learn.")
    ),
    PageEntry(
        "explore",
        later("Explore"),
        ":material/explore:",
        later("Drag through a model's latent space and watch the decoder."),
    ),
    PageEntry("film", later("Film"), ":material/movie:", later("How a model became what it is, epoch by epoch.")),
    PageEntry(
        "measure", later("Measure"), ":material/straighten:", later("How good a model is, in numbers one can trust.")
    ),
    PageEntry(
        "ledger",
        later("Ledger"),
        ":material/receipt_long:",
        later("One example's −ELBO, pixel by pixel and dimension by dimension."),
    ),
    PageEntry(
        "anomalies", later("Anomalies"), ":material/troubleshoot:", later("Which examples are unusual to a model.")
    ),
    PageEntry(
        "compare",
        later("Compare"),
        ":material/compare:",
        later("Models of one dataset side by side, their maps linked."),
    ),
    PageEntry(
        "learn",
        later("Learn"),
        ":material/school:",
        later("Short lessons with something to drag: predict, see, check."),
    ),
    PageEntry(
        "teacher",
        later("Class"),
        ":material/groups:",
        later("Who trains what, what takes how much room, and what all may see."),
        is_for_teacher=True,
    ),
)


def page(name: str) -> st.Page:
    """Streamlit's page for a name; Home is the default page."""
    entry = next(entry for entry in PAGES if entry.name == name)
    return st.Page(
        FOLDER / f"{name}.py",
        title=tr(entry.title),
        icon=entry.icon,
        help=tr(entry.help),
        url_path="" if name == "home" else name,
        default=name == "home",
        visibility="hidden" if entry.is_for_teacher and not visits.is_teacher() else "visible",
    )


def icon() -> Image.Image:
    """The tab's icon, a point of light in latent space; a named icon would be fetched from outside."""
    across, down = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))
    light = np.exp(-((across**2 + down**2) * 3))[..., None]
    colour = np.array([59, 111, 212, 255]) * (1 - light) + np.array([255, 255, 255, 255]) * light
    return Image.fromarray(colour.astype(np.uint8), "RGBA")
