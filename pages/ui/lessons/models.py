"""The bundled models as scenes are told of them."""

from typing import Any

from pages.ui import cache, explorer
from vae_core import checkpoints
from vae_core.latents.codes import Codes
from vae_core.records import Terms


def described(id: str, base: str) -> dict[str, Any]:
    """What a scene needs of a model to decode, to encode and to draw its codes.

    Args:
        id: Of a bundled model.
        base: Prefix of our routes.
    """
    model = cache.newest_model(id)
    codes, layout = cache.codes(id, model.version), cache.layout(id, model.version)
    return explorer.describe(model, codes, layout, cache.dataset_or_none(codes.dataset_id), base)


def newest_codes(id: str) -> Codes:
    """Its codes."""
    return cache.codes(id, checkpoints.version(id))


def validation(id: str) -> Terms:
    """What it costs on the pictures that its training kept aside."""
    return cache.newest_model(id).checkpoint.measured.validation
