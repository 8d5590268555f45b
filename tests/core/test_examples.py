"""The committed examples of models from elsewhere: they run, and what they write is brought and explores."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.test_imports import ROOT
from vae_core.datasets import SAMPLES
from vae_core.foreign import bringing
from vae_core.foreign.bringing import Layout, Reading
from vae_core.foreign.half import look

EXAMPLES = ROOT / "vae_core" / "foreign" / "examples"


def run(example: str, folder: Path) -> None:
    environment = {**os.environ, "KERAS_BACKEND": "torch", "KERAS_HOME": str(folder / "keras")}
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{example}.py", folder],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def run_in_onnx(path: Path, given: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {session.get_inputs()[0].name: given}))


@pytest.mark.slow
@pytest.mark.parametrize(("example", "layout"), [("from_pytorch", "channels-first"), ("from_keras", "channels-last")])
def test_pair_of_an_example_is_read_by_itself_and_encodes_and_decodes_as_it_was_written(
    example: str, layout: Layout, tmp_path: Path
) -> None:
    run(example, tmp_path)
    decoder = look((tmp_path / "decoder.onnx").read_bytes(), "decoder.onnx")
    encoder = look((tmp_path / "encoder.onnx").read_bytes(), "encoder.onnx", most_outputs=2)
    assert bringing.likely_layout(decoder) == layout
    assert bringing.likely_spread(encoder, 2) == "log-variance"
    assert bringing.likely_pixels(decoder) == "unit"
    digits = SAMPLES["digits"]()
    brought = bringing.from_halves(decoder, encoder, Reading(layout=layout, spread="log-variance"), "mine", digits)
    assert brought.codes is not None

    x = digits.x.astype(np.float32) / 255
    mean, log_variance = run_in_onnx(
        tmp_path / "encoder.onnx", x if layout == "channels-last" else x.transpose(0, 3, 1, 2)
    )
    np.testing.assert_allclose(brought.codes.mean, mean, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(brought.codes.std, np.exp(log_variance / 2), atol=1e-4, rtol=1e-4)
    (decoded,) = run_in_onnx(tmp_path / "decoder.onnx", mean[:50])
    decoded = decoded.transpose(0, 3, 1, 2) if layout == "channels-last" else decoded
    np.testing.assert_allclose(brought.decode(mean[:50]), decoded.clip(0, 1), atol=1e-4)
