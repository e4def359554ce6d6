"""The checker: what it can judge, what it answers, and that nothing a learner writes can break it."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import dlscratch as d
from dlscratch import GradientError, check, check_autograd, check_optimizer, explain, numeric_gradient, ops
from dlscratch.gradcheck.catalogue.tape import WRONG as WRONG_TAPES
from dlscratch.gradcheck.catalogue.tape import Wrong
from dlscratch.gradcheck.judge import _told_apart
from dlscratch.gradcheck.tape import bookkeeping, explain_autograd

AFFINE = "N D, D M, M"


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(*shape, seed=0):
    return rng([seed, *shape]).normal(size=shape)


class Affine:
    """A layer as a learner writes it."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, self.sum(dout)
        return dout @ self.W.T

    def sum(self, dout):
        return dout.sum(axis=0)


class Adding(Affine):
    """As in the package: parameters whose gradients add up until somebody sets them to 0."""

    def __init__(self, W, b):
        self.W, self.b = d.Parameter(W), d.Parameter(b)

    def forward(self, x):
        self.x = x
        return x @ self.W.data + self.b.data

    def backward(self, dout):
        self.W.grad += self.x.T @ dout
        self.b.grad += self.sum(dout)
        return dout @ self.W.data.T


class Averaged(Affine):
    def sum(self, dout):
        return dout.mean(axis=0)


class Half:
    """A loss as a learner writes it, with a factor 2 lost."""

    def forward(self, prediction, target):
        self.d = prediction - target
        return np.mean(self.d**2)

    def backward(self):
        return self.d / self.d.size


def affine_with(db):
    def affine(x, W, b):
        return x @ W + b, lambda dout: (dout @ W.T, x.T @ dout, db(x, W, b, dout))

    return affine


# ---- what can be judged ------------------------------------------------------------------------------

