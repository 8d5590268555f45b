"""Every language there is: a gettext catalogue, `<locale>.po`, beside this file."""

import functools
import gettext
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pages.ui.language.templates import Templates

SOURCE = "en"
"""What the code is written in."""
FOLDER = Path(__file__).resolve().parent
MORE = "VAE_STUDIO_LANGUAGES"
"""The environment variable that names a further folder of catalogues: for who is writing one."""


class Catalogue:
    """The messages of a language; what it does not hold stays English.

    Args:
        messages: English -> the language.
        translations: The same, compiled: they know the rule for numbers.
        plurals: (one, several) -> the language's forms.
        of_components: Those of the messages, by the first form of a plural, that components in the browser use.
    """

    def __init__(
        self,
        translations: gettext.NullTranslations,
        messages: Mapping[str, str],
        plurals: Mapping[tuple[str, str], Sequence[str]],
        of_components: frozenset[str],
    ) -> None:
        self._translations = translations
        self.messages = messages
        self._plurals = plurals
        self._of_components = of_components
        self._templates = Templates(messages)
        self._find = functools.lru_cache(4096)(self._templates.find)

    def find(self, message: str) -> str:
        """A message, or a sentence made of one by the core."""
        return self.messages.get(message) or (self._find(message) if self.messages else None) or message

    def find_for(self, one: str, several: str, count: int) -> str:
        """That of two messages which suits the number."""
        return self._translations.ngettext(one, several, count)

    def for_browser(self, locale: str) -> str:
        """What `components/words.js` looks up, as JSON."""
        messages = {m: told for m, told in self.messages.items() if m in self._of_components}
        plurals = {one: forms for (one, _), forms in self._plurals.items() if one in self._of_components}
        return json.dumps({"locale": locale, "messages": messages, "plurals": plurals}, ensure_ascii=False)


def files() -> dict[str, Path]:
    """locale -> its file."""
    folders = [FOLDER, *(Path(more) for more in [os.environ.get(MORE)] if more)]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.po"))}


@functools.cache
def names() -> dict[str, str]:
    """locale -> what the language calls itself."""
    from babel import Locale

    return {SOURCE: "English"} | {locale: Locale.parse(locale).get_display_name() or locale for locale in files()}


@functools.cache
def catalogue(locale: str) -> Catalogue:
    """Of a language; for the source's own there is nothing to look up."""
    path = files().get(locale)
    if path is None:
        return Catalogue(gettext.NullTranslations(), {}, {}, frozenset())
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        read = read_po(file, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    told = [message for message in read if message.id and not message.fuzzy and message.string]
    messages = {m.id: m.string for m in told if isinstance(m.id, str) and isinstance(m.string, str)}
    plurals = {(m.id[0], m.id[1]): list(m.string or ()) for m in told if isinstance(m.id, tuple)}
    in_browser = [m.id for m in told if any(name.endswith(".js") for name, _ in m.locations)]
    first = frozenset(id if isinstance(id, str) else id[0] for id in in_browser)
    return Catalogue(gettext.GNUTranslations(compiled), messages, plurals, first)


def address(locale: str, base: str) -> str | None:
    """Of the words that components speak in the browser; None for the source's language, which they know.

    Args:
        locale: The language.
        base: Of our routes.
    """
    path = files().get(locale)
    return f"{base}/words/{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}/{locale}.json" if path else None


@functools.cache
def nearest(wanted: str | None) -> str | None:
    """The locale that serves a reader who asks for this one, as `zh-CN` of a browser; None where none does."""
    if not wanted or wanted in names():
        return wanted or None
    asked = _written(wanted.replace("-", "_"))
    return next((known for known in names() if asked is not None and _written(known) == asked), None)


def _written(locale: str) -> tuple[str, str | None] | None:
    """Language and script of a locale: a reader of zh_TW is not served by zh_Hans."""
    from babel import Locale, UnknownLocaleError
    from babel.core import get_global

    try:
        read = Locale.parse(locale)
    except (ValueError, UnknownLocaleError):
        return None
    if read.script:
        return read.language, read.script
    likely = get_global("likely_subtags").get(read.language, "").split("_")
    return read.language, likely[1] if len(likely) == 3 else None
