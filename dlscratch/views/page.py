"""A page of tables, quick to redraw: all boxes are one artist, and all numbers another.

Places on a page are given by how far they are from its left side, in inches, and by lines, counted downwards from 0.
"""

import numpy as np
from matplotlib.collections import PolyCollection

from .lettering import Lettering

CELL, LINE = 0.46, 0.19  # width and height of a number, in inches
BAND = "#E8E8E8"  # behind the rows that count at the moment


def at(line):
    """The height of the middle of a line."""
    return -LINE * line


class Page:
    """table(...), box(...) and write(...) as often as needed, then draw(ax)."""

    def __init__(self):
        self.boxes, self.faces, self.edges, self.numbers = [], [], [], Lettering()

    def table(self, left, line, rows, color, *, band=(), wrong=None):
        """rows (R, C) with their first row on `line`; band: rows counted from 1 that are shaded; None: an empty cell."""
        for r in [band] if isinstance(band, int) else band:
            if r:
                self.box(left, line + r - 1, 1, rows.shape[1], BAND, "none")
        self.box(left, line, *rows.shape, "none", color)
        for (r, c), value in np.ndenumerate(rows):
            if value is not None:
                text = cell(value, 2) + "✗" if wrong is not None and wrong[r, c] else cell(value)
                self.write(left + CELL * (c + 0.5), line + r, text, color)

    def box(self, left, line, rows, columns, face, edge):
        top = at(line - 0.5)
        right, bottom = left + CELL * columns, top - LINE * rows
        self.boxes.append([(left, top), (right, top), (right, bottom), (left, bottom)])
        self.faces.append(face)
        self.edges.append(edge)

    def write(self, x, line, text, color, *, ha="center", size=9):
        self.numbers.write(x, at(line), text, color=color, size=size, ha=ha)

    def draw(self, ax):
        ax.add_collection(PolyCollection(self.boxes, facecolors=self.faces, edgecolors=self.edges, linewidths=0.8))
        self.numbers.draw(ax)


def cell(value, decimals=3):
    """A number of at most six letters.

    >>> cell(2.0), cell(-1 / 8), cell(-12.345), cell(-123456.0), cell(float("nan"))
    ('2', '-0.125', '-12.35', '-1e+05', 'nan')
    """
    for digits in range(decimals, -1, -1):
        text = f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before 0
        if len(text) <= 6:
            return text.rstrip("0").rstrip(".") if digits else text
    return f"{value:.0e}"
