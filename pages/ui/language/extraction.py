"""Every message of the code: what stands in `tr` and `trn` of pages and components, and all that the core says."""

import ast
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file

ROOT = Path(__file__).resolve().parents[3]
OF_ONNX = "vae_core/foreign/"
KEYWORDS = {"tr": None, "later": None, "trn": (1, 2)}
OPTIONS = {"parse_template_string": "true"}
PAGES = [("app.py", "python"), ("pages/**/*.py", "python"), ("pages/**/*.js", "javascript")]
NOT_OURS = "pages/ui/components/latent_pad/runtime"
SILENT = (
    "vae_core/cli/",
    "vae_core/backups/",
    "vae_core/bench/",
    "vae_core/foreign/examples/",
    "vae_core/notebook.py",
    "vae_core/card.py",
)
"""Parts of the core that no page shows: the command line is in English, and so are backups and the files one takes
away."""
WORDS = re.compile(r"[A-Za-z’]{2,}[^a-z]* [“(]?[A-Za-z{×]|[A-Z][a-z]{2,}[a-z,.: ]*$")
"""A string of the core that somebody reads: several words, or a title."""


def collect() -> Catalog:
    """All messages, each with the places where it stands."""
    found = Catalog(project="VAE Studio", copyright_holder="The VAE Studio authors", fuzzy=False)
    for pattern, method in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(NOT_OURS):
                # Babel tells of every f-string that is a value of `tr`, and needs no telling
                with redirect_stderr(StringIO()):
                    found_here = list(extract_from_file(method, path, KEYWORDS, (), OPTIONS))
                for _, message, _, _ in found_here:
                    found.add(message, locations=[(name, 0)])
    for path in sorted((ROOT / "vae_core").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(SILENT):
            for message in spoken(ast.parse(path.read_text("utf-8"))):
                if name.startswith(OF_ONNX) and " " not in message:
                    continue  # the name of an operator
                found.add(message, locations=[(name, 0)])
    return found


def spoken(tree: ast.AST) -> Iterator[str]:
    """The strings of a module that somebody reads; of an f-string its template, {0} for its first value."""
    silent = set()
    for node in ast.walk(tree):
        if _is_docstring(node) or _is_unread(node):
            silent |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr)}
        elif isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = template(node)
        if text and id(node) not in silent and WORDS.search(re.sub(r"\{\d+\}", "{", text)):
            yield text


def template(node: ast.JoinedStr) -> str:
    """`f"{n:,} files in {name}"` as "{0} files in {1}"."""
    holes, text = 0, ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text += f"{{{holes}}}"
            holes += 1
    return text


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_unread(node: ast.AST) -> bool:
    """Neither what goes to a log nor the names a module offers are read by a visitor."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("log.", "logging."))
