"""Pictures and widgets.  Reads everything else in the package; nothing else reads it."""

from .activations import draw_activations
from .bricks import explore_bricks
from .clinic import explore_clinic
from .cross_entropy import explore_cross_entropy
from .difference import draw_errors, explore_difference
from .digits import draw_digits
from .learning_curve import draw_learning_curve
from .ledger import explore_affine
from .line_fit import explore_line
from .paths import explore_paths
from .race import explore_race
from .show import Still
from .signals import explore_signals
from .tape import explore_tape
from .vjp import explore_vjp

__all__ = [
    "Still",
    "draw_activations",
    "draw_digits",
    "draw_errors",
    "draw_learning_curve",
    "explore_affine",
    "explore_bricks",
    "explore_clinic",
    "explore_cross_entropy",
    "explore_difference",
    "explore_line",
    "explore_paths",
    "explore_race",
    "explore_signals",
    "explore_tape",
    "explore_vjp",
]
