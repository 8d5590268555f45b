"""What stands between the network and the app: who may ask, for whom, how often, and what browsers may do with answers.

From the outside in:

    headers    what a browser may load and do on our pages
    hosts      no foreign name of this server, no foreign page, nobody from afar without a passcode
    gate       the passcode, and who signs in
    visits     whose workspace is meant
    rates      how much one may ask
"""

from starlette.middleware import Middleware

from pages.ui.operations import LocalMetrics
from pages.ui.web.gate import Gate, SignIn
from pages.ui.web.headers import Headers
from pages.ui.web.hosts import Hosts
from pages.ui.web.packing import Packing
from pages.ui.web.rates import Rates
from pages.ui.web.upload_limits import UploadLimits
from pages.ui.web.visits import Visits

__all__ = ["middleware"]


def middleware() -> list[Middleware]:
    """For `st.App`, the outermost first."""
    layers = (Headers, Hosts, LocalMetrics, Gate, SignIn, Visits, Rates, UploadLimits, Packing)
    return [Middleware(layer) for layer in layers]