RIGHT = {
    "operation, arrays": lambda: check(ops.affine, normal(5, 3), normal(3, 2), normal(2), rng=rng()),
    "operation, sentence": lambda: check(ops.affine, AFFINE, rng=rng()),
    "operation, function": lambda: check(
        ops.affine,
        lambda rng, n, D, M: (rng.normal(size=(n, D)), rng.normal(size=(D, M)), rng.normal(size=M)),
        rng=rng(),
    ),
    "operation, options": lambda: check(ops.softmax_cross_entropy, normal(5, 3), target=np.arange(5) % 3, rng=rng()),
    "target by position": lambda: check(
        lambda logits, target: ops.softmax_cross_entropy(logits, target=target),
        normal(5, 3),
        np.arange(5) % 3,
        rng=rng(),
    ),
    "constant by name": lambda: check(
        lambda x, y: (x * y, lambda dout: dout * y), "N D, N D", constants=("y",), rng=rng()
    ),
    "constant by position": lambda: check(
        lambda x, y: (x * y, lambda dout: (dout * y, None)), "N D, N D", constants=(1,), rng=rng()
    ),
    "layer class": lambda: check(Affine, AFFINE, rng=rng()),
    "layer class, gradients add up": lambda: check(Adding, AFFINE, rng=rng()),
    "layer instance": lambda: check(Affine(normal(3, 2), normal(2)), normal(5, 3), rng=rng()),
    "layer factory": lambda: check(
        lambda W, b: Affine(W, b), normal(5, 3), params={"W": normal(3, 2), "b": normal(2)}, rng=rng()
    ),
    "our layer": lambda: check(d.Affine(3, 2, rng=rng()), normal(5, 3), rng=rng()),
    "our net": lambda: check(
        d.Sequential(d.Affine(3, 4, rng=rng()), d.ReLU(), d.Affine(4, 2, rng=rng())), normal(5, 3), rng=rng()
    ),
    "our loss": lambda: check(d.MSELoss(), normal(5, 3), normal(5, 3, seed=1), rng=rng()),
    "loss class": lambda: check(d.CrossEntropyLoss, normal(5, 3), np.arange(5) % 3, rng=rng()),
    "tensors": lambda: check(lambda x, W: (x @ W).relu().sum(), "N D, D M", rng=rng()),
    "scalars": lambda: check(lambda a, b: (a * b, lambda dout: (dout * b, dout * a)), 2.0, 3.0, rng=rng()),
    "one gradient without a tuple": lambda: check(lambda x: (2 * x, lambda dout: 2 * dout), "N D", rng=rng()),
    "one gradient in a list": lambda: check(lambda x: (2 * x, lambda dout: [2 * dout]), "N D", rng=rng()),
    "two outputs": lambda: check(lambda x: ((x, 2 * x), lambda douts: douts[0] + 2 * douts[1]), "N D", rng=rng()),
    "float32": lambda: check(ops.affine, *(normal(*s).astype(np.float32) for s in ((5, 3), (3, 2), (2,))), rng=rng()),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_gives_a_report(name):
    report = RIGHT[name]()
    assert report.ok
    assert report.findings == ()
    assert "agrees with central differences" in str(report)


WRONG = {
    "operation": lambda: explain(affine_with(lambda x, W, b, dout: dout.mean(axis=0)), AFFINE, rng=rng()),
    "operation, arrays": lambda: explain(
        affine_with(lambda x, W, b, dout: dout.mean(axis=0)), normal(6, 3), normal(3, 2), normal(2), rng=rng()
    ),
    "layer class": lambda: explain(Averaged, AFFINE, rng=rng()),
    "layer instance": lambda: explain(Averaged(normal(3, 2), normal(2)), normal(6, 3), rng=rng()),
    "layer factory": lambda: explain(Averaged, normal(6, 3), params={"W": normal(3, 2), "b": normal(2)}, rng=rng()),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_average_over_the_batch_is_proven(name):
    (finding,) = WRONG[name]().findings
    assert (finding.argument, finding.cause) == ("db", "over-n")
    assert "must be summed" in finding.message
    assert finding.evidence.count("of right at n =") == 3
    assert finding.look == "chapter 04"


def test_the_sentence_from_the_first_page():
    with pytest.raises(GradientError) as error:
        check(affine_with(lambda x, W, b, dout: dout.mean(axis=0)), AFFINE, rng=rng())
    text = str(error.value)
    assert "yours is 1/5 of right at n = 5, 1/7 of right at n = 7, 1/11 of right at n = 11" in text
    assert isinstance(error.value, AssertionError)
    assert error.value.findings == error.value.report.findings
    assert len(text.splitlines()) <= 24


def test_a_loss_that_lost_its_factor():
    (finding,) = explain(Half(), normal(5, 3), normal(5, 3, seed=1), rng=rng()).findings
    assert (finding.argument, finding.cause) == ("dprediction", "half")


def test_a_layer_whose_own_gradient_adds_up():
    class Kept(Affine):
        def backward(self, dout):
            before = getattr(self, "dW", 0)
            dx = super().backward(dout)
            self.dW = self.dW + before
            return dx

    (finding,) = explain(Kept, AFFINE, rng=rng()).findings
    assert (finding.argument, finding.cause) == ("dW", "accumulates")


def test_a_net_names_the_layer():
    class Wrong(d.Affine):
        def backward(self, dout):
            dx = super().backward(dout)
            self.b.grad = self.b.grad * 2
            return dx

    net = d.Sequential(d.Affine(3, 4, rng=rng()), d.Tanh(), Wrong(4, 2, rng=rng()))
    (finding,) = explain(net, normal(5, 3), rng=rng()).findings
    assert (finding.argument, finding.cause) == ("db2", "twice")
    assert not any(np.isnan(p.data).any() for p in net.params)


def test_parameters_are_put_back():
    layer = d.Affine(3, 2, rng=rng())
    before = [p.data.copy() for p in layer.params]
    check(layer, normal(5, 3), rng=rng())
    for p, data in zip(layer.params, before, strict=True):
        np.testing.assert_array_equal(p.data, data)


# ---- in which order, and how much --------------------------------------------------------------------


def relu_in_place(x):
    mask = x > 0

    def pullback(dout):
        dout *= mask
        return dout

    return x * mask, pullback


def exp_in_place(x):
    x[...] = np.exp(x)
    return x.copy(), lambda dout: dout * x


def stale():
    seen = {}

    def square(x):
        seen.setdefault("x", x)
        return x * x, lambda dout: 2 * seen["x"] * dout if np.shape(seen["x"]) == np.shape(dout) else 2 * x * dout

    return square


MANNERS = [
    (relu_in_place, "dout", "mutates-dout"),
    (exp_in_place, "dx", "mutates-input"),
    (stale(), "dx", "stale-cache"),
    (lambda x: (x * x, lambda dout: None), "dx", "returns-none"),
    (lambda x: (x * x, lambda dout: (2 * x * dout)[:, :1]), "dx", "wrong-shape"),
    (lambda x: (x * x, lambda dout: (2 * x * dout).T), "dx", "transposed"),
    (lambda x: (x * x, lambda dout: (2 * x * dout)[None]), "dx", "keepdims"),
    (lambda x: (x * x, lambda dout: (2 * x * dout).astype(int)), "dx", "wrong-dtype"),
    (lambda x: (x * x, lambda dout: (2 * x * dout).astype(complex)), "dx", "wrong-dtype"),
    (lambda x: (x * x, lambda dout: "2 x"), "dx", "wrong-dtype"),
    (lambda x: (x * x, lambda dout: [[1.0], [1.0, 2.0]]), "dx", "wrong-dtype"),
    (lambda x: (x * x, lambda dout: 2 * x * dout / 0), "dx", "not-finite"),
    (lambda x: (x * x, lambda dout: 0 * x), "dx", "zeros"),
    (lambda x: (x * x, lambda dout: -2 * x * dout), "dx", "sign"),
    (lambda x: (x * x, lambda dout: 2 * x), "dx", "upstream-ignored"),
    (lambda x: (x * x, lambda dout: dout), "dx", "local-derivative-missing"),
    (lambda x: (x * x, lambda dout: 2 * x * x * dout), "dx", "wrong-point"),
    (lambda x: (x * x, lambda dout: 2 * x * dout**2), "dx", "upstream-wrong"),
    (lambda x: (x * x, lambda dout: 14 * x * dout), "dx", "constant-factor"),
]


@pytest.mark.parametrize(("f", "argument", "cause"), MANNERS, ids=[f"{i}-{row[2]}" for i, row in enumerate(MANNERS)])
def test_manners_and_common_causes(f, argument, cause):
    with np.errstate(all="ignore"):
        report = explain(f, "N D", rng=rng())
    assert [(f.argument, f.cause) for f in report.findings] == [(argument, cause)]


def test_swapped_gradients():
    report = explain(lambda x, y: (x * y**2, lambda dout: (2 * x * y * dout, y**2 * dout)), "N D, N D", rng=rng())
    assert [(f.argument, f.cause) for f in report.findings] == [("dx", "swapped"), ("dy", "swapped")]


def test_two_hypotheses_that_fit_are_both_named():
    (finding,) = explain(
        affine_with(lambda x, W, b, dout: dout.sum(axis=0) / 3), normal(3, 3), normal(3, 3), normal(3), rng=rng()
    ).findings
    assert {finding.cause, *finding.also} >= {"over-m", "constant-factor"}


def test_without_a_cause_the_smallest_example_is_shown():
    (finding,) = explain(affine_with(lambda x, W, b, dout: np.cos(dout).sum(axis=0) ** 3), AFFINE, rng=rng()).findings
    assert finding.cause is None
    assert "x = [[" in finding.evidence
    assert "yours [" in finding.evidence
    assert "right [" in finding.evidence


@pytest.mark.parametrize("factor", [1 + 3e-6, 1 + 1e-5, 1 - 1e-5, 1 + 3e-5])
def test_a_gradient_that_is_wrong_by_very_little_is_a_finding(factor):
    """As a slope is that was measured with too long a step."""
    (finding,) = explain(lambda x: (x * x, lambda dout: (dout * 2 * x * factor,)), np.ones(3), rng=rng()).findings
    assert finding.cause in (None, "constant-factor")


def test_numbers_have_four_digits_or_as_many_as_tell_them_apart():
    assert _told_apart(-0.0, -3.73773) == ("-0", "-3.738")
    assert _told_apart(1.234561, 1.234562) == ("1.234561", "1.234562")
    assert _told_apart(1.0, np.nan) == ("1", "nan")


def test_a_softmax_whose_backward_returns_zeros_is_caught():
    assert not explain(lambda x: (ops.softmax(x)[0], lambda dout: 0 * x), "N D", rng=rng()).ok


def test_a_sigmoid_that_ignores_upstream_is_caught():
    s = lambda x: ops.sigmoid(x)[0]  # noqa: E731
    (finding,) = explain(lambda x: (s(x), lambda dout: s(x) * (1 - s(x))), "N D", rng=rng()).findings
    assert finding.cause == "upstream-ignored"


def naive_softmax(x):
    e = np.exp(x)
    out = e / e.sum(axis=-1, keepdims=True)
    return out, lambda dout: out * (dout - (dout * out).sum(axis=-1, keepdims=True))


def test_the_number_of_forward_calls_is_bounded():
    calls = []

    def counted(x, W, b):
        calls.append(1)
        return ops.affine(x, W, b)

    check(counted, normal(64, 64), normal(64, 64), normal(64), rng=rng())
    assert len(calls) < 100


# ---- kinks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_a_relu_near_its_kink_is_not_accused(seed):
    x = rng(seed).normal(size=(6, 4)) * 10.0 ** rng(seed + 1).integers(-8, 0, size=(6, 4))
    x[0] = 0
    assert explain(ops.relu, x, rng=rng(seed)).ok
    assert explain(lambda x: (np.maximum(x, 0), lambda dout: dout * (x >= 0)), x, rng=rng(seed)).ok


def test_a_wrong_relu_is_caught_at_its_kink_too():
    assert not explain(lambda x: (np.maximum(x, 0), lambda dout: 2 * dout), np.zeros((5, 4)), rng=rng()).ok


def test_abs_and_max_with_ties():
    def largest(x):
        winner = x.argmax(axis=1)

        def pullback(dout):
            dx = np.zeros_like(x)
            dx[np.arange(len(x)), winner] = dout
            return dx

        return x.max(axis=1), pullback

    def every_tie(x):
        top = x.max(axis=1, keepdims=True)
        return top[:, 0], lambda dout: (x == top) * dout[:, None]

    assert explain(largest, np.zeros((5, 4)), rng=rng()).ok
    assert not explain(every_tie, np.zeros((5, 4)), rng=rng()).ok


# ---- nothing breaks it -------------------------------------------------------------------------------


class Liar(np.ndarray):
    def __eq__(self, other):
        return True

    def __array_finalize__(self, obj):
        pass


def exploding(x):
    raise RuntimeError("no")


JUNK = [
    exploding,
    lambda: 1,
    lambda x: None,
    lambda x: 3,
    lambda x: "out",
    lambda x: (x, None),
    lambda x: (x, 3),
    lambda x: (None, lambda dout: dout),
    lambda x: ("a", lambda dout: dout),
    lambda x: (x, lambda: 1),
    lambda x: (x, lambda dout: ()),
    lambda x: (x, lambda dout: {}),
    lambda x: (x, lambda dout: (dout, dout, dout)),
    lambda x: (x, lambda dout: np.array([object()])),
    lambda x: (x, lambda dout: (dout * 2).view(Liar)),
    lambda x: (x * np.nan, lambda dout: dout),
    lambda x: (x, lambda dout: 1 / 0),
    lambda x: (x, lambda dout: (g for g in [2 * dout])),
    lambda x: (x, exploding),
    lambda x: [x, lambda dout: dout],
    int,
    object,
    object(),
    None,
    3,
    "affine",
    type("Empty", (), {"forward": None, "backward": None}),
    type("Forward", (), {"forward": lambda self, x: x, "backward": lambda self, dout: None})(),
]


@pytest.mark.parametrize("f", JUNK, ids=range(len(JUNK)))
def test_whatever_the_code_does_is_a_finding(f):
    report = explain(f, "N D", rng=rng())
    assert not report.ok
    assert str(report)
    assert report._repr_html_()
    with pytest.raises(GradientError):
        check(f, normal(5, 3), rng=rng())


def test_an_error_names_the_line():
    def relu(x):
        return np.maximum(x, 0), lambda dout: dout * undefined  # noqa: F821

    (finding,) = explain(relu, "N D", rng=rng()).findings
    assert finding.cause == "raises"
    assert "NameError" in finding.message
    assert "dout * undefined" in finding.message


def test_printing_is_allowed(capsys):
    def relu(x):
        print("forward")
        return np.maximum(x, 0), lambda dout: dout * (x > 0)

    assert explain(relu, "N D", rng=rng()).ok
    assert "forward" in capsys.readouterr().out


# ---- reports -----------------------------------------------------------------------------------------


def test_a_notebook_gets_a_table_with_words_and_marks():
    report = explain(affine_with(lambda x, W, b, dout: dout.mean(axis=0)), AFFINE, rng=rng())
    html = report._repr_html_()
    assert html.count("<tr>") == 3
    assert "wrong" in html
    assert "right" in html
    assert "must be summed" in html


def test_what_a_learner_names_cannot_break_the_table():
    def f(x):
        return x, lambda dout: 2 * dout

    f.__name__ = "<script>"
    assert "<script>" not in explain(f, "N D", rng=rng())._repr_html_()


def test_a_wrong_gradient_can_be_seen():
    report = explain(affine_with(lambda x, W, b, dout: dout.mean(axis=0)), AFFINE, rng=rng())
    data, metadata = report.picture("db")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert "largest difference" in metadata["image/png"]["alt"]
    with pytest.raises(ValueError, match="there are pictures of db"):
        report.picture("dW")


def test_a_large_net_still_fits_on_a_screen():
    r = rng()
    net = d.Sequential(*[d.Affine(3, 3, rng=r) for _ in range(20)])
    report = explain(net, normal(4, 3), rng=rng())
    assert len(str(report).splitlines()) <= 24
    assert "more" in str(report)


def test_ipython_shows_the_table_instead_of_a_traceback(capsys):
    with pytest.raises(GradientError) as error:
        check(Averaged, AFFINE, rng=rng())
    (line,) = error.value._render_traceback_()
    assert line.startswith("GradientError: db: averaged over the batch")
    assert "Averaged: db wrong" in capsys.readouterr().out


def test_the_checker_loads_neither_layers_nor_matplotlib():
    code = (
        "import sys, types; p = types.ModuleType('dlscratch'); p.__path__ = [sys.argv[1]]; sys.modules['dlscratch'] = p;"
        "import numpy as np; from dlscratch.gradcheck import explain;"
        "explain(lambda x: (x, lambda d: 2 * d), 'N D', rng=np.random.default_rng(0));"
        "print([m for m in sys.modules if 'matplotlib' in m or m.startswith('dlscratch.') and 'gradcheck' not in m])"
    )
    folder = inspect.getfile(d).rsplit("__init__", 1)[0]
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- numeric gradient --------------------------------------------------------------------------------


def test_numeric_gradient_of_an_array_and_of_a_number():
    x = normal(3, 2)
    np.testing.assert_allclose(numeric_gradient(lambda x: np.sum(x**3), x), 3 * x**2, atol=1e-8)
    assert numeric_gradient(np.exp, 0.0).item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: numeric_gradient(np.sum, np.array([1, 2])), "give floats"),
        (lambda: numeric_gradient(np.sum, np.ones(2), h=0), "above 0"),
        (lambda: numeric_gradient(lambda x: x, np.ones(2)), r"returned shape \(2,\)"),
    ],
)
def test_numeric_gradient_refuses(call, said):
    with pytest.raises((TypeError, ValueError), match=said):
        call()


