"""Sentences that were made of a template, without knowing of which: the core says "3 files were skipped", and the
catalogue holds "{0} files were skipped"."""

import re
from collections.abc import Mapping

HOLE = re.compile(r"\{(\w*)\}")
DEEPEST = 3
"""A value may be a sentence again, and its values too."""


class Templates:
    """Finds the template of a sentence, and tells it in the other language.

    Args:
        messages: English -> the other language; those without holes are of no use here and left out.
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._known = messages
        # the longest text outside the holes first: it says most about what the sentence is
        chosen = sorted((m for m in messages if HOLE.search(m)), key=lambda m: -len(HOLE.sub("", m)))
        self._patterns = [(_pattern(message), messages[message]) for message in chosen]

    def find(self, sentence: str, depth: int = 0) -> str | None:
        """The sentence in the other language; None when it was made of no template that is known."""
        if sentence in self._known:
            return self._known[sentence]
        if depth > DEEPEST or " " not in sentence:
            return None
        for pattern, translated in self._patterns:
            if found := pattern.fullmatch(sentence):
                values = {name: self.find(value, depth + 1) or value for name, value in found.groupdict().items()}
                return HOLE.sub(r"{_\1}", translated).format_map(values)
        return self._one_by_one(sentence, depth)

    def _one_by_one(self, text: str, depth: int) -> str | None:
        """Several sentences after each other, each found by itself; None unless one of them is."""
        parts = re.split(r"(?<=[.?!]) (?=[A-Z“])|(?<=;) |\n", text)
        if len(parts) == 1:
            return None
        told = [self.find(part, depth + 1) for part in parts]
        return " ".join(new or old for new, old in zip(told, parts, strict=True)) if any(told) else None


def _pattern(message: str) -> re.Pattern[str]:
    """Matches whatever was made of the message; a value goes by its name with an underscore before it."""
    text, seen = "", set()
    pieces = HOLE.split(message)
    for k, piece in enumerate(pieces):
        if k % 2 == 0:
            text += re.escape(piece)
        elif piece in seen:
            text += f"(?P=_{piece})"
        else:
            seen.add(piece)
            text += f"(?P<_{piece}>.*?)"  # a value may be empty
    return re.compile(text, re.DOTALL)
