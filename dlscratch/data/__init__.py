"""Data to learn from: real ones that ship with the package, drawn ones, and the cut into training and test part."""

from .bundled import DIABETES_FEATURES, WINE_FEATURES, diabetes, digits, wine
from .splits import split, standardize, stratified_split
from .toy import line, moons, rings, spirals

__all__ = [
    "DIABETES_FEATURES",
    "WINE_FEATURES",
    "diabetes",
    "digits",
    "line",
    "moons",
    "rings",
    "spirals",
    "split",
    "standardize",
    "stratified_split",
    "wine",
]
