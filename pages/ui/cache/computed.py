"""Results of long computations, which are done."""

import json

from pages.ui.cache.owned import of_visitor
from vae_core import computations
from vae_core.anomalies import Judged
from vae_core.computations import Request
from vae_core.measuring import Measures


@of_visitor(32)
def measures(id: str, version: str, options: str) -> Measures:
    """What was found by measuring, which is done.

    Raises:
        NotFoundError: if it is not, or the model is of another version.
    """
    request = Request(kind="measures", checkpoint_id=id, version=version, options=json.loads(options))
    return Measures.model_validate_json(computations.result(request).read_bytes())


@of_visitor(16)
def anomalies(id: str, version: str, options: str) -> Judged:
    """Anomaly scores, which are computed.

    Raises:
        NotFoundError: if they are not, or the model is of another version.
    """
    request = Request(kind="anomalies", checkpoint_id=id, version=version, options=json.loads(options))
    return Judged.from_bytes(computations.result(request).read_bytes())
