"""IDX, the file format of MNIST, and MNIST itself.

An IDX file is two zero bytes, a code for the type of its numbers, the number of axes, the length of each axis (32
bits), and the numbers, last axis fastest; all big-endian.  (Y. LeCun, http://yann.lecun.com/exdb/mnist/)
"""

import math
import os

import numpy as np

from .download import cache_folder, fetch

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
DEFLATE_LIMIT = 1032  # no gzip file grows more than this many times

MNIST_FILES = {  # name: bytes, SHA-256; the order in which mnist() returns them
    "train-images-idx3-ubyte.gz": (
        9912422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte.gz": (
        28881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1648877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://raw.githubusercontent.com/fgnt/mnist/master",
)


def mnist(folder=None, *, mirrors=MNIST_MIRRORS, files=MNIST_FILES) -> tuple[np.ndarray, ...]:
    """Handwritten digits of 28 x 28 pixels -> x_train (60000, 784), y_train (60000,), x_test (10000, 784), y_test.

    Pixels are float32 from 0 (paper) to 1 (ink), labels int64. The first call downloads 12 MB into `folder`
    (default: the folder DLSCRATCH_DATA names, or the user's cache); later calls need no network. Every file is
    compared with its SHA-256. OSError: no mirror could be reached; the message says what to fetch by hand.
    (LeCun, Cortes & Burges 1998; commonly given as CC BY-SA 3.0)
    """
    paths = fetch(files, folder or cache_folder() / "mnist", mirrors=mirrors)
    x_train, y_train, x_test, y_test = map(read_idx, paths)
    return _inked(x_train), y_train.astype(np.int64), _inked(x_test), y_test.astype(np.int64)


def read_idx(path) -> np.ndarray:
    """The array in an IDX file, plain or gzipped, in this machine's byte order.

    The header is a claim: it is held against the length of the file before memory is taken. ValueError when the
    file is cut short, goes on too long, or is no IDX file.
    """
    import gzip
    import zlib

    with open(path, "rb") as file:
        zipped = file.read(2) == GZIP
    room = os.path.getsize(path) * (DEFLATE_LIMIT if zipped else 1)
    try:
        with gzip.open(path) if zipped else open(path, "rb") as file:
            return _read_array(file, room)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"read_idx({str(path)!r}): the gzip file is damaged ({error}); fetch it again") from None
    except ValueError as error:
        raise ValueError(f"read_idx({str(path)!r}): {error}") from None


def _read_array(file, room):
    dtype, shape = _read_header(file)
    n_bytes = dtype.itemsize * math.prod(shape)
    if n_bytes > room:
        raise ValueError(f"the header promises {shape} = {n_bytes:,} bytes, the file cannot hold more than {room:,}")
    numbers = _read_up_to(file, n_bytes + 1)
    if len(numbers) != n_bytes:
        found = f"only {len(numbers):,} follow" if len(numbers) < n_bytes else "more follow"
        raise ValueError(f"the header promises {shape} = {n_bytes:,} bytes, {found}; fetch the file again")
    array = np.frombuffer(numbers, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(file):
    magic = _read_up_to(file, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= 32:
        raise ValueError(
            f"no IDX file: it begins with {bytes(magic).hex(' ') or 'nothing'}, not with 00 00, a type of "
            f"{', '.join(f'{code:02x}' for code in TYPES)}, and a number of axes from 1 to 32"
        )
    lengths = _read_up_to(file, 4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise ValueError(f"the file ends inside its header of {magic[3]} axes; fetch it again")
    return np.dtype(TYPES[magic[2]]), tuple(np.frombuffer(lengths, ">u4").tolist())


def _read_up_to(file, n_bytes):
    """In pieces: a read(n_bytes) would take the memory first."""
    taken = bytearray()
    while piece := file.read(min(n_bytes - len(taken), 1 << 20)):
        taken += piece
    return taken


def _inked(images):
    return np.divide(images.reshape(len(images), -1), np.float32(255))
