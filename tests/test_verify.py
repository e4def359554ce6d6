"""Every exercise in the grader: tests on one side, a learner's code on the other, the same results as in JupyterLab."""

from functools import cache

import numpy as np
import pytest
from exercise_notebooks import (
    ASSIGNMENTS,
    EXERCISES,
    answers,
    filled,
    graded_cells,
    released,
    source,
    tells_of_an_open_task,
    with_raise,
)


@pytest.fixture(autouse=True)
def package(monkeypatch):
    monkeypatch.syspath_prepend(EXERCISES.parent)


def verdict(assignment, notebook):
    """As the grader: what the instructor's answers overwrite may be overwritten."""
    return judged(assignment, notebook, may_write=overwritten(assignment))


@cache
def overwritten(assignment):
    return judged(assignment, source(assignment), may_write=None)["wrote"]


def judged(assignment, notebook, may_write):
    from exercises.grade.rebuild import job_for
    from exercises.grade.unguarded import start
    from exercises.grade.verify import verify

    who = {"assignment": assignment, "student": "ada", "secret": "s"}
    return verify(job_for(source(assignment), notebook, **who, may_write=may_write), start)


def failed(assignment, notebook):
    tests = verdict(assignment, notebook)["tests"]
    assert set(tests) == {cell["id"] for cell in graded_cells(notebook)}
    return {name: test["message"] for name, test in tests.items() if not test["passed"]}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_solution_passes(assignment):
    assert failed(assignment, source(assignment)) == {}


def each(test):
    """Some of them at once, all of them with the slow tests: the grader's way costs a process each."""
    return pytest.mark.parametrize(
        "chosen", [slice(0, 2), pytest.param(slice(2, None), marks=pytest.mark.slow)], ids=["some", "others"]
    )(test)


@each
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_right_code_passes_however_it_is_written(assignment, chosen):
    for name, code in [*answers(assignment)[0].items()][chosen]:
        assert failed(assignment, filled(source(assignment), code)) == {}, name


@each
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_wrong_code_fails_exactly_the_tests_it_should(assignment, chosen):
    for name, (code, tests) in [*answers(assignment)[1].items()][chosen]:
        assert set(failed(assignment, filled(source(assignment), code))) == tests, name


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_an_untouched_notebook_fails_every_test_and_says_so(assignment):
    messages = failed(assignment, released(assignment))
    assert set(messages) == {cell["id"] for cell in graded_cells(released(assignment))}
    for message in messages.values():
        assert tells_of_an_open_task(assignment, message)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_code_that_stops_fails_every_test(assignment):
    notebook = with_raise(released(assignment))
    assert set(failed(assignment, notebook)) == {cell["id"] for cell in graded_cells(notebook)}


def test_a_diagnosis_is_the_one_that_the_learner_sees():
    code, _ = answers("00-start-here")[1]["loses the factor 2"]
    test = verdict("00-start-here", filled(source("00-start-here"), code))["tests"]["test-mse-dprediction"]
    assert test["causes"] == ["half"]
    assert "dprediction: a factor 2 is missing." in test["message"]


# ---- small notebooks: one test, and code that it judges -------------------------------------------------------


def passes(test, answer, **options):
    """Run one test on one answer -> its part of the verdict."""
    return all_of([test], answer, **options)[0]


def all_of(tests, answer, *, setup="", tags=(), may_write=None, start=None):
    """Run tests one after the other -> their parts of the verdict."""
    from exercises.grade.package import package_for
    from exercises.grade.rebuild import defined
    from exercises.grade.unguarded import start as unguarded
    from exercises.grade.verify import verify

    setup = "import numpy as np\nfrom dlscratch.answers import agree, attempt, equal, perform, run, use\n" + setup
    cells = [
        {"id": "setup", "kind": "locked", "source": setup, "tags": []},
        {"id": "answer", "kind": "answer", "source": "import numpy as np\n" + answer, "tags": []},
        *[{"id": f"t{i}", "kind": "test", "source": test, "tags": list(tags)} for i, test in enumerate(tests)],
    ]
    names = {"names": sorted(set(defined(answer))), "may_write": may_write, "package": package_for([setup])}
    job = {"assignment": "a", "student": "ada", "secret": "s", "cells": cells} | names
    return list(verify(job, start or unguarded)["tests"].values())


