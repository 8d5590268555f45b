"""Words of other people are shown, never interpreted."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.sentences import escape, plain
from tests.conftest import png, strokes, zip_of
from vae_core import datasets, stored_datasets

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["![t](http://a/b.png)", "<img src=x>", "$x^2$", ":material/home:", "**b** `c` | d"])
def test_escaped_text_has_no_bare_markup(name: str) -> None:
    escaped = escape(name)
    assert "![" not in escaped
    assert "](" not in escaped
    assert all(escaped[i - 1] == "\\" for i, character in enumerate(escaped) if character in "*`$<[")
    assert escaped.replace("\\", "").replace("\u200b", "") == name


def test_plotly_names_have_no_tags() -> None:
    assert plain("<b>&</b>") == "&lt;b&gt;&amp;&lt;/b&gt;"


def test_hostile_name_in_an_archive_reaches_the_page_escaped() -> None:
    content = zip_of({"a.png": png(strokes(1, 16)[0, ..., 0]), "![t](http://a/b.png)": b"?"})
    id = stored_datasets.save(datasets.read("set.zip", content))
    app = AppTest.from_file(str(ROOT / "pages/ui/router.py"), default_timeout=30)
    app.query_params["dataset"] = id
    app.run()
    app.switch_page("../data.py").run()
    assert "![t](" not in app.info[0].value
