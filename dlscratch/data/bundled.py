"""Real data sets that ship with the package: small, readable, no network needed.

Each is a .csv in files/; the .txt beside it gives source, citation, licence and what was changed.
Every call reads the file again and returns fresh arrays: write to them as you like.
"""

from pathlib import Path

import numpy as np

FILES = Path(__file__).with_name("files")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits of 8 x 8 pixels.  x (1797, 64) from 0 (paper) to 1 (ink), y (1797,) int64, 0 ... 9.

    An image's pixels stand row by row: x[n].reshape(8, 8) is a picture.  (Alpaydin & Kaynak 1998)

    >>> x, y = digits()
    >>> x.shape, y[:3]
    ((1797, 64), array([0, 1, 2]))
    """
    pixels, digit = _read("digits.csv")
    return pixels / 16, digit.astype(np.int64)


def _read(name):
    table = np.loadtxt(FILES / name, delimiter=",", skiprows=1, encoding="ascii")
    return table[:, :-1].copy(), table[:, -1].copy()
