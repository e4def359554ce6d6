"""Data to learn from: real ones that ship with the package, and the cut into training and test part."""

from .bundled import digits
from .splits import split, standardize, stratified_split

__all__ = ["digits", "split", "standardize", "stratified_split"]
