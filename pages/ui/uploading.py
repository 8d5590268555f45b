"""From the uploader to a stored dataset: a process reads, and the page shows how far it is."""

import time
from collections.abc import Mapping

import streamlit as st

from pages.ui import state
from pages.ui.language import later, tr
from pages.ui.progress import duration
from pages.ui.sentences import escape, sentences_for_errors
from pages.ui.web import upload_limits
from vae_core import runs, stored_datasets, uploads
from vae_core.errors import VAECoreError

MOST_FILES = 500
"""Streamlit's uploader begins to lose files at about a thousand."""
QUICK_SECONDS = 2.0
"""Small uploads are ready so soon that a progress bar would only flicker."""
TICK_SECONDS = 0.5


def take_upload(beside: Mapping[str, str] | None = None) -> None:
    """Hand what lies in the uploader to a reading process, and let the bytes go.

    Args:
        beside: What else the address is to hold from then on.
    """
    files = state.uploaded()
    if not files:
        return
    try:
        if len(files) > MOST_FILES:
            told = later("These are {count} files; browsers lose some of so many. Pack them as one ZIP and drop that.")
            state.set_upload_notice(told.format(count=f"{len(files):,}"))
            return
        state.set_upload_id(uploads.receive((file.name, file) for file in files), beside)
    except (VAECoreError, OSError) as error:
        could_not = later("The files could not be kept.")
        state.set_upload_notice(str(error) if isinstance(error, VAECoreError) else could_not)
    finally:
        upload_limits.release(files)
        state.empty_uploader()


def tell() -> None:
    """Say what is to be said of the upload just made; once."""
    sentence, is_error = state.take_upload_notice()
    if sentence:
        told = st.error if is_error else st.info
        told(escape(tr(sentence)), icon=":material/error:" if is_error else ":material/info:")


def watch(id: str, beside: Mapping[str, str] | None = None) -> bool:
    """The reading of an upload until it has ended, refreshed by itself.

    Args:
        id: Of the upload.
        beside: What else the address is to hold, beside the dataset that it becomes.

    Returns:
        Whether it is still going on.
    """
    deadline = time.monotonic() + QUICK_SECONDS
    with st.spinner(tr("Reading…")):
        while uploads.get(id).state == "reading" and time.monotonic() < deadline:
            time.sleep(0.05)
    if _take_result(id, beside):
        return False
    st.fragment(sentences_for_errors(_show), run_every=TICK_SECONDS)(id, beside)
    return True


def result(id: str) -> str | None:
    """The dataset that an upload became."""
    try:
        return uploads.get(id).dataset
    except VAECoreError:
        return None


def offer_running() -> None:
    """What is being read while the visit looks at something else, perhaps in another tab."""
    for id, name in uploads.running():
        sentence, show = st.columns([5, 1], vertical_alignment="center")
        sentence.info(tr("“{name}” is being read.", name=escape(name)), icon=":material/hourglass_top:")
        if show.button(tr("Show"), key=f"running-{id}", icon=":material/visibility:", width="stretch"):
            state.set_upload_id(id)
            st.rerun()


def _show(id: str, beside: Mapping[str, str] | None) -> None:
    if _take_result(id, beside):
        st.rerun()
    status = uploads.get(id)
    with st.container(border=True):
        bar, stop = st.columns([5, 1], vertical_alignment="center")
        done, count = f"{int(status.done * status.count):,}", f"{status.count:,}"
        told = [tr("Reading {done} of {count} files", done=done, count=count) if status.count else tr("Reading")]
        if status.seconds_left is not None:
            told.append(tr("about {time} left", time=duration(status.seconds_left)))
        bar.progress(status.done, text=" · ".join(told))
        if stop.button(tr("Cancel"), key=f"cancel-{id}", icon=":material/stop:", width="stretch"):
            uploads.cancel(id)
            st.rerun()


def _take_result(id: str, beside: Mapping[str, str] | None) -> bool:
    """Once the reading has ended, show the dataset, or say why there is none.

    A visit that has not waited for it came by the Back button or a link: to send it on to another address would take
    the Back button from it.
    """
    status = uploads.get(id)
    if status.state == "reading":
        state.watch_upload(id)
        return False
    replaced = uploads.replaces(id)
    if status.state == "done":
        if replaced and replaced != status.dataset and not _is_used(replaced):
            stored_datasets.delete(replaced)
    else:
        state.set_upload_notice(status.message, is_error=status.state != "cancelled")
        uploads.drop_files(id)
    uploads.settle(id)
    if state.watched_upload() == id:
        state.watch_upload(None)
        state.set_dataset_id(status.dataset or replaced, beside)
    return True


def _is_used(dataset_id: str) -> bool:
    return any(run.config.dataset_id == dataset_id for run in runs.list_runs())
