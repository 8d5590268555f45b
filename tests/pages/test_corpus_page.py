"""The corpus through the page: what the library answers, a visitor who drops the files sees."""

import os
import re
import time
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.corpus import CASES, Case
from tests.corpus.case import Answered, Refused
from tests.pages.test_pages import open_page
from vae_core import stored_datasets

EVERY = int(os.environ.get("VAE_STUDIO_CORPUS_EVERY", "20"))
"""The suite takes every twentieth case, so that it stays short; 1 takes all, which lasts some ten minutes."""
SECONDS = 60


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def drop(case: Case) -> AppTest:
    """Data, after the files of a case were dropped on it and read."""
    app = open_page("data")
    for name, content in case.files():
        app.file_uploader[0].upload(name, content)
    app.run()
    deadline = time.monotonic() + SECONDS
    while "upload" in app.query_params and time.monotonic() < deadline:
        app.run()  # AppTest does not refresh by itself
    assert not app.exception
    return app


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES[::EVERY] if case.files()], ids=lambda case: case.name)
def test_corpus_through_the_uploader(case: Case) -> None:
    app = drop(case)
    sentences = [error.value for error in app.error]
    stored = stored_datasets.list_all()
    assert len(sentences) + len(stored) == 1, sentences
    if isinstance(case.verdict, Answered):
        return
    if isinstance(case.verdict, Refused):
        assert sentences, "it was read"
        assert re.search(case.verdict.says, re.sub(r"\\(.)", r"\1", sentences[0]).replace("\u200b", ""))
        return
    assert stored, sentences
    assert stored[0].count == case.verdict.examples
    assert stored[0].origin.skipped_count == case.verdict.skipped
    assert app.metric[0].value == f"{case.verdict.examples:,}"
