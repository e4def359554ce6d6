"""Controls, a picture, and a sentence that says what the picture says.

A widget has three storeys, each of which is tested alone:

    compute(**values) -> arrays     a NamedTuple; knows neither pictures nor sliders
    draw(ax, arrays), say(arrays)   the picture and the sentence; keep no state, show nothing
    explore()                       ties them to controls; no mathematics here

Whatever goes wrong in any of them, in the reader's own function too, is told in the read-out.
"""

import ipywidgets as W
import numpy as np
from traitlets import Unicode

from .picture import Picture
from .readout import ReadOut, explain, not_finite
from .show import bundle
from .style import ONE_AT_A_TIME

PANEL = W.Layout(flex="1 1 280px", min_width="260px", max_width="420px", margin="8px 0 0 12px")
NAME = "Picture; the text beside it says what it shows"
ROW = W.Layout(flex_flow="row wrap", align_items="flex-start")


class NamedImage(W.Image):
    """An image with a name for screen readers: its tooltip."""

    description = Unicode("").tag(sync=True)  # the view of ipywidgets 8.1 reads it before it sets a tooltip


class Explorer:
    """Redraw at every move of a control; shown as a widget, or as a picture where no kernel runs."""

    def __init__(self, compute, draw, say, controls, **picture):
        self.compute, self.say, self.controls = compute, say, controls
        self.picture, self.readout = Picture(draw, **picture), ReadOut()
        width, height = (f"{round(100 * inches)}px" for inches in self.picture.size)
        self.image = NamedImage(tooltip=NAME, layout=W.Layout(width=width, max_width="100%", flex="0 1 auto"))
        for control in controls:
            control.observe(self.update)
        self.update()
        self.widget = self.arrange()

    @property
    def values(self):
        return {control.name: control.value for control in self.controls}

    def update(self):
        """Compute, draw and say, one move after the other; after an error, an empty picture and the reason."""
        with ONE_AT_A_TIME:  # the values are read inside: the last to come shows the latest
            try:
                with np.errstate(all="ignore"):  # nan and inf are reported by their place, not as a warning
                    arrays = self.compute(**self.values)
                    self.image.value = self.picture.png(arrays)
                    self.tell(self.say(arrays), not_finite(arrays))
            except Exception as error:  # the function may be the reader's: anything can come out of it
                self.image.value = self.picture.empty()
                self.readout.complain(explain(error))

    def tell(self, text, lost):
        if lost:
            self.readout.complain(f"{text}\nNot a finite number any more: {', '.join(lost)}")
        else:
            self.readout.say(text)

    def arrange(self):
        asked = [control for asking in self.controls for control in getattr(asking, "controls", ())]
        boxes = [control.box for control in self.controls if control not in asked]
        panel = W.VBox([*boxes, self.readout.widget], layout=PANEL)
        return W.HBox([self.image, panel], layout=ROW)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self.image.value, self.readout.text, self.picture.size, self.widget)
