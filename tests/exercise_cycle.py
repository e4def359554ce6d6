"""nbgrader's whole cycle in one process, in a temporary copy of the course.

    PYTHONPATH=. python tests/exercise_cycle.py ASSIGNMENT SUBMISSIONS OUT

SUBMISSIONS holds a notebook for each student, NAME.ipynb.  OUT gets a page NAME.html of feedback for each
student, grades.csv, and results.json: {"stale": [what is stale in release/], "maximum": {test: points},
"students": {name: {"error": ..., "points": {test: points}}}, "report": what --json writes, "validate": {"source" or "release": {test: message}}}.

It is a program of its own because nbgrader warns, and a test must not silence warnings of this course.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

warnings.simplefilter("error")
for theirs in "nbgrader", "nbformat", ".*display_priority":  # the last is a page template of nbconvert
    warnings.filterwarnings("ignore", module=theirs)

from nbgrader.api import MissingEntry  # noqa: E402
from nbgrader.plugins.export import CsvExportPlugin  # noqa: E402
from nbgrader.validator import Validator  # noqa: E402

from exercises.grade.__main__ import grade  # noqa: E402
from exercises.release import COURSE, copy_course, differences, generate, open_course, read_all  # noqa: E402


def cycle(assignment, submissions, out):
    with TemporaryDirectory() as folder:
        course = copy_course(folder)
        generate(course)
        notebook = f"{assignment}/{assignment}.ipynb"
        stale = list(differences(read_all(course / "release"), read_all(COURSE / "release")))
        for path in submissions.glob("*.ipynb"):
            hand_in(path, course / "submitted" / path.stem / notebook)
        report = grade(course, assignment, jobs=2)
        errors = {student: result["reason"] for student, result in report["students"].items()}
        nbgrader = open_course(course)
        students = {name: {"error": errors[name], "points": points(nbgrader, assignment, name)} for name in errors}
        for page in course.glob("feedback/*/*/*.html"):
            shutil.copy(page, out / f"{page.parts[-3]}.html")
        with nbgrader.gradebook as gradebook:
            CsvExportPlugin(to=str(out / "grades.csv")).export(gradebook)
            cells = gradebook.find_notebook(assignment, assignment).grade_cells
            maximum = {cell.name: cell.max_score for cell in cells}
        checked = {kind: validate(course / kind / notebook) for kind in ("source", "release")}
    return {"stale": stale, "maximum": maximum, "students": students, "report": report, "validate": checked}


def hand_in(path, to):
    to.parent.mkdir(parents=True)
    shutil.copy(path, to)


def points(nbgrader, assignment, student):
    """{test: points}; nothing for a hand-in that was not graded."""
    with nbgrader.gradebook as gradebook:
        try:
            grades = gradebook.find_submission_notebook(assignment, assignment, student).grades
        except MissingEntry:
            return {}
        return {grade.name: grade.score for grade in grades}


def validate(path):
    """What the Validate button would say: {source of a failed test: message}."""
    result = Validator().validate(str(path))
    assert not set(result) - {"failed"}, result
    return {cell["source"]: cell["raw_error"] for cell in result.get("failed", [])}


if __name__ == "__main__":
    name, given, to = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    (to / "results.json").write_text(json.dumps(cycle(name, given, to)), encoding="utf-8")
