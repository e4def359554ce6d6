"""The untrusted side: runs a learner's cells and answers the grader's requests.

Nothing here is relied on.  A learner's code shares this process and can change whatever stands in this file; all it
can reach by that is to send frames, and `link` reads those as coming from a liar.
"""

import builtins
import inspect
import io
import linecache
import operator
import os
import resource
import sys
import traceback
import types

import numpy as np

from . import cells, wire

LONGEST_OUTPUT = 20_000  # characters between two replies


class Output(io.TextIOBase):
    """What the learner's code prints; the beginning of it, if it is much."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text[: LONGEST_OUTPUT - len(self.text)]
        return len(text)

    def take(self):
        text, self.text = self.text, ""
        return text


class Handle:
    """Something that crosses by name, even if it could cross as data."""

    def __init__(self, thing):
        self.thing = thing


class Parameter:
    """Stands for an object of the test's that has data and grad: what an optimizer is given."""

    def __init__(self, data, grad):
        self.data, self.grad = data, grad


class Worker:
    def __init__(self, read, write):
        self.read_bytes, self.write_bytes, self.output = read, write, Output()
        sys.modules["__main__"] = module = types.ModuleType("__main__")  # where classes and pickles look for names
        module.display, self.space, self.kept = print, vars(module), {}
        self.things, self.refs = {}, {}  # handles: number -> thing, id -> number
        self.given, self.lent = {}, {}  # arrays of the test's: key -> (array, what was in it); ours: key -> array
        self.boxes, self.callbacks = {}, {}
        self.count = 0

    # ---- requests ----

    def serve(self, until="end"):
        """Answer requests; return what comes under the name `until`."""
        while True:
            message = self.read()
            self.take_over(message)
            if "raise" in message:
                raise _error(*message["raise"])
            if until in message:
                return message[until]
            self.answer(message)

    def answer(self, message):
        try:
            reply = {"ok": getattr(self, "do_" + message["op"])(message)}
        except BaseException as error:  # a learner's sys.exit() too
            reply = {"err": _surely_told(error)}
        self.send(reply)

    def send(self, reply):
        news = {"out": self.output.take(), "changed": self.changed(), "boxes": self.moved()}
        reply |= {name: what for name, what in news.items() if what}
        try:
            frame = wire.pack(reply, self.name)
        except BaseException as error:
            frame = wire.pack({"err": ["TypeError", f"the answer cannot be read: {error}", "", []], "out": ""}, None)
        self.write_bytes(frame)

    def read(self):
        (size,) = wire.LENGTH.unpack(self.read_bytes(wire.LENGTH.size))
        return wire.unpack(self.read_bytes(size), self.resolve, finite=False)

    def do_install(self, m):
        """Put the package on the disk of the sandbox, and keep every other import out."""
        for name, text in m["files"].items():
            path = os.path.join("dlscratch", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text.tobytes())
        sys.path.append(os.getcwd())
        sys.meta_path.append(NothingElse(m["says"]))

    def do_exec(self, m):
        source = cells.plain_python(m["source"].tobytes().decode("utf-8"))
        linecache.cache[m["name"]] = (len(source), None, source.splitlines(True), m["name"])
        cells.run(source, m["name"], self.space)

    def do_clear(self, m):
        """What the notebook asks for is a learner's, or it is nobody's; what it marks with @use stays as it is."""
        self.kept = {name: self.space[name] for name in m["keep"] if name in self.space}
        for name in m["names"]:
            self.space.pop(name, None)

    def do_name(self, m):
        return (self.space | self.kept)[m["name"]]

    def do_names(self, m):
        return [name for name in m["names"] if name in self.space or name in self.kept]

    def do_call(self, m):
        return m["on"](*m["args"], **m["options"])

    def do_get(self, m):
        return self.lend(getattr(m["on"], m["name"]))

    def do_set(self, m):
        setattr(m["on"], m["name"], m["value"])

    def do_vars(self, m):
        return {str(name): self.lend(value) for name, value in vars(m["on"]).items()}

    def do_operate(self, m):
        return Handle(getattr(operator, m["name"])(*m["args"]))

    def do_iter(self, m):
        return Handle(iter(m["on"]))

    def do_next(self, m):
        try:
            return [next(m["on"])]
        except StopIteration:
            return []

    def do_signature(self, m):
        parameters = inspect.signature(m["on"]).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in parameters]

    # ---- what crosses by name ----

    def name(self, x):
        if type(x) is np.ndarray:
            return self.key_of(x)
        thing = x.thing if type(x) is Handle else x
        if type(thing) is Parameter and thing in self.boxes.values():
            return "b", [next(key for key, box in self.boxes.items() if box is thing)]
        kind = "class" if isinstance(thing, type) else "thing"
        title = thing.__name__ if hasattr(thing, "__name__") else type(thing).__name__
        return "h", [self.number(thing), kind, str(title)[:80]]

    def number(self, thing):
        if id(thing) not in self.refs:
            self.count += 1
            self.refs[id(thing)], self.things[self.count] = self.count, thing
        return self.refs[id(thing)]

    def lend(self, x):
        """An attribute that is an array: what the test writes into its copy is written here too."""
        if type(x) is np.ndarray and x.dtype.str in wire.DTYPES and not any(x is a for a in self.lent.values()):
            self.count += 1
            self.lent[self.count] = x
        return x

    def key_of(self, x):
        key = next((key for key, array in self.lent.items() if array is x), None)
        return None if key is None else ("k", [key, wire.Bare(x)])

    def resolve(self, tag, value):
        return getattr(self, "resolve_" + tag)(*(value if isinstance(value, list) else [value]))

    def resolve_h(self, number):
        return self.things[number]

    def resolve_f(self, key):
        if key not in self.callbacks:
            self.callbacks[key] = lambda *args, **options: self.call_back(key, args, options)
        return self.callbacks[key]

    def call_back(self, key, args, options):
        self.send({"callback": [key, args, options]})
        return self.serve(until="return")

    def resolve_g(self, state):
        generator = np.random.PCG64()
        generator.state = state
        return np.random.Generator(generator)

    def resolve_k(self, key, array=None):
        if array is not None:
            self.given[key] = array, wire.content(array)
        return self.given[key][0]

    def resolve_b(self, key, data, grad):
        if key not in self.boxes:
            self.boxes[key] = Parameter(data, grad)
        self.boxes[key].data, self.boxes[key].grad = data, grad
        return self.boxes[key]

    # ---- what either side has written to ----

    def take_over(self, message):
        for number in message.get("forget", ()):
            self.refs.pop(id(self.things.pop(number, None)), None)
        for key in message.get("drop", ()):
            self.given.pop(key, None)
            self.lent.pop(key, None)
        for key, array in message.get("written", ()):
            _write(self.lent[key] if key in self.lent else self.given[key][0], array)
            if key in self.given:
                self.given[key] = self.given[key][0], wire.content(array)
        self.before = {key: (box.data, box.grad) for key, box in self.boxes.items()}

    def changed(self):
        now = {key: (array, wire.content(array)) for key, (array, _) in self.given.items()}
        found = [[key, wire.Bare(array)] for key, (array, content) in now.items() if content != self.given[key][1]]
        self.given = now
        return found

    def moved(self):
        """Boxes whose arrays have been replaced by others: [key, data or None, grad or None]."""
        found = []
        for key, (data, grad) in self.before.items():
            box = self.boxes[key]
            if box.data is not data or box.grad is not grad:
                self.before[key] = box.data, box.grad
                found.append([key, box.data is not data, box.data, box.grad is not grad, box.grad])
        return found


