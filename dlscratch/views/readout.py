"""The text beside a picture: what the picture says, or what went wrong, in words."""

import linecache
from html import escape
from pathlib import Path

import ipywidgets as W
import numpy as np

PACKAGE = str(Path(__file__).parents[1])
PLAIN = "line-height: 1.45"
TROUBLE = PLAIN + "; border-left: 4px solid #D55E00; padding-left: 8px; overflow-wrap: anywhere"


class ReadOut:
    """Text that a screen reader speaks when it changes: politely, or at once if something went wrong."""

    def __init__(self):
        self.widget = W.HTML()
        self.text = ""

    def say(self, text):
        self.text, self.widget.value = text, paragraph(text, 'role="status" aria-live="polite"')

    def complain(self, text):
        self.text, self.widget.value = text, paragraph(text, 'role="alert"', TROUBLE)


def paragraph(text, attributes="", css=PLAIN):
    lines = "".join(f'<div style="margin-top: 6px">{escape(line)}</div>' for line in text.split("\n"))
    return f'<div {attributes} style="{css}">{lines}</div>'


def short(value):
    """A number as a reader wants it: four significant digits, no minus before zero.

    >>> short(2 / 3), short(-0.0), short(12345.678)
    ('0.6667', '0', '1.235e+04')
    """
    return f"{value + 0.0:.4g}"


def explain(error):
    """What went wrong, and the reader's own line in which it went wrong."""
    return f"{type(error).__name__}: {error}" + _own_line(error.__traceback__)


def not_finite(arrays):
    """The names of the arrays with a nan or an infinity in them.  Masked entries are absent on purpose."""
    numbers = {name: np.ma.compressed(value) for name, value in arrays._asdict().items() if value is not None}
    return [name for name, a in numbers.items() if a.dtype.kind == "f" and not np.isfinite(a).all()]


def _own_line(traceback):
    """The innermost line that belongs neither to this package nor to an installed one."""
    found = ""
    while traceback:
        code, line = traceback.tb_frame.f_code, traceback.tb_lineno
        source = linecache.getline(code.co_filename, line).strip()
        if source and "site-packages" not in code.co_filename and not code.co_filename.startswith(PACKAGE):
            found = f"\nin {code.co_name}, line {line - code.co_firstlineno + 1}:  {source}"
        traceback = traceback.tb_next
    return found
