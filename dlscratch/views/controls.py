"""What the reader moves.  A control has a name, a value, and a box to show.

The name is the keyword under which `compute` receives the value. A slider alone cannot be named to a screen
reader in ipywidgets, so every slider stands beside a labelled number box. The box takes any number, and the slider
shows the nearest of its steps.

    number("w", -3, 3, value=1.0, label="slope w")
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as W
import numpy as np

LABEL = {"description_width": "6.5em"}
WIDE = W.Layout(width="100%", min_width="0", margin="0 12px 0 10px")
NUMBER = W.Layout(width="11.5em", flex="0 0 auto")
WIDE_NUMBER = W.Layout(width="13.5em", flex="0 0 auto")  # room for 1.26e-15


@dataclass(eq=False)
class Control:
    """`source.value` is what counts; `samples` are values over its whole range, both ends included."""

    name: str
    source: Any
    box: W.Widget
    samples: Sequence = field(repr=False)

    @property
    def value(self):
        return self.source.value

    @value.setter
    def value(self, value):
        self.source.value = value

    @property
    def label(self):
        return self.source.description

    def observe(self, callback):
        self.source.observe(lambda change: callback(), "value")

    def disable(self):
        for widget in _parts(self.box):
            widget.disabled = True


def number(name, low, high, *, value, label, step=0.05):
    """A real number from low to high."""
    limits = dict(value=value, min=low, max=high, step=step)
    box = W.BoundedFloatText(**limits, description=label, style=LABEL, layout=NUMBER)
    slider = W.FloatSlider(**limits, readout=False, layout=WIDE)
    return _linked(name, slider, box, [float(v) for v in np.linspace(low, high, 9)])


def whole(name, low, high, *, value, label):
    """A whole number from low to high."""
    limits = dict(value=value, min=low, max=high)
    box = W.BoundedIntText(**limits, description=label, style=LABEL, layout=NUMBER)
    slider = W.IntSlider(**limits, readout=False, layout=WIDE)
    return _linked(name, slider, box, sorted({round(v) for v in np.linspace(low, high, 9)}))


def power_of_ten(name, low, high, *, value, label):
    """A positive number from 10**low to 10**high, on a logarithmic scale; the slider sends three digits of it."""
    limits = dict(value=value, min=10.0**low, max=10.0**high)
    box = W.BoundedFloatText(**limits, description=label, style=LABEL, layout=WIDE_NUMBER)
    slider = W.FloatLogSlider(value=value, min=low, max=high, step=0.1, readout=False, layout=WIDE)
    return _linked(name, slider, box, [float(v) for v in np.logspace(low, high, 9)], np.log10, digits=3)


def steps(name, last, *, label):
    """A step from 0 to last, one at a time with two buttons or to any with the slider."""
    control = whole(name, 0, last, value=0, label=label)

    def button(text, by):
        made = W.Button(description=text, layout=W.Layout(width="auto"))
        made.on_click(lambda _: setattr(control, "value", control.value + by))  # the box stops at its ends
        return made

    control.box = W.VBox([control.box, W.HBox([button("Back", -1), button("Next", 1)])])
    return control


def reach(control, last):
    """Let a whole number or a step go up to `last` from now on; a value beyond it becomes `last`."""
    for widget in _parts(control.box):
        if widget.has_trait("max"):
            widget.max = last


def choice(name, options, *, label):
    """One of a few words."""
    buttons = W.Dropdown(options=options, description=label, style=LABEL, layout=W.Layout(max_width="calc(100% - 4px)"))
    return Control(name, buttons, buttons, buttons.options)


def toggle(name, *, label, value=False):
    """On or off."""
    box = W.Checkbox(value, description=label, indent=False)
    return Control(name, box, box, (False, True))


def _linked(name, slider, box, samples, scale=float, digits=10):
    """The box holds the value. In a browser a slider snaps to its own steps, which alone is no move of it."""

    def follow(change):
        leader, follower = (box, slider) if change.owner is box else (slider, box)
        if abs(scale(slider.value) - scale(box.value)) > slider.step * (0.5 + 1e-9):
            follower.value = _plain(leader.value, digits)

    slider.observe(follow, "value")
    box.observe(follow, "value")
    return Control(name, box, W.HBox([box, slider]), samples)


def _plain(value, digits):
    """Sliders send 2.3499999999999996; the box shows 2.35."""
    return type(value)(f"{value:.{digits}g}")


def _parts(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
