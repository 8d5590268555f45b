"""The house's arrows: imports go down only, and the core knows no web page."""

import ast
from functools import cache
from pathlib import Path

import vae_core

ROOT = Path(__file__).resolve().parents[1]

LAYERS = [
    "vae_core.errors",
    "vae_core.plans",
    "vae_core.files vae_core.animation vae_core.config vae_core.records vae_core.process_lock vae_core.versions "
    "vae_core.safetensors_header",
    "vae_core.datasets",
    "vae_core.workspace vae_core.dataset_summary",
    "vae_core.profiles vae_core.waiting",
    "vae_core.quotas",
    "vae_core.derived vae_core.worker_process",
    "vae_core.stored_datasets",
    "vae_core.uploads",
    "vae_core.example vae_core.batches vae_core.adam vae_core.parallel",
    "vae_core.planned",
    "vae_core.brought",
    "vae_core.networks vae_core.likelihoods vae_core.priors",
    "vae_core.vae",
    "vae_core.objectives",
    "vae_core.run_config",
    "vae_core.diagnosis vae_core.settings vae_core.memory vae_core.ledger",
    "vae_core.trials",
    "vae_core.training vae_core.latents",
    "vae_core.checkpoint_file vae_core.evaluation",
    "vae_core.checkpoints",
    "vae_core.export vae_core.notebook vae_core.bench vae_core.selection vae_core.metrics vae_core.stored_concepts "
    "vae_core.anomalies",
    "vae_core.film",
    "vae_core.runs vae_core.measuring",
    "vae_core.backups",
    "vae_core.foreign vae_core.sharing vae_core.oversight",
    "vae_core.report",
    "vae_core.card",
    "vae_core.computations",
    "vae_core.projections",
    "vae_core.cli",
    "vae_core.__main__ vae_core",
    "pages.ui.language",
    "pages.ui.sentences",
    "pages.ui.browser_runtime",
    "pages.ui.operations pages.ui.metrics pages.ui.logs pages.ui.stopping",
    "pages.ui.web",
    "pages.ui.plotly_script pages.ui.pictures pages.ui.tables "
    "pages.ui.figures pages.ui.forms pages.ui.state pages.ui.navigation pages.ui.answers",
    "pages.ui.served",
    "pages.ui.explorer pages.ui.cards",
    "pages.ui.films",
    "pages.ui.cache pages.ui.models pages.ui.findings pages.ui.choosing",
    "pages.ui.one_file pages.ui.whole_model",
    "pages.ui.preview pages.ui.projection_routes pages.ui.film_routes pages.ui.computing pages.ui.measures "
    "pages.ui.takeaway pages.ui.bringing",
    "pages.ui.own_workspace",
    "pages.ui.progress pages.ui.components pages.ui.preparation pages.ui.table_set pages.ui.builtin pages.ui.deleted",
    "pages.ui.unusual pages.ui.comparing pages.ui.trio pages.ui.uploading pages.ui.picture_set pages.ui.new_run "
    "pages.ui.latent_routes pages.ui.ledger_routes pages.ui.operations_routes",
    "pages.ui.takeaway_routes",
    "pages.ui.gallery pages.ui.lessons pages.ui.classroom",
    "pages.ui.teaching",
    "pages.ui.portraits",
    "pages.ui.routes",
    "pages.home pages.data pages.train pages.explore pages.film pages.measure pages.ledger pages.anomalies "
    "pages.compare pages.learn pages.teacher",
    "pages.ui.router",
    "app",
]
"""From the ground up; the modules of one line do not know each other (a package is one module here)."""

RANK = {module: rank for rank, line in enumerate(LAYERS) for module in line.split()}


@cache
def sources() -> dict[str, Path]:
    paths = [ROOT / "app.py", *(ROOT / "vae_core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


def layer(module: str) -> str | None:
    """The entry of LAYERS to which a module belongs: the longest one that it lies under."""
    parts = module.split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((name for name in names if name in RANK), None)


def imports(path: Path) -> set[str]:
    """Modules imported at run time; what only type checkers see makes no arrow."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            known = sources()
            found |= {
                f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in known else node.module for a in node.names
            }
    return found


def test_every_module_has_its_place() -> None:
    packages = {"pages", "pages.ui"}
    assert {module for module in sources() if layer(module) is None} <= packages
    assert all(any(module == name or module.startswith(name + ".") for module in sources()) for name in RANK)


def test_imports_go_down_only() -> None:
    upward = []
    for module, path in sources().items():
        mine = layer(module)
        for other in imports(path):
            theirs = layer(other) if other.split(".")[0] in ("vae_core", "pages", "app") else None
            if mine and theirs and theirs != mine and RANK[theirs] >= RANK[mine]:
                upward.append(f"{module} -> {other}")
    assert upward == []


def test_core_knows_no_web_page() -> None:
    forbidden = {"streamlit", "plotly", "starlette", "pages"}
    assert [
        (module, other)
        for module, path in sources().items()
        if module.startswith("vae_core")
        for other in imports(path)
        if other.split(".")[0] in forbidden
    ] == []


def test_public_names_are_exact() -> None:
    public = {name for name in vars(vae_core) if not name.startswith("_")} | set(vae_core._LATE)
    modules = {name for name, value in vars(vae_core).items() if type(value).__name__ == "module"}
    assert public - modules - {"Any", "TYPE_CHECKING"} == set(vae_core.__all__)
    assert sorted(vae_core.__all__, key=lambda name: (name[0].islower(), not name.isupper(), name)) == vae_core.__all__
    assert all(getattr(vae_core, name) is not None for name in vae_core.__all__)


def test_pages_and_components_are_read_in_one_sitting() -> None:
    long = {
        path.name: lines
        for folder, pattern, most in (
            ("pages", "*.py", 120),
            ("pages/ui", "**/*.py", 300),
            ("pages/ui", "**/*.js", 300),
            ("vae_core", "**/*.py", 300),
        )
        for path in (ROOT / folder).glob(pattern)
        if "runtime" not in path.parts and (lines := len(path.read_text("utf-8").splitlines())) > most
    }
    assert long == {}
