"""How much room there is for what a visitor brings or trains."""

import shutil
import time

from vae_core import profiles, workspace
from vae_core.errors import QuotaError
from vae_core.profiles import GB, MB

COUNTED_SECONDS = 30.0
"""All workspaces together are counted so often at most: that is a walk over every file."""


class _Total:
    """Bytes of all workspaces, as counted a moment ago."""

    def __init__(self) -> None:
        self._when, self._bytes = -COUNTED_SECONDS, 0

    def bytes(self) -> int:
        if time.monotonic() - self._when >= COUNTED_SECONDS:
            self._bytes, self._when = workspace.size(workspace.base()), time.monotonic()
        return self._bytes


_total = _Total()


def _is_theirs() -> bool:
    """Whether who asks is whose server it is."""
    return workspace.visitor() in (None, workspace.SHARED)


def used() -> int:
    """Bytes of the visitor's own things."""
    return workspace.size(workspace.root())


def check(coming: int = 0) -> None:
    """Whether the visitor may put something more into the workspace.

    Args:
        coming: Bytes of it, as far as one knows.

    Raises:
        QuotaError: if it is full, or the server's disk is.
        WorkspaceError: if it cannot be written to.
    """
    workspace.check_writable()
    if not profiles.present().may_bring and not _is_theirs():
        raise QuotaError("This is a demo: it has the bundled models, and nothing can be brought or trained.")
    check_room(coming)


def check_room(coming: int = 0) -> None:
    """Whether there is room for something more of the visitor's.

    Args:
        coming: Bytes of it, as far as one knows.

    Raises:
        QuotaError: if the workspace is full, or the server's disk is.
    """
    profile = profiles.present()
    if _is_theirs():
        return
    if profile.quota_bytes is not None and used() + coming > profile.quota_bytes:
        raise QuotaError(
            f"Your workspace is full: {used() / MB:,.0f} of {profile.quota_bytes / MB:,.0f} MB. "
            "Remove a dataset or a run that you need no more."
        )
    if profile.server_bytes is not None and _total.bytes() + coming > profile.server_bytes:
        raise QuotaError("The server's workspaces are full. Remove what you need no more, or ask your teacher.")
    least = profile.least_free_bytes
    if least is not None and shutil.disk_usage(workspace.base()).free - coming < least:
        raise QuotaError(
            f"Less than {least / GB:.0f} GB of the server's disk would stay free. "
            "Remove what you need no more, then try again."
        )
