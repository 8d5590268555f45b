"""What must not be called, and where the exceptions live: a reading of the syntax tree, not of the text."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_imports import ROOT, sources

NOWHERE = {
    "torch.load", "torch.jit.load", "torch.export.load", "torch.hub.load", "eval", "exec", "compile", "__import__",
    "os.system", "os.popen", "yaml.load", "numpy.load", "onnx.load", "streamlit.html", "importlib.import_module",
    "streamlit.components.v1.html", "shutil.unpack_archive",
}  # fmt: skip
"""Calls that can run or swallow what somebody sent."""
NOWHERE_BEGINNING = ("pandas.read_",)
MODULES_NOWHERE = {
    "pickle", "_pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal", "tarfile", "yaml", "urllib.request",
    "urllib3", "http.client", "socket", "requests", "httpx", "h5py",
}  # fmt: skip
"""Modules that open what must not be opened, or ask other machines."""
WRITERS = {"vae_core.files", "vae_core.datasets.reading", "vae_core.stored_datasets", "vae_core.uploads"}
"""The only modules that open files for writing: one writes whole files, the others what is too large for that."""
WRITING = {"write_text", "write_bytes", "tofile", "to_csv", "to_parquet"}
WRITING_CALLS = {
    "torch.save", "safetensors.torch.save_file", "safetensors.numpy.save_file", "numpy.save", "numpy.savez",
    "numpy.savez_compressed", "numpy.savetxt", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copyfileobj",
    "shutil.move", "tempfile.mkstemp", "tempfile.NamedTemporaryFile", "os.fdopen", "os.write", "os.truncate",
    "json.dump",
}  # fmt: skip
"""Calls that write a file, and would leave half of it when they are killed."""
MAY_WRITE = {
    ("vae_core.worker_process", "log.open"),  # what a worker prints
    ("vae_core.bench", "numpy.save"),  # into a folder that is gone afterwards
    ("pages.ui.browser_runtime", "shutil.copy"),  # likewise
    ("pages.ui.tables", "safe.to_csv"),  # into memory, for the user to save
    ("pages.ui.tables", "table.to_parquet"),
}
MAY_IMPORT = {("vae_core.backups.tape", "tarfile")}
"""Of backups, it makes and reads the headers; the extracting calls are forbidden there as everywhere."""
ARCHIVES = {"vae_core.datasets.zip_structure", "vae_core.report", "pages.ui.whole_model"}
"""The only module that opens archives, and those that make them."""


def aliases(tree: ast.AST) -> dict[str, str]:
    """What a module calls something -> its full dotted name."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.asname: a.name for a in node.names if a.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the full name of what is called."""
    known = aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = ast.unparse(node.func).partition(".")
            yield known.get(first, first) + dot + rest, node


