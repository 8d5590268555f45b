"""How often one may let a training begin: a click costs nothing, and the process that it starts costs everybody."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pages.ui.language import later
from pages.ui.web.hosts import network_of_script
from pages.ui.web.rates import Shares
from vae_core import profiles, workspace
from vae_core.errors import QuotaError

P = ParamSpec("P")
R = TypeVar("R")
A_MINUTE = 6
TOO_MANY = later("Here {count} trainings may be started within a minute. Wait a little, then start again.")


class Starts:
    """What was started of late, by visitor and by address."""

    def __init__(self) -> None:
        self._shares = Shares(A_MINUTE, 60.0)

    def limited(self, begin: Callable[P, R]) -> Callable[P, R]:
        """What begins a training or lets one go on, refused where that is done too often; alone one may do it at will.

        Raises:
            QuotaError: when that is called too often.
        """

        def limited(*args: P.args, **kwargs: P.kwargs) -> R:
            if profiles.present().has_visitors and not self._shares.take(str(workspace.visitor()), network_of_script()):
                raise QuotaError(TOO_MANY.format(count=A_MINUTE))
            return begin(*args, **kwargs)

        return limited


starts = Starts()
