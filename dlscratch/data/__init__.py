"""Data to learn from: real ones that ship with the package, drawn ones, MNIST on request.

And what comes before learning: the cut into training and test part, and the scaling by the training part.
"""

from .bundled import DIABETES_FEATURES, WINE_FEATURES, diabetes, digits, wine
from .idx import mnist, read_idx
from .splits import split, standardize, stratified_split
from .toy import line, moons, rings, spirals

__all__ = [
    "DIABETES_FEATURES",
    "WINE_FEATURES",
    "diabetes",
    "digits",
    "line",
    "mnist",
    "moons",
    "read_idx",
    "rings",
    "spirals",
    "split",
    "standardize",
    "stratified_split",
    "wine",
]
