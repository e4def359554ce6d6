"""Two gradients and their difference as pictures. Loaded on demand: it needs matplotlib."""

import io

import numpy as np


class Gradients:
    """Yours, right and the difference of one finding, on one colour scale centred on 0."""

    def __init__(self, finding):
        self.finding = finding

    def __repr__(self):
        f = self.finding
        size = np.max(np.abs(f.yours - f.right)) if np.shape(f.yours) == np.shape(f.right) else np.nan
        return f"{f.argument}: yours {np.shape(f.yours)}, right {np.shape(f.right)}, largest difference {size:.4g}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png(), "text/plain": repr(self)}, {"image/png": {"alt": repr(self)}}

    def png(self):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure((7.5, 2.6), dpi=100, layout="constrained")
        canvas, file = FigureCanvasAgg(figure), io.BytesIO()
        panels = self._panels()
        limit = max(np.max(np.abs(a), initial=0) for _, a in panels) or 1
        for ax, (title, array) in zip(figure.subplots(1, len(panels)), panels, strict=True):
            shown = ax.imshow(array, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
            ax.set_title(title, loc="left", fontsize=10)
            ax.set_xticks([])
            ax.set_yticks([])
        figure.colorbar(shown, ax=figure.axes)
        canvas.print_png(file)
        return file.getvalue()

    def _panels(self):
        f, name = self.finding, self.finding.argument
        panels = [(f"your {name}", _flat(f.yours)), (f"the right {name}", _flat(f.right))]
        if np.shape(f.yours) == np.shape(f.right):
            panels.append(("yours - right", _flat(f.yours - f.right)))
        return panels


def _flat(a):
    """Any array as a matrix: a vector is a row, further axes are laid side by side."""
    a = np.atleast_1d(np.asarray(a, dtype=float))
    return a[None] if a.ndim == 1 else a.reshape(len(a), -1)
