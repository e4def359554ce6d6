"""Judge one hand-in: a job in, a verdict out, both plain dicts that JSON can hold.

    job      {"assignment", "student", "secret": text, "names": [what answers define], "may_write": ["call argument", ...] or None,
              "package": {path: text of the dlscratch that the learner's code may import},
              "cells": [{"id", "kind": "locked" | "answer" | "test", "source", "tags", "free"}, ...]}
    verdict  {"tests": {id: {"passed", "message", "causes", "output"}}, "cells": {id: {"output", "error"}},
              "wrote": ["call argument": what was overwritten]}

Cells come in the order of the notebook.  The worker runs all but the tests.  Here the locked cells are run once more,
for what the tests need, and then each test in a namespace of its own, where the names that the instructor's answers
define ("names" of the job) and the functions that locked cells mark with `@use` are proxies to the worker.  A locked
cell that is "free", since the instructor has not locked it, may stop: it may be there to play with answers.

A test that did not run to its end has not passed.  A call may take 2 seconds of processor time, and 10 if it is one of
a function marked with `@use`, or if the test cell has the tag `long`; the tag `not-finite` lets NaN and infinity
through (`check` always sees them).
may_write names what the instructor's own answers overwrite, and so may be: "update() 0" is the first argument of update,
"SGD().step() data" the data of its parameters; None: anything may.
"""

import ast
import contextlib
import io
import time

import numpy as np

from . import link as links
from .circumstances import judging, outlasting, seeded
from .wire import Bare

LOAD, CALL, LONG_CALL, TEST, ALL = 10, 2, 10, 120, 480  # seconds
LONGEST, ALL_TEXT = 20_000, 200_000  # characters of one cell's output, and of all outputs
ONLY = (
    "the grader knows Python's standard library, NumPy, and of dlscratch what the locked cells of this notebook import"
)


def verify(job, start):
    """start() -> a fresh worker process, with stdin and stdout as pipes."""
    bench = Bench(job, start)
    with judging(bench), seeded(job) as seeds, contextlib.closing(bench):
        bench.drawn = seeds.drawn
        bench.prepare()
        tests = {cell["id"]: bench.test(cell, seeds) for cell in bench.tests}
        return {"tests": tests, "cells": bench.cells, "wrote": sorted(bench.wrote)}


