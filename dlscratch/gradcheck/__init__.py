"""The gradient checker. It needs NumPy only, and judges whatever has the right form: ours, yours, a whole net.

`check` compares gradients with central differences (`numeric`) on several draws (`draws`, `trial`); what is wrong
is explained by hypotheses that reproduce it (`diagnosis`, `causes`, and the `catalogue` of wrong versions).
"""

from .check import check, explain
from .numeric import numeric_gradient
from .optimizers import check_optimizer, explain_optimizer
from .report import Finding, GradientError, Report
from .tape import check_autograd, explain_autograd

__all__ = [
    "Finding",
    "GradientError",
    "Report",
    "check",
    "check_autograd",
    "check_optimizer",
    "explain",
    "explain_autograd",
    "explain_optimizer",
    "numeric_gradient",
]
