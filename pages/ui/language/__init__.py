"""The reader's language: `tr` turns an English sentence into it, the gettext way.

English stands in the code and is the key. A further language is one file, `<locale>.po` beside this one, as
`zh_Hans.po`; `python -m pages.ui.language` brings every such file up to date with the code. What is between braces is
filled in: `tr("{count} pictures", count=3)`.

The core knows no languages. What it says goes through `tr` when it is shown, and is found by the template it was made
of (see `templates.py`).
"""

from pages.ui.language.catalogues import SOURCE, address, catalogue, names
from pages.ui.language.session import COOKIE, PARAMETER, asked, choose, current, settle

__all__ = [
    "COOKIE",
    "PARAMETER",
    "SOURCE",
    "asked",
    "catalogue",
    "choose",
    "current",
    "later",
    "names",
    "settle",
    "tr",
    "trn",
    "words",
]


def tr(message: str, /, **values: object) -> str:
    """A sentence in the reader's language, with its values filled in.

    Args:
        message: In English, `{name}` where a value comes; or a whole sentence of the core, then without values.
        values: By name.
    """
    told = catalogue(current()).find(message)
    return told.format(**values) if values else told


def later(message: str) -> str:
    """Marks a message of a table, for whoever writes catalogues: it is told by `tr` when it is shown."""
    return message


def trn(one: str, several: str, count: int, /, **values: object) -> str:
    """The same where the number decides the words: `{count}` is filled in with thousands apart.

    Args:
        one: For one, in English.
        several: For any other number.
        count: The number.
        values: By name, besides the count.
    """
    told = catalogue(current()).find_for(one, several, count)
    return told.format(count=f"{count:,}", **values)


def words(base: str) -> str | None:
    """Where components fetch the reader's language; see `components/words.js`.

    Args:
        base: Of our routes.
    """
    return address(current(), base)
