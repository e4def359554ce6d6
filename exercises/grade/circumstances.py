"""What the instructor's code finds different in the grader: seeds that repeat, a `check` that sees all, and limits."""

import contextlib
import functools
import hashlib
import random
import signal
import sys

import numpy as np

JUDGES = "check explain check_optimizer check_autograd explain_optimizer explain_autograd".split()
MODULES = "", ".gradcheck", ".gradcheck.check", ".gradcheck.optimizers", ".gradcheck.tape"


@contextlib.contextmanager
def judging(bench):
    """While `check` and its sisters judge, overwritten arguments come back and NaN passes: they look for both."""
    import dlscratch  # noqa: F401  the modules that are changed here

    changed = []
    for module in [sys.modules["dlscratch" + name] for name in MODULES]:
        for name in set(JUDGES) & set(vars(module)):
            changed.append((module, name, getattr(module, name)))
            setattr(module, name, seeing_all(getattr(module, name), bench))
    try:
        yield
    finally:
        for module, name, judge in changed:
            setattr(module, name, judge)


def seeing_all(judge, bench):
    @functools.wraps(judge)
    def wrapped(*inputs, **options):
        if bench.link is None:
            return judge(*inputs, **options)
        inputs, options = copied(inputs), copied(options)  # what may be overwritten now is not the test's own
        with bench.link.open_eyed():
            return judge(*inputs, **options)

    return wrapped


def copied(x):
    """With arrays of its own, in tuples, lists and dicts too."""
    if type(x) is np.ndarray:
        return x.copy(order="K")
    if type(x) in (tuple, list):
        return type(x)(map(copied, x))
    return {key: copied(value) for key, value in x.items()} if type(x) is dict else x


@contextlib.contextmanager
def seeded(job):
    """`np.random.default_rng()` without a seed draws what nobody can foresee, and the same when graded again."""
    seeds, plain, states = Seeds(job), np.random.default_rng, (np.random.get_state(), random.getstate())
    np.random.default_rng = seeds.default_rng
    try:
        yield seeds
    finally:
        np.random.default_rng = plain
        np.random.set_state(states[0])
        random.setstate(states[1])


class Seeds:
    def __init__(self, job):
        answers = "\0".join(cell["source"] for cell in job["cells"] if cell["kind"] == "answer")
        self.words = [job["secret"], job["assignment"], job["student"], answers]  # a table of numbers seen fits no more
        self.plain, self.cell, self.count = np.random.default_rng, "", 0
        self.drawn = []  # generators without a seed, in this test

    def begin(self, cell):
        self.cell, self.count = cell, 0
        self.drawn.clear()
        np.random.seed(self.words_of_seed())  # for tests in the old style
        random.seed(self.words_of_seed().tobytes())

    def default_rng(self, seed=None):
        if seed is not None:
            return self.plain(seed)
        self.count += 1
        self.drawn.append(self.plain(self.words_of_seed()))
        return self.drawn[-1]

    def words_of_seed(self):
        text = "\0".join([*self.words, self.cell, str(self.count)])
        return np.frombuffer(hashlib.sha256(text.encode("utf-8", "replace")).digest(), np.uint32)


@contextlib.contextmanager
def outlasting(seconds):
    """TimeoutError after so many seconds."""

    def ring(*_):
        raise TimeoutError(f"no result after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again each second, should somebody swallow the error
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
