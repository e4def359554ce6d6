"""The one writer: verdicts go into nbgrader's gradebook, and what it shows into autograded/ and feedback/.

One hand-in is one transaction, and a file appears whole or not at all.  Whatever stops the grader, grading again ends
with the same rows.  Marks and comments that a person has given stay.
"""

import contextlib
import errno
import html
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

from exercises.release import COURSE, find_programs, open_course

from .files import write
from .intake import plain_file

# jsonschema, which nbgrader imports, would build 38 grammars of it in a second, for addresses that no notebook holds
sys.modules.setdefault("rfc3987_syntax", None)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nbgrader warns about its own use of its database
    from nbgrader.api import Grade, Gradebook, GradeCell, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook
    from nbgrader.api import Comment  # isort: skip
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import parse_utc
    from .pages import exporter  # isort: skip
    from traitlets.config import PyFileConfigLoader
    import nbformat  # isort: skip
    from sqlalchemy.exc import OperationalError


class Book:
    """The gradebook of a course, opened for one assignment."""

    def __init__(self, course, assignment, given):
        self.course, self.assignment = Path(course), assignment
        self.settings = settings(course)
        self.folders = CourseDirectory(config=self.settings)
        self.points = points_of(given)
        find_programs()
        with as_os_error():
            if not self.is_known():
                self.make()
            self.gradebook = Gradebook(self.folders.db_url, self.folders.course_id)
        self.exporter = exporter(self.settings, self.folders)

    def is_known(self):
        """Does the gradebook know this assignment as it stands in source/?"""
        with Gradebook(self.folders.db_url, self.folders.course_id) as gradebook, contextlib.suppress(MissingEntry):
            cells = gradebook.find_notebook(self.assignment, self.assignment).grade_cells
            return {cell.name: cell.max_score for cell in cells} == self.points
        return False

    def make(self):
        """As `nbgrader generate_assignment` does; hand-ins that are in the gradebook stay there."""
        result = open_course(self.course, self.settings).generate_assignment(self.assignment)
        if not result["success"]:
            raise LookupError(f"nbgrader cannot make {self.assignment}: {result['error']}\n{result['log']}")

    def close(self):
        self.gradebook.close()

    # ---- one hand-in ----

    def graded(self, student, verdict):
        """Marks by the verdict -> {test: points} with what a person has given by hand."""
        with self.transaction() as database:
            submission = self.submission(database, student)
            submission.timestamp = self.timestamp(student)
            grades = list(self.grades(database, submission))
            for grade in grades:
                test = verdict["tests"].get(grade.name)
                grade.auto_score = grade.cell.max_score * test["passed"] if test else None
                grade.needs_manual_grade = test is None or grade.manual_score is not None
            database.flush()
            for grade in grades:
                database.refresh(grade)  # the gradebook adds up: by hand before by test, and extra credit
            marked = [grade for grade in grades if (grade.auto_score, grade.manual_score) != (None, None)]
            return {grade.name: grade.score for grade in marked}

    def show(self, student, notebook):
        """The graded notebook for formgrader, and the page of feedback."""
        path = self.path("autograded", student, ".ipynb")
        write(path, nbformat.writes(nbformat.from_dict(notebook)))
        write(self.path("feedback", student, ".html"), self.page(student, nbformat.from_dict(notebook)))

    def page(self, student, notebook):
        names = {"student": student, "assignment": self.assignment, "notebook": self.assignment}
        resources = {"unique_key": self.assignment, "output_files_dir": f"{self.assignment}_files"}
        resources["nbgrader"] = names | {"db_url": self.folders.db_url}
        return self.exporter.from_notebook_node(notebook, resources=resources)[0]

    def refused(self, student, reason):
        """No marks, and none of an earlier hand-in; a page says why."""
        with self.transaction() as database:
            found = self.find(database, student)
            if found is not None:
                remove(database, found)
        shutil.rmtree(self.path("autograded", student, "").parent, ignore_errors=True)
        self.say(student, f"Your hand-in could not be graded: {reason}")

    def say(self, student, sentence):
        """A page of one sentence."""
        text = f"<!doctype html><meta charset=utf-8><title>{self.assignment}</title>"
        text += f"<h1>{html.escape(self.assignment)}</h1><p>{html.escape(sentence)}</p>"
        write(self.path("feedback", student, ".html"), text)

    def path(self, folder, student, suffix):
        return self.course / folder / student / self.assignment / f"{self.assignment}{suffix}"

    def timestamp(self, student):
        """When it was handed in, as collecting has written it down."""
        with contextlib.suppress(Exception):  # Refused, or no time
            data = plain_file(self.course / "submitted", [student, self.assignment], "timestamp.txt")
            return parse_utc(data.decode().strip()) if len(data) <= 100 else None

    # ---- rows ----

    @contextlib.contextmanager
    def transaction(self):
        database = self.gradebook.db
        with as_os_error():
            try:
                yield database
                database.commit()
            except BaseException:
                database.rollback()
                raise

    def find(self, database, student):
        assignment = self.gradebook.find_assignment(self.assignment)
        return database.query(SubmittedAssignment).filter_by(assignment_id=assignment.id, student_id=student).first()

    def submission(self, database, student):
        """The rows of that student, made where there are none."""
        if database.get(Student, student) is None:
            database.add(Student(id=student))
        if (found := self.find(database, student)) is not None:
            return found
        assignment = self.gradebook.find_assignment(self.assignment)
        with database.no_autoflush:
            made = SubmittedAssignment(assignment_id=assignment.id, student_id=student)
            database.add(made)
            for notebook in assignment.notebooks:
                database.add(SubmittedNotebook(notebook_id=notebook.id, assignment=made))
        database.flush()
        database.refresh(made)
        return made

    def grades(self, database, submission):
        """A grade for each test and a comment for each answer, as nbgrader has them."""
        for notebook in submission.notebooks:
            graded, commented = {g.cell_id for g in notebook.grades}, {c.cell_id for c in notebook.comments}
            cells = notebook.notebook
            for cell in [*cells.grade_cells, *cells.task_cells]:
                if cell.id not in graded:
                    database.add(Grade(cell_id=cell.id, notebook=notebook))
            for cell in [*cells.solution_cells, *cells.task_cells]:
                if cell.id not in commented:
                    database.add(Comment(cell_id=cell.id, notebook=notebook))
            database.flush()
            database.refresh(notebook)
            yield from [grade for grade in notebook.grades if isinstance(grade.cell, GradeCell)]