RIGHT_AFFINE = """
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
"""
CHECK = "from dlscratch import check\nrng = np.random.default_rng()\n"


def test_check_judges_a_class_in_another_process():
    test = CHECK + 'check(Affine, "N D, D M, M", rng=rng)'
    assert passes(test, RIGHT_AFFINE)["passed"]
    wrong = passes(test, RIGHT_AFFINE.replace("dout.sum(axis=0)", "dout.mean(axis=0)"))
    assert wrong["causes"] == ["over-n"] and "db" in wrong["message"]


def test_check_judges_an_instance_and_its_parameters_in_another_process():
    test = (
        CHECK
        + "layer = Affine(rng.normal(size=(3, 2)), rng.normal(size=2))\ncheck(layer, rng.normal(size=(5, 3)), rng=rng)"
    )
    assert passes(test, RIGHT_AFFINE)["passed"]
    assert passes(test, RIGHT_AFFINE.replace("self.x.T @ dout", "self.x.T @ dout / 2"))["causes"] == ["half"]


def test_check_sees_inputs_that_are_overwritten_in_another_process():
    wrong = passes(
        CHECK + "check(relu, 'N D', rng=rng)",
        """
def relu(x):
    x[x < 0] = 0
    return x, lambda dout: (dout * (x > 0),)
""",
    )
    assert wrong["causes"] == ["mutates-input"]


def test_check_follows_an_optimizer_in_another_process():
    sgd = """
class SGD:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad

    def zero_grad(self):
        for p in self.params:
            p.grad = np.zeros_like(p.data)
"""
    test = "from dlscratch import check_optimizer\ncheck_optimizer(SGD, rng=np.random.default_rng())"
    assert passes(test, sgd)["passed"]
    assert passes(test, sgd.replace("p.data -= self.lr * p.grad", "p.data = p.data - self.lr * p.grad"))["passed"]
    assert passes(test, sgd.replace("p.data -=", "p.data +="))["causes"] == ["sign"]


TAPE = """
class Tensor:
    def __init__(self, data, parents=(), pullback=None):
        self.data, self.grad, self.parents, self.pullback = np.asarray(data, dtype=float), None, parents, pullback

    def __add__(self, other):
        return Tensor(self.data + other.data, (self, other), lambda d: (d, d))

    def __mul__(self, other):
        return Tensor(self.data * other.data, (self, other), lambda d: (d * other.data, d * self.data))

    def sum(self):
        return Tensor(self.data.sum(), (self,), lambda d: (d * np.ones_like(self.data),))

    def backward(self):
        order, seen = [], set()

        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                [visit(p) for p in t.parents]
                order.append(t)

        visit(self)
        grads = {id(self): np.ones_like(self.data)}
        for t in reversed(order):
            d = grads[id(t)]
            if t.pullback is None:
                t.grad = d if t.grad is None else t.grad + d
                continue
            for p, g in zip(t.parents, t.pullback(d)):
                while g.ndim > p.data.ndim:
                    g = g.sum(axis=0)
                grads[id(p)] = grads.get(id(p), 0) + g
"""


def test_check_judges_a_tape_in_another_process():
    test = "from dlscratch import check_autograd\ncheck_autograd(Tensor)"
    assert passes(test, TAPE)["passed"]
    wrong = passes(test, TAPE.replace("grads.get(id(p), 0) + g", "g"))
    assert not wrong["passed"] and wrong["causes"]


def test_tensors_calculate_with_arrays_and_numbers_on_either_side():
    answer = """
class Tensor:
    def __init__(self, data):
        self.data = data

    def __add__(self, other):
        return Tensor(self.data + getattr(other, "data", other))

    def __mul__(self, other):
        return Tensor(self.data * getattr(other, "data", other))

    def __getitem__(self, index):
        return Tensor(self.data[index])

    __rmul__, __radd__ = __mul__, __add__
"""
    test = "t = np.float64(2) * Tensor(np.ones(3)) + np.arange(3.0)\nagree('t', (t + t)[1:].data, [6, 8])"
    assert passes(test, answer)["passed"]