# ---- optimizers and tapes ----------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [d.SGD, d.AdaGrad, d.RMSProp, d.Adam, d.AdamW])
def test_our_optimizers_pass(cls):
    assert check_optimizer(cls).ok


@pytest.mark.parametrize("hyper", [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}])
def test_our_sgd_passes_with_everything_switched_on(hyper):
    assert check_optimizer(d.SGD, **hyper).ok


def test_an_optimizer_that_overwrites_gradients():
    class SGD(d.SGD):
        def step(self):
            for p in self.params:
                p.grad *= self.lr
                p.data = p.data - p.grad

    with pytest.raises(GradientError, match="overwrote the gradient"):
        check_optimizer(SGD)


def test_an_optimizer_that_raises():
    class Adam:
        def __init__(self, params, lr):
            raise KeyError("beta")

    with pytest.raises(GradientError, match="raised KeyError"):
        check_optimizer(Adam)


def test_a_rule_that_does_not_exist():
    with pytest.raises(ValueError, match="none of SGD, WeightDecay"):
        check_optimizer(d.SGD, "Sgd")


def test_our_tape_passes():
    assert check_autograd(d.Tensor).ok


@pytest.mark.parametrize("mistake", WRONG_TAPES)
def test_every_wrong_tape_is_named(mistake):
    with pytest.raises(GradientError) as error:
        check_autograd(type("Tape", (Wrong,), {"mistake": mistake}))
    (finding,) = error.value.findings
    assert WRONG_TAPES[mistake].cause in (finding.cause, *finding.also)


