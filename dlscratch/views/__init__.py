"""Pictures and widgets.  Reads everything else in the package; nothing else reads it."""

from .line_fit import explore_line
from .show import Still

__all__ = ["Still", "explore_line"]
