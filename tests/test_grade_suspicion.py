"""What the grader shows to a person: ways back that measure, and names of the tests that a hand-in takes."""

import pytest
from exercise_notebooks import ASSIGNMENTS, EXERCISES, answers, is_setup, is_solution, released, solutions, source


@pytest.fixture
def suspicion(monkeypatch):
    monkeypatch.syspath_prepend(str(EXERCISES.parent))
    from exercises.grade import suspicion

    return suspicion


def locked(assignment):
    return [cell["source"] for cell in source(assignment)["cells"] if cell["cell_type"] == "code" and is_setup(cell)]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_answer_of_the_course_is_flagged(suspicion, assignment):
    ours, (right, wrong) = solutions(assignment), answers(assignment)
    untouched = {cell["id"]: cell["source"] for cell in filter(is_solution, released(assignment)["cells"])}
    for cells in [ours, untouched, *right.values(), *(cells for cells, _ in wrong.values())]:
        assert suspicion.flags_of((ours | cells).values(), locked(assignment)) == []


HONEST = {
    "a value computed once more": """
def s(x): return 1 / (1 + np.exp(-x))
def sigmoid(x): return s(x), lambda dout: (dout * s(x) * (1 - s(x)),)
""",
    "the same in a helper": """
def s(x): return 1 / (1 + np.exp(-x))
def sigmoid_back(x, dout):
    y = s(x)
    return (dout * y * (1 - y),)
def sigmoid(x):
    out = s(x)
    return out, lambda d: sigmoid_back(x, d)
""",
    "the same in a loop over examples": """
def s(v): return 1 / (1 + np.exp(-v))
def sigmoid(x):
    out = np.array([s(v) for v in x])
    def pullback(dout):
        dx = np.zeros(x.shape)
        for i in range(len(x)):
            dx[i] = dout[i] * s(x[i]) * (1 - s(x[i]))
        return (dx,)
    return out, pullback
""",
    "one helper for both ways": """
def product(a, b): return a @ b
def matmul(x, W):
    out = product(x, W)
    def pullback(dout):
        g = 1.0 * dout
        return product(g, W.T), product(x.T, g)
    return out, pullback
""",
    "a layer that computes its value once more": """
class Tanh:
    def forward(self, x):
        self.x = x
        return self.value(x)
    def value(self, x): return np.tanh(x)
    def backward(self, dout): return dout * (1 - self.value(self.x) ** 2)
""",
    "a chain that is made of a chain": """
def chain(*ops):
    def op(x):
        if len(ops) == 1: return ops[0](x)
        inside, back = ops[0](x)
        out, rest = chain(*ops[1:])(inside)
        return out, lambda dout: back(*rest(dout))
    return op
""",
    "a comparison with what is measured": """
def compare(op, x):
    out, back = op(x)
    return numeric_gradient(lambda a: float(op(a)[0].sum()), x), back(np.ones_like(out))
""",
    "local names that are names of the tests": """
if __name__ == "__main__":
    losses = {"train": 1}
    losses["listed"] = 2
def fit(train):
    listed = train
    return listed
""",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_is_not_flagged(suspicion, name):
    assert suspicion.flags_of([HONEST[name]], locked("09-autograd")) == []


VALUE = "def value(x): return x**2\n"
MEASURED = {
    "itself": "def op(x): return x, lambda d: (op(x + 1)[0] - op(x - 1)[0]) / 2 * d",
    "itself, by another name": "def op(x): return x, lambda d: (g(x + 1)[0] - g(x - 1)[0]) / 2 * d\ng = op",
    "a numerical derivative": "def op(x): return x, lambda d: numeric_gradient(lambda a: (a * d).sum(), x)",
    "one of a module": "def op(x): return x, lambda d: dlscratch.numeric_gradient(lambda a: (a * d).sum(), x)",
    "one by another name": "from dlscratch import numeric_gradient as n\ndef op(x): return x, lambda d: n(len, x)",
    "the value": VALUE + "def op(x): return value(x), lambda d: (value(x + 1) - value(x - 1)) / 2 * d",
    "the value, by another name": VALUE
    + """
def op(x):
    f = value
    def pullback(d): return (f(x + 1) - f(x - 1)) / 2 * d
    return f(x), pullback
""",
    "the value, handed to a helper": VALUE
    + "def central(f, x): return (f(x + 1) - f(x - 1)) / 2\ndef op(x): return value(x), lambda d: central(value, x) * d",
    "the value, in a function that is handed on": VALUE
    + "def op(x): return value(x), lambda d: central(lambda x: (value(x) * d).sum(), x)",
    "the value, in a helper": VALUE
    + """
def slope(x, dout): return (value(x + 1) - value(x - 1)) / 2 * dout
def op(x):
    out = value(x)
    return out, lambda d: slope(x, d)
""",
    "the value, of an array that is moved and put back": """
def value(x): return (x**2).sum()
def slope(x):
    G = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + 1
        above = value(x)
        x[i] = kept
        G[i] = above - value(x)
    return G
def op(x): return value(x), lambda d: d * slope(x)
""",
    "the value, in what partial makes": VALUE
    + "def slope(x, dout): return (value(x + 1) - value(x - 1)) / 2 * dout\ndef op(x): return value(x), partial(slope, x)",
    "the value, in what a helper makes": VALUE
    + "def make(x):\n    def back(d): return (value(x + 1) - value(x - 1)) / 2 * d\n    return back\n"
    + "def op(x): return value(x), make(x)",
    "the value, on a tape": VALUE
    + "def tanh(x):\n    out = value(x.data)\n    return Tensor(out, (x,), lambda d: (d * value(x.data + 1),))",
    "the way there of a layer": "class A:\n    def forward(self, x): return x\n    def backward(self, d): return self.forward(d)",
    "that, by another name": """
class A:
    def forward(self, x): return x
    def backward(self, d):
        f = self.forward
        return f(d)
""",
    "that, in a helper": """
class A:
    def forward(self, x): return x
    def slope(self, x): return (self.forward(x + 1) - self.forward(x - 1)) / 2
    def backward(self, d): return self.slope(self.x) * d
""",
}


@pytest.mark.parametrize("name", MEASURED)
def test_a_way_back_that_measures_is_flagged(suspicion, name):
    flags = suspicion.flags_of(["", "not python (", *MEASURED[name].split("\n\n")])
    assert flags and all(flag.endswith("derived, or measured?") for flag in flags)


TAKEN = [
    "def train(*_): pass",
    "class train: pass",
    "train = len",
    "for train in [len]: pass",
    "with open('x') as train: pass",
    "from m import f as train",
    "import train",
    "(train := len)",
    "def f():\n    global train\n    train = len\nf()",
    "vars(m)['train'] = len",
    "setattr(m, 'train', len)",
]


@pytest.mark.parametrize("code", TAKEN)
def test_a_name_of_the_tests_that_is_bound_anew_is_flagged(suspicion, code):
    flags = suspicion.flags_of([code], locked("09-autograd"))
    assert flags == ["train is a function of the tests; this hand-in defines it anew"]
    assert suspicion.flags_of([code]) == []


def test_what_the_functions_of_the_tests_work_with_is_watched_too(suspicion):
    flags = suspicion.flags_of(["class Trainer: pass\nimport numpy as np"], locked("05-activations"))
    assert flags == ["Trainer is what functions of the tests work with; this hand-in defines it anew"]


@pytest.mark.parametrize(
    "code",
    [
        "Sequential.forward = f",
        "def f():\n    Sequential.forward = f",
        "del Trainer.fit",
        "Trainer.epochs += 1",
        "setattr(Sequential, word, f)",
        "import numpy as np\nnp.argmax = f",
        "import dlscratch\ndlscratch.training.train = f",
    ],
)
def test_what_is_set_in_classes_and_modules_of_others_is_flagged(suspicion, code):
    (flag,) = suspicion.flags_of([code], ["from dlscratch import Sequential, Trainer"])
    assert flag.endswith("it belongs to others")


def test_what_is_ones_own_may_be_set(suspicion):
    own = "class Sequential:\n    pass\nSequential.forward = f\nnet = Sequential()\nnet.x = 1\nnet.eval()"
    assert suspicion.flags_of([own], ["from dlscratch import Trainer"]) == []


def test_what_a_hand_in_imports_of_the_package_beyond_its_notebook_is_flagged(suspicion):
    given = ["from dlscratch import Layer, ReLU, data"]
    assert suspicion.flags_of(["from dlscratch import Layer, check\nfrom dlscratch.views import Still"], given) == []
    (flag,) = suspicion.flags_of(["from dlscratch.ops import relu"], given)
    assert flag == "a cell imports relu from the package, which the notebook does not"
    (flag,) = suspicion.flags_of(["from dlscratch import ops"], given)
    assert "imports ops" in flag


@pytest.mark.parametrize(
    "code",
    [
        "globals()['a'] = 1",
        "import __main__",
        "import sys\nsys.modules['a']",
        "from sys import modules",
        "f.__code__ = g.__code__",
        "sys._getframe(1)",
        "gc.get_objects()",
        "from exercises.grade.worker import Worker",
        "open('/proc/self/maps')",
        "exec('def f(): pass')",
        "error.__traceback__.tb_next",
        "f.__closure__[0]",
        "f.__defaults__[0].grad",
        "import ctypes",
        "importlib.import_module('x')",
    ],
)
def test_a_way_to_the_insides_of_the_grader_is_flagged(suspicion, code):
    (flag,) = suspicion.flags_of([code])
    assert flag.startswith("a cell mentions ") and flag.endswith("worth a look")


NESTED = "".join(" " * i + f"def f{i}():\n" for i in range(95)) + " " * 95 + "x = "
HUGE = {
    "nested functions": NESTED + ",".join(["lambda: f()"] * 2000),
    "functions that call each other": "".join(
        f"def f{i}(x): return f{i + 1}(x), lambda d: f{i + 1}(d)\n" for i in range(700)
    ),
    "one name bound often": "f = g\n" * 900 + "def op(x): return x, lambda d: (" + "f(d), " * 900 + ")",
    "many ways out": "def op(x):\n" + " out = f(x)\n return out, lambda d: out\n" * 900,
    "calls in calls": "def op(x): return x, lambda d: " + "op2(" * 90 + "d" + ")" * 90,
    "dots": "def op(x): return x, lambda d: d" + ".a" * 900,
}


@pytest.mark.parametrize("name", HUGE)
def test_looking_takes_a_few_looks_at_each_node_and_no_more(suspicion, name):
    code = suspicion.Code([HUGE[name]])
    try:
        list(suspicion.measured(code))
    except suspicion.Tired:
        assert any("entangled" in flag for flag in suspicion.flags_of([HUGE[name]]))
    assert code.size > 200 and code.looks <= 1001 + suspicion.LOOKS * code.size


@pytest.mark.parametrize(
    "code",
    [
        "\ud800",
        "'\ud800'",
        "\0",
        "(" * 5000,
        "-" * 40_000 + "1",
        "a" + "[0]" * 10_000,
        "x = " + "lambda: " * 3000 + "0",
        "'\\d'",
    ],
)
def test_code_that_nobody_can_read_is_no_trouble(suspicion, code):
    assert suspicion.flags_of([code, code]) == []


def test_what_is_too_much_for_a_person_is_said_in_short(suspicion):
    assert len(suspicion.flags_of(["#" * suspicion.LONGEST, "##"])) == 1
    flags = suspicion.flags_of([f"def op{i}(x): return x, lambda d: op{i}(d)" for i in range(50)])
    assert len(flags) == suspicion.MOST + 1 and flags[-1] == "and 30 more"