def test_the_catalogues_tape_without_a_mistake_keeps_its_books():
    assert bookkeeping(Wrong) == []


SECOND = ("stale", "no-accumulation")


@pytest.mark.parametrize("mistake", WRONG_TAPES)
def test_one_backward_and_the_second_are_judged_apart(mistake):
    tape = type("Tape", (Wrong,), {"mistake": mistake})
    assert explain_autograd(tape, only="backward").ok == (mistake in SECOND)
    if mistake in SECOND:
        (finding,) = explain_autograd(tape, only="second backward").findings
        assert finding.cause == WRONG_TAPES[mistake].cause


class Forgetful(Wrong):
    """Forgets what lies in the middle before each sweep, so that only the sums of one backward() are wrong."""

    mistake = "per-path"

    def backward(self):
        kept = {node: node.grad for node in self.order() if not node.parents}
        for node in self.order():
            node.grad = 0.0
        super().backward()
        for node, before in kept.items():
            node.grad += before


def test_a_wrong_sweep_is_named_whatever_the_second_one_does():
    (finding,) = explain_autograd(Forgetful).findings
    assert finding.cause == "passed-on-per-path"


def test_the_books_alone_say_nothing_of_other_operations():
    class Tensor(d.Tensor):
        __slots__ = ()

        def sum(self, axis=None, keepdims=False):
            raise NotImplementedError

    assert check_autograd(Tensor, only="backward").ok
    with pytest.raises(GradientError, match="NotImplementedError"):
        check_autograd(Tensor)
    with pytest.raises(ValueError, match="'backward', 'second backward' or None"):
        check_autograd(Tensor, only="third backward")


