"""Sentences of the core in another language, found by the templates they were made of."""

import pytest

from pages.ui.language.templates import Templates

TOLD = {
    "{0} files were skipped: {1}.": "{1} ausgelassen, {0} Dateien.",
    "{0} ({1})": "{0} [{1}]",
    "not a picture": "kein Bild",
    "All are grey.": "Alle sind grau.",
    "epoch {n} of {n}": "Epoche {n} von {n}",
    "Bring “{name}” again.": "„{name}“ noch einmal bringen.",
}


@pytest.fixture
def templates() -> Templates:
    return Templates(TOLD)


def test_values_of_a_sentence_take_their_places(templates: Templates) -> None:
    assert templates.find("Bring “set.zip” again.") == "„set.zip“ noch einmal bringen."
    assert templates.find("epoch 3 of 3") == "Epoche 3 von 3"
    assert templates.find("epoch 3 of 4") is None


def test_values_that_are_messages_are_told_too(templates: Templates) -> None:
    assert templates.find("3 files were skipped: x.txt (not a picture).") == "x.txt [kein Bild] ausgelassen, 3 Dateien."


def test_several_sentences_are_told_one_by_one(templates: Templates) -> None:
    told = templates.find("All are grey. Bring “a b” again.")
    assert told == "Alle sind grau. „a b“ noch einmal bringen."


def test_braces_of_a_user_stay_as_they_are(templates: Templates) -> None:
    assert templates.find("Bring “{x} {0} {name}” again.") == "„{x} {0} {name}“ noch einmal bringen."


def test_unknown_sentence_is_not_found_and_stays_beside_a_known_one(templates: Templates) -> None:
    assert templates.find("Nobody knows this one.") is None
    assert templates.find("All are grey. Nobody knows this one.") == "Alle sind grau. Nobody knows this one."
