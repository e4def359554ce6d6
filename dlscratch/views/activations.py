"""Activation functions and their slopes, side by side."""

import numpy as np

from .style import DATA, GRADIENT

LINES = ("-", "--", ":")
NEAR = 1e-9  # curves are drawn up to 0 from both sides: a kink or a jump there stays open


def draw_activations(axes, functions, reach=5.0):
    """functions {name: f(z) -> (out, pullback)}, at most three: values on the left, slopes on the right."""
    if len(functions) > len(LINES):
        raise ValueError(f"draw_activations: {len(functions)} functions; three can be told apart, draw another picture")
    for (name, f), line in zip(functions.items(), LINES, strict=False):
        for z, label in ((np.linspace(-reach, -NEAR, 200), name), (np.linspace(NEAR, reach, 200), None)):
            out, pullback = f(z)
            axes[0].plot(z, out, line, color=DATA, label=label)
            axes[1].plot(z, pullback(np.ones_like(z))[0], line, color=GRADIENT)
    for ax, title in zip(axes, ("Value", "Slope"), strict=True):
        ax.set(xlabel="z", xlim=(-reach, reach), title=title)
    axes[0].set_ylim(-1.5, 2.5)
    axes[1].set_ylim(-0.05, 1.25)
    axes[0].legend(loc="upper left")
