"""Who waits or works, whoever's it is: told by names in one folder, so that a look costs as much as there are of them.

    <workspace>/queue/<place>     empty; the place of a run's or a computation's folder in the workspace, with , for /
    <workspace>/queue/start.lock  held for a moment by whoever looks whether one more may wait, and puts it down

How it stands, its own folder says. A name whose folder is gone or has ended means nothing; one that was lost is put
down again by whoever works there.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from vae_core import process_lock, workspace

FOLDER = "queue"
SEPARATOR = ","  # in no name of the workspace


def note(home: Path) -> None:
    """Somebody waits or works in a folder; one that lies outside the workspace has no place here."""
    with contextlib.suppress(OSError, ValueError):  # nobody's work depends on it
        name = _name(home)
        name.parent.mkdir(parents=True, exist_ok=True)
        name.touch()


def forget(home: Path) -> None:
    """Nobody does any more."""
    with contextlib.suppress(OSError, ValueError):
        _name(home).unlink()


def homes(kind: str) -> list[Path]:
    """The folders of a kind in which somebody may wait or work."""
    try:
        places = [name.split(SEPARATOR) for name in sorted(path.name for path in _folder().iterdir())]
    except OSError:  # nobody ever has
        return []
    return [workspace.base().joinpath(*place) for place in places if place[-2:-1] == [kind]]


def owner_of(home: Path) -> str | None:
    """With whose things a folder lies: a visitor's, SHARED ones, or the only person's."""
    root = home.parent.parent
    return None if root == workspace.base() else root.name


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Within, nobody else begins anything: between looking whether it may wait and putting it down."""
    _folder().mkdir(parents=True, exist_ok=True)
    with process_lock.lock(_folder() / "start.lock"):
        yield


def _folder() -> Path:
    return workspace.base() / FOLDER


def _name(home: Path) -> Path:
    return _folder() / SEPARATOR.join(home.relative_to(workspace.base()).parts)