def test_a_function_of_the_tests_can_be_called_from_another_process():
    answer = "def slope(f, x, h):\n    return (f(x + h) - f(x - h)) / (2 * h)\n"
    test = "agree('slope', attempt(slope, np.sin, 0.5, 1e-4), np.cos(0.5), within=1e-6)"
    assert passes(test, answer)["passed"]


def test_a_proxy_in_a_function_of_the_tests_can_be_called_meanwhile():
    answer = "def twice(f, x):\n    return f(f(x))\n\ndef inner(x):\n    return x + 1\n"
    assert passes("equal('twice', twice(lambda x: 2 * inner(x), 3), 18)", answer)["passed"]


def test_an_iterator_yields_values():
    answer = "def batches(x, size):\n    for i in range(0, len(x), size):\n        yield x[i : i + size], i\n"
    test = """
found = list(attempt(batches, np.arange(5), 2))
equal('batches', [(b.tolist(), i) for b, i in found], [([0, 1], 0), ([2, 3], 2), ([4], 4)])
"""
    assert passes(test, answer)["passed"]


def test_a_random_generator_crosses_with_its_state():
    answer = "def shuffled(x, rng):\n    return rng.permutation(x)\n"
    test = """
right = np.random.default_rng(3).permutation(10)
rng = np.random.default_rng(3)
equal('shuffled', attempt(shuffled, np.arange(10), rng).tolist(), right.tolist())
assert attempt(shuffled, np.arange(10), rng).tolist() != right.tolist()
"""
    assert passes(test, answer)["passed"]


def test_errors_keep_their_type_and_place():
    answer = "def f(x):\n    if x:\n        raise KeyError('k')\n    return x.nothing\n"
    test = """
try:
    f(1)
except KeyError as error:
    assert 'k' in str(error)
try:
    f(0)
except AttributeError:
    attempt(f, 0)
"""
    assert passes(test, answer)["message"].endswith("in f, line 5 of its cell: return x.nothing")


LIAR = """
class Yes:
    __array_priority__ = 1e9
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __len__(self): return 3
    def __float__(self): return 3.25
    def __array__(self, *args, **kw): return np.array(3.25)
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __sub__(self, other): return self
    __rsub__ = __add__ = __radd__ = __abs__ = __sub__

def f(*args):
    return Yes()
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f() == 3.25",
        "assert f()",
        "assert not f() != 3.25",
        "assert f() < 1e-9",
        "assert abs(f() - 3.25) < 1e-9",
        "assert len(f()) == 3",
        "assert 3.25 in f()",
        "assert float(f()) == 3.25",
        "assert np.allclose(f(), 3.25)",
        "np.testing.assert_allclose(f(), 3.25)",
        "np.testing.assert_array_equal(f(), 3.25)",
        "assert np.array_equal(f(), 3.25)",
        "agree('f', attempt(f), 3.25)",
        "assert (f().anything - 3.25) == 0",
    ],
)
def test_an_object_that_agrees_with_everything_is_no_evidence(test):
    assert not passes(test, LIAR)["passed"]
    assert passes("assert f(0) == 3.25", "def f(*args):\n    return 3.25\n")["passed"]


DRIPS = """
import gc, time

def f():
    line = next(x for x in gc.get_objects() if type(x).__name__ == "Worker")
    while True:
        line.write_bytes(b"\\1")
        time.sleep(0.1)
