"""Every language there is tells every message, and fills in what the English one does."""

import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from pages.ui.language.catalogues import FOLDER
from pages.ui.language.extraction import collect

LOCALES = sorted(path.stem for path in FOLDER.glob("*.po"))
HOLES = re.compile(r"(?<!text)\{\w*\}")  # not the words of a formula
NAMES = {"Raw profile type exif"}
"""Of things in files; nobody reads them."""
MARKS = re.compile(r"\*\*|`|\]\(|:material/\w+:")


def read(locale: str) -> Catalog:
    return read_po(BytesIO((FOLDER / f"{locale}.po").read_bytes()), locale=locale)


def pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """English and the language, every form of a plural by itself."""
    found = []
    for message in catalogue:
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[-1]
            told = [message.string] if isinstance(message.string, str) else list(message.string or [""])
            found += [(english, form or "") for form in told]
    return found


def test_chinese_is_spoken() -> None:
    assert "zh_Hans" in LOCALES


@pytest.mark.parametrize("locale", LOCALES)
def test_catalogue_holds_every_message_of_the_code_and_no_other(locale: str) -> None:
    """After a change of words: python -m pages.ui.language, then translate what is new."""
    wanted, held = ({message.id for message in each if message.id} for each in (collect(), read(locale)))
    assert wanted - held == set()
    assert held - wanted == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_is_translated_and_none_is_a_guess(locale: str) -> None:
    catalogue = read(locale)
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert [english for english, told in pairs(catalogue) if not told.strip()] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_fill_in_the_same_values_and_keep_the_markup(locale: str) -> None:
    for pattern in (HOLES, MARKS):
        different = [
            english
            for english, told in pairs(read(locale))
            if sorted(pattern.findall(english)) != sorted(pattern.findall(told))
        ]
        assert different == []


def test_chinese_is_chinese() -> None:
    """Sentences of several words are told in Chinese characters; what is left in English is names and formulas."""
    several = re.compile(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{3,} [a-z]{3,}")
    english = [
        told
        for source, told in pairs(read("zh_Hans"))
        if several.search(source) and source not in NAMES and not re.search("[\u4e00-\u9fff]", told)
    ]
    assert english == []
