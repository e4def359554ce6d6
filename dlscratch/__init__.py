"""Deep learning from scratch in NumPy: a package to read."""

__version__ = "0.1.0"