"""


def test_an_answer_that_comes_byte_by_byte_is_late(monkeypatch):
    from exercises.grade import link, verify

    monkeypatch.setattr(link, "WALL", 0.5)
    monkeypatch.setattr(verify, "TEST", 30)
    assert passes("f()", DRIPS)["message"].startswith("no answer within")


def test_a_test_that_is_out_of_time_leaves_no_answer_for_the_next(monkeypatch):
    from exercises.grade import verify
    from exercises.grade.unguarded import start

    monkeypatch.setattr(verify, "TEST", 1)
    answer = "import time\n\ndef f():\n    time.sleep(1.5)\n    return 1\n\ndef g():\n    return 2\n"
    cells = [{"id": "answer", "kind": "answer", "source": answer, "tags": []}]
    cells += [{"id": f"test-{f}", "kind": "test", "source": f"assert {f} == 2", "tags": []} for f in ("f()", "g()")]
    job = {"assignment": "a", "student": "ada", "secret": "s", "names": ["f", "g"], "may_write": None, "package": {}}
    tests = verify.verify(job | {"cells": cells}, start)["tests"]
    assert tests["test-f()"]["message"].startswith("TimeoutError: no result after 1 seconds")
    assert tests["test-g()"]["passed"]


def test_a_hand_in_that_has_used_up_its_time_is_told_so(monkeypatch):
    from exercises.grade import verify

    monkeypatch.setattr(verify, "ALL", -1)
    assert "has used up its -1 seconds" in passes("assert f() == 1", "def f():\n    return 1\n")["message"]


def test_what_is_not_finite_passes_only_where_a_test_asks_for_it():
    answer = "def f():\n    return np.array([np.nan, np.inf])\n"
    test = "assert not (np.abs(f() - 1) > 1e-9).any()"  # a careless test: nan is not greater than anything
    assert not passes("x = f()\n" + test.replace("f()", "x[:1]"), answer)["passed"]
    assert passes("assert np.isinf(f()[1])", answer, tags=["not-finite"])["passed"]


def test_an_argument_may_be_overwritten_where_the_instructor_does_so():
    answer = "def update(w, g):\n    w -= 0.1 * g\n"
    test = "w = np.ones(3)\nupdate(w, np.ones(3))\nagree('w', w, [0.9, 0.9, 0.9])"
    assert passes(test, answer)["passed"]
    assert passes(test, answer, may_write=["update() 0"])["passed"]
    assert not passes(test, answer, may_write=[])["passed"]


def test_code_that_overwrites_arguments_passes_where_this_makes_no_difference():
    answer = "def relu(x):\n    x[x < 0] = 0\n    return x\n"
    test = "x = np.array([1.0, -1.0])\nagree('relu', attempt(relu, x), [1, 0])\n"
    assert passes(test, answer, may_write=[])["passed"]
    assert not passes(test + "agree('x', x, [1, -1])", answer, may_write=[])["passed"]


def test_arguments_that_are_overwritten_spoil_no_reference():
    answer = "def mse(p, t):\n    p[...] = t\n    return 0.0\n"
    test = "p, t = np.ones(3), np.zeros(3)\nagree('mse', attempt(mse, p, t), np.mean((p - t) ** 2))"
    assert not passes(test, answer, may_write=[])["passed"]


UPDATE = "def update(w, g):\n    w -= 0.1 * g\n"
BOXES = """
class SGD:
    def __init__(self, params):
        self.params = params

    def step(self):
        for p in self.params:
            p.data -= 0.1 * p.grad
