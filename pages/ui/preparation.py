"""How pictures are prepared, tried on some of the user's own before anything is read again."""

import streamlit as st
from PIL import Image

from pages.ui import cache, pictures, state
from pages.ui.forms import help_of
from pages.ui.language import later, tr
from pages.ui.sentences import escape, sentences_for_errors
from vae_core import uploads
from vae_core.dataset_summary import DatasetSummary
from vae_core.datasets import SIDES, ImageSchema, prepare

TRIED = 8
PICTURE_PIXELS = 112
LABEL_PIXELS = 18
COLOURS = {1: later("Grey"), 3: later("Colour")}
FITS = {"pad": later("Pad"), "crop": later("Crop"), "stretch": later("Stretch")}


@st.fragment
@sentences_for_errors
def edit(about: DatasetSummary) -> None:
    """Settings, what they do to some of the pictures, and the button that applies them to all."""
    present = about.schema_
    if not isinstance(present, ImageSchema):
        return
    st.caption("  \n".join(escape(tr(sentence)) for sentence in about.origin.advice))
    wanted = _settings(about.id, present)
    originals = [Image.fromarray(x) for x in cache.dataset(about.id).previews[:TRIED]]
    prepared = [prepare(original, wanted) for original in originals]
    st.image(
        pictures.inline(pictures.before_and_after(originals, prepared, PICTURE_PIXELS)),
        width=len(originals) * (PICTURE_PIXELS + 4),
    )
    st.caption(
        tr(
            "Above as they came, below as the model will see them: {size}, {colour}.",
            size=f"{wanted.side}×{wanted.side}",
            colour=tr("grey") if wanted.channels == 1 else tr("colour"),
        )
    )
    if st.button(
        tr("Prepare all pictures like this"),
        type="primary",
        icon=":material/tune:",
        disabled=wanted == present,
        help=tr("Reads the files that you uploaded once more; they need not be uploaded again."),
        key=f"apply-{about.id}",
    ):
        uploads.prepare_again(str(about.upload), wanted, about.id, about.name)
        state.set_upload_id(str(about.upload))
        st.rerun()


def _settings(id: str, present: ImageSchema) -> ImageSchema:
    fields = ImageSchema.model_fields
    side, colour, fit, invert = st.columns([3, 2, 3, 1.5])
    with side:
        pixels = st.slider(
            tr("Side"),
            *SIDES,
            present.side,
            key=f"side-{id}",
            help=help_of(fields["side"]),
            format="%d px",
        )
    with colour:
        channels = st.segmented_control(
            tr("Colour"),
            list(COLOURS),
            default=present.channels,
            format_func=lambda channels: tr(COLOURS[channels]),
            key=f"colour-{id}",
        )
    with fit:
        how = st.segmented_control(
            tr("Fit"),
            list(FITS),
            default=present.fit,
            format_func=lambda fit: tr(FITS[fit]),
            key=f"fit-{id}",
            help=help_of(fields["fit"]),
        )
    with invert:
        st.space(LABEL_PIXELS)  # beside the others, not beside their labels
        told = help_of(fields["invert"])
        inverted = st.toggle(tr("Invert"), present.invert, key=f"invert-{id}", help=told)
    return ImageSchema(side=pixels, channels=channels or present.channels, fit=how or present.fit, invert=inverted)
