"""The process that runs the code, turned round."""

from . import code

HAND_INS = {
    "IPython drops asserts": code(
        "try:\n    import ast\n    ip = get_ipython()\n    class Drop(ast.NodeTransformer):\n        def visit_Expr(self, node): return None\n    ip.ast_transformers.append(Drop())\nexcept Exception: pass"
    ),
    "IPython empties cells": code(
        "try:\n    get_ipython().input_transformers_post.append(lambda lines: [])\nexcept Exception: pass"
    ),
    "run_code does nothing": code(
        "try:\n    type(get_ipython()).run_code = lambda *a, **k: False\nexcept Exception: pass"
    ),
    "showtraceback is mute": code(
        "try:\n    get_ipython().showtraceback = lambda *a, **k: None\nexcept Exception: pass"
    ),
    "sys.modules is false": code(
        "import sys, types\nclass M(types.ModuleType):\n    def __getattr__(self, n): return lambda *a, **k: None\nfor n in ('numpy.testing', 'dlscratch.gradcheck', 'dlscratch.answers'): sys.modules[n] = M(n)"
    ),
    "exec does nothing": code("import builtins\nbuiltins.exec = builtins.compile = lambda *a, **k: None"),
    "an exit hook": code("import atexit, sys, os\natexit.register(os._exit, 0)\nsys.exit(0)"),
    "exit in a call": code("def NAME(*a, **k):\n    import os\n    os._exit(0)"),
    "SystemExit in a call": code("def NAME(*a, **k): raise SystemExit(0)"),
    "KeyboardInterrupt in a call": code("def NAME(*a, **k): raise KeyboardInterrupt"),
    "StopIteration in a call": code("def NAME(*a, **k): raise StopIteration"),
    "GeneratorExit in a call": code("def NAME(*a, **k): raise GeneratorExit"),
    "an error without a text": code(
        "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\ndef NAME(*a, **k): raise E()"
    ),
    "an error of a million characters": code("def NAME(*a, **k): raise ValueError('x' * 10**6)"),
    "recursion without end": code("def NAME(*a, **k): return NAME(*a, **k)"),
    "the trace is turned": code(
        "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\nsys.excepthook = print"
    ),
    "garbage with a destructor": code(
        "class D:\n    def __del__(self):\n        import os\n        os.write(1, b'passed')\nD()"
    ),
    "attributes that lie": code(
        "class NAME:\n    def __init__(self, *a, **k): pass\n    def __getattribute__(self, n): return lambda *a, **k: 0.0"
    ),
    "a signature that lies": code(
        "import inspect\ndef NAME(*a, **k): return 0.0, lambda d: ()\nNAME.__signature__ = inspect.Signature()\nNAME.__name__ = 'check'"
    ),
    "a class that lies about itself": code(
        "class Meta(type):\n    def __instancecheck__(c, o): return True\n    def __eq__(c, o): return True\n    def __hash__(c): return 0\nclass NAME(metaclass=Meta):\n    __class__ = int"
    ),
}
