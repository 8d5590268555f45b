"""The decoder as ONNX computes what PyTorch computes, in native onnxruntime; the browser is tested in tests/browser."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tests.small import PICTURE, small, spec_for
from vae_core import checkpoints, export, workspace
from vae_core.example import ExampleSpec
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES
from vae_core.vae import VAE


def newest_decoder(id: str) -> Path:
    return export.browser_decoder(id, checkpoints.version(id), checkpoints.load(checkpoints.locate(id)).model())


PAIRS = [(a, b) for a, b in itertools.product(ARCHITECTURES, LIKELIHOODS) if a == "mlp" or b != "mixed"]


@pytest.mark.parametrize(("architecture", "likelihood"), PAIRS)
def test_exported_decoder_equals_the_model(architecture: str, likelihood: str) -> None:
    spec = spec_for(architecture, likelihood)
    spec = replace(spec, shape=(3, 17, 17)) if spec is PICTURE else spec
    vae = VAE(small(architecture, likelihood, latents=5), spec).eval()
    session = onnxruntime.InferenceSession(export.decoder_onnx(vae), providers=["CPUExecutionProvider"])
    for count in (1, 2, 64):
        z = torch.randn(count, 5, generator=torch.Generator().manual_seed(count)) * 3
        found = session.run(None, {"z": z.numpy()})[0]
        assert found.shape == (count, *spec.shape)
        np.testing.assert_allclose(found, vae.decode_bounded(z).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("posterior", ["log-variance", "softplus", "deterministic"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_exported_encoder_equals_the_model(architecture: str, posterior: str, conditional: bool) -> None:
    spec = spec_for(architecture, "bernoulli")
    vae = VAE(small(architecture, latents=3, posterior=posterior, conditional=conditional), spec).eval()
    session = onnxruntime.InferenceSession(export.encoder_onnx(vae), providers=["CPUExecutionProvider"])
    for count in (1, 5):
        x = torch.rand(count, *spec.shape, generator=torch.Generator().manual_seed(count))
        labels = torch.eye(2)[torch.arange(count) % 2] if conditional else None
        told = {} if labels is None else {"labels": labels.numpy()}
        mean, std = session.run(None, {"x": x.numpy()} | told)
        expected = vae.encode(x, labels)
        np.testing.assert_allclose(mean, expected.mean.detach().numpy(), atol=1e-5)
        np.testing.assert_allclose(std, expected.stddev.detach().numpy(), atol=1e-5)


def test_encoder_of_a_table_is_exported_too() -> None:
    vae = VAE(small(likelihood="mixed"), spec_for("mlp", "mixed")).eval()
    session = onnxruntime.InferenceSession(export.encoder_onnx(vae), providers=["CPUExecutionProvider"])
    x = torch.rand(4, 7)
    np.testing.assert_allclose(session.run(None, {"x": x.numpy()})[0], vae.encode(x).mean.detach().numpy(), atol=1e-5)


def test_halves_of_a_version_stand_side_by_side_and_go_with_it(stored_model: str) -> None:
    vae = checkpoints.load(checkpoints.locate(stored_model)).model()
    first = export.browser_decoder(stored_model, "1", vae), export.browser_encoder(stored_model, "1", vae)
    assert all(path.exists() for path in first)
    second = export.browser_encoder(stored_model, "2", vae)
    assert second.exists()
    assert not any(path.exists() for path in first)


def test_values_of_a_table_are_not_cut_off_like_pixels() -> None:
    vae = VAE(small(likelihood="gaussian"), ExampleSpec((5,))).eval()
    session = onnxruntime.InferenceSession(export.decoder_onnx(vae), providers=["CPUExecutionProvider"])
    z = torch.randn(64, 2, generator=torch.Generator().manual_seed(0)) * 3
    found = session.run(None, {"z": z.numpy()})[0]
    np.testing.assert_allclose(found, vae.decode(z).detach().numpy(), atol=1e-5)
    assert found.min() < 0


def test_conditional_decoder_takes_the_label_behind_the_latents() -> None:
    vae = VAE(small(conditional=True), PICTURE).eval()
    session = onnxruntime.InferenceSession(export.decoder_onnx(vae), providers=["CPUExecutionProvider"])
    z, label = torch.randn(1, 2), torch.tensor([1])
    [found] = session.run(None, {"z": torch.cat([z, torch.tensor([[0.0, 1.0]])], 1).numpy()})
    np.testing.assert_allclose(found, vae.decode(z, label).detach().numpy(), atol=1e-5)


def test_decoder_is_exported_once_and_anew_when_the_checkpoint_changes(stored_model: str) -> None:
    first = newest_decoder(stored_model)
    made = first.stat().st_mtime_ns
    other = export.browser_decoder(
        f"{stored_model}-conv", "1", checkpoints.load(checkpoints.locate(stored_model)).model()
    )
    assert newest_decoder(stored_model) == first
    assert first.stat().st_mtime_ns == made
    (workspace.place("runs", stored_model) / "checkpoint.safetensors").touch()
    second = newest_decoder(stored_model)
    assert second != first
    assert not first.exists()
    assert other.exists()  # another model, of which this one's name is the beginning


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, workspace_folder: Path) -> list[bytes]:
    """The graphs that are drawn from here on, in a workspace that has none."""
    found: list[bytes] = []
    draw = export.kept.graph
    monkeypatch.setattr(export.kept, "graph", lambda vae, half: found.append(draw(vae, half)) or found[-1])
    (workspace_folder / "graphs").unlink(missing_ok=True)
    return found


def test_models_of_the_same_settings_share_a_graph_and_have_their_own_weights(drawn: list[bytes]) -> None:
    vaes = [VAE(small(), PICTURE, seed).eval() for seed in range(3)]
    files = [export.browser_decoder(f"model-{seed}", "1", vae) for seed, vae in enumerate(vaes)]
    assert len(drawn) == 1
    z = torch.randn(5, 2)
    for path, vae in zip(files, vaes, strict=True):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        assert [given.name for given in session.get_inputs()] == ["z"]
        [found] = session.run(None, {"z": z.numpy()})
        np.testing.assert_allclose(found, vae.decode_bounded(z).detach().numpy(), atol=1e-5)
    export.browser_encoder("model-0", "1", vaes[0])
    assert len(drawn) == 2


def test_graphs_bundled_on_one_machine_serve_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    vae = VAE(small(), PICTURE)
    names = set()
    for version in ("2.13.0+cpu", "2.13.0+cu130", "2.13.0"):
        monkeypatch.setattr(torch, "__version__", version)
        names.add(export.kept.graph_name(vae, "decoder"))
    assert len(names) == 1
    monkeypatch.setattr(torch, "__version__", "2.14.0")
    assert export.kept.graph_name(vae, "decoder") not in names


def test_graph_tells_no_path_of_the_machine_that_drew_it() -> None:
    drawn = export.graph(VAE(small("conv"), PICTURE), "decoder")
    assert b".py" not in drawn
    assert b"/torch/" not in drawn


def test_other_settings_have_another_graph_and_what_the_half_does_not_need_is_no_setting_of_it() -> None:
    def names(vae: VAE) -> tuple[str, str]:
        return export.kept.graph_name(vae, "decoder"), export.kept.graph_name(vae, "encoder")

    usual = names(VAE(small(), PICTURE))
    assert names(VAE(small(), replace(PICTURE, labels=7), 1)) == usual
    assert names(VAE(small(prior="vamp"), PICTURE)) == usual
    assert names(VAE(small(posterior="softplus"), PICTURE))[0] == usual[0]
    others = [
        names(VAE(small(posterior="softplus"), PICTURE))[1:],
        names(VAE(small(latents=3), PICTURE)),
        names(VAE(small(conditional=True), replace(PICTURE, labels=2))),
        names(VAE(small(), replace(PICTURE, shape=(1, 9, 8)))),
        names(VAE(small(likelihood="gaussian"), PICTURE)),
    ]
    seen = [name for pair in [usual, *others] for name in pair]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("kept", [b"", b"\0no graph", "another"])
def test_kept_graph_that_does_not_fit_is_drawn_anew(kept: bytes | str, drawn: list[bytes]) -> None:
    vae = VAE(small(), PICTURE, 1).eval()
    path = workspace.folder("graphs") / export.kept.graph_name(vae, "decoder")
    wider = VAE(small(likelihood="gaussian"), PICTURE)
    path.write_bytes(kept if isinstance(kept, bytes) else export.graph(wider, "decoder"))
    session = onnxruntime.InferenceSession(export.browser_decoder("model", "1", vae))
    [found] = session.run(None, {"z": np.zeros((1, 2), dtype=np.float32)})
    np.testing.assert_allclose(found, vae.decode_bounded(torch.zeros(1, 2)).detach().numpy(), atol=1e-5)
    assert [path.read_bytes()] == drawn


def test_many_visitors_at_once_all_get_the_same_file(stored_model: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: newest_decoder(stored_model), range(8)))
    assert len(paths) == 1
    assert paths.pop().stat().st_size > 1000


def test_model_can_be_used_while_it_is_exported() -> None:
    """The exporter puts tensors without values in the place of weights, and pages look at the same model meanwhile."""
    vae = VAE(small(), PICTURE).eval()
    z = torch.zeros(1, 2)
    expected = vae.decode(z).detach()
    with ThreadPoolExecutor(1) as pool:
        exported = pool.submit(export.encoder_onnx, vae)
        while not exported.done():
            assert type(vae.mean) is torch.Tensor
            assert all(type(p) is torch.nn.Parameter for p in vae.parameters())
            torch.testing.assert_close(vae.decode(z).detach(), expected)
        assert len(exported.result()) > 1000


def test_models_are_built_in_one_thread_while_another_exports() -> None:
    failed: list[Exception] = []
    exported = threading.Event()

    def build_on() -> None:
        try:
            while not exported.is_set():
                VAE(small(), PICTURE)
        except Exception as error:
            failed.append(error)

    builder = threading.Thread(target=build_on)
    builder.start()
    for _ in range(3):
        export.decoder_onnx(VAE(small(), PICTURE).eval())
    exported.set()
    builder.join()
    assert failed == []