class Bench:
    """The trusted namespace of one hand-in, and the worker beside it."""

    def __init__(self, job, start):
        self.start, self.may_write, self.names, self.training = start, job["may_write"], list(job["names"]), []
        self.tests = [cell for cell in job["cells"] if cell["kind"] == "test"]
        self.load = [cell for cell in job["cells"] if cell["kind"] != "test"]
        self.given = sum(cell["kind"] == "locked" for cell in self.load)
        self.package = {name: as_bytes(text) for name, text in job["package"].items()}
        self.cells, self.wrote, self.link, self.refused = {}, set(), None, set()
        self.locked, self.until, self.room = {"__name__": "tests"}, time.monotonic() + ALL, ALL_TEXT
        self.arrays = []  # of the locked cells, with what was in them

    def prepare(self):
        for cell in self.load:
            if cell["kind"] == "locked":
                with contextlib.suppress(Exception) if cell.get("free") else contextlib.nullcontext():
                    exec(compile(cell["source"], f"<{cell['id']}>", "exec"), self.locked)
                self.training += used(cell["source"])
        found = links.arrays_in(list(self.locked.values()))
        self.arrays = [(array, array.copy()) for array in found if array.flags.writeable]

    def test(self, cell, seeds):
        """Run it as it stands.  Code that overwrites arguments could make the question fit its answer: then the test
        must pass once more, on other numbers, with arguments that stay as they are."""
        error, printed = self.run(cell, seeds, "", by_copy=False)
        if error is None and self.link and self.link.trespassed:
            error, _ = self.run(cell, seeds, "again", by_copy=True)
        self.settle()
        return {
            "passed": error is None,
            "message": "" if error is None else self.message_of(error)[:LONGEST],
            "causes": causes_of(error),
            "output": self.printed(printed),
        }

    def printed(self, text):
        """As much of it as there is room for on a page."""
        text = text[: min(LONGEST, self.room)]
        self.room -= len(text)
        return text

    def run(self, cell, seeds, turn, by_copy):
        """(what stopped the test or None, what it and the learner's code printed)"""
        seeds.begin(cell["id"] + turn)
        for array, content in self.arrays:  # an earlier test may have lent them
            array[...] = content
        output, error = io.StringIO(), None
        try:
            left = max(1, min(TEST, int(self.until - time.monotonic())))
            with contextlib.redirect_stdout(output), outlasting(left):
                plain = {name: value for name, value in self.locked.items() if name not in self.names}
                space = plain | self.proxies(cell)
                self.link.by_copy = by_copy
                exec(compile(cell["source"], f"<{cell['id']}>", "exec"), space)
        except BaseException as raised:  # whatever it is, the test has not passed
            error = raised
            if isinstance(raised, TimeoutError) and self.link:
                self.link.stop()  # it may be in the middle of an answer
        return error, output.getvalue() + (self.link.output if self.link else "")

    def settle(self):
        """A worker that has ended makes room for a fresh one."""
        if self.link is not None:
            self.wrote |= self.link.wrote
            self.link.trespassed.clear()
            self.link = self.link if self.link.process else None

    def proxies(self, cell):
        fresh = self.link is None
        link = self.link = self.link or self.worker()
        link.limit = LONG_CALL if "long" in cell["tags"] else CALL
        link.finite, link.drawn = "not-finite" not in cell["tags"], self.drawn
        link.begin()
        link.patience = {f"{name}()": LONG_CALL for name in self.training}
        names = [*self.names, *self.training]
        try:
            there = link.ask("names", names=names)
        except links.Ended:
            if fresh:
                raise
            self.link = None  # it had died after its last answer: that was another test's affair
            return self.proxies(cell)
        return {name: link.ask("name", path=name, name=name) for name in names if name in there}

    def worker(self):
        """A process that has run the learner's cells, as far as they run."""
        while time.monotonic() < self.until:
            link = links.Link(self.start(), None if self.may_write is None else set(self.may_write))
            link.limit = LOAD
            if self.loaded(link):
                return link
        raise TimeoutError(f"your notebook has used up its {ALL} seconds")

    def loaded(self, link):
        """Run all cells; a cell that ends the process is left out, and all begin anew."""
        link.ask("install", files=self.package, says=ONLY)
        for i, cell in enumerate(self.load):
            if i == self.given:
                link.ask("clear", names=self.names, keep=self.training)
            if cell["id"] in self.refused:
                continue
            link.output, error = "", ""
            try:
                link.ask("exec", name=f"<{cell['id']}>", source=as_bytes(cell["source"]))
            except links.LearnersError as raised:
                error = message_of(raised)
            before = self.cells.get(cell["id"], {"output": ""})
            self.room += len(before["output"])  # it runs again in a fresh worker
            self.cells[cell["id"]] = {"output": self.printed(link.output), "error": error}
            if link.process is None:
                self.refused.add(cell["id"])
                return False
        return True

    def message_of(self, error):
        """Of a name that nothing defines: what became of the cells that were to define it."""
        if type(error) is not NameError or error.name not in self.names:
            return message_of(error)
        answers = [self.cells[c["id"]] for c in self.load if c["kind"] == "answer" and c["id"] in self.cells]
        stopped = [f"  {cell['error']}" for cell in answers if cell["error"]]
        if not stopped:
            return f"{error.name} is not defined: no cell of this notebook defines it."
        return "\n".join([f"{error.name} is not defined. These errors stopped cells of this notebook:", *stopped])

    def close(self):
        if self.link is not None:
            self.link.stop()


def as_bytes(text):
    """A text may be too long to cross as one; an array of bytes may not.  Bare: nobody watches whether it changes."""
    return Bare(np.frombuffer(text.encode("utf-8", "replace"), np.uint8))


def used(source):
    """Functions of a locked cell that are marked with @use: they run beside the learner's code."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(d).endswith("use") for d in node.decorator_list):
            yield node.name


# ---- what a failed test says ---------------------------------------------------------------------------------------


def message_of(error):
    if isinstance(error, links.LearnersError):
        return error.sentence or str(error)
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}"


def causes_of(error):
    """What `check` found, wherever in the chain of errors it stands."""
    found, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found += [finding.cause for finding in getattr(error, "findings", ()) if finding.cause]
        error = error.__cause__ or error.__context__
    return found
