"""Sentences of the core in another language, found by the templates they were made of."""

import pytest

from pages.ui.language.templates import Templates

TOLD = {
    "{0} files were skipped: {1}.": "{1} ausgelassen, {0} Dateien.",
    "{0} ({1})": "{0} [{1}]",
    "not a picture": "kein Bild",
    "All are grey.": "Alle sind grau.",
    "{0} on {1}": "{0} auf {1}",
    "Mean": "Mittelwert",
    "The column “{0}” is missing.": "Die Spalte „{0}“ fehlt.",
    "{0} is damaged. Save it again.": "{0} ist beschädigt. Neu sichern.",
    "epoch {n} out of {n}": "Epoche {n} von {n}",
    "Bring “{name}” again.": "„{name}“ noch einmal bringen.",
}


@pytest.fixture
def templates() -> Templates:
    return Templates(TOLD, TOLD)


def test_values_of_a_sentence_take_their_places(templates: Templates) -> None:
    assert templates.find("Bring “set.zip” again.") == "„set.zip“ noch einmal bringen."
    assert templates.find("epoch 3 out of 3") == "Epoche 3 von 3"
    assert templates.find("epoch 3 out of 4") is None


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


def test_names_of_users_that_look_like_messages_stay_as_they_are(templates: Templates) -> None:
    assert templates.find("The column “Mean” is missing.") == "Die Spalte „Mean“ fehlt."
    assert templates.find("The column “not a picture” is missing.") == "Die Spalte „not a picture“ fehlt."
    assert templates.find("on sale on Monday.csv is damaged. Save it again.") == (
        "on sale on Monday.csv ist beschädigt. Neu sichern."
    )
    assert templates.find("3 files were skipped: sale on Monday.") == "sale on Monday ausgelassen, 3 Dateien."


def test_long_text_is_not_searched(templates: Templates) -> None:
    """Patterns with several holes take ever longer over it."""
    assert templates.find(f"{'a (b) ' * 100}files were skipped: x.") is None