def test_a_tape_with_one_wrong_operation():
    class Tensor(d.Tensor):
        __slots__ = ()

        def exp(self):
            return d.apply(lambda x: (np.exp(x), lambda dout: (dout * x,)), self)

    (finding,) = pytest.raises(GradientError, check_autograd, Tensor).value.findings
    assert finding.message.startswith("of exp (dx):")


def test_a_tape_that_does_not_sum_over_copies():
    class Tensor(d.Tensor):
        __slots__ = ()

        def __add__(self, other):
            return d.apply(lambda x, y: (x + y, lambda dout: (dout, dout)), self, other)

    (finding,) = pytest.raises(GradientError, check_autograd, Tensor).value.findings
    assert finding.cause == "not-unbroadcast"


# ---- arrays that leave little room -------------------------------------------------------------------


def test_a_scalar_that_ignores_dout_is_not_taken_for_a_constant_factor():
    def half_square(x):
        return 0.5 * float(np.sum(x * x)), lambda dout: (x,)

    for inputs in ((normal(1, 3),), (normal(5, 3),), (2.0,)):
        (finding,) = explain(half_square, *inputs, rng=rng()).findings
        assert finding.cause == "upstream-ignored"


def test_a_factor_that_may_be_a_size_is_said_to_be_both():
    (finding,) = explain(
        lambda x: (float(np.sum(x)), lambda dout: 2 * dout * np.ones_like(x)), normal(5, 2), rng=rng()
    ).findings
    assert {finding.cause, *finding.also} >= {"twice", "times-m"}


