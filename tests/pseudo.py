"""A language for tests, in which every message stands between ⟦ and ⟧: what is not, was left out."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from pages.ui.language.extraction import collect

LOCALE = "eo"
"""Any that the app does not speak."""


def told(message: str) -> str:
    return f"⟦{message}⟧"


def write_catalogue(folder: Path) -> None:
    """For `VAE_STUDIO_LANGUAGES`."""
    catalogue = Catalog(locale=LOCALE, fuzzy=False)
    for message in collect():
        if isinstance(message.id, tuple):
            catalogue.add(message.id, tuple(map(told, message.id)), locations=message.locations)
        elif message.id:
            catalogue.add(message.id, told(message.id), locations=message.locations)
    file = io.BytesIO()
    write_po(file, catalogue)
    (folder / f"{LOCALE}.po").write_bytes(file.getvalue())
