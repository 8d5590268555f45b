"""A whole workspace as one file, and back again; the app may run meanwhile.

`backup` writes it, `restore` brings back what is not here. The file is a plain TAR:

    vae-studio-backup.json                     which program and version wrote it
    [shared/|visitors/<id>/]uploads/<id>/…     the files that datasets came from
    [shared/|visitors/<id>/]datasets/<id>/…
    [shared/|visitors/<id>/]runs/<id>/…
    [shared/|visitors/<id>/]concepts/<model>.json
    secret                                     with which the server signs
    contents.json                              size and SHA-256 of everything before it: without it the file is cut off

What can be made anew (exports, graphs), what is half made, locks and what was deleted are not in it.
"""

from vae_core.backups.restoring import Restored, restore
from vae_core.backups.taking import Taken, backup

__all__ = ["Restored", "Taken", "backup", "restore"]