"""
QUESTIONS = {
    "another argument": (
        UPDATE,
        "w, g = np.ones(3), np.ones(3)\nupdate(w, g)\nagree('w', w, np.ones(3) - 0.1 * g)",
        "def update(w, g):\n    g[...] = 0\n",
    ),
    "the gradients of an optimizer": (
        BOXES,
        "class P: data, grad = np.ones(3), np.ones(3)\np = P()\nSGD([p]).step()\nagree('p', p.data, np.ones(3) - 0.1 * p.grad)",
        BOXES.replace("p.data -= 0.1 * p.grad", "p.grad[...] = 0"),
    ),
    "the gradients of an optimizer, by others": (
        BOXES,
        "class P: data, grad = np.ones(3), np.ones(3)\np = P()\nSGD([p]).step()\nagree('p', p.data, np.ones(3) - 0.1 * p.grad)",
        BOXES.replace("p.data -= 0.1 * p.grad", "p.grad = 0 * p.grad"),
    ),
    "what check has not passed": (
        "def f(x):\n    return x * x, lambda d: (2 * x * d,)\n\ndef g(x):\n    return x * x\n",
        CHECK + "x = np.ones(5)\nf(x)\ncheck(f, x, rng=rng)\nagree('g', g(x), x * x)",
        "kept = []\n\ndef f(x):\n    kept.append(x)\n    if len(kept) > 1: kept[0][...] = 0\n"
        "    return x * x, lambda d: (2 * x * d,)\n\ndef g(x):\n    return np.zeros(5)\n",
    ),
    "what check hands on": (
        "def f(x, *, target):\n    return np.sum((x - target) ** 2), lambda d: (2 * (x - target) * d,)\n",
        CHECK
        + "x, t = np.ones(5), np.arange(5.0)\ncheck(f, x, target=t, rng=rng)\nagree('f', f(x, target=t)[0], np.sum((x - t) ** 2))",
        "def f(x, *, target):\n    target[...] = 1\n    return 0.0, lambda d: (0 * x,)\n",
    ),
    "under an error that the test catches": (
        "def f(g, x):\n    return g(np.sum(x))\n",
        "x = np.ones(3)\ntry:\n    found = f(lambda s: f(lambda t: t, x[:1]) and s, x)\nexcept Exception:\n    found = 0.0\nagree('f', found, np.sum(x))",
        "calls = []\n\ndef f(g, x):\n    calls.append(x)\n    if len(calls) == 2: raise ValueError\n    x[...] = 0\n    return g(0)\n",
    ),
    "with another's right": (
        UPDATE + "def square(x):\n    return x * x, lambda d: 2 * x * d\n",
        "d, x = np.ones(3), np.ones(3)\n_, back = square(x)\nagree('dx', back(d), 2 * x * d)",
        "def update(w, g=None):\n    w[...] = 0\n    return w\n\ndef square(x):\n    return x * x, update\n",
    ),
}


@pytest.mark.parametrize("what", QUESTIONS)
def test_the_question_cannot_be_made_to_fit_the_answer(what):
    answer, test, cheat = QUESTIONS[what]
    may_write = ["update() 0", "SGD().step() data"]
    assert passes(test, answer, may_write=may_write)["passed"]
    assert not passes(test, cheat, may_write=may_write)["passed"]


def test_what_locked_cells_hold_is_lent_anew_to_every_test():
    """An array that one test has let go of would fit the answer in the next."""
    test = "agree('norm', attempt(norm, X), np.sum(X ** 2))"
    setup = "X = np.arange(1.0, 4.0)\n"
    right, cheat = "def norm(x):\n    return np.sum(x * x)\n", "def norm(x):\n    x[...] = 0\n    return 0.0\n"
    assert [t["passed"] for t in all_of([test, test], right, setup=setup, may_write=[])] == [True, True]
    assert [t["passed"] for t in all_of([test, test], cheat, setup=setup, may_write=[])] == [False, False]


def test_who_dies_after_an_answer_costs_the_next_test_nothing():
    answer = """
import os, signal
def late():
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return 1
def right():
    return 2
"""
    wait = "import time\nequal('late', late(), 1)\ntime.sleep(0.3)"
    first, second = all_of([wait, "equal('right', right(), 2)"], answer)
    assert first["passed"] and second["passed"], second["message"]


def test_a_function_of_the_tests_stays_what_it_was():
    """Learners call their own things `net`, too."""
    setup = "@use\ndef net(n):\n    return double(n) + 1\n"
    answer = "def double(n):\n    return 2 * n\nnet = double\n"
    assert passes("equal('net', net(2), 5)", answer, setup=setup)["passed"]


def test_what_cannot_be_imported_stops_only_what_needs_it():
    answer = """
import scipy.special as special
special.precision = 3
def f():
    return 1
def g():
    return special.expit(0)
"""
    assert passes("equal('f', f(), 1)", answer)["passed"]
    assert passes("attempt(g)", answer)["message"].startswith("ModuleNotFoundError: no scipy here: the grader knows")


def test_classes_and_pickles_find_their_module():
    answer = """
from __future__ import annotations
import pickle
from dataclasses import dataclass
from typing import ClassVar
@dataclass
class Way:
    uses: ClassVar[list] = []
    x: float = 2.0
def f():
    return pickle.loads(pickle.dumps(Way())).x
"""
    assert passes("equal('f', f(), 2.0)", answer)["passed"]


def test_all_that_a_hand_in_prints_has_room_on_a_page(monkeypatch):
    from exercises.grade import verify

    monkeypatch.setattr(verify, "ALL_TEXT", 25_000)
    loud = "def f():\n    print('x' * 30_000)\n    return 1\n"
    shown = all_of(["equal('f', f(), 1)"] * 3, loud)
    assert [len(t["output"]) for t in shown] == [20_000, 5_000, 0] and all(t["passed"] for t in shown)


def test_a_nudge_that_is_taken_back_is_none():
    answer = """
