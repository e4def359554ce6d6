"""Grade every hand-in of an assignment.

    python -m exercises.grade 04-affine

Hand-ins are DIR/submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb.  Their marks go into DIR/gradebook.db, what formgrader
shows into DIR/autograded, the feedback into DIR/feedback.  It can be repeated at any time.
"""

import argparse
import contextlib
import errno
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dlscratch.launch.handin import parts, source
from dlscratch.progress import Bar

from . import intake, sandbox
from .files import read, write
from .pool import executor_for, verdicts
from .rebuild import job_for
from .suspicion import flags_of
from .tables import as_csv, misconceptions, one_line, plain, result_of, result_without, summary, table

HERE = Path(__file__).parents[1]
SOME_NOT, CANNOT = 1, 2  # exit codes; 0: all graded
NOWHERE = errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO  # then no hand-in can be written down


class CannotGrade(RuntimeError):
    """The sentence says why."""


def grade(course, assignment, *, jobs, scheduler=None, say=print):
    """{"assignment": ..., "students": {id: result}}: marks are in the gradebook when it returns."""
    if scheduler is None:
        sandbox.require()
    run = Run(course, assignment, say)
    with alone(course) as run.log, executor_for(min(jobs, len(run.students)), scheduler) as (executor, room):
        return run.whole(executor, room)


class Run:
    """One assignment, once."""

    def __init__(self, course, assignment, say):
        self.course, self.assignment, self.say = course, assignment, say
        self.path = Path(course, "source", assignment, f"{assignment}.ipynb")
        if not self.path.is_file():
            there = sorted(path.parent.name for path in Path(course, "source").glob("*/*.ipynb"))
            raise LookupError(f"no such assignment: {self.path}; there is: {', '.join(there) or 'nothing'}")
        self.students = intake.students(course, assignment)
        if not self.students:
            raise LookupError(f"no hand-in: {Path(course, 'submitted', 'STUDENT', assignment)} is where one belongs")
        self.results, self.notebooks = {}, {}
        self.bar = Bar(len(self.students)) if sys.stdout.isatty() else None

    def whole(self, executor, room):
        self.given, self.secret = read(self.path), secret_of(self.course)
        with ThreadPoolExecutor(1) as meanwhile:
            rehearsal = meanwhile.submit(self.rehearse, executor)
            from .gradebook import Book  # nbgrader takes more than a second to import

            book = Book(self.course, self.assignment, self.given)
        with contextlib.closing(book) as self.book:
            self.may_write = rehearsal.result()
            for student, verdict in verdicts(executor, room, self.jobs()):
                self.settle(student, verdict)
                self.draw()
        if self.bar:
            self.bar.end(f"{len(self.results)} of {len(self.students)}")
        count = Counter(result["status"] for result in self.results.values())
        self.note("", ", ".join(f"{number} {status}" for status, number in sorted(count.items())))
        if others := left_out(self.course, self.students):
            self.say(f"left out of submitted/, as no folder with {self.assignment} in it: {some(others)}")
        return {"assignment": self.assignment, "students": dict(sorted(self.results.items()))}

    def rehearse(self, executor):
        """Grade the instructor's own answers: which calls may overwrite arguments, and do all tests pass?"""
        ((_, verdict),) = verdicts(executor, 1, [("", self.job("", self.given, None))])
        if "failed" in verdict:
            raise sandbox.NoSandbox(verdict["failed"])
        for name, test in verdict["tests"].items():
            if not test["passed"]:
                self.say(f"WARNING: {name} fails for the answers in source/: {test['message']}")
        return verdict["wrote"]

    def jobs(self):
        """(student, job) of every hand-in that can be read; the others are refused on the way."""
        for student in self.students:
            try:
                notebook = intake.hand_in(self.course, self.assignment, student)
                job = self.job(student, notebook, self.may_write)
            except intake.Refused as refused:
                self.without(student, "refused", refused)
            except Exception as error:
                self.without(student, "failed", named(error))
            else:
                self.notebooks[student] = notebook
                yield student, job

    def job(self, student, notebook, may_write):
        who = {"assignment": self.assignment, "student": student, "secret": self.secret}
        return job_for(self.given, notebook, **who, may_write=may_write)

    def settle(self, student, verdict):
        notebook, verdict = self.notebooks.pop(student), plain(verdict)
        if "failed" in verdict:
            return self.without(student, "failed", verdict["failed"])
        try:
            flags = self.flags(notebook)
            given = self.book.graded(student, verdict)
        except Exception as error:
            return self.without(student, "failed", named(error))
        self.results[student] = result_of(self.book.points, given, verdict, flags)
        self.show(student, notebook, verdict)

    def flags(self, notebook):
        locked, mine, _ = parts(self.given, notebook)
        return flags_of(map(source, mine), map(source, locked))

    def show(self, student, notebook, verdict):
        """Pages; where they fail the marks stand, and it is said."""
        from .rebuild import graded_notebook

        try:
            self.book.show(student, graded_notebook(self.given, notebook, verdict))
        except Exception as error:
            reason = one_line(f"the feedback page could not be made ({named(error)})")
            self.results[student]["reason"] = reason
            self.note(student, f"graded: {reason}")
            with contextlib.suppress(OSError):
                self.book.say(student, "Your hand-in has been graded, but this page could not be made.")

    def without(self, student, status, reason):
        """No marks, also where the page that says so fails."""
        reason = one_line(reason)
        try:
            self.book.refused(student, reason)
        except Exception as error:
            reason = one_line(f"{reason} (and no page says so: {named(error)})")
        self.results[one_line(student)] = result_without(status, reason, self.book.points)
        self.note(student, f"{status}: {reason}")

    def note(self, student, text):
        about = " ".join(filter(None, [self.assignment, one_line(student)]))
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {about} {text}", file=self.log, flush=True)

    def draw(self):
        if self.bar:
            self.bar.show(len(self.results), f"{len(self.results)} of {len(self.students)}")


