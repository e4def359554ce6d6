"""Who may import whom, and what stands where."""

import ast
import pathlib
import subprocess
import sys

import pytest

import dlscratch

PACKAGE = pathlib.Path(dlscratch.__file__).parent

OPS = {"ops", "ops_image", "ops_sequence"}
MAY_IMPORT = {
    "shapes": set(),
    "ops": {"shapes", "ops_image", "ops_sequence"},
    "ops_image": {"shapes"},
    "ops_sequence": {"shapes"},
    "init": set(),
    "layers": {*OPS, "init", "shapes"},
    "layers_image": {*OPS, "init", "layers", "shapes"},
    "losses": {"ops"},
    "autograd": {"ops"},
    "nn": {*OPS, "autograd", "init", "shapes"},
    "optim": set(),
    "schedules": set(),
    "saving": set(),
    "progress": set(),
    "answers": set(),
    "training": {"progress", "init"},
    "data": set(),
    "gradcheck": {"autograd"},  # only inside functions
    "launch": {"data"},
}
MAY_IMPORT_ANYTHING = {"views", "__init__", "__main__"}


def area(path):
    """The file or, in a subpackage, the folder: views/picture.py belongs to views."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_areas(path):
    """The areas of this package that a file imports, wherever in the file."""
    package = ["dlscratch", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            names = [base] if len(base) > 1 else [[*base, alias.name] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module.split(".")]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        else:
            continue
        yield from (name[1] for name in names if name[0] == "dlscratch" and len(name) > 1)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_the_map_allows(path):
    if area(path) not in MAY_IMPORT_ANYTHING:
        assert set(imported_areas(path)) - {area(path)} <= MAY_IMPORT[area(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_imports_the_views(path):
    if area(path) not in {"views"}:
        assert "views" not in set(imported_areas(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_pullbacks_are_written_in_the_primitives_only(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    if area(path) not in {*OPS, "autograd", "gradcheck"}:
        assert "pullback" not in named


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_holds_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_importing_the_package_loads_numpy_and_nothing_heavy():
    code = (
        "import sys, numpy.random; numpy_only = set(sys.modules);"
        "import dlscratch; print(sorted({m.split('.')[0] for m in set(sys.modules) - numpy_only} - {'dlscratch'}))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    outside = set(ast.literal_eval(done.stdout))
    assert outside <= set(sys.stdlib_module_names)
    assert not outside & {"http", "ssl", "email", "asyncio", "multiprocessing", "sqlite3", "unittest"}
