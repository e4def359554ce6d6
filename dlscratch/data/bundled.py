"""Real data sets that ship with the package: small, readable, no network needed.

Each is a .csv in files/; the .txt beside it gives source, citation, licence and what was changed.
Every call reads the file again and returns fresh arrays: write to them as you like.
"""

from pathlib import Path

import numpy as np

FILES = Path(__file__).with_name("files")

WINE_FEATURES = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280_od315",
    "proline",
)
DIABETES_FEATURES = ("age", "sex", "bmi", "map", "tc", "ldl", "hdl", "tch", "ltg", "glu")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits of 8 x 8 pixels.  x (1797, 64) from 0 (paper) to 1 (ink), y (1797,) int64, 0 ... 9.

    An image's pixels stand row by row: x[n].reshape(8, 8) is a picture.  (Alpaydin & Kaynak 1998)

    >>> x, y = digits()
    >>> x.shape, y[:3]
    ((1797, 64), array([0, 1, 2]))
    """
    pixels, digit = _read("digits.csv")
    return pixels / 16, digit.astype(np.int64)


def wine() -> tuple[np.ndarray, np.ndarray]:
    """Three cultivars told apart by chemistry.  x (178, 13) raw, y (178,) int64, 0 ... 2.

    Columns are WINE_FEATURES; hue is near 1, proline near 750: `standardize` them.  (Aeberhard & Forina 1992)

    >>> x, y = wine()
    >>> x[0, :3], np.bincount(y)
    (array([14.23,  1.71,  2.43]), array([59, 71, 48]))
    """
    x, cultivar = _read("wine.csv")
    return x, cultivar.astype(np.int64)


def diabetes() -> tuple[np.ndarray, np.ndarray]:
    """Progression of diabetes after one year (regression).  x (442, 10) raw, y (442,) float64, 25 ... 346.

    Columns are DIABETES_FEATURES in their original units, not the table of unit-length columns that the article
    fits: age in years, sex coded 1 and 2, body mass index, mean arterial pressure, six serum values.
    (Efron, Hastie, Johnstone & Tibshirani 2004)

    >>> x, y = diabetes()
    >>> x[0, :4], y[:3]
    (array([ 59. ,   2. ,  32.1, 101. ]), array([151.,  75., 141.]))
    """
    return _read("diabetes.csv")


def _read(name):
    table = np.loadtxt(FILES / name, delimiter=",", skiprows=1, encoding="ascii")
    return table[:, :-1].copy(), table[:, -1].copy()
