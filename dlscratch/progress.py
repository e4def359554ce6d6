"""A progress bar on standard output, redrawn a fixed number of times, so that a rerun prints the same."""

import sys


class Bar:
    """`show(done, text)` redraws at every twentieth of `total`; `end(text)` draws once more and ends the line."""

    def __init__(self, total, marks=20):
        self.total, self.marks = total, min(marks, max(total, 1))
        self.drawn, self.width = -1, 0

    def show(self, done, text=""):
        filled = self.marks * done // self.total
        if filled > self.drawn:
            self._draw(filled, text)

    def end(self, text=""):
        self._draw(max(self.drawn, 0), text)
        sys.stdout.write("\n")

    def _draw(self, filled, text):
        line = f"[{'#' * filled}{'.' * (self.marks - filled)}] {text}"
        sys.stdout.write("\r" + line.ljust(self.width))
        sys.stdout.flush()
        self.drawn, self.width = filled, len(line)
