"""What crosses between the tests and a learner's code: frames of JSON and raw array bytes, and nothing that can execute.

A frame is its length, the length of its head, the head (JSON) and the bytes of its arrays, one after the other.  The
head is an object of named values.  None, bool, int, float and str stand for themselves; every other value is an object
with one key, its tag:

    {"l": [...]} list   {"t": [...]} tuple   {"d": [[key, value], ...]} dict   {"a": [dtype, shape, order, writeable]}
    {"s": dtype} NumPy scalar   {"c": [re, im]} complex   {"i": [start, stop, step]} slice   {"e": 0} ...   {"y": name} dtype

and whatever else the two ends agree on (`foreign`): handles, callbacks, generators.  Both ends are written for a peer
that lies: sizes are capped before anything is allocated, and only exact builtin types and plain arrays come out.
"""

import json
import math
import struct

import numpy as np

MAX_FRAME, MAX_HEAD = 64 << 20, 4 << 20  # bytes
MAX_DEPTH, MAX_NODES, MAX_STR, MAX_DIGITS = 24, 200_000, 20_000, 40
DTYPES = {np.dtype(kind).str for kind in "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16".split()}
LENGTH = struct.Struct("<I")


class WireError(ValueError):
    """Something that may not cross, or a frame that is none."""


class Bare:
    """An array to be sent as it is, whatever `foreign` would call it."""

    __slots__ = ("array",)

    def __init__(self, array):
        self.array = array


def content(array):
    """What an array holds, to be compared with what it held before."""
    return array.shape, array.dtype, array.tobytes()


class NotFinite(WireError):
    """NaN or infinity where a test does not ask for it."""


def pack(values, foreign):
    """{name: value} -> frame.  foreign(x) -> (tag, value) names what is not plain data, or raises; None leaves an array plain."""
    blobs = []
    try:
        tree = {name: _encode(value, foreign, blobs, 0) for name, value in values.items()}
        head = json.dumps(tree).encode("ascii")
    except UnicodeEncodeError as error:
        raise WireError(str(error)) from None
    size = LENGTH.size + len(head) + sum(map(len, blobs))
    if size > MAX_FRAME or len(head) > MAX_HEAD:
        raise WireError(f"{size / 2**20:.0f} MB in one message: too much")
    return b"".join([LENGTH.pack(size), LENGTH.pack(len(head)), head, *blobs])


def unpack(body, resolve, *, finite):
    """The body of a frame -> {name: value}.  resolve(tag, value) answers foreign tags; finite=True refuses NaN and infinity."""
    return _Decoder(body, resolve, finite).values()


# ---- encoding ------------------------------------------------------------------------------------------------------


def _encode(x, foreign, blobs, depth):
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if x is None or type(x) in (bool, float):
        return x
    if type(x) is int:
        return x if abs(x) < 10**MAX_DIGITS else _refuse("an integer of more than 40 digits")
    if type(x) is str:
        return x if len(x) <= MAX_STR else _refuse(f"a text of {len(x)} characters")
    if type(x) is Bare:
        return _encode_array(x.array, blobs)
    x = _plainly(x)
    if isinstance(x, np.generic):
        return _encode_array(x, blobs)
    if type(x) is np.ndarray and (named := foreign(x)) is None:
        return _encode_array(x, blobs)
    if type(x) in (list, tuple):
        return {"l" if type(x) is list else "t": [_encode(v, foreign, blobs, depth + 1) for v in x]}
    if type(x) is dict:
        return {"d": [[_encode(v, foreign, blobs, depth + 1) for v in pair] for pair in x.items()]}
    tag, value = named if type(x) is np.ndarray else _rare(x) or foreign(x)
    return {tag: _encode(value, foreign, blobs, depth + 1)["l"] if type(value) is list else value}


def _plainly(x):
    """A named tuple as a tuple, a matrix as an array: what stands for a plain value in a notebook may cross as one."""
    plain = tuple, list, dict, np.ndarray
    if type(x) not in plain:
        for kind in plain:
            if isinstance(x, kind):
                return np.asarray(x) if kind is np.ndarray else kind(x)
    return x


def _encode_array(x, blobs):
    if x.dtype.kind in "iufc" and x.dtype.str not in DTYPES:  # bytes the other way round, or more than 64 bits
        x = x.astype(x.dtype.newbyteorder("=") if x.dtype.itemsize <= 8 else {"f": "f8"}.get(x.dtype.kind, "c16"))
    if x.dtype.str not in DTYPES:
        raise WireError(f"an array of type {x.dtype}")
    if x.nbytes > MAX_FRAME:
        raise WireError(f"an array of {x.nbytes / 2**20:.0f} MB")
    order = "F" if x.ndim > 1 and x.flags.f_contiguous and not x.flags.c_contiguous else "C"
    blobs.append(x.tobytes(order))
    if isinstance(x, np.generic):
        return {"s": x.dtype.str}
    return {"a": [x.dtype.str, list(x.shape), order, bool(x.flags.writeable)]}


