"""One style sheet for every picture of the course.

Six colours that stay apart for colour-blind readers (Okabe & Ito 2008, "Color universal design"), each in
one fixed role: who has read one picture can read the next.
"""

from contextlib import contextmanager
from threading import RLock

import matplotlib

DATA = "#0072B2"  # blue: what was measured
GRADIENT = "#D55E00"  # vermillion: gradients, and the way downhill
PARAMETER = "#009E73"  # green: what is learnt, and what it predicts
ERROR = "#CC79A7"  # purple: residuals, losses
GUESS = "#E69F00"  # orange: what the reader predicted
TRUTH = "#000000"  # black: the right answer
SIGNED, MAGNITUDE = "RdBu_r", "viridis"  # colour maps: centred on 0, and from 0 up

RC = {
    "font.size": 11,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": "#666666",
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "image.cmap": MAGNITUDE,
    "image.aspect": "auto",
    "figure.facecolor": "white",
}


ONE_AT_A_TIME = RLock()  # Jupyter may bring two moves of a control in two threads, and the settings belong to both


@contextmanager
def style():
    """Context in which figures are made, one thread at a time: `with style(): ...`"""
    with ONE_AT_A_TIME, matplotlib.rc_context(RC):
        yield
