"""Every text that a page shows, and what of it was left in English by a page that speaks `tests.pseudo`."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element

from pages.ui.language import catalogues

TEXTS = ("label", "help", "placeholder", "body", "delta", "options", "content", "text", "allow", "value", "caption")
"""Fields of Streamlit's messages that are read."""
UNREAD = {"plotly_chart", "bidi_component", "arrow_data_frame", "arrow_table", "imgs", "image", "page_config"}
"""Elements whose texts stand elsewhere, or nowhere."""
SYMBOLS = {
    "nats",
    "KL",
    "ELBO",
    "AE",
    "VAE",
    "TCVAE",
    "DIP",
    "IWAE",
    "MLP",
    "PCA",
    "MMD²",
    "AUROC",
    "log",
    "MB",
    "kB",
    "px",
}
"""They are the same in every language, and so are units."""
MARKUP = re.compile(
    r":material/\w+:"  # icons
    r"|\[[^\]]*\]\(http[^)]*\)"  # authors with the address of their paper
    r"|\]\([^)]*\)|:[\w-]+\["  # addresses, colours
    r"|\u2068.*?\u2069"  # names that are read from the right
    r"|\d+[ -]\w{3} \d\d:\d\d"  # days
    r"|z\d+"  # latents
    r"|\$\$[^$]*\$\$"  # formulas
    r"|`[^`]*`"  # code
)


def told(app: AppTest) -> list[tuple[str, str]]:
    """(what it is of, text) of all that is shown."""
    return [(node.type, text) for node in _nodes(app._tree) for text in _texts(node)]


def check(app: AppTest, *names: str) -> None:
    """Fails with the texts that hold words outside of ⟦ and ⟧.

    Args:
        app: A page that has run.
        names: What is nobody's to translate: names of data.
    """
    assert not app.exception
    assert told(app)
    names = (*names, *catalogues.names().values(), "Language / 语言")
    left = [
        f"{kind}: {text}   ({', '.join(sorted(words))})" for kind, text in told(app) if (words := _words(text, names))
    ]
    if left:
        pytest.fail("Not in the reader's language:\n" + "\n".join(left), pytrace=False)


def _words(text: str, names: tuple[str, ...]) -> set[str]:
    bare = text.replace("\\", "")
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)) != bare:
        bare = inner
    bare = MARKUP.sub(" ", bare)
    for name in sorted(names, key=len, reverse=True):
        bare = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", bare)
    return set(re.findall(r"[^\W\d_]{2,}", bare)) - SYMBOLS


def _nodes(block: Block) -> Iterator[Any]:
    yield block
    for child in block.children.values():
        if isinstance(child, Block):
            yield from _nodes(child)
        else:
            yield child


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, Element) and node.type == "plotly_chart":
        yield from _of_figure(json.loads(node.proto.spec))
    elif node.type in ("arrow_data_frame", "arrow_table", "dataframe", "table"):
        yield from _of_table(node)
    elif node.type not in UNREAD and getattr(node, "proto", None) is not None:
        yield from _of_message(node.proto)


def _of_message(message: Any) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]:
                if hasattr(part, "ListFields"):
                    yield from _of_message(part)
        elif field.name in TEXTS and field.type == field.TYPE_STRING:
            yield from [value] if isinstance(value, str) else value


def _of_table(node: Any) -> Iterator[str]:
    """Headers, and the cells of a table that is ours to write."""
    table = node.value
    config = json.loads(getattr(node.proto, "columns", "") or "{}")
    labels = [config.get(str(name), {}).get("label") or str(name) for name in table.columns]
    yield from labels
    if node.type in ("arrow_table", "table"):
        yield from map(str, table.index)
        yield from (cell for name in table.columns for cell in table[name] if isinstance(cell, str))


def _of_figure(spec: dict[str, Any]) -> Iterator[str]:
    layout = spec["layout"]
    yield from (trace["name"] for trace in spec["data"] if trace.get("name"))
    for part in (layout, layout.get("xaxis", {}), layout.get("yaxis", {})):
        title = part.get("title", {}).get("text")
        if title:
            yield title
