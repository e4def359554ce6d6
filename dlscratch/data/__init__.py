"""Data to learn from: real ones that ship with the package."""

from .bundled import digits

__all__ = ["digits"]
