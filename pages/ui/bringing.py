"""A model from elsewhere: files, how their numbers are read, a look at what it decodes, and then it is explored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from pages.ui import cache, models, pictures, state
from pages.ui.language import later, tr
from pages.ui.navigation import page
from pages.ui.sentences import escape, named, sentences_for_errors
from vae_core import animation, stored_datasets
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.datasets.file import shown_name
from vae_core.errors import CheckpointError
from vae_core.foreign import bringing
from vae_core.foreign.bringing import PIXELS, Reading, Spread
from vae_core.foreign.half import Half, look
from vae_core.foreign.kinds import kind_of

HELP = later(
    "A **checkpoint.safetensors** of VAE Studio, as Share gives it. Or a **decoder** and, if you have it, its "
    "**encoder** as ONNX files, trained anywhere."
)
HOW = later(
    "From PyTorch: `torch.onnx.export(decoder, (z,), 'decoder.onnx', dynamic_shapes=…)`. From Keras: "
    "`decoder.export('decoder.onnx', format='onnx')`. Whole examples are in the project's folder "
    "`vae_core/foreign/examples`. Pickles (.pt, .pth, .pkl) can run programs and are not opened."
)
PIXEL_TITLES = {
    "unit": later("0 to 1"),
    "symmetric": later("−1 to 1"),
    "bytes": later("0 to 255"),
    "logits": later("logits: the sigmoid of what the decoder gives is a pixel from 0 to 1"),
    "standardised": later("standardised: (pixel − mean) / std"),
}
SPREADS: dict[Spread, str] = {
    "log-variance": later("the logarithm of the variance"),
    "std": later("the standard deviation"),
}
TWO_DECODERS = later(
    "Both files are decoders: bring one that takes a latent and gives a picture, and the encoder beside it."
)
NO_DECODER = later(
    "There is no decoder among the files: bring one that takes a latent and gives a picture, and the encoder beside it."
)
SHOWN = 24
NAME = later("A model from elsewhere")
MOST_FILES = 2


@dataclass(frozen=True)
class _Halves:
    decoder: Half
    encoder: Half | None


def offer() -> None:
    """Where files are dropped, and what they are."""
    with st.expander(tr("Bring a model"), icon=":material/upload_file:"):
        st.markdown(tr(HELP))
        wanted = tr("Checkpoint, or decoder and encoder")
        files = st.file_uploader(wanted, accept_multiple_files=True, key="brought-files")
        if files:
            _show([(shown_name(file.name), file.getvalue()) for file in files])
        else:
            st.caption(tr(HOW))


@sentences_for_errors
def _show(files: Sequence[tuple[str, bytes]]) -> None:
    if len(files) > MOST_FILES:
        told = later("{count} files are too many. Bring one checkpoint, or a decoder and an encoder of one model.")
        raise CheckpointError(told.format(count=len(files)))
    digest = hashlib.sha256(b"".join(content for _, content in files)).hexdigest()
    with st.spinner(tr("Looking at the files…")):
        found = state.kept("brought", digest, lambda: _opened(files))
    checkpoint = found if isinstance(found, Checkpoint) else _asked(found, digest[:12])
    _preview(checkpoint)
    if st.button(tr("Explore it"), type="primary", icon=":material/explore:"):
        id = state.start_once(f"brought {digest}", lambda: bringing.keep(checkpoint))  # of a double click one
        st.switch_page(page("explore"), query_params={"model": id})


def _opened(files: Sequence[tuple[str, bytes]]) -> Checkpoint | _Halves:
    kinds = [kind_of(content, name) for name, content in files]
    if "safetensors" in kinds:
        if len(files) > 1:
            raise CheckpointError(later("A checkpoint holds the whole model: bring it alone."))
        return bringing.from_checkpoint(files[0][1], files[0][0])
    halves = [look(content, name, most_outputs=2) for name, content in files]
    decoders = [half for half in halves if half.is_decoder]
    encoders = [half for half in halves if not half.is_decoder]
    if len(decoders) != 1:
        raise CheckpointError(TWO_DECODERS if len(decoders) > 1 else NO_DECODER)
    return _Halves(decoders[0], encoders[0] if encoders else None)


def _asked(found: _Halves, key: str) -> Checkpoint:
    """The model, read as the user says."""
    decoder, encoder = found.decoder, found.encoder
    latents = bringing.latents_of(decoder)
    schema = bringing.schema_of(decoder, bringing.likely_layout(decoder))
    facts = {"file": escape(decoder.name), "latents": latents, "size": f"{schema.side}×{schema.side}"}
    if schema.channels == 3:
        decodes = tr("{file}: {latents} latents to a picture of {size} in colour.", **facts)
    else:
        decodes = tr("{file}: {latents} latents to a picture of {size}.", **facts)
    if encoder:
        encodes = tr("{file} encodes.", file=escape(encoder.name))
    else:
        encodes = tr("Without an encoder, pictures cannot be encoded.")
    st.caption(f"{decodes} {encodes}")
    name = st.text_input(tr("Name"), tr(NAME), max_chars=80, key=f"{key}-name").strip()
    left, right = st.columns(2)
    likely = bringing.likely_pixels(decoder)
    with left:
        pixels = st.selectbox(
            tr("A pixel is to this model"), list(PIXEL_TITLES), list(PIXEL_TITLES).index(likely),
            lambda pixels: tr(PIXEL_TITLES[pixels]), key=f"{key}-pixels",
            help=tr("As its training had them. What you see below is right when this is."),
        )  # fmt: skip
        scale, shift = _standard(key, schema.channels) if pixels == "standardised" else (None, None)
    spread = bringing.likely_spread(encoder, latents)
    with right:
        if encoder and spread != "none":
            spread = st.selectbox(
                tr("Beside the mean the encoder gives"), list(SPREADS), list(SPREADS).index(spread),
                lambda spread: tr(SPREADS[spread]), key=f"{key}-spread",
            )  # fmt: skip
        dataset = _dataset(key) if encoder else None
    usual = PIXELS.get(pixels, PIXELS["unit"])
    reading = Reading(scale or (usual[0],), shift or (usual[1],), usual[2], bringing.likely_layout(decoder), spread)
    made = state.kept(
        "brought-model",
        f"{key} {reading} {dataset.id if dataset else ''}",
        lambda: bringing.from_halves(decoder, encoder, reading, NAME, dataset),
    )
    return replace(made, name=name or tr(NAME))


def _standard(key: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and shift of standardised pixels: p ↦ p / std − mean / std."""
    usual = ", ".join(["0.5"] * channels)
    means, stds = (
        _numbers(st.text_input(tr(word), usual, key=f"{key}-{word}"), word) for word in (later("Mean"), later("Std"))
    )
    if len(means) != len(stds) or len(means) not in (1, channels) or min(stds) <= 0:
        told = later("Mean and std are one number each, or {count} with commas between them, and no std is 0 or less.")
        raise CheckpointError(told.format(count=channels))
    return tuple(1 / std for std in stds), tuple(-mean / std for mean, std in zip(means, stds, strict=True))


