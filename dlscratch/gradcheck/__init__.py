"""The gradient checker. It needs NumPy only, and judges whatever has the right form: ours, yours, a whole net."""

from .check import check, explain
from .numeric import numeric_gradient
from .report import Finding, GradientError, Report

__all__ = ["Finding", "GradientError", "Report", "check", "explain", "numeric_gradient"]
