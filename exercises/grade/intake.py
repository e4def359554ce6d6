"""What is taken from a hand-in: one plain file of the expected name, and of it the sources of its code cells.

    submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb

Whatever else is found there is refused, with a sentence that says why.  A refusal is no zero: it has no marks.
"""

import contextlib
import json
import os
import re
import stat
from pathlib import Path

MAX_BYTES, MAX_CELLS, MAX_SOURCE = 5 << 20, 500, 300_000
STUDENT = re.compile(r"\w[\w .@+'’-]{0,63}")


class Refused(Exception):
    """This hand-in cannot be graded; the sentence says why."""


def students(course, assignment):
    """Who has handed in something for this assignment, in alphabetical order."""
    base = Path(course, "submitted")
    names = sorted(os.listdir(base)) if base.is_dir() else []
    here = assignment, f"{assignment}.ipynb"  # the second is in the wrong place: refused, and not overlooked
    return [n for n in names if not n.startswith(".") and any(os.path.lexists(base / n / name) for name in here)]


def hand_in(course, assignment, student):
    """The notebook of that student: {"cells": [...]}, made anew from what counts; or Refused."""
    if not STUDENT.fullmatch(student):
        raise Refused(
            "the name of the student's folder must be made of letters, digits, blanks and . _ @ + - ' (64 at most)"
        )
    home = Path(course, "submitted", student)
    if not os.path.lexists(home / assignment):
        raise Refused(
            f"{assignment}.ipynb lies in submitted/{student}; it belongs one folder further down, in {assignment}"
        )
    data = plain_file(home.parent, [student, assignment], f"{assignment}.ipynb")
    try:
        return notebook(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise Refused(f"{assignment}.ipynb is not a notebook ({type(error).__name__}: {str(error)[:100]})") from None


def plain_file(base, folders, name):
    """Its bytes, reached through plain folders: no link leads to a file that is not the student's own."""
    with contextlib.ExitStack() as stack:
        here = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, here)
        for folder in folders:
            here = opened(folder, here, os.O_DIRECTORY)
            stack.callback(os.close, here)
        if name not in (there := sorted(os.listdir(here))):
            raise Refused(f"no {name} in it; there is: {', '.join(there)[:200] or 'nothing'}")
        descriptor = opened(name, here, os.O_NONBLOCK)
        stack.callback(os.close, descriptor)
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise Refused(f"{name} is not a plain file of its own")
        if about.st_size > MAX_BYTES:
            raise Refused(
                f"{name} has {about.st_size / 2**20:.0f} MB; {MAX_BYTES >> 20} are allowed: clear its outputs"
            )
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(MAX_BYTES + 1)


def opened(name, folder, flags):
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=folder)
    except OSError as error:
        why = "a link" if os.path.islink(f"/proc/self/fd/{folder}/{name}") else os.strerror(error.errno).lower()
        raise Refused(f"{name} cannot be opened: {why}") from None


def notebook(found):
    """Cells with a type, a source and a grade id; ValueError or TypeError for what is none."""
    if found.get("nbformat") != 4:
        raise ValueError(f"format {str(found.get('nbformat'))[:20]}; 4 is expected")
    cells = found["cells"]
    if type(cells) is not list:
        raise TypeError("its cells are no list")
    if len(cells) > MAX_CELLS:
        raise ValueError(f"{len(cells)} cells; {MAX_CELLS} are allowed")
    taken = [cell_of(cell) for cell in cells if cell["cell_type"] in ("code", "markdown")]
    if (size := sum(len(cell["source"]) for cell in taken)) > MAX_SOURCE:
        raise ValueError(f"{size} characters; {MAX_SOURCE} are allowed")
    return {"cells": taken}


def cell_of(cell):
    source = cell["source"] if type(cell["source"]) is str else "".join(cell["source"])
    source.encode("utf-8")  # UnicodeEncodeError: a character that is none
    marks = cell.get("metadata", {}).get("nbgrader")
    name = marks.get("grade_id") if type(marks) is dict else None
    known = {"grade_id": name} if type(name) is str else {}
    known |= {"solution": True} if cell["cell_type"] == "markdown" and known else {}
    return {"cell_type": cell["cell_type"], "source": source, "metadata": {"nbgrader": known}}
