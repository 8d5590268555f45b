"""`python -m pages.ui.language [locale …]`: bring the catalogues up to date with the code, or begin new ones.

New messages come in empty, changed ones keep what is nearest and are marked fuzzy until somebody has looked at them,
gone ones go.
"""

import sys
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from pages.ui.language.catalogues import FOLDER
from pages.ui.language.extraction import collect
from vae_core.files import write_atomically

locales = sys.argv[1:] or [path.stem for path in FOLDER.glob("*.po")]
messages = collect()
for locale in locales:
    path = FOLDER / f"{locale}.po"
    known = Catalog(locale=locale, fuzzy=False)
    if path.exists():
        known = read_po(BytesIO(path.read_bytes()), locale=locale)
    known.update(messages, no_fuzzy_matching=False, update_creation_date=False)
    known.obsolete.clear()
    written = BytesIO()
    write_po(written, known, width=100, omit_header=False, include_lineno=False, sort_by_file=True)
    write_atomically(path, written.getvalue())
    missing = sum(1 for message in known if message.id and (not message.string or message.fuzzy))
    sys.stdout.write(f"{path.name}: {len(known)} messages, {missing} to translate\n")
