"""The `dlscratch` that a learner's code may import: what the locked cells of its assignment import, and what that needs.

Layers, losses and primitives share files with what a task asks for.  So it is definitions that are taken, not files:
for `from dlscratch import SGD, Affine` the class Affine and all it uses (Layer, Parameter, ops.affine ...), but no
other layer and no other primitive.  `answers` is always there; `check` and its sisters are there and do nothing, since
what they would say in a learner's process is no evidence.
"""

import ast
from functools import cache
from pathlib import Path

import dlscratch

from .circumstances import JUDGES

ROOT = Path(dlscratch.__file__).parent
NUMERIC = ("gradcheck", "numeric")
WHOLE = "answers", "data"  # modules that anybody may use
SILENT = (
    "".join(f"def {name}(*_, **__):\n    pass\n\n\n" for name in JUDGES)
    + "class GradientError(AssertionError):\n    pass\n"
)


def package_for(locked):
    """{path: text} of the package for these sources of locked cells."""
    return dict(_package_for(tuple(locked)))


@cache
def _package_for(locked):
    found = Slices()
    for source in [*locked, "from dlscratch import answers"]:
        found.follow_all(ast.parse(source), ("..",))
    return found.files()


class Slices:
    """Definitions that are needed: module (a tuple, () for the package itself) -> numbers of its statements."""

    def __init__(self):
        self.kept, self.imports, self.whole = {}, {}, set()

    # ---- what is needed ----

    def keep(self, module, name):
        """A name of a module, and all that its definition uses."""
        if module[:1] == ("gradcheck",) and name != "numeric_gradient" and module != NUMERIC:
            self.imports.setdefault(("gradcheck",), set())
            return
        if module[:1] and module[0] in WHOLE:
            self.whole.add(module[0])
            return
        self.imports.setdefault(module, set())
        for number, statement in enumerate(statements(module)):
            if isinstance(statement, ast.ImportFrom) and statement.level:
                self.keep_import(module, statement, name)
            elif name in stored(statement) and number not in self.kept.setdefault(module, set()):
                self.kept[module].add(number)
                self.follow_all(statement, module)

    def keep_import(self, module, statement, name):
        for alias in statement.names:
            line = f"from {'.' * statement.level}{statement.module or ''} import {alias.name} as {alias.asname or alias.name}"
            if (alias.asname or alias.name) == name and line not in self.imports[module]:
                self.imports[module].add(line)
                self.follow_import(target(module, statement), alias.name)

    def follow_import(self, module, name):
        if is_module((*module, name)) and module[:1] != ("gradcheck",):
            if name in WHOLE:
                self.whole.add(name)
            else:
                self.imports.setdefault((*module, name), set())
        else:
            self.keep(module, name)

    def follow_all(self, tree, module):
        """Everything of this package that a piece of code uses: names of its module, imports, attributes of modules."""
        aliases = module_aliases(tree, module)
        for name in loaded(tree) if module != ("..",) else ():
            self.keep(module, name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (base := target(module, node)) is not None:
                for alias in node.names:
                    self.keep_public(base, alias.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                self.keep_public(aliases[node.value.id], node.attr)

    def keep_public(self, module, name):
        if is_module((*module, name)) and module[:1] != ("gradcheck",):
            self.follow_import(module, name)
            if module == () and name not in WHOLE:
                self.imports.setdefault((), set()).add(f"from . import {name} as {name}")
        else:
            self.keep(module, name)

    # ---- the files ----

    def files(self):
        texts = {path_of(module): self.text(module) for module in self.imports if module[:1] != ("gradcheck",)}
        if ("gradcheck",) in self.imports or NUMERIC in self.imports:
            texts["gradcheck/__init__.py"] = SILENT
        if NUMERIC in self.imports:
            texts["gradcheck/__init__.py"] += "\n\nfrom .numeric import numeric_gradient\n"
            texts["gradcheck/numeric.py"] = self.text(NUMERIC)
        for name in self.whole:
            base = ROOT / name
            paths = sorted(base.rglob("*")) if base.is_dir() else [base.with_suffix(".py")]
            texts |= {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths if is_text(path)}
        texts.setdefault("__init__.py", "")
        return texts

    def text(self, module):
        lines = source(module).splitlines(keepends=True)
        kept = self.kept.get(module, ())
        parts = [
            "".join(lines[first_line(node) - 1 : node.end_lineno])
            for number, node in enumerate(statements(module))
            if number in kept or is_outside_import(node)
        ]
        return "\n".join([*sorted(self.imports[module]), *parts]) + "\n"


# ---- modules and names ---------------------------------------------------------------------------------------------


def path_of(module):
    """("layers",) -> layers.py; () -> __init__.py"""
    plain = Path(*module)
    return (plain / "__init__.py" if (ROOT / plain).is_dir() else plain.with_suffix(".py")).as_posix()


def is_module(module):
    base = ROOT.joinpath(*module)
    return bool(module) and (base.is_dir() or base.with_suffix(".py").is_file())


@cache
def source(module):
    return (ROOT / path_of(module)).read_text(encoding="utf-8")


@cache
def statements(module):
    return ast.parse(source(module)).body


def is_text(path):
    return path.suffix in (".py", ".csv", ".txt")


def first_line(node):
    return min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", ())]])


def is_outside_import(node):
    return isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)


def target(module, node):
    """The module of this package that an import names, or None."""
    if node.level:
        inside = module if (ROOT.joinpath(*module)).is_dir() else module[:-1]
        base = inside[: len(inside) - node.level + 1]
        return (*base, *(node.module.split(".") if node.module else ()))
    first, *rest = node.module.split(".")
    return tuple(rest) if first == "dlscratch" else None


def module_aliases(tree, module):
    """Names that stand for modules of this package: {alias: module}."""
    found, nodes = {}, [*ast.walk(tree), *(statements(module) if module != ("..",) else ())]
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [(alias.asname or "dlscratch", alias.name.split(".")) for alias in node.names]
            found |= {alias: tuple(path[1:]) for alias, path in names if path[0] == "dlscratch"}
        elif isinstance(node, ast.ImportFrom) and (base := target(module, node)) is not None:
            for alias in node.names:
                if is_module((*base, alias.name)):
                    found[alias.asname or alias.name] = (*base, alias.name)
    return found


def stored(statement):
    """What a statement at the top level of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def loaded(tree):
    """Names that a definition takes from its module: not its own variables."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= (
        {node.id for node in names if isinstance(node.ctx, ast.Store)} if isinstance(tree, ast.FunctionDef) else set()
    )
    return {node.id for node in names if isinstance(node.ctx, ast.Load)} - own