def test_what_is_not_written_yet_is_said_so():
    def relu(x):
        raise NotImplementedError

    assert "not written yet" in explain(relu, "N D", rng=rng()).findings[0].message


# ---- nothing is certified that was not looked at -----------------------------------------------------


@pytest.mark.parametrize("inputs", [(np.array([1, 2, 3]),), (3,), (np.ones((0, 3)),)])
def test_a_check_of_nothing_does_not_pass(inputs):
    (finding,) = explain(lambda x: (x * x, lambda dout: (dout * x,)), *inputs, rng=rng()).findings
    assert "nothing was checked" in finding.message


def test_a_forward_that_draws_at_random_cannot_be_checked():
    noise = rng(1)

    def dropout(x):
        mask = noise.random(x.shape) > 0.5
        return x * mask, lambda dout: 7 * dout * mask

    (finding,) = explain(dropout, "N D", rng=rng()).findings
    assert finding.cause == "not-repeatable"
    assert not explain(d.Dropout(0.5, rng=rng()), normal(5, 3), rng=rng()).ok
    assert explain(d.Dropout(0.5, rng=rng()).eval(), normal(5, 3), rng=rng()).ok


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_the_size_of_the_inputs_does_not_matter(scale):
    right = explain(lambda x: (x * x, lambda dout: 2 * x * dout), scale * normal(5, 3), rng=rng())
    wrong = explain(lambda x: (x * x, lambda dout: x * dout), scale * normal(5, 3), rng=rng())
    assert right.ok, str(right)
    assert not wrong.ok


