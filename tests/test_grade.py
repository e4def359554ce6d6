"""The command that grades a class: what it writes, says and survives."""

import contextlib
import errno
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from exercise_notebooks import EXERCISES, answers, filled, released, solutions, source, write

ASSIGNMENT = "00-start-here"
ROOT = str(EXERCISES.parent)


@pytest.fixture
def grade(sandbox):
    from exercises.grade import __main__

    return __main__


def course_of(folder, size=3):
    """Right, wrong and untouched hand-ins in turn, and one that cannot be read."""
    shutil.copytree(EXERCISES / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    shutil.copy(EXERCISES / "nbgrader_config.py", folder)
    for i in range(size):
        write(hand_in(i), folder / "submitted" / f"s{i:02}" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    home = folder / "submitted" / "garbled" / ASSIGNMENT
    home.mkdir(parents=True)
    (home / f"{ASSIGNMENT}.ipynb").write_text("{")
    return folder


def hand_in(i):
    wrong = [code for code, _ in answers(ASSIGNMENT)[1].values()]
    code = [solutions(ASSIGNMENT), solutions(ASSIGNMENT) | wrong[i // 3 % len(wrong)], {}][i % 3]
    return filled(released(ASSIGNMENT), code)


def rows(course):
    """The gradebook, identifiers and times aside."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "dlscratch") as gradebook:
        submissions = gradebook.find_assignment(ASSIGNMENT).submissions
        grades = [
            (s.student_id, g.name, g.auto_score, g.manual_score, g.needs_manual_grade)
            for s in submissions
            for n in s.notebooks
            for g in n.grades
        ]
        comments = [(s.student_id, c.name, c.comment) for s in submissions for n in s.notebooks for c in n.comments]
        return sorted(grades), sorted(comments, key=str), sorted(s.id for s in gradebook.students)


def files(course):
    """What formgrader and the learners see."""
    paths = [*course.glob("autograded/**/*"), *course.glob("feedback/**/*")]
    return {str(p.relative_to(course)): p.read_text() for p in paths if p.is_file()}


def command(course, *arguments):
    return [sys.executable, "-m", "exercises.grade", ASSIGNMENT, "--course", str(course), "--jobs", "2", *arguments]


@pytest.mark.slow
def test_the_command_tells_who_has_what_and_writes_it_down(grade, tmp_path):
    course = course_of(tmp_path)
    files = ["--json", str(tmp_path / "r.json"), "--csv", str(tmp_path / "r.csv")]
    done = subprocess.run(command(course, *files), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.strip().endswith("1 not graded: garbled")
    assert re.search(r"s00 +1 +2 +1 +3 +1 +2 +10 of 10\n", done.stdout)
    assert re.search(r"s02( +-){6} +0 of 10\n", done.stdout)  # not begun, and so it looks
    assert "garbled  refused: 00-start-here.ipynb is not a notebook" in done.stdout
    assert done.stdout.index("3 graded, 1 refused, 0 failed, 0 to look at") > done.stdout.index("garbled  refused: ")
    assert "score: mean 5.33, median 6 of 10\n" in done.stdout and " 33% passed test-mse-dprediction\n" in done.stdout
    assert done.stdout.endswith("1 of 3: half in test-mse-dprediction\n")
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert lines[0] == "student,status,score,max_score,reason,flags"
    assert lines[1].startswith("garbled,refused,,10,00-start-here.ipynb is not") and lines[3] == "s01,graded,6,10,,"
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["assignment"] == ASSIGNMENT and sorted(report["students"]) == ["garbled", "s00", "s01", "s02"]
    wrong = report["students"]["s01"]
    assert {**wrong, "tasks": None} == {
        "status": "graded",
        "reason": "",
        "score": 6,
        "max_score": 10,
        "flags": [],
        "tasks": None,
    }
    assert wrong["tasks"]["test-mse-dprediction"]["causes"] == ["half"]
    assert wrong["tasks"]["test-mse-dprediction"] | {"message": "", "causes": []} == {
        "points": 0,
        "max_points": 3,
        "message": "",
        "causes": [],
    }
    assert {name: sum(t["points"] for t in r["tasks"].values()) for name, r in report["students"].items()} == {
        "s00": 10,
        "s01": 6,
        "s02": 0,
        "garbled": 0,
    }


@pytest.mark.slow
def test_grading_again_changes_nothing_and_keeps_what_a_person_has_said(grade, tmp_path):
    course = course_of(tmp_path)
    graded(grade, course)
    before, pages = rows(course), files(course)
    graded(grade, course)
    assert rows(course) == before and files(course) == pages
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "dlscratch") as gradebook:
        gradebook.find_grade("test-mse-out", ASSIGNMENT, ASSIGNMENT, "s02").manual_score = 1
        gradebook.find_comment("mse", ASSIGNMENT, ASSIGNMENT, "s02").manual_comment = "nearly"
        gradebook.db.commit()
    report = graded(grade, course)["students"]["s02"]
    assert report["score"] == 1 and report["tasks"]["test-mse-out"]["points"] == 1
    with Gradebook(f"sqlite:///{course}/gradebook.db", "dlscratch") as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "s02").score == 1
    assert "nearly" in files(course)[f"feedback/s02/{ASSIGNMENT}/{ASSIGNMENT}.html"]


def graded(grade, course, **options):
    with contextlib.redirect_stdout(io.StringIO()):
        return grade.grade(course, ASSIGNMENT, **{"jobs": 2} | options)


FORGED = "x\n\x1b[31meve      2  10 of 10.ipynb"


@pytest.mark.slow
def test_no_hand_in_ends_the_run_or_prints_what_it_likes(grade, tmp_path):
    course = course_of(tmp_path, 1)
    right = hand_in(0)
    odd = {"cell_type": "code", "id": "odd", "metadata": {}, "outputs": []}
    odd["source"] = 'print("\\x1b[38m", "\\x1b[2J \\x1b[32mgreen", "\\ud800")'
    printed = right | {"cells": [odd, *right["cells"]]}
    places = {
        name: course / "submitted" / name / ASSIGNMENT for name in ("colours", "fifo", "huge", os.fsdecode(b"\xe9"))
    }
    for name, place in places.items():
        write(printed if name == "colours" else right, place / f"{ASSIGNMENT}.ipynb")
    os.mkfifo(places["fifo"] / "timestamp.txt")
    with open(places["huge"] / "timestamp.txt", "wb") as file:
        file.truncate(1 << 40)
    for name, inside in {"forger": FORGED, "bytes": os.fsdecode(b"\xff.ipynb")}.items():
        write({}, course / "submitted" / name / ASSIGNMENT / inside)
    surrogate = course / "submitted" / "surrogate" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    write({}, surrogate)
    surrogate.write_text('{"nbformat": "\\ud800"}')
    (course / "autograded").mkdir()
    (course / "autograded" / "s00").write_text("in the way")
    done = subprocess.run(
        command(course, "--json", str(tmp_path / "r.json")), cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 1, done.stderr
    found = json.loads((tmp_path / "r.json").read_text())["students"]
    marks = {"colours": 10, "fifo": 10, "huge": 10, "s00": 10, "\\udce9": None, "forger": None, "bytes": None}
    assert {name: result["score"] for name, result in found.items()} == marks | {"garbled": None, "surrogate": None}
    assert found["s00"]["reason"].startswith("the feedback page could not be made")
    assert "\x1b" not in done.stdout and not re.search("^.?eve", done.stdout, re.MULTILINE)
    log = (course / "grading.log").read_text().splitlines()
    assert (
        len(log) == 7
        and log[-1].endswith("00-start-here 4 graded, 5 refused")
        and all(line.startswith("20") and line.isprintable() for line in log)
    )
    page = (course / "feedback" / "colours" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "green" in page and "\x1b" not in page


@pytest.mark.slow
def test_feedback_made_again_by_nbgrader_shows_no_hidden_test_either(grade, tmp_path):
    course = course_of(tmp_path, 2)
    (course / "nbgrader_config.py").unlink()
    graded(grade, course)
    before = files(course)
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", ASSIGNMENT, "--force", "--quiet"]
    subprocess.run(command, cwd=course, check=True)
    pages = {name: text for name, text in files(course).items() if name.endswith(".html") and "garbled" not in name}
    assert len(pages) == 2 and all(
        "HIDDEN TESTS" in before[name.replace("feedback", "autograded").replace(".html", ".ipynb")] for name in pages
    )
    assert not any("HIDDEN TESTS" in text for text in pages.values())


@pytest.mark.slow
def test_a_page_that_fails_costs_no_marks_and_says_so(grade, tmp_path, monkeypatch):
    from exercises.grade.gradebook import Book

    course = course_of(tmp_path, 1)
    monkeypatch.setattr(Book, "page", lambda *_: {}["template"])
    result = graded(grade, course)["students"]["s00"]
    assert (result["status"], result["score"]) == ("graded", 10) and "KeyError: 'template'" in result["reason"]
    assert [mark for mark in rows(course)[0] if mark[0] == "s00"]
    assert "could not be made" in files(course)[f"feedback/s00/{ASSIGNMENT}/{ASSIGNMENT}.html"]


@pytest.mark.slow
def test_marks_that_fail_are_not_there(grade, tmp_path, monkeypatch):
    course = course_of(tmp_path, 1)
    graded(grade, course)
    monkeypatch.setattr(grade, "flags_of", lambda *_: [][0])
    result = graded(grade, course)["students"]["s00"]
    assert (result["status"], result["reason"]) == ("failed", "IndexError: list index out of range")
    assert not rows(course)[0] and result["score"] is None


@pytest.mark.slow
def test_a_full_disk_ends_the_run_with_a_sentence(grade, tmp_path, monkeypatch, capsys):
    from exercises.grade.gradebook import Book

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    course = course_of(tmp_path, 1)
    monkeypatch.setattr(Book, "graded", full)
    assert ended(grade, capsys, course) == (2, "grading stopped: [Errno 28] No space left on device")


def ended(grade, capsys, course, *arguments):
    """(exit code, what it has said last)"""
    with pytest.raises(SystemExit) as raised:
        grade.main(command(course, *arguments)[3:])
    return raised.value.code, capsys.readouterr().err.strip().split("\n")[-1]


def test_what_cannot_be_done_is_said_in_a_sentence_before_anything_is_graded(grade, tmp_path, capsys):
    course = course_of(tmp_path, 1)
    code, sentence = ended(grade, capsys, course, "--json", str(tmp_path / "no" / "r.json"))
    assert code == 2 and sentence.endswith("no/r.json: No such file or directory")
    assert ended(grade, capsys, course, "--csv", str(tmp_path))[1].endswith("it is no plain file")
    code, sentence = ended(grade, capsys, course, "--jobs", "0")
    assert code == 2 and sentence.endswith("--jobs: at least 1")
    with pytest.raises(LookupError, match=f"no such assignment: .*00.ipynb; there is: {ASSIGNMENT}"):
        grade.grade(course, "00", jobs=1)
    assert not (course / "grading.log").exists()


def test_a_cluster_that_is_not_there_is_said_in_a_sentence(grade, tmp_path, capsys):
    pytest.importorskip("distributed")
    code, sentence = ended(grade, capsys, course_of(tmp_path, 1), "--scheduler", "nowhere")
    assert code == 2 and sentence.startswith("no Dask cluster at nowhere: ")


def test_of_two_graders_the_second_is_told(grade, tmp_path, capsys):
    course = course_of(tmp_path, 1)
    with grade.alone(course):
        code, sentence = ended(grade, capsys, course)
    assert code == 2 and sentence == f"another grader is at work in {course}: wait for it"


def test_a_secret_that_was_never_written_is_made_and_then_kept(grade, tmp_path):
    (tmp_path / ".grading-secret").touch()
    made = grade.secret_of(tmp_path)
    assert len(made) == 64 and grade.secret_of(tmp_path) == made
    assert (tmp_path / ".grading-secret").stat().st_mode & 0o777 == 0o600


def test_names_that_are_left_out_are_said(grade, tmp_path):
    for name in (".ada", "bob"):
        (tmp_path / "submitted" / name / ASSIGNMENT).mkdir(parents=True)
    (tmp_path / "submitted" / "notes.txt").touch()
    assert grade.left_out(tmp_path, ["bob"]) == [".ada", "notes.txt"]
    assert grade.some([f"{i}" for i in range(23)]).endswith("18, 19 and 3 more")


@pytest.mark.slow
def test_a_class_four_times_as_large_takes_no_more_memory(grade, tmp_path):
    few, many = course_of(tmp_path / "few", 20), course_of(tmp_path / "many", 80)  # fewer do not fill the caches
    for path in tmp_path.glob("*/submitted/s*/*/*.ipynb"):  # each with 200 kB that may be kept
        notebook = json.loads(path.read_text())
        notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "#" * 200_000, "outputs": []})
        write(notebook, path)
    assert megabytes(many) < megabytes(few) + 3  # of about 160


def megabytes(course):
    """What the command holds at most."""
    process = subprocess.Popen(command(course), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    return usage.ru_maxrss / 1024


@pytest.mark.slow
def test_a_grader_that_is_killed_twenty_times_ends_as_one_that_was_not(grade, tmp_path):
    undisturbed, course = course_of(tmp_path / "a", 30), course_of(tmp_path / "b", 30)
    (course / ".grading-secret").write_text("s")
    (undisturbed / ".grading-secret").write_text("s")
    began = time.monotonic()
    graded(grade, undisturbed)
    whole, chance = time.monotonic() - began, random.Random(0)
    for _ in range(20):
        process = subprocess.Popen(command(course), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, whole))
        process.send_signal(signal.SIGKILL)
        process.wait()
    graded(grade, course)
    assert rows(course) == rows(undisturbed)
    assert files(course) == files(undisturbed)


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_even_if_a_worker_is_killed(grade, tmp_path):
    distributed = pytest.importorskip("distributed")
    alone, course = course_of(tmp_path / "a", 12), course_of(tmp_path / "b", 12)
    for folder in (alone, course):
        (folder / ".grading-secret").write_text("s")
    expected = graded(grade, alone)
    environment = os.environ | {"PYTHONPATH": ROOT}
    with contextlib.ExitStack() as stack:
        scheduler = began(
            stack, environment, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", tmp_path / "s.json"
        )
        workers = [
            began(
                stack,
                environment,
                "worker",
                "--scheduler-file",
                tmp_path / "s.json",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--local-directory",
                tmp_path,
            )
            for _ in range(2)
        ]
        address = address_of(tmp_path / "s.json")
        with distributed.Client(address) as client:
            client.wait_for_workers(2, timeout=60)
            worker = sorted(client.run(os.getpid).values())[0]
        killer = subprocess.Popen(["sh", "-c", f"sleep 4; kill -9 {worker}"])
        found = graded(grade, course, scheduler=address)
        killer.wait()
        assert scheduler.poll() is None and len(workers) == 2
    assert found == expected and rows(course) == rows(alone)


def began(stack, environment, kind, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", kind, *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def address_of(path):
    for _ in range(600):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return json.loads(path.read_text())["address"]
        time.sleep(0.1)
    raise AssertionError("the scheduler never came up")


# ---- the parts, without a sandbox ----------------------------------------------------------------------------------


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from exercises.grade import intake, pool, rebuild, suspicion, tables

    return {"intake": intake, "pool": pool, "rebuild": rebuild, "suspicion": suspicion, "tables": tables}


def test_a_way_back_that_measures_is_flagged(parts):
    flags_of = parts["suspicion"].flags_of
    measured = "def mse(p, *, target):\n    def pullback(d):\n        return ((mse(p + 1, target=target)[0] - 0) * d,)\n    return 0, pullback"
    layer = "class A:\n    def forward(self, x): return x\n    def backward(self, d): return self.forward(d)"
    assert len(flags_of([measured])) == len(flags_of([layer])) == 1
    assert flags_of(
        ["from dlscratch import numeric_gradient\ndef f(x):\n    return x, lambda d: numeric_gradient(f, x)"]
    )
    assert flags_of([*solutions(ASSIGNMENT).values(), "not python (", ""]) == []


def test_a_hand_in_that_defines_a_function_of_the_tests_anew_is_flagged(grade, tmp_path):
    run = grade.Run(course_of(tmp_path, 1), ASSIGNMENT, print)
    run.given = source("05-activations")
    honest = filled(released("05-activations"), solutions("05-activations"))
    forged = "def learn(*_):\n    return 0"
    added = {"cell_type": "code", "id": "x", "metadata": {}, "source": forged, "outputs": []}
    assert run.flags(honest) == []
    assert "defines it anew" in run.flags(honest | {"cells": [*honest["cells"], added]})[0]


def test_without_hand_ins_or_assignment_the_folder_is_named(parts, tmp_path):
    assert parts["intake"].students(tmp_path, ASSIGNMENT) == []
    from exercises.grade.__main__ import Run

    with pytest.raises(LookupError, match="source.*nothing"):
        Run(tmp_path, "nothing", print)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"cells": 1}',
        b'{"nbformat": 4, "cells": [1]}',
        b'{"nbformat": 3, "cells": []}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_notebook_is_refused(parts, tmp_path, data):
    home = tmp_path / "submitted" / "ada" / "a"
    home.mkdir(parents=True)
    (home / "a.ipynb").write_bytes(data)
    with pytest.raises(parts["intake"].Refused, match="a.ipynb is not a notebook"):
        parts["intake"].hand_in(tmp_path, "a", "ada")


@pytest.mark.parametrize("name", ["ada", "o'neil", "Ana María", "x.y+z@uni.example", "-rf", "a\nb", "x" * 65])
def test_a_name_is_one_that_a_table_and_a_page_can_hold(parts, tmp_path, name):
    write({"nbformat": 4, "cells": []}, tmp_path / "submitted" / name / "a" / "a.ipynb")
    if name[0] == "-" or len(name) > 64 or "\n" in name:
        with pytest.raises(parts["intake"].Refused, match="must be made of letters"):
            parts["intake"].hand_in(tmp_path, "a", name)
    else:
        assert parts["intake"].hand_in(tmp_path, "a", name) == {"cells": []}


def test_a_notebook_in_the_wrong_folder_is_refused_and_not_overlooked(parts, tmp_path):
    write({"nbformat": 4, "cells": []}, tmp_path / "submitted" / "ivy" / "a.ipynb")
    assert parts["intake"].students(tmp_path, "a") == ["ivy"]
    with pytest.raises(parts["intake"].Refused, match="a.ipynb lies in submitted/ivy; it belongs one folder further"):
        parts["intake"].hand_in(tmp_path, "a", "ivy")


def test_a_renamed_notebook_is_named(parts, tmp_path):
    home = tmp_path / "submitted" / "ada" / "a"
    home.mkdir(parents=True)
    (home / "mine.ipynb").write_text("{}")
    with pytest.raises(parts["intake"].Refused, match="no a.ipynb in it; there is: mine.ipynb"):
        parts["intake"].hand_in(tmp_path, "a", "ada")


def test_tests_and_locked_cells_are_the_instructors_whatever_is_handed_in(parts):
    given = source(ASSIGNMENT)
    notebook = filled(released(ASSIGNMENT), solutions(ASSIGNMENT))
    for cell in notebook["cells"]:
        if cell["id"].startswith(("test-", "setup")):
            cell["source"] = "pass"
    job = parts["rebuild"].job_for(given, notebook, assignment=ASSIGNMENT, student="ada", secret="s")
    theirs = {c["id"]: c["source"] for c in job["cells"] if c["kind"] != "answer"}
    free = {name: theirs.pop(name) for name in list(theirs) if name.startswith("free-")}  # cells without a grade id
    assert set(free.values()) <= {c["source"] for c in given["cells"]}
    assert theirs == {c["id"]: c["source"] for c in given["cells"] if c["id"] in theirs}
    assert sum(c["kind"] == "answer" for c in job["cells"]) == len(solutions(ASSIGNMENT))


def test_the_graded_notebook_shows_the_learners_cells_and_what_the_tests_said(parts):
    given = source(ASSIGNMENT)
    notebook = released(ASSIGNMENT)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "diagnosis"]
    notebook["cells"].append(
        {"cell_type": "code", "id": "x", "metadata": {}, "source": "def mse():\n    pass", "outputs": []}
    )
    verdict = {"tests": {"test-mse-out": {"passed": False, "message": "no", "causes": [], "output": "hm"}}, "cells": {}}
    shown = {c["id"]: c for c in parts["rebuild"].graded_notebook(given, notebook, verdict)["cells"]}
    assert shown["diagnosis"]["source"] == "# nothing in the hand-in stands for this cell"
    assert [o.get("text", o.get("evalue")) for o in shown["test-mse-out"]["outputs"]] == ["hm", "no"]
    assert any(name.startswith("added-") for name in shown)


def test_jobs_that_are_lost_are_tried_again_and_then_reported(parts, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    calls = []

    def lost(job):
        calls.append(job)
        if json.loads(job)["n"] == 1 or len(calls) < 3:
            raise OSError("lost")
        return json.dumps({"tests": {}})

    monkeypatch.setattr(parts["pool"], "verify_apart", lost)
    with ThreadPoolExecutor(1) as executor:
        found = dict(parts["pool"].verdicts(executor, 2, ((str(n), {"n": n}) for n in range(2))))
    assert found == {"0": {"tests": {}}, "1": {"failed": "OSError: lost"}}


def test_the_report_of_misconceptions_counts_hand_ins_and_names_nobody(parts):
    task = {"points": 0, "max_points": 1, "message": "", "causes": ["half", "half", "sign"]}
    results = {f"s{i}": {"status": "graded", "tasks": {"t": task}} for i in range(2)} | {
        "x": {"status": "refused", "tasks": {}}
    }
    assert parts["tables"].misconceptions(results).split("\n")[1:] == ["2 of 2: half in t", "2 of 2: sign in t"]


def test_a_cluster_that_is_gone_is_said_in_a_sentence(grade):
    from concurrent.futures import Future

    from exercises.grade.pool import verdicts

    class Gone:
        def submit(self, *_):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(LookupError, match="the Dask cluster is gone; .*: grade again"):
        list(verdicts(Gone(), 1, [("ada", {})]))
