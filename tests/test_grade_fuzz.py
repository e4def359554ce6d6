"""Notebooks and frames that are broken in every way hypothesis can think of: the grader answers, and awards nothing."""

import json
import os
import sys

import numpy as np
import pytest
from exercise_notebooks import EXERCISES, released, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(EXERCISES.parent))
from exercises.grade import intake, link, wire  # noqa: E402
from exercises.grade.rebuild import graded_notebook, job_for  # noqa: E402
from exercises.grade.suspicion import flags_of  # noqa: E402

sys.path.remove(str(EXERCISES.parent))

pytestmark = pytest.mark.slow

ASSIGNMENT = "00-start-here"
GIVEN, RELEASE = source(ASSIGNMENT), released(ASSIGNMENT)
TEXT = json.dumps(RELEASE)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
many = settings(max_examples=400, suppress_health_check=list(HealthCheck))
most = settings(max_examples=3000, suppress_health_check=list(HealthCheck))


# ---- notebooks -----------------------------------------------------------------------------------------------------


def taken(data):
    """Through intake and rebuild, as the grader goes; a refusal is an answer."""
    try:
        notebook = intake.notebook(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError):
        return None
    job = job_for(GIVEN, notebook, assignment=ASSIGNMENT, student="ada", secret="s")
    assert [c for c in job["cells"] if c["kind"] != "answer"] == EXPECTED
    json.dumps(job)
    verdict = {"tests": {}, "cells": {}}
    shown = graded_notebook(GIVEN, notebook, verdict)
    assert [c for c in shown["cells"] if c["id"].startswith("test-")] == TESTS_SHOWN
    flags_of(cell["source"] for cell in notebook["cells"])
    return job


EMPTY = {"cells": [], "nbformat": 4}
EXPECTED = [
    cell
    for cell in job_for(GIVEN, intake.notebook(EMPTY), assignment=ASSIGNMENT, student="ada", secret="s")["cells"]
    if cell["kind"] != "answer"
]
TESTS_SHOWN = [
    cell
    for cell in graded_notebook(GIVEN, intake.notebook(EMPTY), {"tests": {}, "cells": {}})["cells"]
    if cell["id"].startswith("test-")
]


@many
@given(st.binary(max_size=500))
def test_bytes(data):
    taken(data)


@many
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 200), st.binary(max_size=8))
def test_a_notebook_with_a_piece_overwritten(at, length, piece):
    data = TEXT.encode()
    taken(data[:at] + piece + data[at + length :])


@many
@given(values)
def test_any_json(value):
    taken(json.dumps(value))


@many
@given(st.lists(values, max_size=4))
def test_any_cells(cells):
    taken(json.dumps({"nbformat": 4, "cells": cells}))


cell_parts = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown"]) | values,
        "source": st.text(max_size=40) | st.lists(st.text(max_size=10), max_size=3) | values,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": values, "tags": values}) | values,
        "outputs": values,
        "id": values,
    },
)


@many
@given(st.lists(cell_parts, max_size=5))
def test_cells_with_parts_of_any_kind(cells):
    taken(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))


@many
@given(
    st.sampled_from(range(len(RELEASE["cells"]))), st.sampled_from(["metadata", "source", "cell_type", "id"]), values
)
def test_the_release_with_one_part_of_one_cell_replaced(i, part, value):
    cells = [dict(cell) for cell in RELEASE["cells"]]
    cells[i][part] = value
    taken(json.dumps({**RELEASE, "cells": cells}))


# ---- frames --------------------------------------------------------------------------------------------------------


class Puppet:
    """A worker that says what it is told to say."""

    def __init__(self, *frames):
        (source, sink), (self.deaf, ear) = os.pipe(), os.pipe()
        os.write(sink, b"".join(frames)[:60_000])
        os.close(sink)
        self.stdout, self.stdin = os.fdopen(source, "rb", 0), os.fdopen(ear, "wb", 0)

    def kill(self):
        pass

    def wait(self):
        os.close(self.deaf)


def asked(*frames):
    """What a test gets to see if a worker answers so: a plain value, a proxy, or a LearnersError."""
    puppet = Puppet(*frames)
    line = link.Link(puppet)
    x = np.arange(3.0)
    try:
        return line.ask("call", path="f", on=None, args=[x], options={})
    except link.LearnersError:
        return None
    finally:
        line.stop() if line.process else None
        assert np.array_equal(x.shape, (3,)) and x.dtype == float


def framed(body):
    return wire.LENGTH.pack(len(body)) + body


def headed(head, blob=b""):
    text = json.dumps(head).encode()
    return framed(wire.LENGTH.pack(len(text)) + text + blob)


@most
@given(st.binary(max_size=300))
def test_a_frame_of_bytes(data):
    assert asked(data) is None


@most
@given(st.binary(max_size=300))
def test_a_body_of_bytes(data):
    assert asked(framed(data)) is None


@most
@given(values, st.binary(max_size=64))
def test_a_head_of_any_json(head, blob):
    asked(headed(head, blob))


tags = st.sampled_from("l t d a s c i e y h k f g b".split()) | st.text(max_size=3)
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.floats()
    | st.sampled_from(["<f8", "C", "class", "thing", "ok"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tags, inner, min_size=1, max_size=1),
    max_leaves=12,
)
fields = st.dictionaries(
    st.sampled_from(["ok", "err", "out", "changed", "boxes", "callback", "return", "raise"]), trees, max_size=4
)


@most
@given(fields, st.binary(max_size=64))
def test_a_reply_with_fields_of_any_kind(reply, blob):
    asked(headed(reply, blob))


@most
@given(st.text(max_size=4), st.lists(st.integers(-2, 2**40), max_size=4), st.text(max_size=2), st.binary(max_size=64))
def test_an_array_of_any_kind(dtype, shape, order, blob):
    for kind in (dtype, "<f8", "|b1"):
        array = {"a": [kind, shape, order or "C", True]}
        asked(headed({"ok": array}, blob))


@most
@given(st.integers(-3, 3), st.lists(st.integers(0, 4), max_size=3), st.binary(max_size=64))
def test_changes_of_any_kind(key, shape, blob):
    change = {"l": [{"l": [key, {"a": ["<f8", shape, "C", True]}]}]}
    asked(headed({"ok": 1, "changed": change, "out": "x"}, blob))


@most
@given(st.lists(trees, max_size=4), st.binary(max_size=32))
def test_errors_and_callbacks_of_any_kind(parts, blob):
    for name in ("err", "callback", "boxes"):
        asked(headed({name: {"l": parts}}, blob))


@most
@given(trees)
def test_what_comes_out_is_plain_or_a_proxy(tree):
    value = asked(headed({"ok": tree, "out": ""}))
    assert plain(value)


def plain(value):
    from exercises.grade.proxy import is_proxy

    if type(value) in (list, tuple):
        return all(map(plain, value))
    if type(value) is dict:
        return all(map(plain, value.values()))
    kinds = (type(None), bool, int, float, str, complex, slice, np.ndarray, type(Ellipsis), np.dtype)
    return is_proxy(value) or type(value) in kinds or isinstance(value, np.generic | np.dtype)


def test_a_frame_that_is_too_long_is_not_read():
    assert asked(wire.LENGTH.pack(2**32 - 1) + b"x" * 100) is None
    with pytest.raises(wire.WireError):
        wire.unpack(wire.LENGTH.pack(8) + b"[" * 8, None, finite=True)
