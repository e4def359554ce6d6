"""How long does a hand-in take, here and with plain `nbgrader autograde`?  Both grade the same honest hand-ins.

    python tests/grading_speed.py [ASSIGNMENT] [HAND-INS] [--scheduler]

--scheduler adds a local Dask cluster of two workers.  Seconds of the whole command, of the median hand-in's verdict,
and the memory that the command held at most; a table is printed and nothing is asserted: a clock is no test.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from exercise_notebooks import EXERCISES, answers, filled, released, solutions, write

ROOT = EXERCISES.parent
sys.path.insert(0, str(ROOT))

from exercises.grade import prewarmed, rebuild  # noqa: E402
from exercises.grade.files import read  # noqa: E402
from exercises.release import copy_course, find_programs, generate  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("assignment", nargs="?", default="04-affine")
    parser.add_argument("number", nargs="?", type=int, default=20)
    parser.add_argument("--scheduler", action="store_true")
    chosen = parser.parse_args()
    os.chdir(ROOT)
    find_programs()
    with tempfile.TemporaryDirectory() as folder:
        courses = [course_of(Path(folder, name), chosen.assignment, chosen.number) for name in "abcd"]
        print(f"{chosen.assignment}, {chosen.number} honest hand-ins: seconds, seconds each, MB at most")
        plain = [sys.executable, "-m", "nbgrader", "autograde", chosen.assignment, "--quiet"]
        told("nbgrader autograde, one process", chosen.number, *measured(plain, courses[0]))
        ours = [sys.executable, "-m", "exercises.grade", chosen.assignment]
        told(
            "python -m exercises.grade --jobs 2",
            chosen.number,
            *measured([*ours, "--jobs", "2", "--course"], courses[1]),
        )
        few = course_of(Path(folder, "few"), chosen.assignment, 2)
        told("the same, 2 hand-ins", 2, *measured([*ours, "--jobs", "2", "--course"], few))
        if chosen.scheduler:
            with cluster(folder) as address:
                command = [*ours, "--scheduler", address, "--course"]
                told("on 2 Dask workers", chosen.number, *measured(command, courses[2]))
        print(f"{'median of one verdict':36} {statistics.median(verdicts(courses[3], chosen.assignment)):15.2f}")


def course_of(folder, assignment, number):
    folder.mkdir()
    course = copy_course(folder)
    for other in (course / "source").iterdir():
        if other.name != assignment:
            shutil.rmtree(other)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        generate(course)
    released_before = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--force", "--quiet"]
    subprocess.run(released_before, cwd=course, check=True)  # so the gradebook knows the assignment
    right = list(answers(assignment)[0].values())
    for i in range(number):
        notebook = filled(released(assignment), solutions(assignment) | right[i % len(right)])
        write(notebook, course / "submitted" / f"s{i:04}" / assignment / f"{assignment}.ipynb")
    return course


def measured(command, course):
    """(seconds, MB at most) of a command on a course: plain nbgrader runs inside of it."""
    inside = command[-1] != "--course"
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, *([] if inside else [course])],
        cwd=course if inside else ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    if status:
        sys.exit(f"{' '.join(map(str, command))}: exit status {status >> 8}")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def verdicts(course, assignment):
    """Seconds of each verdict, one after the other."""
    given = read(course / "source" / assignment / f"{assignment}.ipynb")
    who = {"assignment": assignment, "student": "s", "secret": "s"}
    for i, path in enumerate(sorted(course.glob("submitted/*/*/*.ipynb"))):
        job = json.dumps(rebuild.job_for(given, read(path), **who))
        began = time.monotonic()
        prewarmed.verify_apart(job)
        if i:  # the first one imports NumPy
            yield time.monotonic() - began
    prewarmed.end_all()


@contextlib.contextmanager
def cluster(folder):
    from distributed import Client

    path, environment = Path(folder, "scheduler.json"), os.environ | {"PYTHONPATH": str(ROOT)}
    begin = [sys.executable, "-m", "dask"]
    named = ["--scheduler-file", str(path), "--no-dashboard"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([*begin, "scheduler", "--port", "0", *named], **quiet)]
    while not path.exists():
        time.sleep(0.2)
    worker = [*begin, "worker", *named, "--nthreads", "1", "--local-directory", folder]
    processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
    try:
        with Client(scheduler_file=str(path)) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address
    finally:
        for process in processes[::-1]:
            process.terminate()
            process.wait()


def told(name, number, seconds, megabytes):
    print(f"{name:36} {seconds:7.1f} {seconds / number:7.2f} {megabytes:7.0f}", flush=True)


if __name__ == "__main__":
    main()
