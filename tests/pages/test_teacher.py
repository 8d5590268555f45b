"""The teacher's page: for the teacher, as long as somebody is that."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.web import visits
from tests.test_imports import ROOT
from vae_core import profiles, workspace


def test_page_that_refreshes_itself_stops_showing_the_class_to_who_is_the_teacher_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pass holds for a day of school, and the page may be open for longer."""
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    monkeypatch.setenv("VAE_STUDIO_PASSCODE", "blue-whale")
    answers = iter([True])
    monkeypatch.setattr(visits, "is_teacher", lambda: next(answers, False))
    monkeypatch.setattr(workspace._server, "find_visitor", lambda: "a" * 26)
    app = AppTest.from_file(str(ROOT / "pages/teacher.py"), default_timeout=30).run()
    assert [info.value[:28] for info in app.info] == ["This page is for the teacher"]
    assert not app.metric
    assert not app.exception
