"""A picture that is redrawn many times a second: its fixed parts are painted once.

`frame(ax, arrays)` sets limits, labels, grid and whatever never moves; it is painted once and kept as pixels.
`draw(ax, arrays)` adds lines, points, images, arrows, texts and titles, as in any matplotlib program. What it
added is painted over the kept pixels and then taken away again, so `draw` keeps no state and has no handles
to update. (Put a legend into the frame: it costs as much as everything else together.)

No pyplot: a figure made here shows itself nowhere and is freed like any object.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .png import encode
from .style import style

SIZE = (5.2, 3.7)  # inches of 100 CSS pixels
SHARPNESS = 1.5  # image pixels per CSS pixel: crisp on dense screens, and still quick to encode


class Picture:
    """The PNG of `draw(ax, arrays)` over a frame.  With panels = (rows, columns), ax is an array of axes."""

    def __init__(self, draw, frame=lambda ax, arrays: None, *, size=SIZE, panels=(1, 1)):
        self.draw, self.frame, self.size, self.panels = draw, frame, size, panels
        self.pixels = None

    def png(self, arrays):
        """Paint `arrays` and return the picture's bytes; the first arrays are also the frame's."""
        with style():
            if self.pixels is None:
                self.paint_frame(arrays)
            self.canvas.restore_region(self.pixels)
            try:
                self.draw(self.axes, arrays)
                self.paint_added()
            finally:
                self.take_away()
        return encode(pixels_of(self.canvas))

    def empty(self):
        """The frame alone, for when there is nothing true to draw."""
        if self.pixels is None:
            return encode(pixels_of(drawn(new_figure(self.size))))
        self.canvas.restore_region(self.pixels)
        return encode(pixels_of(self.canvas))

    def paint_frame(self, arrays):
        figure = new_figure(self.size)
        self.axes = figure.subplots(*self.panels)
        self.frame(self.axes, arrays)
        self.fixed = {ax: set(ax.get_children()) for ax in figure.axes}
        self.titles = [(title, title.get_text()) for ax in figure.axes for title in movable_titles(ax)]
        for ax in figure.axes:
            ax.autoscale_view()
            ax.set_autoscale_on(False)  # nothing that `draw` adds may move the axes
        self.settle(figure, arrays)
        self.canvas = drawn(figure)
        self.pixels = self.canvas.copy_from_bbox(figure.bbox)

    def settle(self, figure, arrays):
        """Lay the figure out once with everything in it, so that titles find room, and keep that layout."""
        try:
            self.draw(self.axes, arrays)
            figure.get_layout_engine().execute(figure)
        finally:
            self.take_away()
        figure.set_layout_engine("none")

    def paint_added(self):
        for ax in self.fixed:
            for artist in sorted(self.added(ax), key=lambda artist: artist.get_zorder()):
                ax.draw_artist(artist)
        for title, _ in self.titles:
            title.axes.draw_artist(title)

    def take_away(self):
        for ax in self.fixed:
            for artist in self.added(ax):
                artist.remove()
            ax.set_prop_cycle(None)  # the next drawing starts with the first colour again
        for title, text in self.titles:
            title.set_text(text)

    def added(self, ax):
        return [artist for artist in ax.get_children() if artist not in self.fixed[ax]]


def movable_titles(ax):
    """The three titles of an axes, kept out of the frame's pixels (what is `animated` is not painted)."""
    return [ax.set_title(ax.get_title(loc), loc=loc, animated=True) for loc in ("left", "center", "right")]


def new_figure(size):
    return Figure(size, dpi=100 * SHARPNESS, layout="constrained")


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas


def pixels_of(canvas):
    """Red, green, blue and opacity of every pixel.  (H, W, 4)"""
    return np.asarray(canvas.buffer_rgba())