def _numbers(text: str, word: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = [np.nan]
    if not np.isfinite(numbers).all():
        told = later("{field}: type numbers with commas between them, as 0.485, 0.456, 0.406.")
        raise CheckpointError(told.format(field=word))
    return numbers


def _dataset(key: str) -> Dataset | None:
    """Whose codes are shown."""
    stored = {about.id: named(about) for about in stored_datasets.list_all() if about.schema_.kind == "image"}
    titles = {"": tr("none: draws from N(0, I)")} | state.told_apart(stored)
    chosen = st.selectbox(
        tr("On the map are the codes of"), list(titles), format_func=titles.__getitem__, key=f"{key}-dataset",
        help=tr("Pictures from Data; they are brought to the size of this model."),
    )  # fmt: skip
    return cache.dataset(chosen) if chosen else None


def _preview(checkpoint: Checkpoint) -> None:
    """What it decodes some of its codes to."""
    st.caption(models.facts(checkpoint))
    if checkpoint.schema.kind != "image" or checkpoint.codes is None:
        return
    step = max(len(checkpoint.codes) // SHOWN, 1)
    labels = np.zeros(SHOWN, dtype=np.int64) if checkpoint.config.model.conditional else None
    decoded = checkpoint.decode(checkpoint.codes.mean[: SHOWN * step : step][:SHOWN], labels)
    st.image(pictures.inline(pictures.sheet(animation.as_bytes(decoded), SHOWN // 2)), width="stretch")
    st.caption(tr("What it decodes some codes to."))
