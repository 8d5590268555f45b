"""The explorer of a model as one HTML file: it opens from the disk, and needs neither server nor network.

Its modules are the app's own. They are given to the browser as `data:` addresses under bare names by an import map, as
files on a disk may not import each other; everything they would fetch lies compressed in the page (see
`components/alone/alone.js`). A policy in its head keeps the page from asking anybody for anything.
"""

import base64
import gzip
import html
import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pages.ui import browser_runtime, explorer, models, served, state
from pages.ui.explorer import Layout, OpenModel
from pages.ui.language import catalogue, current, later, tr
from vae_core.datasets import Dataset
from vae_core.errors import VAECoreError
from vae_core.latents.codes import Codes

BASE = "/studio"
"""Of the addresses, which are mere names here."""
LARGEST = 64 * 2**20
"""Bytes of a page that browsers open without a long wait."""
IMPORT = re.compile(r'((?:\bfrom|\bimport)\s*\(?\s*")(\.{1,2}/[^"]+)"')
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src blob:; connect-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""plotly.js compiles the drawing of its points, onnxruntime-web the decoder; nothing goes out."""
BY_THE_SERVER = ("share", "paths", "tsne")
"""What the app offers beside."""
COMPONENTS = ("latent_pad/", "alone/")
MODULES = (*COMPONENTS, "words.js")
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


class TooLargeError(VAECoreError):
    """The model cannot be one page."""


def page(
    model: OpenModel,
    codes: Codes,
    layout: Layout,
    dataset: Dataset | None,
    halves: Mapping[str, bytes],
    concepts: Sequence[Mapping[str, Any]],
) -> bytes:
    """The file.

    Args:
        model: Checkpoint and model.
        codes: Of the dataset on the map.
        layout: Of these codes.
        dataset: The examples of the codes, where they are in the workspace.
        halves: "decoder" and "encoder" as ONNX.
        concepts: Those kept with the model, as the explorer is told them.

    Raises:
        TooLargeError: if it is too large for a browser, or cannot run there at all.
    """
    told = explorer.describe(model, codes, layout, dataset, BASE)
    if told["runtime"] is None or told["decoder"]["why_server"]:
        sentence = later("This explorer cannot be one file: {why}. Take the ZIP instead.")
        raise TooLargeError(sentence.format(why=told["decoder"]["why_server"]))
    files = _libraries(told) | _arrays(told, codes, layout, dataset)
    told["decoder"]["socket"] = told["encoder"]["socket"] = None
    for name, content in halves.items():
        files[told[name]["onnx"]] = content
    if concepts:
        files[told["concepts"]] = json.dumps(concepts).encode()
    told |= {
        "is_alone": True,
        "share": None,
        "paths": None,
        "tsne": None,
        "concepts": told["concepts"] if concepts else None,
    }
    told |= {"largest_latent": state.LARGEST_LATENT, "longest_view": state.LONGEST_VIEW}
    content = _html(model, told, files).encode()
    if len(content) > LARGEST:
        size, most = len(content) / 2**20, LARGEST / 2**20
        sentence = later("With this model the page has {size} MB; browsers open {most} MB well. Take the ZIP instead.")
        raise TooLargeError(sentence.format(size=f"{size:.0f}", most=f"{most:.0f}"))
    return content


def _libraries(told: Mapping[str, Any]) -> dict[str, bytes]:
    """address -> content, compressed already: what runs any model."""
    folder = browser_runtime.FOLDER / browser_runtime.version()
    runtime = told["runtime"]
    names = {
        told["plotly"]: browser_runtime.PLOTLY,
        runtime["module"]: browser_runtime.MODULE,
        runtime["wasm"]: browser_runtime.WASM,
    }
    return {address: (folder / f"{name}.gz").read_bytes() for address, name in names.items()}


def _arrays(told: Mapping[str, Any], codes: Codes, layout: Layout, dataset: Dataset | None) -> dict[str, bytes]:
    files = {told["codes"]["url"]: served.codes(codes, layout.density)}
    if told["words"]:
        files[told["words"]] = catalogue(current()).for_browser(current()).encode()
    if dataset is not None and told["names"]:
        files[told["names"]] = json.dumps(list(dataset.names)).encode()
    if dataset is not None and told["points"]:
        files[told["points"]["url"]] = served.points(dataset)
    if dataset is not None and told["thumbnails"]:
        files[told["thumbnails"]["url"]] = served.thumbnails(dataset).tobytes()
    return files


def modules() -> dict[str, str]:
    """Bare name -> source of every module, with what it imports under bare names too."""
    found = {}
    for name, path in explorer.component_files().items():
        folder = posixpath.dirname(name)
        if name.startswith(MODULES):
            found[name] = IMPORT.sub(partial(_with_bare_name, folder), path.read_text("utf-8"))
    return found


def _with_bare_name(folder: str, found: re.Match[str]) -> str:
    return f'{found[1]}{posixpath.normpath(posixpath.join(folder, found[2]))}"'


def _html(model: OpenModel, told: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    imports = {name: f"data:text/javascript;base64,{_base64(source.encode())}" for name, source in modules().items()}
    styles = "\n".join((explorer.COMPONENTS / f"{name}{name[:-1]}.css").read_text("utf-8") for name in COMPONENTS)
    packed = "\n".join(_packed(address, content) for address, content in files.items())
    is_ours = model.id in models.BUNDLED_TITLES
    name = html.escape(tr(model.checkpoint.name) if is_ours else model.checkpoint.name)
    facts, opening = html.escape(models.facts(model.checkpoint)), html.escape(tr("Opening…"))
    no_script = html.escape(tr("The explorer is a program in this page: allow scripts to see it."))
    about = html.escape(tr("Made with VAE Studio. All of it is in this file: nothing is sent anywhere."))
    spoken = html.escape(current().replace("_", "-"))
    return f"""<!doctype html>
<html lang="{spoken}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name} · VAE Studio</title>
<link rel="icon" href="data:,">
<style>
{styles}
</style>
<script type="importmap">{_json({"imports": imports})}</script>
</head>
<body>
<header>
<h1>{name}</h1>
<p>{facts}</p>
</header>
<p class="opening">{opening}</p>
<noscript>{no_script}</noscript>
<main><div class="latent-pad" data-testid="latent-pad"></div></main>
<footer>{about}</footer>
<script type="application/json" id="explorer">{_json(told)}</script>
{packed}
<script type="module">
import {{ open }} from "alone/alone.js";
open();
</script>
</body>
</html>
"""


def _packed(address: str, content: bytes) -> str:
    small = content if content.startswith(b"\x1f\x8b") else gzip.compress(content, 6)
    kind = next((kind for ending, kind in TYPES.items() if address.endswith(ending)), "application/octet-stream")
    about = f'data-address="{html.escape(address)}" data-type="{kind}"'
    return f'<script type="text/plain" {about}>{_base64(small)}</script>'


def _json(value: object) -> str:
    """As it may stand inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
