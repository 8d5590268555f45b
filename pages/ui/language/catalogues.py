"""Every language there is: a gettext catalogue, `<locale>.po`, beside this file."""

import functools
import gettext
import hashlib
import io
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pages.ui.language.templates import Templates

log = logging.getLogger(__name__)

SOURCE = "en"
"""What the code is written in."""
FOLDER = Path(__file__).resolve().parent
LONGEST_LOCALE = 35
MORE = "VAE_STUDIO_LANGUAGES"
"""The environment variable that names a further folder of catalogues: for who is writing one."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The messages of a language; what it does not hold stays English.

    Attributes:
        messages: English -> the language.
        plurals: (one, several) -> the language's forms.
        rules: The same, compiled: it knows which form suits a number.
        of_core: What the core says: it is found by its templates too.
        of_components: Those of the messages, by the first form of a plural, that components in the browser use.
        digest: Of the file.
    """

    messages: Mapping[str, str]
    plurals: Mapping[tuple[str, str], Sequence[str]]
    rules: gettext.NullTranslations
    of_core: Templates
    of_components: frozenset[str]
    digest: str

    def find(self, message: str) -> str:
        """A message, or a sentence made of one by the core."""
        return self.messages.get(message) or _made(self.of_core, message) or message

    def find_for(self, one: str, several: str, count: int) -> str:
        """That of two messages which suits the number."""
        return self.rules.ngettext(one, several, count)

    def for_browser(self, locale: str) -> str:
        """What `components/words.js` looks up, as JSON."""
        messages = {m: told for m, told in self.messages.items() if m in self.of_components}
        plurals = {one: forms for (one, _), forms in self.plurals.items() if one in self.of_components}
        return json.dumps({"locale": locale, "messages": messages, "plurals": plurals}, ensure_ascii=False)


@functools.lru_cache(4096)
def _made(templates: Templates, sentence: str) -> str | None:
    """Looked for once: the same sentences are shown again and again."""
    return templates.find(sentence)


def files() -> dict[str, Path]:
    """locale -> its file."""
    folders = [FOLDER, *(Path(more) for more in [os.environ.get(MORE)] if more)]
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.po"))}


@functools.cache
def names() -> dict[str, str]:
    """locale -> what the language calls itself; a file whose name is no locale is left out."""
    from babel import Locale, UnknownLocaleError

    found = {SOURCE: "English"}
    for locale in files():
        try:
            found[locale] = Locale.parse(locale).get_display_name() or locale
        except (ValueError, UnknownLocaleError):
            log.warning("%s.po is left out: its name is no locale.", locale)
    return found


@functools.cache
def catalogue(locale: str) -> Catalogue:
    """Of a language, as its file was when it was first asked for; for the source's own there is nothing to look up."""
    path = files().get(locale)
    if path is None or locale not in names():
        return Catalogue({}, {}, gettext.NullTranslations(), Templates({}, ()), frozenset(), "")
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    content = path.read_bytes()
    read = read_po(io.BytesIO(content), locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    told = [message for message in read if message.id and not message.fuzzy and message.string]
    messages = {m.id: m.string for m in told if isinstance(m.id, str) and isinstance(m.string, str)}
    plurals = {(m.id[0], m.id[1]): list(m.string or ()) for m in told if isinstance(m.id, tuple)}
    of_core = {m.id for m in told if any(name.startswith("vae_core/") for name, _ in m.locations)}
    in_browser = [m.id for m in told if any(name.endswith(".js") for name, _ in m.locations)]
    return Catalogue(
        messages,
        plurals,
        gettext.GNUTranslations(compiled),
        Templates(messages, [message for message in messages if message in of_core]),
        frozenset(id if isinstance(id, str) else id[0] for id in in_browser),
        hashlib.sha256(content).hexdigest()[:12],
    )


def address(locale: str, base: str) -> str | None:
    """Of the words that components speak in the browser; None for the source's language, which they know.

    Args:
        locale: The language.
        base: Of our routes.
    """
    digest = catalogue(locale).digest
    return f"{base}/words/{digest}/{locale}.json" if digest else None


@functools.lru_cache(256)
def nearest(wanted: str | None) -> str | None:
    """The locale that serves a reader who asks for this one, as `zh-CN` of a browser; None where none does."""
    if not wanted or len(wanted) > LONGEST_LOCALE or wanted in names():
        return wanted if wanted in names() else None
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
