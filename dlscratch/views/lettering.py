"""Many numbers in one artist: matplotlib lays out every text anew, which costs more than all else in a redraw.

Here each letter is looked up once as an outline; a number is a row of outlines, and all numbers of a picture are
painted together. Titles and words, of which there are few, stay ordinary texts.
"""

from functools import cache, lru_cache

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from .style import RC

MIDDLE = 0.31  # from the base line up to the middle of a line of text, in units of the font's size
SHIFT = {"left": 0.0, "center": 0.5, "right": 1.0}


class Lettering:
    """write(x, y, text) as often as needed, then draw(ax): each text is centered on its y."""

    def __init__(self):
        self.places, self.words, self.colors = [], [], []

    def write(self, x, y, text, *, color, size=10, ha="center", weight="normal"):
        self.places.append((x, y))
        self.words.append(outline(text, size, ha, weight))
        self.colors.append(color)

    def draw(self, ax):
        points = Affine2D().scale(ax.figure.dpi / 72)
        ink = PathCollection(self.words, offsets=self.places, offset_transform=ax.transData, facecolors=self.colors)
        ink.set(transform=points, linewidth=0, zorder=4)
        ax.add_collection(ink, autolim=False)


@lru_cache(maxsize=2000)  # the same numbers stand in picture after picture
def outline(text, size, ha, weight):
    """The outlines of a text's letters in one path, in points."""
    vertices, codes, widths = zip(*(letter(char, weight) for char in text), strict=True)
    starts = np.cumsum([0.0, *widths])
    corner = np.array([SHIFT[ha] * starts[-1], MIDDLE])
    moved = [v + (start, 0) for v, start in zip(vertices, starts, strict=False)]
    return Path((np.concatenate(moved) - corner) * size, np.concatenate(codes))


@cache
def letter(char, weight):
    """Corners (K, 2) and codes (K,) of a letter's outline, and its width, in a font of size 1; a space has no corners."""
    font = FontProperties(family=RC["font.family"], weight=weight, size=1)
    vertices, codes = text_to_path.get_text_path(font, char)
    width = text_to_path.get_text_width_height_descent(char, font, False)[0]
    return np.reshape(vertices, (-1, 2)) / text_to_path.FONT_SCALE, np.array(codes, Path.code_type), width
