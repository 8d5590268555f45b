"""Sentences that were made of a template, without knowing of which: the core says "3 files were skipped", and the
catalogue holds "{0} files were skipped"."""

import re
from collections.abc import Collection, Mapping

HOLE = re.compile(r"\{(\w*)\}")
DEEPEST = 3
"""A value may be a sentence again, and its values too."""
LONGEST = 600
"""Of a sentence: a pattern with many holes takes long over a long text."""
TELLING = re.compile(r"[A-Za-z’]{3,}")
FEWEST_WORDS = 2
"""Of what a template says beside its values: with less, a user's file or column could be taken for one."""


class Templates:
    """Finds the template of a sentence of the core, and tells it in the other language.

    Names that users gave are values of such sentences. They stay as they are: what stands in quotes always does, and
    any other value unless it is itself a message of several words. A template that says next to nothing by itself, as
    "{0} ({1})", is taken for a whole sentence of the core, but for a value only when one of its own is such a message.

    Args:
        messages: English -> the language.
        of_core: Those of the messages that the core says.
    """

    def __init__(self, messages: Mapping[str, str], of_core: Collection[str]) -> None:
        self._known = {m: told for m, told in messages.items() if _is_telling(m)}
        # the longest text outside the holes first: it says most about what the sentence is
        chosen = sorted((m for m in messages if HOLE.search(m)), key=lambda m: -len(HOLE.sub("", m)))
        self._patterns = [(_pattern(m), m, messages[m]) for m in chosen]
        self._of_core = frozenset(of_core)

    def find(self, sentence: str, depth: int = 0) -> str | None:
        """The sentence in the other language; None when it was made of no template that is known."""
        if sentence in self._known:
            return self._known[sentence]
        if depth > DEEPEST or " " not in sentence or len(sentence) > LONGEST:
            return None
        for pattern, message, translated in self._patterns:
            if found := pattern.fullmatch(sentence):
                opaque, given = _quoted(message), found.groupdict()
                told = {name: self.find(given[name], depth + 1) for name in given if name not in opaque}
                is_whole = depth == 0 and message in self._of_core
                if is_whole or _is_telling(message) or any(told.values()):
                    values = {name: told.get(name) or value for name, value in given.items()}
                    return HOLE.sub(r"{_\1}", translated).format_map(values)
        return self._one_by_one(sentence, depth)

    def _one_by_one(self, text: str, depth: int) -> str | None:
        """Several sentences after each other, each found by itself; None unless one of them is."""
        parts = re.split(r"(?<=[.?!]) (?=[A-Z“])|(?<=;) |\n", text)
        if len(parts) == 1:
            return None
        told = [self.find(part, depth + 1) for part in parts]
        return " ".join(new or old for new, old in zip(told, parts, strict=True)) if any(told) else None


def _is_telling(message: str) -> bool:
    return len(TELLING.findall(HOLE.sub(" ", message))) >= FEWEST_WORDS


def _quoted(message: str) -> frozenset[str]:
    """The holes that stand in quotes, by the names of their groups."""
    return frozenset(f"_{name}" for name in re.findall(r"“\{(\w*)\}”", message))


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