def slopes(f, x):
    found = np.zeros_like(x)
    for i in range(len(x)):
        x[i] += 1e-5
        above = f(x)
        x[i] -= 2e-5
        found[i] = (above - f(x)) / 2e-5
        x[i] += 1e-5
    return found
"""
    test = "x = np.array([0.1, 0.7])\nagree('slopes', slopes(lambda x: float(np.sum(x**2)), x), 2 * x, within=1e-6)"
    assert passes(test, answer, may_write=[])["passed"]


def test_a_name_that_is_withheld_is_not_the_instructors():
    from exercises.grade.package import package_for
    from exercises.grade.unguarded import start
    from exercises.grade.verify import verify

    cells = [
        {"id": "locked", "kind": "locked", "source": "def f():\n    return 1\n", "tags": []},
        {"id": "answer", "kind": "answer", "source": "pass", "tags": []},
        {"id": "test", "kind": "test", "source": "assert f() == 1", "tags": []},
    ]
    job = {"assignment": "a", "student": "ada", "secret": "s", "names": ["f"], "may_write": None, "cells": cells}
    assert not verify(job | {"package": package_for([])}, start)["tests"]["test"]["passed"]


def test_an_assertion_that_a_test_expects_is_the_learners_own():
    test = "try:\n    f(-1)\nexcept AssertionError:\n    refused = True\nassert refused"
    assert passes(test, "def f(x):\n    assert x > 0, 'positive'\n")["passed"]
    assert not passes(test, "def f(x):\n    raise NotImplementedError\n")["passed"]
    assert not passes(test, "import os\ndef f(x):\n    os._exit(1)\n")["passed"]


def test_a_generator_without_a_seed_tells_nothing_of_what_it_has_drawn():
    test = "rng = np.random.default_rng()\nw = rng.normal(size=3)\nagree('w', f(rng), w)"
    rewind = """
def f(rng):
    for steps in range(9):
        bits = np.random.PCG64()
        bits.state = rng.bit_generator.state
        bits.advance(-steps)
        yield np.random.Generator(bits).normal(size=3)
"""
    looked = test.replace("agree('w', f(rng), w)", "assert any(np.allclose(guess, w) for guess in f(rng))")
    assert not passes(looked, rewind)["passed"]
    assert passes(looked.replace("default_rng()", "default_rng(3)"), rewind)["passed"]


def test_old_numbers_of_numpy_repeat_and_depend_on_the_student():
    from exercises.grade.circumstances import Seeds

    drawn = []
    for student in "ada", "ada", "ben":
        Seeds({"secret": "s", "assignment": "a", "student": student, "cells": []}).begin("test")
        drawn.append(np.random.normal())
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_test_is_sent_only_so_much(monkeypatch):
    from exercises.grade import link

    monkeypatch.setattr(link, "MOST", 1 << 20)
    answer = "def f():\n    while True:\n        yield np.zeros(1 << 14)\n"
    assert passes("for _ in f(): pass", answer)["message"] == "your code has returned more than 1 MB in one test"


def foreign(*cells):
    """A notebook of somebody else's course: (source, nbgrader's marks) of each cell, or its text."""
    made = []
    for i, (text, marks) in enumerate(cells):
        kind, marks = ("markdown", marks[2:]) if marks.startswith("# ") else ("code", marks)
        known = {name: True for name in marks.split()} | {"grade_id": f"c{i}", "points": 1}
        made.append(
            {"cell_type": kind, "id": f"c{i}", "source": text, "metadata": {"nbgrader": known} if marks else {}}
        )
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_a_setup_that_nobody_has_marked_with_magics_and_pictures_in_it_counts():
    from exercises.grade.rebuild import job_for
    from exercises.grade.unguarded import start
    from exercises.grade.verify import verify

    setup = "%matplotlib inline\nimport matplotlib.pyplot as plt\nimport numpy as np\none = np.ones(1)"
    given = foreign(
        (setup, ""),
        ("f(2) + unknown", ""),
        ("%time\ndef f(x):\n    return x + one", "solution"),
        ("assert f(1) == [2]", "grade"),
    )
    who = {"assignment": "a", "student": "ada", "secret": "s"}
    test = verify(job_for(given, given, **who), start)["tests"]["c3"]
    assert test["passed"], test["message"]


def test_an_essay_is_the_learners_and_never_the_instructors():
    from exercises.grade.rebuild import graded_notebook

    given, theirs = foreign(("model answer", "# solution grade")), foreign(("my answer", "# solution"))
    shown = [graded_notebook(given, notebook, {"tests": {}, "cells": {}}) for notebook in (theirs, {"cells": []})]
    assert [page["cells"][0]["source"] for page in shown] == [
        "my answer",
        "*nothing in the hand-in stands for this cell*",
    ]


def test_what_stands_for_a_plain_value_crosses_as_one():
    answer = """
