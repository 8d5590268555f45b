"""A report of a run that opens by itself: settings, data, curves, measures, pictures; as HTML or as Markdown.

The HTML is one file without scripts, and asks for nothing from anywhere.
"""

import base64
import html
import io
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vae_core.checkpoints import Checkpoint
from vae_core.measuring import Measures
from vae_core.metrics import METRICS, SECTIONS
from vae_core.run_config import RunConfig

WIDTH, HEIGHT, LEFT, BOTTOM = 620, 220, 56, 28
COLOURS = ("#7f8ea3", "#3b6fd4", "#e8833a", "#2f9e6e")
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1rem; }
td, th { border-bottom: 1px solid #8885; padding: 0.2rem 0.9rem 0.2rem 0; text-align: left; vertical-align: top; }
img, svg { max-width: 100%; height: auto; image-rendering: pixelated; }
.note { opacity: 0.75; font-size: 0.9rem; }
"""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True)
class Table:
    """Rows under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A PNG with what it shows."""

    caption: str
    png: bytes


@dataclass(frozen=True)
class Curves:
    """Numbers over the epochs 1, 2, …, by what they are."""

    title: str
    series: Mapping[str, Sequence[float]]


Block = Text | Table | Picture | Curves


@dataclass(frozen=True)
class Report:
    """Sections, each a heading and what stands below it."""

    title: str
    sections: Sequence[tuple[str, Sequence[Block]]]

    def html(self) -> str:
        """One page with everything inside."""
        parts = [f"<h1>{html.escape(self.title)}</h1>"]
        for heading, blocks in self.sections:
            parts.append(f"<h2>{html.escape(heading)}</h2>")
            parts += [_html(block) for block in blocks]
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        title = f"<title>{html.escape(self.title)}</title>"
        return f'<!doctype html><html lang="en"><head>{head}{title}</head><body>{"".join(parts)}</body></html>\n'

    def markdown(self) -> bytes:
        """A ZIP of `report.md` and its pictures."""
        lines, files = [f"# {plain(self.title)}", ""], dict[str, bytes]()
        for heading, blocks in self.sections:
            lines += [f"## {plain(heading)}", ""]
            for block in blocks:
                if isinstance(block, Picture):
                    name = f"picture-{len(files) + 1}.png"
                    files[name] = block.png
                    lines += [f"![{plain(block.caption)}]({name})", "", plain(block.caption), ""]
                elif isinstance(block, Curves):
                    name = f"curves-{len(files) + 1}.svg"
                    files[name] = _svg(block).encode()
                    lines += [f"![{plain(block.title)}]({name})", ""]
                else:
                    lines += [*_lines(block), ""]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {"report.md": "\n".join(lines).encode(), **files}.items():
                archive.writestr(name, content)
        return buffer.getvalue()


def report(
    checkpoint: Checkpoint, dataset_name: str, measures: Measures | None, pictures: Sequence[Picture] = ()
) -> Report:
    """The report of a model.

    Args:
        checkpoint: The model.
        dataset_name: Of the data it was measured on.
        measures: What was found; without, the report has the curves alone.
        pictures: Reconstructions, samples and the like.
    """
    config = checkpoint.config
    facts = [
        ("model", checkpoint.name),
        ("measured on", dataset_name),
        ("dataset learnt from", config.dataset_id),
        ("written", time.strftime("%Y-%m-%d %H:%M")),
    ]
    environment = checkpoint.environment
    if checkpoint.history:
        facts.insert(1, ("epoch", f"{checkpoint.measured.epoch} of {config.train.epochs}"))
    if environment:
        facts += [(name, _told(value)) for name, value in environment.model_dump().items()]
    sections: list[tuple[str, Sequence[Block]]] = [("The run", [Table(("", ""), facts)])]
    if checkpoint.history:
        sections.append(("Training", [_curves(checkpoint, term, title) for term, title in _terms(checkpoint)]))
    if pictures:
        sections.append(("Pictures", pictures))
    if measures and measures.dataset_id != config.dataset_id:
        foreign = "The model was trained on another dataset: none of the examples measured was held out from it."
        sections.append(("Another dataset", [Text(foreign)]))
    if measures:
        sections += _measured(measures)
    sections.append(("All settings", [Table(("setting", "value"), settings(config))]))
    return Report(f"{checkpoint.name}: {config.objective.title}, {config.model.latents} latents", sections)


def settings(config: RunConfig) -> list[tuple[str, str]]:
    """Every setting by its path, as ("train.epochs", "60")."""
    return [(name, _told(value)) for name, value in _flat(config.model_dump(mode="json"))]


def _terms(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    terms = [("reconstruction_loss", "Reconstruction loss (nats)")]
    if not checkpoint.config.objective.is_deterministic:
        terms += [("kl", "KL (nats)"), ("elbo", "−ELBO (nats)")]
    return terms


def _curves(checkpoint: Checkpoint, term: str, title: str) -> Curves:
    sign = -1 if term == "elbo" else 1
    parts = {"training": "train", "held out": "validation"}
    return Curves(
        title,
        {
            name: [sign * float(getattr(getattr(record, part), term)) for record in checkpoint.history]
            for name, part in parts.items()
        },
    )


def _measured(measures: Measures) -> list[tuple[str, Sequence[Block]]]:
    """A section for every sort of measure."""
    sections: list[tuple[str, Sequence[Block]]] = []
    for section, title in SECTIONS.items():
        rows, notes = [], []
        for name, found in measures.found.items():
            if METRICS[name].section != section:
                continue
            for figure in found.figures:
                of = f" ({figure.of})" if figure.of else ""
                unit = f" {figure.unit}" if figure.unit else ""
                rows.append((METRICS[name].title, figure.name + of, figure.told + unit, figure.told_against))
            notes.append(Text(f"{METRICS[name].title}: {METRICS[name].means} {METRICS[name].misleads} {found.note}"))
        if rows:
            sections.append((title, [Table(("measure", "figure", "value", "to hold it against"), rows), *notes]))
    of = "" if measures.count == measures.available else f" of {measures.available:,}, evenly chosen"
    about = (
        f"On {measures.count:,} examples{of} ({measures.split}), targets {measures.targets}, seed {measures.seed}, one "
        "training. ± and “a to b” are 95 % intervals over examples and say nothing of another seed."
    )
    refused = [Text(f"{METRICS[name].title}: {why}") for name, why in measures.refused.items()]
    return [("How it was measured", [Text(about), *refused]), *sections]


def _flat(value: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, inner in value.items():
        found += _flat(inner, f"{before}{name}.") if isinstance(inner, Mapping) else [(f"{before}{name}", inner)]
    return found


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _html(block: Block) -> str:
    if isinstance(block, Text):
        return f'<p class="note">{html.escape(block.words)}</p>'
    if isinstance(block, Picture):
        source = base64.b64encode(block.png).decode()
        caption = html.escape(block.caption)
        image = f'<img alt="{caption}" src="data:image/png;base64,{source}">'
        return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
    if isinstance(block, Curves):
        return f"<figure>{_svg(block)}</figure>"
    header = _row(block.header, "th") if any(block.header) else ""
    return f"<table>{header}{''.join(_row(row, 'td') for row in block.rows)}</table>"


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _lines(block: Text | Table) -> list[str]:
    if isinstance(block, Text):
        return [plain(block.words)]
    header = [f"| {' | '.join(map(plain, block.header))} |", f"|{'---|' * len(block.header)}"]
    return header + [f"| {' | '.join(map(plain, row))} |" for row in block.rows]


def plain(words: str) -> str:
    """Text in Markdown that nothing interprets."""
    escaped = "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|!" else letter for letter in words)
    return escaped.replace("\n", " ")


def _svg(curves: Curves) -> str:
    """Lines over the epochs, with the ends of both axes told."""
    values = [value for series in curves.series.values() for value in series]
    low, high = min(values), max(values)
    span, count = (high - low) or 1.0, max(len(series) for series in curves.series.values())
    across = (WIDTH - LEFT - 8) / max(count - 1, 1)
    parts = [f'<text x="0" y="14" font-weight="600">{html.escape(curves.title)}</text>']
    for k, (name, series) in enumerate(curves.series.items()):
        colour = COLOURS[k % len(COLOURS)]
        points = " ".join(
            f"{LEFT + n * across:.1f},{HEIGHT - BOTTOM - (value - low) / span * (HEIGHT - BOTTOM - 28):.1f}"
            for n, value in enumerate(series)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{WIDTH - 8}" y="{14 + 16 * k}" text-anchor="end" fill="{colour}">{html.escape(name)}</text>'
        )
    for y, value in ((HEIGHT - BOTTOM, low), (32, high)):
        parts.append(f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{value:.4g}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">epoch 1</text>')
    parts.append(f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end">{count}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-label="{html.escape(curves.title)}" font-family="system-ui, sans-serif" font-size="12" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )
