"""Weights in a file: `save(path, net)`, and back into a net of the same build `load(path, net)`.

The file is an .npz: a zip archive with one .npy array for every parameter and running statistic, named by its
place, such as "0.W" or "2.running_mean". It holds arrays and nothing else: no code, no pickle, no optimizer. The
net is built again by the code that built it. A net of layers and a net of modules whose parameters have the same
names can read one another's files.

A file may come from anywhere: `load` believes nothing in it that it has not held against the net.
"""

import io
import os
import warnings

import numpy as np

HEADER = 10_000  # bytes; the header of an .npy array of floats takes about a hundred
SPARE = 1_000_000  # bytes, so that the weights of a somewhat larger net are told apart by name and shape
PACKING = {0: "stored", 8: "deflated"}  # what NumPy writes, and what can be unpacked no further than wanted


def save(path, net):
    """Write every parameter and running statistic of `net` to the file `path`, whole or not at all.

    A file of that name is replaced when the new one is complete. ValueError, and nothing written, when a value is
    not finite: a net that has diverged does not take the place of the last good one.

    net: whatever has `params`, like a layer, or `parameters()`, like a module.
    """
    from zipfile import ZipFile

    call = f"save({os.fspath(path)!r}, net)"
    arrays = {name: _array(item) for name, item in _named(call, net).items()}
    for name, array in arrays.items():
        if problem := _not_floats(array.dtype) or _not_finite(array):
            raise ValueError(f"{call}: {name} {problem}; nothing was written")
    part = f"{os.fspath(path)}.{os.getpid()}.part"  # beside the file: a half-written one never bears the name
    try:
        with ZipFile(part, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)


def load(path, net):
    """Put the arrays in the file `path` into `net`, cast to the dtypes that the net has.

    All or nothing: ValueError, and a net that is as it was, when the file is damaged or no archive of float arrays,
    lacks a name or has one too many, or holds another shape or a value that is not finite.
    """
    call = f"load({os.fspath(path)!r}, net)"
    named = _named(call, net)
    with open(path, "rb") as file:
        arrays = _read(call, file, {name: _array(item) for name, item in named.items()})
    for name, item in named.items():
        if isinstance(item, np.ndarray):
            item[...] = arrays[name]
        else:
            item.data = arrays[name]


# ---- what a net holds --------------------------------------------------------------------------------


def _named(call, net):
    """{name: parameter or running statistic}, each once."""
    params = net.parameters() if hasattr(net, "parameters") else getattr(net, "params", ())
    items = list({id(item): item for item in (*params, *getattr(net, "buffers", ()))}.values())
    if not items:
        raise ValueError(f"{call}: {type(net).__name__} has no parameters")
    names = {id(item): name for name, item in reversed(list(_below(net)))}  # of two names the first
    named = {names.get(id(item), f"params.{i}"): item for i, item in enumerate(items)}
    if len(named) < len(items):
        raise ValueError(f"{call}: two parameters have the same name; give the lists they stand in other names")
    return named


def _below(part, prefix="", above=()):
    """(name, object) for all that stands in a net: by its attribute, in a list by its place."""
    for attribute, value in getattr(part, "__dict__", {}).items():
        for name, item in _entries(prefix, attribute, value):
            yield name, item
            if hasattr(item, "forward") and id(item) not in above:
                yield from _below(item, f"{name}.", (*above, id(part), id(item)))


def _entries(prefix, attribute, value):
    if not isinstance(value, list | tuple):
        return [(prefix + attribute, value)]
    stem = prefix if attribute in ("layers", "modules") else f"{prefix}{attribute}."
    return [(f"{stem}{i}", item) for i, item in enumerate(value)]


def _array(item):
    return item if isinstance(item, np.ndarray) else np.asarray(item.data)


# ---- what a file holds -------------------------------------------------------------------------------


def _read(call, file, wanted):
    """{name: array} for all that is wanted, in its shape and dtype; ValueError for anything else."""
    import zlib
    from zipfile import BadZipFile, ZipFile

    size, room = os.fstat(file.fileno()).st_size, SPARE + sum(HEADER + 16 * a.size for a in wanted.values())
    if size > room:
        raise ValueError(f"{call}: the file has {size:,} bytes, and the weights of this net never more than {room:,}")
    try:
        with ZipFile(file) as archive:
            arrays, problems = _unpack(archive, wanted)
    except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{call}: no .npz file, or a damaged one: {_said(error)}") from None
    if problems:
        raise ValueError(f"{call}: these are not weights of this net\n{_listed(problems)}")
    return arrays


def _unpack(archive, wanted):
    """({name: array}, {name: what is wrong with it})"""
    members, arrays, problems = {}, {}, {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name in members:
            problems[name] = "stands twice in the file"
        elif name not in wanted:
            problems[name] = "in the file, not in the net"
        members[name] = info
    for name, like in wanted.items():
        if name not in members:
            problems[name] = "in the net, not in the file"
        elif name not in problems:
            arrays[name], problem = _unpack_array(archive, members[name], like)
            problems |= {name: problem} if problem else {}
    return arrays, problems


def _unpack_array(archive, info, like):
    """(array, None), or (None, what is wrong). Takes no more memory than an array of this shape can need."""
    if info.compress_type not in PACKING or info.flag_bits & 1:
        return None, "packed in another way than np.savez and np.savez_compressed do"
    with archive.open(info) as file:
        content = io.BytesIO(file.read(HEADER + 16 * like.size + 1))
    shape, by_columns, dtype = _read_header(content)
    if problem := _not_floats(dtype):
        return None, problem
    if shape != like.shape:
        return None, f"has shape {shape} in the file, {like.shape} in the net"
    numbers = content.read()
    if len(numbers) != dtype.itemsize * like.size:
        return None, f"its header promises {dtype.itemsize * like.size:,} bytes, {len(numbers):,} follow"
    with np.errstate(all="ignore"):  # too large for float32: found just below
        array = np.frombuffer(numbers, dtype).reshape(shape, order="F" if by_columns else "C").astype(like.dtype)
    return array, _not_finite(array)


def _read_header(file):
    """(shape, column by column?, dtype), as the file claims."""
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"version {version} of the format, where an array of floats needs no more than (1, 0)")
        with warnings.catch_warnings(action="error"):
            return np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # the header is a text in Python's notation: it can be wrong in many ways
        raise ValueError(f"the header of an array is damaged: {_said(error)}") from None


def _not_floats(dtype):
    if dtype.hasobject:
        return "is an array of Python objects, that is, of pickles: those are never read"
    return None if dtype.kind == "f" else f"is an array of {dtype}, not of floats"


def _not_finite(array):
    wrong = np.argwhere(~np.isfinite(array))
    return f"holds {array[tuple(wrong[0])]} at {tuple(map(int, wrong[0]))}" if len(wrong) else None


def _said(error):
    return str(error) or type(error).__name__


def _listed(problems, most=8):
    lines = [f"    {name}: {problem}" for name, problem in problems.items()]
    return "\n".join(lines[:most] + ([f"    and {len(lines) - most} more"] if len(lines) > most else []))
