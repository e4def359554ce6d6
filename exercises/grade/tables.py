"""What an instructor reads when a class has been graded: who has what, who was refused, and where a class is stuck."""

import csv
import io
import re
import statistics
from collections import Counter

from dlscratch.answers import OPEN

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BREAKING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(found):
    """Texts, however deep, without colours, control characters and broken Unicode: a page or a terminal obeys them."""
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    if isinstance(found, list):
        return [plain(value) for value in found]
    if isinstance(found, str):
        return BREAKING.sub(lambda match: escaped(match[0]), COLOUR.sub("", found))
    return found


def one_line(text):
    """A name or a reason: nobody can print a row of the table with it."""
    return "".join(c if c.isprintable() else escaped(c) for c in str(text))[:500]


def escaped(text):
    return text.encode("unicode_escape").decode()


def result_of(points, given, verdict, flags):
    """One student's part of the report.  points: {test: at most}; given: {test: as it stands in the gradebook}."""
    silent = {"message": "", "causes": []}
    tasks = {
        name: {
            "points": given[name],
            "max_points": points[name],
            "message": verdict["tests"].get(name, silent)["message"],
            "causes": verdict["tests"].get(name, silent)["causes"],
        }
        for name in points
        if name in given
    }
    return {
        "status": "graded",
        "reason": "",
        "score": sum(given.values()),
        "max_score": sum(points.values()),
        "flags": [one_line(flag) for flag in flags],
        "tasks": tasks,
    }


def result_without(status, reason, points):
    return {
        "status": status,
        "reason": reason,
        "score": None,
        "max_score": sum(points.values()),
        "flags": [],
        "tasks": {},
    }


def table(points, results):
    """A row for each student, a column for each test (`-` where nothing is written); below, why somebody has no marks,
    and where to look."""
    width = max([len("student"), *map(len, results)])
    columns = [f"{i}" for i, _ in enumerate(points, start=1)]
    lines = [f"{i:>3}  {name} ({value:g})" for i, (name, value) in zip(columns, points.items(), strict=True)]
    lines += ["", f"{'student':<{width}}  {'  '.join(f'{c:>3}' for c in columns)}  total"]
    lines += [f"{student:<{width}}  {row(points, result)}" for student, result in sorted(results.items())]
    about = [
        f"{student:<{width}}  {remark}" for student, result in sorted(results.items()) for remark in remarks(result)
    ]
    return "\n".join([*lines, *([""] if about else []), *about])


def row(points, result):
    if result["status"] != "graded":
        return result["status"]
    cells = [cell(result["tasks"].get(name)) for name in points]
    return f"{'  '.join(f'{cell:>3}' for cell in cells)}  {result['score']:g} of {result['max_score']:g}"


def cell(task):
    if task is None:
        return "?"
    return "-" if not task["points"] and task["message"].endswith(OPEN) else f"{task['points']:g}"


def remarks(result):
    if result["reason"]:
        yield f"{result['status']}: {result['reason']}"
    yield from (f"look at {flag}" for flag in result["flags"])


def summary(points, results):
    """The class in a few lines."""
    graded = [result for result in results.values() if result["status"] == "graded"]
    counts = Counter(result["status"] for result in results.values())
    lines = [", ".join(f"{counts[status]} {status}" for status in ("graded", "refused", "failed"))]
    lines[0] += f", {sum(bool(result['flags']) for result in graded)} to look at"
    if graded:
        scores = [result["score"] for result in graded]
        mean, median = statistics.mean(scores), statistics.median(scores)
        lines.append(f"score: mean {mean:.3g}, median {median:.3g} of {sum(points.values()):g}")
        lines += [f"{passed(name, graded):>4.0%} passed {name}" for name in points]
    return "\n".join(lines)


def passed(name, graded):
    tasks = [result["tasks"].get(name, {"points": 0, "max_points": 1}) for result in graded]
    return sum(task["points"] >= task["max_points"] for task in tasks) / len(tasks)


def misconceptions(results):
    """Which causes `check` has named, how often and where.  No names: it may be shown to the class."""
    graded = [result for result in results.values() if result["status"] == "graded"]
    counts = Counter(
        (task, cause) for result in graded for task, found in result["tasks"].items() for cause in set(found["causes"])
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{n} of {len(graded)}: {cause} in {task}" for (task, cause), n in ordered]
    return "\n".join(["Causes that check has named, hand-ins by test:", *lines]) if lines else ""


def as_csv(results):
    """A row for every student; no score for whom there is none."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["student", "status", "score", "max_score", "reason", "flags"])
    for student, result in sorted(results.items()):
        score = "" if result["score"] is None else f"{result['score']:g}"
        about = result["reason"], "; ".join(result["flags"])
        rows.writerow([student, result["status"], score, f"{result['max_score']:g}", *about])
    return text.getvalue()
