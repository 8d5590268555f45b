"""The limits on what may be read stand in one place."""

import ast
from pathlib import Path

from vae_core import datasets
from vae_core.datasets import limits

HOME = Path(datasets.__file__).parent


def assigned(path: Path) -> dict[str, int]:
    """Name -> line of what a module assigns at its top."""
    targets = [t for node in ast.parse(path.read_text()).body if isinstance(node, ast.Assign) for t in node.targets]
    names = [n for t in targets for n in (t.elts if isinstance(t, ast.Tuple) else [t]) if isinstance(n, ast.Name)]
    return {name.id: name.lineno for name in names}


def test_no_other_module_has_limits_of_its_own() -> None:
    modules = [path for path in HOME.rglob("*.py") if path != Path(limits.__file__)]
    found = [f"{path.relative_to(HOME)}: {name}" for path in modules for name in assigned(path) if "MAX_" in name]
    assert found == []


def test_every_limit_is_used_and_explained() -> None:
    lines = Path(limits.__file__).read_text().splitlines()
    elsewhere = " ".join(path.read_text() for path in HOME.rglob("*.py") if path != Path(limits.__file__))
    for name, line in assigned(Path(limits.__file__)).items():
        assert lines[line].startswith('"""'), f"{name} has no docstring"
        assert name in elsewhere, f"nothing uses {name}"
