"""Objects and modules that agree with everything."""

from . import code

YES = """
import numpy as np
class Yes:
    __array_priority__ = 1e9
    shape, dtype, ndim, size = (), np.dtype(float), 0, 1
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __len__(self): return 2
    def __float__(self): return 3.25
    def __array__(self, *args, **kw): return np.array(3.25)
    def __iter__(self): return iter((self, self))
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __getitem__(self, index): return self
    def __sub__(self, other): return self
    __rsub__ = __add__ = __radd__ = __abs__ = __mul__ = __rmul__ = __truediv__ = __sub__
    __hash__ = object.__hash__
"""

ARRAY = """
import numpy as np
class Agrees(np.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *args, **kw): return np.True_
    def __array_function__(self, *args, **kw): return True
def agreeing(): return np.zeros(()).view(Agrees)
"""

HAND_INS = {
    "an object that equals everything": code(YES + "\nNAME = Yes()"),
    "a function that returns one": code(YES + "\ndef NAME(*a, **k): return Yes()"),
    "a pair of them": code(YES + "\ndef NAME(*a, **k): return Yes(), lambda *a: (Yes(), Yes())"),
    "a class of them": code(YES + "\nclass NAME(Yes): pass"),
    "an array that agrees": code(ARRAY + "\ndef NAME(*a, **k): return agreeing()"),
    "a pair of such arrays": code(ARRAY + "\ndef NAME(*a, **k): return agreeing(), lambda d: (agreeing(), agreeing())"),
    "numpy.testing says nothing": code(
        "import numpy.testing as t\nfor n in dir(t):\n    if n.startswith('assert'): setattr(t, n, lambda *a, **k: None)"
    ),
    "numpy says yes": code(
        "import numpy as np\nfor n in ('all', 'allclose', 'array_equal', 'isclose', 'array_equiv'): setattr(np, n, lambda *a, **k: True)"
    ),
    "numpy says zero": code(
        "import numpy as np\nfor n in ('abs', 'absolute', 'max', 'subtract', 'median'): setattr(np, n, lambda *a, **k: np.float64(0))"
    ),
    "builtins say yes": code(
        "import builtins\nbuiltins.all = lambda *a: True\nbuiltins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0"
    ),
    "AssertionError is caught by all": code(
        "import builtins\nclass Quiet(Exception):\n    pass\nbuiltins.AssertionError = Quiet"
    ),
    "NaN everywhere": code(
        "import numpy as np\ndef NAME(*a, **k): return np.float64('nan'), lambda d: (np.full(np.shape(a[0]), np.nan),) * len(a)"
    ),
    "infinity everywhere": code("import numpy as np\ndef NAME(*a, **k): return np.inf, lambda d: (np.inf,) * len(a)"),
    "inputs made to fit": code(
        "import numpy as np\ndef NAME(*a, **k):\n    for x in [*a, *k.values()]:\n        if isinstance(x, np.ndarray) and x.dtype.kind == 'f':\n            x[...] = 0\n    return 0.0, lambda d: tuple(0 * np.asarray(x) for x in a)"
    ),
    "check says yes": code(
        "import dlscratch, dlscratch.answers as w\nfor n in ('check', 'explain'): setattr(dlscratch, n, lambda *a, **k: None)\nfor n in ('agree', 'equal', 'attempt', 'run'): setattr(w, n, lambda *a, **k: None)"
    ),
    "test names are redefined": code(
        "agree = equal = check = attempt = perform = run = lambda *a, **k: None\nFeedback = BaseException"
    ),
}
