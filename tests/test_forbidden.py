"""What must not be called, and where the exceptions live: a reading of the syntax tree, not of the text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_imports import sources

NOWHERE = {
    "torch.load", "torch.jit.load", "torch.export.load", "eval", "exec", "compile", "os.system", "os.popen",
    "yaml.load", "np.load", "numpy.load", "onnx.load", "st.html", "st.components.v1.html", "pd.read_csv",
    "pd.read_parquet", "pd.read_pickle", "importlib.import_module", "shutil.unpack_archive",
}  # fmt: skip
"""Calls that can run or swallow what somebody sent."""
MODULES_NOWHERE = {
    "pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal", "tarfile", "yaml", "urllib.request", "requests",
    "httpx", "h5py",
}  # fmt: skip
"""Modules that open what must not be opened, or ask other machines."""
WRITERS = {"vae_core.files", "vae_core.datasets.reading", "vae_core.stored_datasets", "vae_core.uploads"}
"""The only modules that open files for writing: one writes whole files, the others what is too large for that."""
ARCHIVES = {"vae_core.datasets.zip_structure"}
"""The only module that opens archives."""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def found_in(module: str, source: str) -> list[str]:
    """Every breach of the rules in a module."""
    tree = ast.parse(source)
    found = []
    for name, call in calls(tree):
        keywords = {k.arg: ast.unparse(k.value) for k in call.keywords}
        last = name.rsplit(".", 1)[-1]
        true = {keyword for keyword, value in keywords.items() if value == "True"}
        if name in NOWHERE or last in ("extractall", "extract"):
            found.append(f"{module}: {name}")
        if true & {"unsafe_allow_html", "unsafe_allow_javascript", "shell", "allow_pickle"}:
            found.append(f"{module}: {name} with {true}")
        if name == "Image.open" and "formats" not in keywords:
            found.append(f"{module}: Image.open without formats")
        if last == "ZipFile" and module not in ARCHIVES:
            found.append(f"{module}: ZipFile")
        if last == "InferenceSession" and call.args and not ast.unparse(call.args[0]).endswith("content"):
            found.append(f"{module}: InferenceSession of a path")
        if last == "open" and _writes(call) and module not in WRITERS:
            found.append(f"{module}: {ast.unparse(call)[:60]}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{module}: import {name}" for name in names if name in MODULES_NOWHERE]
    return found


def _writes(call: ast.Call) -> bool:
    modes = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return any(set(mode) <= set("rwabtx+") and set(mode) & set("wx") for mode in modes)


def test_nothing_forbidden_is_called() -> None:
    assert [breach for module, path in sources().items() for breach in found_in(module, path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.load(x)",
        "import pickle",
        "from joblib import load",
        "np.load(f)",
        "f(allow_pickle=True)",
        "Image.open(f)",
        "archive.extractall(p)",
        "Path(p).open('w')",
        "open(p, 'xb')",
        "subprocess.run(c, shell=True)",
        "zipfile.ZipFile(f)",
        "eval(x)",
        "onnxruntime.InferenceSession(path)",
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
            if isinstance(node, ast.FunctionDef) and any("st.cache" in ast.unparse(d) for d in node.decorator_list):
                kinds = {ast.unparse(a.annotation) for a in node.args.args if a.annotation}
                large += [f"{module}.{node.name}"] if kinds - plain else []
    assert large == []


def test_readers_make_no_path_of_a_users_name() -> None:
    """Readers see `File.content`, a path of ours; nowhere is a name joined to a folder."""
    folder = Path(__file__).resolve().parents[1] / "vae_core" / "datasets"
    joined = []
    for path in folder.rglob("*.py"):
        for name, call in calls(ast.parse(path.read_text("utf-8"))):
            text = ast.unparse(call)
            if name in ("Path", "open") and any(word in text for word in (".name", "member", "info.filename")):
                joined.append(f"{path.name}: {text}")
    assert joined == []
