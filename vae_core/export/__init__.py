"""Taking a model elsewhere: its decoder and its encoder as ONNX, for the browser."""

from vae_core.export.halves import decoder_onnx, encoder_onnx, filled, graph
from vae_core.export.kept import browser_decoder, browser_encoder, film_decoder

__all__ = ["browser_decoder", "browser_encoder", "decoder_onnx", "encoder_onnx", "filled", "film_decoder", "graph"]
