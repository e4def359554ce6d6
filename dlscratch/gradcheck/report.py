"""What a check found, as text for a terminal and as a small table for a notebook."""

from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Finding:
    """One wrong gradient: `argument` such as "db", `cause` (a slug, or None), the numbers, the sentence."""

    argument: str
    cause: str | None
    evidence: str
    message: str
    look: str = ""


@dataclass(frozen=True)
class Report:
    """The judgement of one check. `report.ok`, `report.findings`; printing it tells the rest."""

    title: str
    checked: tuple = ()
    findings: tuple = field(default=())
    worst: float = 0.0

    @property
    def ok(self):
        return not self.findings

    def __str__(self):
        rows = [f"{mark} {name:<12} {text}".rstrip() for mark, name, text in self._rows()]
        return "\n".join([self._headline(), *(f"  {row}" for row in rows)])

    __repr__ = __str__

    def _repr_html_(self):
        cells = "".join(
            f"<tr><td>{mark}</td><td><code>{escape(name)}</code></td><td style='text-align:left'>{escape(text)}</td></tr>"
            for mark, name, text in self._rows()
        )
        return f"<p>{escape(self._headline())}</p><table>{cells}</table>"

    def _headline(self):
        if self.ok:
            bound = next(b for b in (1e-8, 1e-7, 1e-6) if self.worst <= b)  # coarse: the same on every machine
            return f"{self.title}: every gradient agrees with central differences (relative error below {bound:g})"
        return f"{self.title}: {len(self.findings)} wrong"

    def _rows(self):
        wrong = {f.argument: f for f in self.findings}
        for name in self.checked:
            if name not in wrong:
                yield "right", name, ""
        for f in self.findings:
            yield "WRONG", f.argument, f"{f.message} {f.evidence}".strip()


class GradientError(AssertionError):
    """A gradient is wrong. `.report` and `.findings` say which and how; a notebook shows them, not a traceback."""

    def __init__(self, report):
        super().__init__(str(report))
        self.report = report

    @property
    def findings(self):
        return self.report.findings

    def _render_traceback_(self):
        return [f"GradientError: {self.report}"]