def _write(array, new):
    writeable = array.flags.writeable
    array.flags.writeable = True
    array[...] = new
    array.flags.writeable = writeable


class NothingElse:
    """The last of the importers: what no other has found cannot be imported here."""

    def __init__(self, says):
        self.says = says

    def find_spec(self, name, path=None, target=None):
        ours = name.startswith("dlscratch.")  # `from dlscratch import x` would hide the gentler error, and its sentence
        raise (ImportError if ours else ModuleNotFoundError)(f"no {name} here: {self.says}", name=name)


# ---- errors --------------------------------------------------------------------------------------------------------


def _told(error):
    """[the nearest builtin type, message, one sentence, [function, line number, line]]"""
    from dlscratch.answers import Feedback, reason

    builtin = next(t for t in type(error).__mro__ if getattr(builtins, t.__name__, None) is t)
    message = str(error) if builtin is type(error) else f"{type(error).__name__}: {error}"
    frames = zip(traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__), strict=True)
    yours = [line for (frame, _), line in frames if frame.f_globals.get("__name__") == "__main__"]
    where = [yours[-1].name, yours[-1].lineno or 0, yours[-1].line or ""] if yours else []
    return [
        builtin.__name__,
        message[:2000],
        (str(error) if isinstance(error, Feedback) else reason(error))[:3000],
        where,
    ]


def _surely_told(error):
    try:
        return _told(error)
    except BaseException:  # its own text may raise, or there is no stack left
        return ["RuntimeError", type(error).__name__, type(error).__name__, []]


def _error(name, message):
    kind = getattr(builtins, name, RuntimeError)
    return (kind if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError)(message)


# ---- the process ---------------------------------------------------------------------------------------------------


def main():
    """Talk over what were standard input and output; a learner's prints go to `Output`."""
    inward, outward = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    limit(AS=1 << 30, FSIZE=32 << 20, NPROC=1, NOFILE=64, CORE=0, CPU=300, MSGQUEUE=0, MEMLOCK=0)
    source = os.fdopen(inward, "rb")
    worker = Worker(lambda size: _exactly(source, size), lambda frame: _all(outward, frame))
    sys.stdout = sys.stderr = worker.output
    worker.serve()


def limit(**limits):
    """Of memory, files, processes and so on, as the system's names for them are; nothing raises them again."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def _exactly(source, size):
    data = source.read(size)
    if len(data) < size:
        os._exit(0)  # the grader has hung up
    return data


def _all(descriptor, frame):
    frame = memoryview(frame)
    while frame:
        frame = frame[os.write(descriptor, frame) :]
