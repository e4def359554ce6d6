"""The trusted end of the line to a worker: one request at a time, an answer in time, and nothing else.

Whatever is wrong with an answer (none in time, no frame, no plain value) is a `LearnersError`: the test fails, with a
sentence.  A link keeps arrays on both sides in step.  What a test writes into an array it has passed or read from an
attribute is written there too; what a call writes into arrays it was given comes back here.
"""

import builtins
import contextlib
import os
import select
import time
import weakref
from collections import Counter
from functools import partial

import numpy as np

from . import wire
from .proxy import is_proxy, new_proxy, parts

WALL = 5  # times the seconds of processor time that a call may take: then a sleeper is stopped too
KNOWN = "ArithmeticError AttributeError IndexError KeyError LookupError NameError NotImplementedError OverflowError \
RecursionError RuntimeError TypeError UnboundLocalError ValueError ZeroDivisionError MemoryError AssertionError \
OSError StopIteration".split()
MOST = 1 << 30  # bytes that one test may be sent


class LearnersError(Exception):
    """Something a learner's code did.  `sentence` says what; `where` in which line of theirs."""

    sentence = where = ""


ERRORS = {name: type(name, (LearnersError, getattr(builtins, name)), {}) for name in KNOWN}


class Ended(LearnersError):
    """The worker is gone."""