def _rare(x):
    if type(x) is complex:
        return "c", [x.real, x.imag]
    if type(x) is slice:
        return "i", [x.start, x.stop, x.step]
    if x is Ellipsis:
        return "e", 0
    if isinstance(x, np.dtype) or (
        isinstance(x, type) and (issubclass(x, np.generic) or any(x is kind for kind in (float, int, bool)))
    ):
        return "y", np.dtype(x).str


def _refuse(what):
    raise WireError(what)


# ---- decoding ------------------------------------------------------------------------------------------------------


class _Decoder:
    def __init__(self, body, resolve, finite):
        self.body, self.resolve, self.finite = body, resolve, finite
        self.at, self.nodes = 0, 0

    def values(self):
        (size,) = LENGTH.unpack(self.take(LENGTH.size))
        if size > MAX_HEAD:
            raise WireError("the head is too long")
        try:
            tree = json.loads(self.take(size).decode("ascii"), parse_int=_whole)
        except RecursionError:
            raise WireError("nested too deeply") from None
        except WireError:
            raise
        except ValueError:
            raise WireError("the head is no JSON") from None
        if type(tree) is not dict:
            raise WireError("the head is no object")
        values = {name: self.decode(value, 0) for name, value in tree.items()}
        if self.at != len(self.body):
            raise WireError("bytes are left over")
        return values

    def take(self, size):
        if not 0 <= size <= len(self.body) - self.at:
            raise WireError("the frame ends too early")
        self.at += size
        return self.body[self.at - size : self.at]

    def decode(self, x, depth):
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("nested too deeply, or too many values")
        if x is None or type(x) in (bool, int):
            return x
        if type(x) is float:
            return self.checked(x)
        if type(x) is str:
            return x if len(x) <= MAX_STR else _refuse("the text is too long")
        if type(x) is not dict or len(x) != 1:
            raise WireError("no value")
        ((tag, inner),) = x.items()
        return self.tagged(tag, inner, depth + 1)

    def tagged(self, tag, inner, depth):
        if tag in ("l", "t"):
            return {"l": list, "t": tuple}[tag](self.decode(v, depth) for v in _items(inner))
        if tag == "d":
            return dict(self.pair(pair, depth) for pair in _items(inner))
        if tag == "a":
            return self.array(*_items(inner, 4))
        if tag == "s":
            return self.array(inner, [], "C", True)[()]
        if tag == "c":
            return complex(*[self.checked(_number(v)) for v in _items(inner, 2)])
        if tag == "i":
            return slice(*[self.decode(v, depth) for v in _items(inner, 3)])
        if tag == "e":
            return Ellipsis
        if tag == "y":
            return np.dtype(inner) if type(inner) is str and inner in DTYPES else _refuse("no dtype")
        return self.resolve(tag, [self.decode(v, depth) for v in inner] if type(inner) is list else _plain(inner))

    def pair(self, pair, depth):
        key, value = [self.decode(v, depth) for v in _items(pair, 2)]
        if type(key) not in (str, int, bool, float) and key is not None:
            raise WireError("the key of a dict must be a text or a number")
        return key, value

    def array(self, dtype, shape, order, writeable):
        if type(dtype) is not str or dtype not in DTYPES or order not in ("C", "F") or type(writeable) is not bool:
            raise WireError("no array")
        if type(shape) is not list or len(shape) > 16 or not all(type(n) is int and 0 <= n <= MAX_FRAME for n in shape):
            raise WireError("no shape")
        size = math.prod(shape)
        if size > MAX_FRAME:
            raise WireError("the array is too large")
        data = np.frombuffer(self.take(size * np.dtype(dtype).itemsize), dtype)
        if data.dtype.kind in "fc" and self.finite and not np.isfinite(data).all():
            raise NotFinite("NaN or infinity")
        array = (data != 0 if dtype == "|b1" else data).copy().reshape(shape, order=order)
        array.flags.writeable = writeable
        return array

    def checked(self, number):
        if self.finite and not math.isfinite(number):
            raise NotFinite("NaN or infinity")
        return number


def _items(x, n=None):
    if type(x) is not list or (n is not None and len(x) != n):
        raise WireError("no list of the right length")
    return x


def _number(x):
    return x if type(x) is float else _refuse("no number")


def _plain(x):
    return x if type(x) in (int, str) and len(str(x)) <= 200 else _refuse("no name")


def _whole(digits):
    return int(digits) if len(digits) <= MAX_DIGITS + 2 else _refuse("an integer of more than 40 digits")