from collections import OrderedDict, namedtuple
Pair = namedtuple("Pair", "out dx")

def f():
    return Pair(np.array([[1.0, 2.0]]).view(np.recarray), OrderedDict(a=np.ones(2, ">f8")))
"""
    test = (
        "out, found = f()\nassert type(out) is np.ndarray and out.tolist() == [[1, 2]]\nagree('a', found['a'], [1, 1])"
    )
    assert passes(test, answer)["passed"]


def test_a_function_that_is_marked_with_use_runs_beside_the_answer():
    from exercises.grade.package import package_for
    from exercises.grade.unguarded import start
    from exercises.grade.verify import verify

    locked = "from dlscratch.answers import use\n@use\ndef applied(n):\n    return make(n).data + 1\n"
    answer = "class Box:\n    pass\n\ndef make(n):\n    box = Box()\n    box.data = n\n    return box\n"
    cells = [
        {"id": "locked", "kind": "locked", "source": locked, "tags": []},
        {"id": "answer", "kind": "answer", "source": answer, "tags": []},
        {"id": "test", "kind": "test", "source": "assert applied(2) == 3", "tags": []},
    ]
    job = {"assignment": "a", "student": "ada", "secret": "s", "names": ["make"], "may_write": None}
    job |= {"cells": cells, "package": package_for([locked])}
    assert verify(job, start)["tests"]["test"]["passed"]


def test_a_name_that_is_missing_is_told_with_what_stopped_its_cell():
    missing = verdict("00-start-here", filled(released("00-start-here"), {"mse": ""}))["tests"]["test-mse-out"]
    assert missing["message"] == "mse is not defined: no cell of this notebook defines it."
    slip = verdict(
        "00-start-here", filled(released("00-start-here"), {"mse": "def mse(prediction, *, target)\n    pass"})
    )
    told = slip["tests"]["test-mse-out"]["message"]
    assert told.startswith("mse is not defined. These errors stopped cells of this notebook:\n")
    assert "expected ':'" in told


def test_hidden_numbers_depend_on_secret_and_student_and_repeat():
    def drawn(**who):
        from exercises.grade.circumstances import Seeds

        seeds = Seeds({"secret": "s", "assignment": "a", "student": "ada", "cells": []} | who)
        seeds.begin("test")
        return [seeds.default_rng().normal(), seeds.default_rng().normal(), seeds.default_rng(3).normal()]

    assert drawn() == drawn()
    assert drawn()[0] != drawn()[1]
    assert drawn()[2] == np.random.default_rng(3).normal() == drawn(student="ben")[2]
    assert len({drawn()[0], drawn(student="ben")[0], drawn(secret="t")[0], drawn(assignment="b")[0]}) == 4


def test_another_hand_in_meets_other_hidden_numbers():
    """Else a table of what the last feedback has told would do."""
    test = "rng = np.random.default_rng()\nprint(float(rng.normal()))\nf()"
    told = [passes(test, f"def f():\n    return {n}\n")["output"] for n in (0, 0, 1)]
    assert told[0] == told[1] != told[2]


def test_the_machine_is_as_before():
    import dlscratch

    before = np.random.default_rng, dlscratch.check, dlscratch.explain
    passes("pass", "def f():\n    pass\n")
    assert (np.random.default_rng, dlscratch.check, dlscratch.explain) == before
