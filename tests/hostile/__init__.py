"""Hand-ins that deserve nothing and try to get something: {name: function of an Exercise -> its files}.

The files are {path below the student's folder for the assignment: bytes}, or a function that makes something else
there (a link, a pipe).  Nothing here solves a task: an undeserved point is a hole in the grader.
"""

import ast
import copy
import json
from dataclasses import dataclass


@dataclass
class Exercise:
    """What a cheat has: the released notebook, and the names that it asks for."""

    name: str
    notebook: dict

    @property
    def stubs(self):
        return [c for c in self.notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]

    @property
    def names(self):
        """Functions and classes that the stubs define."""
        nodes = [node for cell in self.stubs for node in ast.parse(cell["source"]).body]
        return [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]

    def files(self, notebook):
        return {f"{self.name}.ipynb": json.dumps(notebook).encode()}

    def with_code(self, text, most=None):
        """The release with this code in front of every stub's own (or of the first ones'), and once more behind."""
        changed = Exercise(self.name, copy.deepcopy(self.notebook))
        for cell in changed.stubs[:most]:
            cell["source"] = f"{text}\n{cell['source']}\n{text}"
        return self.files(changed.notebook)

    def with_cells(self, *sources, change=lambda notebook: None):
        """The release with cells of one's own at its beginning and its end."""
        notebook = copy.deepcopy(self.notebook)
        new = [code_cell(f"mine{i}", source) for i, source in enumerate(sources)]
        notebook["cells"] = new + notebook["cells"] + [cell | {"id": cell["id"] + "again"} for cell in new]
        change(notebook)
        return self.files(notebook)

    def every(self, template):
        """For each name that is asked for, this code."""
        return "\n".join(template.replace("NAME", name) for name in self.names)


def code_cell(name, source, **metadata):
    return {
        "cell_type": "code",
        "id": name,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def code(text):
    """A cheat that is code in the cells for code."""
    return lambda exercise: exercise.with_code(exercise.every(text) if "NAME" in text else text)


def once(text):
    """Code in the first of these cells alone: who sleeps until a limit need not do so once for each."""
    return lambda exercise: exercise.with_code(text, most=1)


EVERYTHING_ON_THE_DISK = """
import os
tops = [os.path.join("/", top) for top in os.listdir("/") if top not in ("proc", "sys")]
found = [os.path.join(at, name) for top in tops for at, folders, names in os.walk(top) for name in folders + names]
"""


def everything():
    from . import asserts, files, grader, kernel, leaks, structure

    groups = asserts, kernel, leaks, structure, files, grader
    return {
        f"{group.__name__.rpartition('.')[2]}: {name}": make
        for group in groups
        for name, make in group.HAND_INS.items()
    }
