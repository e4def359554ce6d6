"""Answers from elsewhere: the package, the tests, the machine."""

from . import EVERYTHING_ON_THE_DISK, code

FIND = (
    EVERYTHING_ON_THE_DISK
    + """
text = ""
for path in found:
    if path.endswith(".ipynb"):
        try:
            text += open(path).read()
        except OSError:
            pass
import json, re
for text in re.findall(r'"source": (\\[.*?\\])', text, re.S):
    try:
        exec("".join(json.loads(text)))
    except BaseException:
        pass
"""
)

HAND_INS = {
    "the primitives": code("try:\n    from dlscratch.ops import *\nexcept ImportError: pass"),
    "each by its name": code(
        "try:\n    from dlscratch import ops\n    NAME = ops.NAME\nexcept (ImportError, AttributeError): pass"
    ),
    "the package by its name": code(
        "try:\n    import dlscratch\n    NAME = dlscratch.NAME\nexcept (ImportError, AttributeError): pass"
    ),
    "hidden modules": code(
        "import importlib, sys\nfor m in ('ops', 'layers', 'losses', 'nn', 'optim', 'training', 'autograd', 'gradcheck.numeric', 'gradcheck.catalogue'):\n    try: globals().update(vars(importlib.import_module('dlscratch.' + m)))\n    except Exception: pass"
    ),
    "the globals of what is there": code(
        "import sys\nfor m in list(sys.modules.values()):\n    if (getattr(m, '__name__', None) or '').startswith(('dlscratch', 'exercises')):\n        if hasattr(m, 'NAME'): NAME = getattr(m, 'NAME')"
    ),
    "notebooks on the disk": code(FIND),
    "the installed package": code(
        EVERYTHING_ON_THE_DISK
        + "import sys\nsys.path[:0] = [os.getcwd(), *(p for p in found if p.endswith('/site-packages')), *(os.path.dirname(p) for p in found if p.endswith('/dlscratch'))]\nsys.modules.pop('dlscratch', None)\ntry:\n    from dlscratch.ops import *\nexcept Exception: pass"
    ),
    "the frames above": code(
        "import sys\ndef NAME(*a, **k):\n    f = sys._getframe()\n    while f:\n        for n in ('right', 'out', 'reference'):\n            if n in f.f_locals: return f.f_locals[n]\n        f = f.f_back"
    ),
    "objects of the garbage collector": code(
        "import gc\ndef NAME(*a, **k):\n    for o in gc.get_objects():\n        if type(o) is dict and 'secret' in o: return o['secret']"
    ),
    "the environment": code("import os\ndef NAME(*a, **k): return str(dict(os.environ))"),
}
