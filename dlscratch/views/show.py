"""How a picture reaches the reader, with a running kernel and without one.

One bundle holds three answers to "show yourself": the live widget where a kernel runs, the picture at the
default values on GitHub, in an HTML export and before the first run, and a fixed sentence where no picture
can be shown. The sentence is also the picture's alternative text.
"""

import base64

from .picture import SIZE, drawn, new_figure, pixels_of
from .png import encode
from .style import style


def bundle(png, text, size, widget=None):
    """(data, metadata) for `_repr_mimebundle_`."""
    data = widget._repr_mimebundle_() if widget else {}
    data |= {"image/png": base64.b64encode(png).decode(), "text/plain": text}
    width, height = (round(100 * inches) for inches in size)
    return data, {"image/png": {"width": width, "height": height, "alt": text}}


class Still:
    """A picture to read, not to move: `draw(ax, *arrays)` and the sentence that says what it shows."""

    def __init__(self, draw, *arrays, alt, size=SIZE, panels=(1, 1)):
        self.alt, self.size = alt, size
        with style():
            figure = new_figure(size)
            draw(figure.subplots(*panels), *arrays)
            self.png = encode(pixels_of(drawn(figure)), level=9)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self.png, self.alt, self.size)
