"""The report of a run: everything inside, nothing interpreted, nothing asked for from elsewhere."""

import io
import re
import xml.etree.ElementTree as Xml
import zipfile
from dataclasses import replace

import pytest

from tests.conftest import png, stroke_dataset, strokes, trained
from vae_core.checkpoints import Checkpoint
from vae_core.measuring import Measures, measure
from vae_core.metrics import METRICS, Material
from vae_core.report import Curves, Picture, Report, Table, report

HOSTILE = '<script>alert(1)</script> | ![x](http://evil.example/x.png) & "quoted"'


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    return trained(stroke_dataset(80), name=HOSTILE)


@pytest.fixture(scope="module")
def measured(model: Checkpoint) -> Measures:
    return measure(Material(model, stroke_dataset(80), "all"))


@pytest.fixture(scope="module")
def whole(model: Checkpoint, measured: Measures) -> Report:
    picture = Picture(HOSTILE, png(strokes(1, 16)[0, ..., 0]))
    return report(model, HOSTILE, measured, [picture])


def test_html_tells_every_figure_with_its_interval_and_every_setting(
    whole: Report, measured: Measures, model: Checkpoint
) -> None:
    page = whole.html()
    for name, found in measured.found.items():
        assert METRICS[name].title.replace("&", "&amp;") in page
        for figure in found.figures:
            assert figure.told in page
    assert "train.learning_rate" in page
    assert str(model.config.train.learning_rate) in page


def test_html_is_well_formed_interprets_nothing_and_asks_for_nothing(whole: Report) -> None:
    page = whole.html()
    body = page[page.index("<body>") : page.index("</body>") + len("</body>")]
    tree = Xml.fromstring(re.sub(r"<(img [^>]*)>", r"<\1/>", body))  # noqa: S314  # our own
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} <= {
        *("body", "h1", "h2", "p", "table", "tr", "td", "th", "figure", "figcaption", "img"),
        *("svg", "text", "polyline"),
    }
    assert "".join(next(tree.iter("h1")).itertext()).startswith(HOSTILE)
    sources = [element.get("src", "") for element in tree.iter("img")]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "<link" not in page
    assert "url(" not in page


def test_curves_go_through_the_numbers_of_the_history(whole: Report, model: Checkpoint) -> None:
    [curves] = [b for _, blocks in whole.sections for b in blocks if isinstance(b, Curves) and "ELBO" in b.title]
    assert curves.series["held out"] == [-record.validation.elbo for record in model.history]
    drawn = re.findall(r'points="([^"]*)"', whole.html())
    assert len(drawn) == 6
    assert all(len(points.split()) == len(model.history) for points in drawn)


def test_markdown_has_the_same_tables_and_its_pictures_beside_it(whole: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(whole.markdown())) as archive:
        text = archive.read("report.md").decode()
        named = set(re.findall(r"(?<!\\)\]\(([^)]*)\)", text))
        assert named == set(archive.namelist()) - {"report.md"}
        [picture] = [name for name in archive.namelist() if name.startswith("picture")]
        assert archive.read(picture).startswith(b"\x89PNG")
    assert "\\<script\\>" in text
    assert not re.search(r"(?<!\\)<script", text)
    rows = sum(len(b.rows) for _, blocks in whole.sections for b in blocks if isinstance(b, Table))
    tables = sum(isinstance(b, Table) for _, blocks in whole.sections for b in blocks)
    assert len(re.findall(r"^\| ", text, re.M)) == rows + tables


def test_model_that_is_not_measured_has_a_report_of_its_training(model: Checkpoint) -> None:
    page = report(replace(model, name="plain"), "strokes", None).html()
    assert "Reconstruction loss (nats)" in page
    assert "How it was measured" not in page
