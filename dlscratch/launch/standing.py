"""What passes in the learner's exercises: `python -m dlscratch progress`, or in a notebook

    from dlscratch.launch.standing import progress
    progress()

Each notebook of work/ is run as it was last saved, in a kernel of its own, in a copy: nothing is written. What is
run is what a grader takes: the learner's code, and the tests of the release (`handin`).
"""

import asyncio
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from . import handin
from .chapters import find_course
from .exercises import find_release, releases, work_copy
from .lab import lab_environment

PATIENCE = 60  # seconds for a cell; then it is stopped, and the next one runs
AT_ONCE = 2  # kernels
MORE = "\nA number lists each test of that exercise: python -m dlscratch progress 00.  To begin one: start 00."


class Test(NamedTuple):
    """`reason` is what the test says, in a line or a few, and empty if it has passed."""

    title: str
    points: float
    reason: str


def progress(number=None):
    """Print which tests pass: of all exercises a line each, or of one exercise every test."""
    course = find_course()
    chosen = releases(course) if number is None else [find_release(course, number)]
    say = line if number is None else details
    with ThreadPoolExecutor(AT_ONCE) as pool:  # threads: a notebook's own has an event loop already
        for told in pool.map(lambda release: tell(say, release, work_copy(course, release)), chosen):
            print(told, flush=True)
    if number is None:
        print(MORE)


def tell(say, release, copy):
    try:
        tests = standing(release, copy)
    except ValueError as error:
        return f"{release.stem:<24} cannot be read: {error}"
    return f"{release.stem:<24} not begun" if tests is None else say(release.stem, tests)


def line(name, tests):
    passed = sum(not test.reason for test in tests)
    first = next((f"   next: {test.title}" for test in tests if test.reason), "")
    return f"{name:<24} {passed} of {len(tests)} tests passed, {points(tests)}{first}"


def details(name, tests):
    return "\n".join([f"{name}: {points(tests)}", *(f"  {verdict(test)}" for test in tests)])


def verdict(test):
    if not test.reason:
        return f"passed  {test.title}"
    return "\n            ".join([f"open    {test.title}", *test.reason.splitlines()])


def points(tests):
    earned = sum(test.points for test in tests if not test.reason)
    return f"{earned:g} of {sum(test.points for test in tests):g} points"


def standing(release, copy):
    """The Tests of an exercise in order, or None if it has not been begun."""
    if not copy.exists():
        return None
    locked, mine, tests = handin.parts(handin.read(release), handin.read(copy))
    sources = [handin.source(cell) for cell in (*locked, *mine, *tests)]
    outputs = run(sources, copy.parent)
    ran = list(zip(sources, outputs, strict=True))[: -len(tests)]
    return [judged(cell, found, ran) for cell, found in zip(tests, outputs[-len(tests) :], strict=True)]


def judged(cell, outputs, ran):
    title, reason = handin.source(cell).partition("\n")[0].removeprefix("# "), complaint(outputs)
    if missing := re.fullmatch(r"name '(\w+)' is not defined", reason):
        reason = "; ".join([reason, *why(missing[1], ran)])
    return Test(title, cell["metadata"]["nbgrader"]["points"], reason)


def why(name, ran):
    """What became of the cells that were to define it."""
    defines = re.compile(rf"^(def|class) +{name}\b|^{name} *=", re.MULTILINE)
    for source, outputs in ran:
        errors = [output for output in outputs if output.output_type == "error"]
        if errors and defines.search(source):
            unread = errors[0].ename in ("SyntaxError", "IndentationError", "TabError")
            how = "cannot be read" if unread else "has stopped"
            yield f"a cell of yours {how}: {errors[0].ename}: {errors[0].evalue}"


def complaint(outputs):
    """What the error says: what `check` found wrong, or its first line; or an empty text."""
    for output in outputs:
        if output.output_type == "error" and output.ename == "KeyboardInterrupt":
            return f"stopped after {PATIENCE} seconds: is there a loop that never ends?"
        if output.output_type == "error":
            lines = output.evalue.strip().splitlines() or [output.ename]
            found = [line.split(maxsplit=1)[1] for line in lines if line.startswith("  WRONG  ")]
            return "\n".join(found or lines[:1])
    return ""


def run(sources, folder):
    """Run these cells in a fresh kernel, go on after errors -> the outputs of each."""
    import nbformat  # jupyter takes a second to import
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    options = dict(timeout=PATIENCE, interrupt_on_timeout=True, allow_errors=True, record_timing=False)
    client = NotebookClient(notebook, **options, resources={"metadata": {"path": str(folder)}})
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as loop:  # the one that zmq knows on every system
        loop.run(client.async_execute(env=os.environ | lab_environment(), stderr=subprocess.DEVNULL))
    return [cell.outputs for cell in notebook.cells]