def test_a_missing_gradient_certifies_no_other():
    report = explain(lambda x, W, b: (x @ W + b, lambda dout: (dout @ W.T, x.T @ dout)), AFFINE, rng=rng())
    assert "right" not in str(report)


def test_a_sum_over_all_entries_is_told_from_one_over_the_batch():
    def mse(prediction, *, target):
        miss = prediction - target
        return np.mean(miss**2), lambda dout: 2 * dout * miss

    (finding,) = explain(
        mse, lambda rng, n, D, M: ((rng.normal(size=(n, M)),), {"target": rng.normal(size=(n, M))}), rng=rng()
    ).findings
    assert "divides by n M" in finding.message
    assert "10 of right at n = 5 and M = 2" in finding.evidence


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: check(ops.relu, normal(3), rng=0), "default_rng"),
        (lambda: check(ops.relu, rng=rng()), "give the inputs"),
        (lambda: check(ops.affine, "(N, D), (D, M), (M)", rng=rng()), "letters, blanks and commas"),
        (lambda: check(ops.matmul, "N D, D M", constants=("Q",), rng=rng()), "'Q' is none of x, y"),
    ],
)
def test_a_wrong_call_of_check_accuses_nobody(call, said):
    with pytest.raises((TypeError, ValueError), match=said) as error:
        call()
    assert not isinstance(error.value, GradientError)


# only one gradient


def two_mistakes(x, W, b):
    return x @ W + b, lambda dout: (dout @ W.T, 2 * x.T @ dout, dout.mean(axis=0))


@pytest.mark.parametrize(("only", "cause"), [("db", "over-n"), ("b", "over-n"), (2, "over-n"), ("dW", "twice")])
def test_only_one_gradient_is_judged_and_named(only, cause):
    report = explain(two_mistakes, AFFINE, only=only, rng=rng())
    name = {"over-n": "db", "twice": "dW"}[cause]
    assert [(f.argument, f.cause) for f in report.findings] == [(name, cause)]
    assert report.checked == (name,)


def test_a_right_gradient_beside_a_wrong_one_passes():
    assert check(two_mistakes, AFFINE, only="dx", rng=rng()).ok


def test_an_unknown_gradient_is_refused():
    with pytest.raises(ValueError, match="only='dw'.*dx, dW, db"):
        check(two_mistakes, AFFINE, only="dw", rng=rng())


@pytest.mark.parametrize(
    ("slip", "cause", "chapter"),
    [
        (lambda db, x: db / len(x), "over-n", "chapter 04"),
        (lambda db, x: 2 * db, "twice", "chapter 01"),
        (lambda db, x: 0 * db, "zeros", "chapter 03"),
    ],
)
def test_a_slip_leads_to_the_chapter_on_it_whatever_the_operation(slip, cause, chapter):
    def layer(x, W, b):
        h, back_through_affine = ops.affine(x, W, b)
        out, back_through_tanh = ops.tanh(h)

        def pullback(dout):
            dx, dW, db = back_through_affine(*back_through_tanh(dout))
            return dx, dW, slip(db, x)

        return out, pullback

    (finding,) = explain(layer, "N D, D M, M", rng=rng()).findings
    assert (finding.cause, finding.look) == (cause, chapter)


def test_the_smallest_example_is_the_same_each_time():
    """Right in the first tiny example, wrong in the last: an answer must not be kept for another trial."""

    def doubled_somewhere(x):
        many = x.shape[1] > 1
        return x.sum(axis=1), lambda dout: (dout[:, None] * np.ones_like(x) * (1 + (x > 0) * many),)

    told = {str(explain(doubled_somewhere, "N D", rng=rng())) for _ in range(50)}
    assert len(told) == 1 and "x = [[" in told.pop()


def test_an_output_that_has_lost_digits_is_named_and_no_cause_is_guessed():
    def relu(x):
        return np.maximum(x, 0), lambda dout: (dout * (x > 0),)

    def coarse(x):
        out, pullback = relu(x)
        return out.astype(np.float32), pullback

    for seed in range(20):
        (finding,) = explain(coarse, "N M", rng=rng(seed)).findings
        assert (finding.argument, finding.cause) == ("dx", "wrong-dtype")
    assert check(relu, normal(5, 3).astype(np.float32), rng=rng()).ok
