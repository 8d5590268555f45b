"""`python -m vae_core.export`: after a change of what is bundled, or of how it is exported."""

from vae_core.export.kept import write_bundled

write_bundled()