def named(error):
    """What went wrong with one hand-in; what would go wrong with all of them ends the run."""
    if getattr(error, "errno", None) in NOWHERE:
        raise error
    return f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def alone(course):
    """The log of the course, held for one grader at a time."""
    import fcntl

    with open(Path(course, "grading.log"), "a", encoding="utf-8") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGrade(f"another grader is at work in {course}: wait for it") from None
        yield log


def secret_of(course):
    """What makes hidden numbers unforeseeable and repeatable: made once for a course, and kept."""
    path = Path(course, ".grading-secret")
    if not path.exists() or not path.read_text(encoding="utf-8").strip():
        write(path, secrets.token_hex(32), 0o600)
    return path.read_text(encoding="utf-8")


def left_out(course, students):
    return [one_line(name) for name in sorted(os.listdir(Path(course, "submitted"))) if name not in students]


def some(names, most=20):
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# ---- the command ---------------------------------------------------------------------------------------------------


def main(arguments=None):
    chosen = parsed(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # whatever a terminal cannot show
    try:
        for path in filter(None, [chosen.json, chosen.csv]):
            look_at(path)
        report = grade(chosen.course, chosen.assignment, jobs=chosen.jobs, scheduler=chosen.scheduler)
        try:
            save(report, chosen)
        finally:
            tell(report["students"])
    except (CannotGrade, LookupError, sandbox.NoSandbox) as error:
        end(CANNOT, error)
    except OSError as error:
        end(CANNOT, f"grading stopped: {error}")
    if others := [student for student, result in report["students"].items() if result["status"] != "graded"]:
        end(SOME_NOT, f"{len(others)} not graded: {some(others)}")


def parsed(arguments):
    parser = argparse.ArgumentParser(prog="python -m exercises.grade", description=__doc__.partition("\n")[0])
    parser.add_argument("assignment")
    parser.add_argument(
        "--course", type=Path, default=HERE, metavar="DIR", help="the folder that holds source/ and submitted/"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="how many hand-ins at once")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask cluster that does the work")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file too")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each student to this file too")
    chosen = parser.parse_args(arguments)
    if chosen.jobs < 1:
        parser.error("--jobs: at least 1")
    return chosen


def look_at(path):
    """Can it be written?  To learn that after the last hand-in would be late."""
    if path.exists() and not path.is_file():
        raise CannotGrade(f"cannot write {path}: it is no plain file")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CannotGrade(f"cannot write {path}: {error.strerror}") from None


def save(report, chosen):
    if chosen.json:
        write(chosen.json, json.dumps(report, indent=1))
    if chosen.csv:
        write(chosen.csv, as_csv(report["students"]))


def tell(results):
    points = {name: task["max_points"] for result in results.values() for name, task in result["tasks"].items()}
    pieces = table(points, results), summary(points, results), misconceptions(results)
    print(*filter(None, pieces), sep="\n\n")


def end(code, sentence):
    print(sentence, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