class Link:
    def __init__(self, process, may_write=None):
        self.process, self.may_write = process, may_write
        os.set_blocking(process.stdin.fileno(), False)
        self.number = None  # of the worker's processor clock, once it has answered
        self.wrote, self.trespassed = set(), set()  # "call argument": what was overwritten, and in which call
        self.by_copy = False  # True: what may not be overwritten stays as it is
        self.places, self.found = {}, {}  # of this call: id of an array -> argument; key -> (array, as it was before)
        self.tops = set()  # handles that a test knows by name
        self.drawn = []  # generators whose seed nobody knows
        self.ahead, self.taken = bytearray(), 0  # what has come and is not read yet; bytes read, in this test
        self.output, self.finite, self.judging = "", True, None
        self.limit, self.patience = 2.0, {}  # seconds a call may take; other limits for some: {call: seconds}
        self.remotes = weakref.WeakValueDictionary()  # number -> proxy
        self.forget, self.drop = set(), set()
        self.shared = {}  # key -> (weak reference to our array, what the other side knows of it)
        self.keys = {}  # id of our array -> key
        self.fresh = []  # arrays read since the last request, kept alive until their changes are sent
        self.boxes, self.callbacks = [], []
        self.lent = Counter()  # arrays of theirs that are still seen here
        self.count, self.requests, self.calling = 0, 0, ""

    # ---- asking ----

    def ask(self, op, *, path="", **fields):
        """One request -> the answer as plain values and proxies, or a LearnersError."""
        if self.process is None:
            raise Ended("the process of this hand-in has ended")
        self.requests += 1
        before = self.calling, self.places, self.found
        self.calling, self.places, self.found = path, dict(places_in(fields)), {}
        try:
            self.send({"op": op} | fields)
            return self.answer(path)
        except (wire.WireError, KeyError, TypeError, IndexError, ValueError) as error:
            if isinstance(error, LearnersError | Outward):
                raise
            if isinstance(error, wire.NotFinite):
                raise told("ValueError", "the answer holds NaN or infinity") from None
            self.stop()
            raise Ended(f"the answer cannot be read: {str(error)[:200]}") from None
        finally:
            self.calling, self.places, self.found = before

    def send(self, message):
        """Changes first: the other side works on what this side sees."""
        message |= {"boxes": list(self.boxes)} if self.boxes else {}
        news = {"written": self.written(), "forget": list(self.forget), "drop": list(self.drop)}
        message |= {name: what for name, what in news.items() if what}
        try:
            frame = wire.pack(message, self.name)
        except wire.WireError as error:
            raise Outward(f"a test cannot pass {error} to a learner's code") from None
        self.forget.clear()
        self.drop.clear()
        self.fresh.clear()
        self.clock = Clock(self.number, self.patience.get(self.calling, self.limit))
        self.write(frame)

    def answer(self, path):
        try:
            while True:
                reply = self.read()
                self.output = (self.output + str(reply.get("out", "")))[:20_000]
                self.take_back(reply, path)
                if "callback" not in reply:
                    break
                self.call_back(*reply["callback"])
        finally:
            self.judge_changes(path)  # also where a test catches the error
        if self.number is None and hasattr(self.process, "clock"):
            self.number = self.process.clock()
        if "err" in reply:
            raise error_of(*reply["err"])
        return reply["ok"]

    def call_back(self, key, args, options):
        """A function of the test's, called by the learner's code."""
        spent = self.clock
        try:
            answer = {"return": self.callbacks[key](*args, **options)}
        except LearnersError:
            raise
        except Exception as error:
            answer = {"raise": [type(error).__name__, str(error)[:2000]]}
        self.send(answer)
        self.clock = spent

    @contextlib.contextmanager
    def open_eyed(self):
        """For `check`: NaN passes, and what it passes itself may be overwritten, since it looks."""
        before = self.judging, self.finite
        self.judging, self.finite = (self.count, len(self.boxes)), False
        try:
            yield
        finally:
            self.judging, self.finite = before

    # ---- bytes ----

    def begin(self):
        """Another test: what an earlier one has lent is out of reach."""
        self.callbacks = [None] * len(self.callbacks)
        self.taken, self.output = 0, ""

    def read(self):
        (size,) = wire.LENGTH.unpack(self.take(wire.LENGTH.size))
        if size > wire.MAX_FRAME:
            raise wire.WireError("the message is too large")
        return wire.unpack(self.take(size), self.resolve, finite=self.finite)

    def take(self, size):
        source = self.process.stdout.fileno()
        while len(self.ahead) < size:
            self.wait([source], [])
            part = os.read(source, max(1 << 16, min(size - len(self.ahead), 1 << 20)))
            if not part:
                self.stop()
                raise Ended("your code ended its process (exit, a crash, or no memory left)")
            self.ahead += part
        data = bytes(memoryview(self.ahead)[:size])
        del self.ahead[:size]
        self.taken += size
        if self.taken > MOST:
            self.stop()
            raise Ended(f"your code has returned more than {MOST >> 20} MB in one test")
        return data

    def write(self, frame):
        frame, sink = memoryview(frame), self.process.stdin.fileno()
        try:
            while frame:
                with contextlib.suppress(BlockingIOError):
                    frame = frame[os.write(sink, frame) :]
                if frame:
                    self.wait([], [sink])
        except OSError:
            self.stop()
            raise Ended("your code ended its process") from None

    def wait(self, read, write):
        """Until there is something to read or room to write; who sends a byte now and then is late all the same."""
        while True:
            ready = any(select.select(read, write, [], 0.5)[:2])
            if self.clock.late():
                self.stop()
                raise Ended(f"no answer within {self.clock.limit:g} seconds")
            if ready:
                return

    def stop(self):
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()

    # ---- what crosses by name ----

    def name(self, x):
        if type(x) is np.ndarray:
            return self.key_of(x)
        if is_proxy(x):
            return "h", self.number_of(x)
        if isinstance(x, np.random.Generator):
            return "g", [state_of(successor(x) if any(x is known for known in self.drawn) else x)]
        if hasattr(x, "data") and hasattr(x, "grad"):
            return "b", [position(x, self.boxes), x.data, x.grad]
        if callable(x):
            return "f", position(x, self.callbacks)
        raise wire.WireError(f"an object of type {type(x).__name__}")

    def number_of(self, proxy):
        link, number, _ = parts(proxy)
        if link is not self:
            raise Ended("the process of this hand-in has ended")
        return number

    def key_of(self, x):
        if x.dtype.str not in wire.DTYPES:
            return None
        key = self.keys.get(id(x))
        if key is not None:
            return "k", [key]
        self.count -= 1
        key = self.keys[id(x)] = self.count
        self.shared[key] = weakref.ref(x, partial(self.dropped, key, id(x))), wire.content(x)
        return "k", [key, wire.Bare(x)]

    def dropped(self, key, name, _):
        self.drop.add(key)
        self.shared.pop(key, None)
        if self.keys.get(name) == key:
            del self.keys[name]

    def resolve(self, tag, value):
        return getattr(self, f"resolve_{tag}", unknown)(*(value if type(value) is list else [value]))

    def resolve_h(self, number, kind, title):
        if type(number) is not int or kind not in ("class", "thing") or type(title) is not str:
            raise wire.WireError("no handle")
        self.forget.discard(number)
        proxy, by_name = self.remotes.get(number), self.calling.isidentifier()
        if proxy is not None and number in self.tops and not by_name:  # it must not pass for what a test has named
            return new_proxy(self, number, kind == "class", title, self.calling)
        if proxy is None:
            proxy = self.remotes[number] = new_proxy(self, number, kind == "class", title, self.calling)
            weakref.finalize(proxy, self.forget.add, number).atexit = False
        if by_name:
            self.tops.add(number)
        return proxy

    def resolve_k(self, key, array):
        """A copy of an array of theirs: an attribute."""
        if type(key) is not int or key < 0 or type(array) is not np.ndarray:
            raise wire.WireError("no array")
        array.flags.writeable = True
        self.shared[key, id(array)] = weakref.ref(array), wire.content(array)
        weakref.finalize(array, self.given_back, key, id(array)).atexit = False
        self.lent[key] += 1
        self.drop.discard(key)
        self.fresh.append(array)
        return array

    def given_back(self, key, name):
        self.shared.pop((key, name), None)
        self.lent[key] -= 1
        if not self.lent[key]:
            self.drop.add(key)

    def resolve_b(self, key):
        return self.boxes[key] if type(key) is int and key >= 0 else unknown()

    # ---- arrays in step ----

    def written(self):
        """What this side has written to since the last request."""
        found = []
        for key, (array, seen) in list(self.shared.items()):
            here = array()
            if here is not None and (now := wire.content(here)) != seen:
                self.shared[key] = array, now
                found.append([key if type(key) is int else key[0], wire.Bare(here)])
        return found

    def take_back(self, reply, path):
        """What the call has written to so far: arrays of its arguments, data and grad of parameters."""
        for key, array in reply.get("changed", ()):
            here = self.shared[key][0]() if key in self.shared else None
            if here is not None and type(array) is np.ndarray:
                self.found.setdefault(key, (here, here.copy()))
                self.shared[key] = self.shared[key][0], wire.content(array)  # so they have it now
                write(here, array, path)
        for key, has_data, data, has_grad, grad in reply.get("boxes", ()):
            for name in ["data"] * (has_data is True) + ["grad"] * (has_grad is True):
                if self.may_change(f"{path} {name}", 0, key):
                    setattr(self.boxes[key], name, {"data": data, "grad": grad}[name])

    def judge_changes(self, path):
        """At the end of a call: a nudge that has been taken back is none."""
        inside = {id(getattr(box, name)): (i, name) for i, box in enumerate(self.boxes) for name in ("data", "grad")}
        for key, (here, old) in self.found.items():
            box, name = inside.get(id(here), (None, self.places.get(id(here), "earlier")))
            if not nearly(here, old) and not self.may_change(f"{path} {name}", key, box):
                write(here, old, path)  # they get it back with the next request

    def may_change(self, what, key, box):
        """Note it; False if it is to stay without effect.  What `check` itself has passed, it may see changed."""
        self.wrote.add(what)
        if self.judging is not None:
            count, boxes = self.judging
            if (box if box is not None else -1) >= boxes or (box is None and key < count):
                return True
        if self.may_write is not None and what not in self.may_write:
            self.trespassed.add(what)
        return not (self.by_copy and what in self.trespassed)


