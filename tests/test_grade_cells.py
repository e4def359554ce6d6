"""What becomes of a learner's cells on their way into the grader and onto a page."""

import json

import pytest
from exercise_notebooks import EXERCISES


@pytest.fixture(autouse=True)
def package(monkeypatch):
    monkeypatch.syspath_prepend(EXERCISES.parent)


PLAIN = {
    "%matplotlib inline\ndef f(x):  # ok?\n    return (x\n      % 3)": "pass\ndef f(x):  # ok?\n    return (x\n      % 3)",
    "used = %timeit -o f(1)\nx = 2": "pass\nx = 2",
    "if x:\n    !ls\ny = 2": "if x:\n    pass\ny = 2",
    "np.sum?\nx = 1": "pass\nx = 1",
    "?np\nx = 1": "pass\nx = 1",
    "%%time\nx = 3": "pass\nx = 3",
    "x = 7 % 3  # a rest?": "x = 7 % 3  # a rest?",
    "def f(x)\n    pass": "def f(x)\n    pass",
}


@pytest.mark.parametrize("source", PLAIN)
def test_only_what_a_notebook_alone_understands_is_left_out(source):
    from exercises.grade.cells import plain_python

    assert plain_python(source) == PLAIN[source]


@pytest.mark.parametrize("source", ["x = 1" + " + 1" * 50_000, "-" * 100_000 + "1", "(" * 5000, "'\\d' is 1"])
def test_what_no_parser_can_read_is_left_to_the_worker(source):
    from exercises.grade.cells import plain_python

    assert plain_python(source) == source


def notebook(*cells):
    marks = {"test": {"grade": True, "locked": True}, "setup": {"locked": True}, "answer": {"solution": True}}
    return {
        "cells": [
            {"cell_type": "code", "source": source, "metadata": {"nbgrader": marks[name] | {"grade_id": name}}}
            for name, source in cells
        ]
    }


RELEASE = [("setup", "import numpy"), ("answer", "raise"), ("test", "f()")]
KEPT = {
    "as released": ([*RELEASE], ["raise"]),
    "an edited test": ([("test", "f() == 1"), ("answer", "x")], ["x"]),
    "a copied test": ([("test", "f()"), ("test", "f()"), ("answer", "x")], ["x"]),
    "a copy that has become a helper": ([("test", "f()"), ("test", "def g(): pass"), ("answer", "x")], ["def g(): pass", "x"]),
    "a helper made of a copy above it": ([("test", "def g(): pass"), ("test", "f()"), ("answer", "x")], ["def g(): pass", "x"]),
    "an edited test and a helper": ([("test", "f() == 1"), ("test", "def g(): pass")], ["def g(): pass"]),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_learners_code_is_all_but_the_release(name):
    from dlscratch.launch.handin import parts

    cells, kept = KEPT[name]
    locked, mine, tests = parts(notebook(*RELEASE), notebook(*cells))
    assert [cell["source"] for cell in mine] == kept
    assert [cell["source"] for cell in (*locked, *tests)] == ["import numpy", "f()"]


def test_a_page_colours_what_a_person_has_written_and_nothing_else():
    from exercises.grade.pages import in_black, is_code

    assert is_code("def f(x):\n    return x + 1\n" * 100)
    assert not is_code("x = " + "a." * 200) and not is_code("x = 1\n" * 20_000)
    assert in_black("a < b") == '<div class="highlight hl-ipython3"><pre>a &lt; b</pre></div>'


def test_one_unreadable_cell_costs_nobody_else_anything():
    from exercise_notebooks import released, solutions

    from exercises.grade.rebuild import graded_notebook, job_for

    given = json.loads(json.dumps(released("00-start-here")))
    handed_in = json.loads(json.dumps(given))
    deep = "x = 1" + " + 1" * 20_000
    handed_in["cells"].append({"cell_type": "code", "source": deep, "metadata": {}})
    job = job_for(given, handed_in, assignment="00-start-here", student="ada", secret="s")
    assert deep in [cell["source"] for cell in job["cells"]] and len(solutions("00-start-here")) < len(job["cells"])
    page = graded_notebook(given, handed_in, {"tests": {}, "cells": {}})
    assert deep in [cell["source"] for cell in page["cells"]]
