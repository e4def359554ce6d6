"""What a check found: text for a terminal, a small table for a notebook, pictures on demand."""

from dataclasses import dataclass, field
from html import escape
from typing import Any

LONGEST = 12  # lines: a report is never more than a screen


@dataclass(frozen=True)
class Finding:
    """One wrong gradient: `argument` such as "db", `cause` (a slug, or None), the numbers, the sentence, where to
    look. `also` names further causes that give the same numbers."""

    argument: str
    cause: str | None
    evidence: str
    message: str
    look: str = ""
    also: tuple = ()
    yours: Any = field(default=None, repr=False)
    right: Any = field(default=None, repr=False)

    @property
    def details(self):
        """Everything after the sentence, a line each."""
        lines = [self.evidence] if self.evidence else []
        if self.also:
            lines.append(f"these fit the numbers as well: {', '.join(self.also)}")
        if self.look:
            lines.append(f"look at {self.look}")
        return lines


@dataclass(frozen=True)
class Report:
    """The judgement of one check: `ok`, `findings`; printing it tells the rest, `picture("db")` shows a gradient."""

    title: str
    checked: tuple = ()
    findings: tuple = ()
    agrees: str = "every gradient agrees with central differences (relative error below 1e-6)"

    @property
    def ok(self):
        return not self.findings

    def __str__(self):
        lines = [self.headline]
        for name, finding in self._rows():
            if finding is None:
                lines.append(f"  right  {name}")
            else:
                lines.append(f"  WRONG  {name}: {finding.message}")
                lines += [f"           {line}" for line in finding.details]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        rows = "".join(_row(name, finding) for name, finding in self._rows())
        return f"<p>{escape(self.headline)}</p><table>{rows}</table>"

    @property
    def headline(self):
        if self.ok:
            return f"{self.title}: {self.agrees}"
        return f"{self.title}: {', '.join(dict.fromkeys(f.argument for f in self.findings))} wrong"

    @property
    def summary(self):
        """One line, for where there is room for one."""
        return "; ".join(f"{f.argument}: {f.message}" for f in self.findings) or self.headline

    def picture(self, argument):
        """Yours, the right gradient and their difference, side by side: something a notebook displays."""
        for finding in self.findings:
            if finding.argument == argument and finding.right is not None:
                from .pictures import Gradients

                return Gradients(finding)
        wrong = [f.argument for f in self.findings if f.right is not None]
        raise ValueError(f"picture({argument!r}): there are pictures of {', '.join(wrong) or 'no gradient'}")

    def _rows(self):
        """(name, Finding or None) of every gradient; what is wrong comes first, and what is right may be cut short."""
        wrong = {f.argument for f in self.findings}
        right = [name for name in self.checked if name not in wrong]
        yield from ((f.argument, f) for f in self.findings)
        room = max(LONGEST - 3 * len(self.findings), 3)
        if all(f.argument != self.title for f in self.findings):  # else nothing was judged gradient by gradient
            yield from ((name, None) for name in right[:room])
            if len(right) > room:
                yield f"and {len(right) - room} more", None


def _row(name, finding):
    style = "text-align:left;vertical-align:top;white-space:normal"
    if finding is None:
        mark, text = "<span style='color:#00724f'>&#10003; right</span>", ""
    else:
        mark = "<strong style='color:#b0290b'>&#10007; wrong</strong>"
        text = f"{escape(finding.message)}<br><small>{'<br>'.join(map(escape, finding.details))}</small>"
    cells = (mark, f"<code>{escape(name)}</code>", text)
    return "<tr>" + "".join(f"<td style='{style}'>{cell}</td>" for cell in cells) + "</tr>"


class GradientError(AssertionError):
    """A gradient is wrong. `.report` and `.findings` say which and how; a notebook shows them, not a traceback."""

    _shown = False

    def __init__(self, report):
        super().__init__(str(report))
        self.report = report

    @property
    def findings(self):
        return self.report.findings

    def _render_traceback_(self):
        """What IPython shows instead of a traceback: the table, then one line."""
        from IPython.display import display

        if not self._shown:  # IPython asks twice: once to show the error, once to store it
            self._shown = True
            display(self.report)
        return [f"GradientError: {self.report.summary}"]