class Outward(TypeError):
    """A test passes something that cannot cross: a mistake in the test."""


class Clock:
    """Has a call had its seconds of processor time, or many times as many on the wall?"""

    def __init__(self, number, limit):
        self.number, self.limit = number, limit
        self.began, self.used = time.monotonic(), self.cpu()

    def cpu(self):
        with contextlib.suppress(OSError):
            return time.clock_gettime(self.number) if self.number is not None else 0.0
        return 0.0

    def late(self):
        return time.monotonic() - self.began > WALL * self.limit or self.cpu() - self.used > self.limit


def places_in(fields):
    """(id, argument) of each array that a call is given."""
    for name, argument in [*enumerate(fields.get("args", ())), *fields.get("options", {}).items()]:
        yield from ((id(array), name) for array in arrays_in(argument))


def arrays_in(x):
    """The arrays in an argument, lists and dicts of them included."""
    if type(x) is np.ndarray:
        yield x
    elif type(x) in (list, tuple, dict):
        for inner in x.values() if type(x) is dict else x:
            yield from arrays_in(inner)


def write(here, array, path):
    if here.shape != array.shape or here.dtype != array.dtype:
        raise told("ValueError", f"{path} changed the shape or the type of its argument")
    if here.flags.writeable:
        here[...] = array


def told(name, message, sentence="", where=""):
    error = ERRORS.get(name, ERRORS["RuntimeError"])(message)
    error.sentence, error.where = sentence or message, where
    return error


def error_of(name, message, sentence, where):
    """A learner's exception, as one of ours of the nearest builtin type."""
    if not all(type(text) is str for text in (name, message, sentence)):
        raise wire.WireError("no error")
    message = message if name in ERRORS else f"{name}: {message}"
    place = f"  (in {where[0]}, line {where[1]}: {where[2]})"[:300] if len(where) == 3 else ""
    return told(name, message[:2000], sentence[:3000], place)


def successor(generator):
    """A generator that knows nothing of what this one has drawn, nor of what it will draw."""
    return np.random.Generator(np.random.PCG64(generator.integers(1 << 32, size=8).tolist()))


def state_of(generator):
    """Its state for a generator over there; this one goes on elsewhere, so that both do not draw the same."""
    bits = generator.bit_generator
    if type(bits) is not np.random.PCG64:
        raise wire.WireError(f"a random generator of type {type(bits).__name__}")
    state = bits.state
    bits.advance(1 << 64)
    return state


def position(x, things):
    """Where x stands in a list that keeps it."""
    for i, thing in enumerate(things):
        if thing is x:
            return i
    things.append(x)
    return len(things) - 1


def nearly(a, b):
    """The same, but for the rounding of + h - h."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    same = np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    return same or (a.dtype.kind == "f" and np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))


def unknown(*value):
    raise wire.WireError("unknown tag")