def found_in(module: str, source: str) -> list[str]:
    """Every breach of the rules in a module."""
    tree = ast.parse(source)
    found = []
    for name, call in calls(tree):
        keywords = {k.arg: ast.unparse(k.value) for k in call.keywords}
        last = name.rsplit(".", 1)[-1]
        switched_on = {keyword for keyword, value in keywords.items() if value not in ("False", "0")}
        if name in NOWHERE or name.startswith(NOWHERE_BEGINNING) or last in ("extractall", "extract"):
            found.append(f"{module}: {name}")
        if switched_on & {"unsafe_allow_html", "unsafe_allow_javascript", "shell", "allow_pickle"}:
            found.append(f"{module}: {name} with {switched_on}")
        if name.endswith("Image.open") and "formats" not in keywords:
            found.append(f"{module}: Image.open without formats")
        if last == "ZipFile" and module not in ARCHIVES:
            found.append(f"{module}: ZipFile")
        if last == "InferenceSession" and call.args and ast.unparse(call.args[0]) != "content":
            found.append(f"{module}: InferenceSession of a path")
        if _is_writing(name, call) and module not in WRITERS and (module, name) not in MAY_WRITE:
            found.append(f"{module}: {ast.unparse(call)[:60]}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module_names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            if isinstance(node, ast.ImportFrom):
                module_names += [f"{node.module}.{a.name}" for a in node.names]
            unwanted = [name for name in module_names if name in MODULES_NOWHERE and (module, name) not in MAY_IMPORT]
            found += [f"{module}: import {name}" for name in unwanted]
    return found


def _is_writing(name: str, call: ast.Call) -> bool:
    last = name.rsplit(".", 1)[-1]
    if name == "os.open":
        return "os.O_RDONLY" not in [ast.unparse(argument) for argument in call.args]
    in_memory = bool(call.args) and ast.unparse(call.args[0]) == "buffer"
    return (last == "open" and _writes(call)) or last in WRITING or (name in WRITING_CALLS and not in_memory)


def _writes(call: ast.Call) -> bool:
    given = [*call.args, *(k.value for k in call.keywords if k.arg == "mode")]
    modes = [a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return any(set(mode) <= set("rwabtx+") and set(mode) & set("wax+") for mode in modes)


def test_nothing_forbidden_is_called() -> None:
    assert [breach for module, path in sources().items() for breach in found_in(module, path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load(x)",
        "import pickle",
        "from joblib import load",
        "import numpy as np\nnp.load(f)",
        "f(allow_pickle=True)",
        "Image.open(f)",
        "archive.extractall(p)",
        "Path(p).open('w')",
        "open(p, 'xb')",
        "subprocess.run(c, shell=True)",
        "zipfile.ZipFile(f)",
        "eval(x)",
        "onnxruntime.InferenceSession(path)",
        "from torch import load\nload(x)",
        "import torch as t\nt.load(x)",
        "from numpy import load as fetch\nfetch(f)",
        "import PIL\nPIL.Image.open(f)",
        "from importlib import import_module\nimport_module(x)",
        "from urllib import request",
        "import pandas as pd\npd.read_excel(f)",
        "Path(p).write_text('x')",
        "open(p, mode='w')",
        "open(p, 'r+')",
        "p.open('ab')",
        "os.open(p, os.O_WRONLY | os.O_CREAT)",
        "torch.save(x, p)",
        "from safetensors.torch import save_file\nsave_file(x, p)",
        "import numpy as np\nnp.savez(p, x=x)",
        "x.tofile(p)",
        "shutil.copyfile(p, q)",
        "json.dump(x, f)",
        "tempfile.NamedTemporaryFile()",
        "torch.jit.load(p)",
        "torch.export.load(p)",
        "import cloudpickle",
        "run(c, shell=1)",
        "__import__('os')",
    ],
)
def test_each_rule_catches_its_breach(source: str) -> None:
    assert found_in("vae_core.somewhere", source)


def test_web_caches_take_ids_only() -> None:
    """Streamlit samples large arrays when it hashes them: two sets that differ in a pixel would share an entry."""
    plain = {"str", "int", "float", "bool"}
    large = []
    for module, path in sources().items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            decorators = " ".join(map(ast.unparse, node.decorator_list)) if isinstance(node, ast.FunctionDef) else ""
            if isinstance(node, ast.FunctionDef) and ("st.cache" in decorators or "of_" in decorators):
                kinds = {ast.unparse(a.annotation) for a in node.args.args if a.annotation}
                large += [f"{module}.{node.name}"] if kinds - plain else []
    assert large == []


def test_readers_make_no_path_of_a_users_name() -> None:
    """Readers see `File.content`, a path of ours; nowhere but where a folder is listed is a path made."""
    folder = Path(__file__).resolve().parents[1] / "vae_core" / "datasets"
    made = []
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = ast.unparse(node.func).rsplit(".", 1)[-1] if isinstance(node, ast.Call) else ""
            divided = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and "path" in ast.unparse(node.left)
            if name in ("joinpath", "with_name", "with_suffix") or divided:
                made.append(f"{path.name}: {ast.unparse(node)}")
    assert [place for place in made if not place.startswith("gate.py: path.with_name(path.name.replace(")] == []


def test_exporting_a_model_leaves_no_statistics_behind(tmp_path: Path) -> None:
    """onnxruntime keeps a database of its use in the home directory, and sends it, unless it is told not to."""
    script = (
        "from vae_core import checkpoints, export\n"
        "vae = checkpoints.load(checkpoints.locate('digits-2d')).model()\n"
        "export.decoder_onnx(vae)\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=ROOT, timeout=120)
    assert [path.name for path in tmp_path.rglob("*") if "onnxruntime" in str(path).lower()] == []
