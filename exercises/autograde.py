"""Autograde every hand-in of an assignment and write its feedback.

    python -m exercises.autograde 00-start-here

This is `nbgrader autograde --force` and `nbgrader generate_feedback --force`, student by student in one process:
a hand-in that cannot be graded is named with its reason and does not stop the others, as it does in nbgrader.
The learners' code runs with your rights: for strangers, work in a container.
"""

import argparse
import json
import sys
import warnings
from collections import Counter
from pathlib import Path

from exercises.release import COURSE, assignments, open_course


def autograde(course, assignment):
    """Yield (student, score, maximum, reason) for each hand-in; a reason stands for a score."""
    nbgrader = open_course(course)
    if not known(nbgrader, assignment):
        first = f"cd {course}, then: nbgrader generate_assignment {assignment} --force"
        raise LookupError(f"the gradebook does not know {assignment}.  First {first}")
    for student in students(course, assignment):
        reason = unreadable(course, assignment, student) or refused(nbgrader, assignment, student)
        score, maximum = (None, None) if reason else points(nbgrader, assignment, student)
        yield student, score, maximum, reason


def known(nbgrader, assignment):
    with nbgrader.gradebook as gradebook:
        return assignment in [found.name for found in gradebook.assignments]


def students(course, assignment):
    found = sorted(folder.parent.name for folder in Path(course, "submitted").glob(f"*/{assignment}"))
    if not found:
        raise LookupError(f"no hand-in: {Path(course, 'submitted', 'STUDENT', assignment)} is where one belongs")
    return found


def unreadable(course, assignment, student):
    """Why nbgrader would stumble over this hand-in, or None."""
    folder = Path(course, "submitted", student, assignment)
    if not (path := folder / f"{assignment}.ipynb").is_file():
        return f"no {path.name} in it; there is: {', '.join(sorted(p.name for p in folder.iterdir())) or 'nothing'}"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        ids = Counter(cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{path.name} is not a notebook ({type(error).__name__}: {error})"
    if copied := [name for name, times in ids.items() if name and times > 1]:
        return f"more than one cell {', '.join(copied)}: delete the copy that does not count"


def refused(nbgrader, assignment, student):
    """Grade and write the feedback -> why that failed, or None."""
    for step in nbgrader.autograde, nbgrader.generate_feedback:
        result = step(assignment, student)
        if not result["success"]:
            return f"{step.__name__}: {result['error'].strip().splitlines()[-1]}\n{result['log']}"


def points(nbgrader, assignment, student):
    with nbgrader.gradebook as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return submission.score, submission.max_score


def main():
    parser = argparse.ArgumentParser(prog="python -m exercises.autograde", description=__doc__.partition("\n")[0])
    parser.add_argument("assignment", choices=assignments())
    assignment = parser.parse_args().assignment
    warnings.filterwarnings("ignore", module="nbgrader")  # about its own use of its database
    failed = 0
    try:
        for student, score, maximum, reason in autograde(COURSE, assignment):
            failed += reason is not None
            print(f"{student:<20} {reason or f'{score:g} of {maximum:g} points'}", flush=True)
    except LookupError as error:
        sys.exit(str(error))
    if failed:
        sys.exit(f"{failed} not graded. An older grade of theirs, if any, is still in the gradebook.")


if __name__ == "__main__":
    main()
