"""The grader itself: its wire, its worker, its files."""

from . import EVERYTHING_ON_THE_DISK, code

FRAME = """
import os, struct, json
def frame(head, blob=b""):
    head = json.dumps(head).encode()
    return struct.pack("<II", 4 + len(head) + len(blob), len(head)) + head + blob
def shout(*heads):
    for descriptor in range(3, 64):
        for head in heads:
            try: os.write(descriptor, frame(head))
            except OSError: pass
"""
WORKER = "import sys\nw = sys.modules['exercises.grade.worker']\n"

HAND_INS = {
    "forged answers": code(FRAME + 'shout({"ok": 3.25, "out": "", "changed": {"l": []}, "boxes": {"l": []}})'),
    "a verdict on the wire": code(FRAME + 'shout({"ok": True, "passed": True, "tests": {"d": []}})'),
    "garbage on the wire": code(
        FRAME + "for d in range(3, 64):\n    try: os.write(d, os.urandom(4096))\n    except OSError: pass"
    ),
    "a frame of four gigabytes": code(
        FRAME + "for d in range(3, 64):\n    try: os.write(d, struct.pack('<I', 2**32 - 1))\n    except OSError: pass"
    ),
    "a callback that is none": code(FRAME + 'shout({"callback": {"l": [0, {"t": []}, {"d": []}]}})'),
    "handles of everything": code(FRAME + 'shout({"ok": {"h": [1, "class", "type"]}})'),
    "arrays that lie": code(
        FRAME + 'shout({"ok": {"a": ["<f8", [1000000000], "C", True]}}, {"ok": {"a": ["|O", [1], "C", True]}})'
    ),
    "the worker answers for all": code(
        WORKER
        + "w.Worker.do_call = lambda self, m: True\nw.Worker.do_get = lambda self, m: True\nw.Worker.do_operate = lambda self, m: 0.0"
    ),
    "the worker reports no change": code(
        WORKER
        + "import numpy as np\nw.Worker.changed = lambda self: []\ndef NAME(*a, **k):\n    for x in a: x[...] = 0\n    return 0.0, lambda d: tuple(0 * x for x in a)"
    ),
    "the worker changes what it likes": code(
        WORKER
        + "import numpy as np\nw.Worker.changed = lambda self: [[k, w.wire.Bare(a * 0)] for k, (a, _) in self.given.items()]\ndef NAME(*a, **k): return 0.0, lambda d: tuple(0 * x for x in a)"
    ),
    "the worker moves boxes": code(
        WORKER + "w.Worker.moved = lambda self: [[i, True, None, True, None] for i in range(9)]"
    ),
    "errors of the grader's own": code(
        "class Feedback(AssertionError): pass\nclass Passed(BaseException): pass\ndef NAME(*a, **k): raise Passed('passed')"
    ),
    "the grader's parent": code(
        "import os, signal\nfor p in (os.getppid(), 1, -1, 0):\n    try: os.kill(p, signal.SIGKILL)\n    except OSError: pass"
    ),
    "the gradebook": code(
        EVERYTHING_ON_THE_DISK
        + "import sqlite3\nfor path in (p for p in found if p.endswith('.db')):\n    try:\n        c = sqlite3.connect(path); c.execute('update grade set auto_score = 100'); c.commit()\n    except Exception: pass"
    ),
    "start-up files": code(
        "import os\nfor p in ('~/.ipython/profile_default/startup/x.py', '~/.bashrc', '/usr/lib/python3/dist-packages/sitecustomize.py', '/grader/exercises/grade/worker.py'):\n    try:\n        p = os.path.expanduser(p); os.makedirs(os.path.dirname(p), exist_ok=True); open(p, 'w').write('raise SystemExit')\n    except OSError: pass"
    ),
    "passed on all outputs": code(
        "import os, sys\nprint('passed: all')\nfor d in range(3):\n    try: os.write(d, b'passed')\n    except OSError: pass\nprint('passed', file=sys.__stdout__) if sys.__stdout__ else None"
    ),
}