def remove(database, submission):
    for notebook in list(submission.notebooks):
        for row in [*notebook.grades, *notebook.comments]:
            database.delete(row)
        database.delete(notebook)
    database.delete(submission)


@contextlib.contextmanager
def as_os_error():
    """A gradebook that cannot be written is the course's trouble, as a full disk is."""
    try:
        yield
    except (OperationalError, subprocess.CalledProcessError) as error:  # nbgrader starts `alembic`
        raise OSError(errno.EIO, f"the gradebook cannot be written ({getattr(error, 'orig', error)})") from None


def points_of(given):
    """{test: points}"""
    marks = [cell["metadata"].get("nbgrader", {}) for cell in given["cells"]]
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade")}


# ---- settings ------------------------------------------------------------------------------------------------------


SETTINGS = f"""# Made by `python -m exercises.grade`: whatever nbgrader does in this folder, it keeps to the settings of the exercises,
# and so shows no hidden test in feedback.
from pathlib import Path

load_subconfig({str(COURSE / "nbgrader_config.py")!r})
get_config().CourseDirectory.root = str(Path(__file__).parent.resolve())
"""


def settings(course):
    """The settings of the course, and of this course's those that make feedback harmless."""
    if not Path(course, "nbgrader_config.py").exists():
        write(Path(course, "nbgrader_config.py"), SETTINGS)
    ours = PyFileConfigLoader("nbgrader_config.py", path=str(COURSE)).load_config()
    theirs = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    for name in ("GenerateFeedback", "HTMLExporter"):
        theirs[name].merge(ours[name])
    theirs.CourseDirectory.root = str(Path(course).resolve())
    return theirs
